"""`coachsync client import`: what it would do in counts, a question, and which cards were left out."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from coachsync.app.cli.asking import Declined, agreed
from coachsync.app.cli.commands import Options
from coachsync.app.cli.output import tell, tell_json, tell_problems
from coachsync.errors import Problem
from coachsync.phrases import say, say_count

if TYPE_CHECKING:
    from coachsync.app.clients.importing import Found
    from coachsync.clients.importing import Import

_PARTLY = 3
_DAMAGE = {
    "not-closed": say("it is cut short"),
    "not-opened": say("its beginning is missing"),
    "nothing-in-it": say("it says nothing of anybody"),
    "too-long": say("it is longer than a card can be"),
    "unreadable": say("it cannot be read"),
}


def run(options: Options, files: tuple[str, ...], category: str, *, yes: bool) -> int:
    """Nobody else has to wait for the state while a person thinks: it is planned again after the answer."""
    from coachsync.app.cli.opening import opened
    from coachsync.app.clients.importing import carry_out, gather, planned
    from coachsync.app.noticing import make_known

    found = gather([Path(file) for file in files])
    asks = sys.stdin.isatty() and not yes
    if asks:
        with opened(options, "client import") as wiring:
            wanted = planned(wiring.clients, found, category)
        for line in _would(wanted):
            tell(line, err=True)
        if (wanted.added or wanted.changed) and not agreed(say("Take them in?")):
            raise Declined
    with opened(options, "client import") as wiring, wiring.database.transaction():
        wanted = planned(wiring.clients, found, category)
        carry_out(wanted, wiring.clients)
        if wanted.added or wanted.changed:
            make_known(wiring)
    if options.json:
        tell_json(_document(wanted, found))
    else:
        tell(
            say(
                "{added} added, {changed} changed, {unchanged} as before, {left_out} left out",
                added=len(wanted.added),
                changed=len(wanted.changed),
                unchanged=wanted.unchanged,
                left_out=wanted.left_out,
            )
        )
        tell_problems(_problems(found))
    return _PARTLY if found.quarantined else 0


def _would(wanted: Import) -> Iterator[str]:
    yield say_count("{number} client would be added", "{number} clients would be added", len(wanted.added))
    yield say_count("{number} client would be changed", "{number} clients would be changed", len(wanted.changed))
    if wanted.left_out:
        yield say_count(
            "{number} card is left out: a group, or another category",
            "{number} cards are left out: groups, or other categories",
            wanted.left_out,
        )


def _problems(found: Found) -> Iterator[Problem]:
    """By the place in the file alone: a file can be called like a client."""
    for file, one in found.quarantined:
        yield Problem(
            one.code,
            say("file {file}, card {card} (line {line})", file=file, card=one.position, line=one.line),
            say("This card was not taken in: {why}.", why=_DAMAGE[one.code]),
        )


def _document(wanted: Import, found: Found) -> dict[str, Any]:
    return {
        "added": len(wanted.added),
        "changed": len(wanted.changed),
        "unchanged": wanted.unchanged,
        "left_out": wanted.left_out,
        "quarantined": [
            {"file": file, "card": one.position, "line": one.line, "code": one.code} for file, one in found.quarantined
        ],
        "imported": True,
    }
