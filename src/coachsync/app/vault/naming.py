"""What a coach calls a record by: the first signs of its id, as many as it takes to mean one record alone."""

from __future__ import annotations

import re

from coachsync.errors import UsageError
from coachsync.phrases import say
from coachsync.vault.envelope import Kind
from coachsync.vault.history import History

_FEWEST = 6  # hexadecimal signs: two of a thousand records share so many once in thirty vaults
_TYPED = re.compile(r"[0-9a-f]{1,32}")


def names(history: History, coach: bytes) -> dict[bytes, str]:
    """The short id of every record of a coach."""
    known = sorted(_records(history, coach))
    found = {}
    for place, record in enumerate(known):
        beside = known[max(0, place - 1) : place] + known[place + 1 : place + 2]
        shared = max((_shared(record.hex(), other.hex()) for other in beside), default=0)
        found[record] = record.hex()[: max(_FEWEST, shared + 1)]
    return found


def named(history: History, coach: bytes, typed: str, kind: Kind) -> bytes:
    """The record of a kind that a coach means. Raises UsageError when there is none, or more than one."""
    begun = typed.strip().lower()
    known = _records(history, coach) if _TYPED.fullmatch(begun) else {}
    found = [record for record, its_kind in known.items() if its_kind is kind and record.hex().startswith(begun)]
    if len(found) > 1:
        raise UsageError(
            "which-record", say("Several begin with these signs."), say("Type more of the id, as the list shows it.")
        )
    if not found:
        raise UsageError(
            "no-such-record",
            say("There is nothing of that id, or not of yours."),
            say("Look at the ids with: coachsync note list"),
        )
    return found[0]


def _records(history: History, coach: bytes) -> dict[bytes, Kind]:
    return {
        record: stored.kind
        for (record, _), stored in history.records.items()
        if history.shelves[stored.shelf].coach == coach
    }


def _shared(one: str, other: str) -> int:
    """How many signs two ids begin with together."""
    return next((place for place, (a, b) in enumerate(zip(one, other, strict=True)) if a != b), len(one))
