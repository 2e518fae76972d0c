"""Who can see a private calendar, by name: for the coach's own terminal."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import TYPE_CHECKING, Any

from coachsync.app.cli.output import tell, tell_table
from coachsync.app.printable import printable
from coachsync.model import Grant, Grantee
from coachsync.phrases import say, say_count

if TYPE_CHECKING:
    from coachsync.app.exposed import Onlooker
    from coachsync.redaction.visibility import Sight

_COLUMNS = (say("who"), say("may change it"), say("sees"))


def tell_onlookers(onlookers: Iterable[Onlooker]) -> None:
    """A table for each calendar that somebody else was let into."""
    for calendar, those in groupby(onlookers, key=lambda one: one.calendar):
        tell(say("Who can see the private calendar {name}:", name=calendar))
        tell_table(_COLUMNS, [(_who(one.grant), _changes(one.grant), seen(one.sight)) for one in those])


def onlooker_document(one: Onlooker) -> dict[str, Any]:
    """Somebody who can see a calendar, as `--json` shows it; `who` as the server gives it."""
    return {
        "calendar": one.calendar,
        "who": one.grant.who,
        "kind": str(one.grant.kind),
        "writes": one.grant.writes,
        "full": one.sight.full,
        "times_only": one.sight.times_only,
        "searchable": one.sight.searchable,
        "hidden": one.sight.hidden,
    }


def seen(sight: Sight) -> str:
    """What somebody sees, in a sentence with counts."""
    parts = [
        say_count("{number} appointment in full", "{number} appointments in full", sight.full),
        say_count("the times of {number} appointment", "the times of {number} appointments", sight.times_only),
        say_count("nothing of {number} appointment", "nothing of {number} appointments", sight.hidden),
    ]
    told = _list([part for part in parts if part.number])
    if sight.searchable:
        told = say_count(
            "{sees}; a search finds words in the hidden text of {number}",
            "{sees}; a search finds words in the hidden text of {number}",
            sight.searchable,
            sees=told,
        )
    return say("{sees} (assumed: it is not known what this server hides)", sees=told) if sight.assumed else told


def _list(parts: Sequence[str]) -> str:
    if not parts:
        return say("there is nothing in it")
    first, *others = parts
    for part in others:
        first = say("{first}, {second}", first=first, second=part)
    return first


def _who(grant: Grant) -> str:
    name = printable(grant.who)
    match grant.kind:
        case Grantee.LINK:
            return say("whoever has the public link")
        case Grantee.EVERYBODY:
            return say("everybody with a login on the server") if grant.who else say("everybody")
        case Grantee.GROUP:
            return say("{name} (a group)", name=name)
        case Grantee.DELEGATE:
            return say("{name} (for the whole account)", name=name)
    return name


def _changes(grant: Grant) -> str:
    return say("yes") if grant.writes else say("no")
