"""What a coach calls a record by: the first signs of its id, as many as it takes to mean one record alone."""

from __future__ import annotations

import re
from itertools import pairwise

from coachsync.errors import UsageError
from coachsync.phrases import say
from coachsync.vault.envelope import Kind
from coachsync.vault.history import History
from coachsync.vault.shelves import UNSORTED

_FEWEST = 6  # hexadecimal signs: two of a thousand records share so many once in thirty vaults
_TYPED = re.compile(r"[0-9a-f]{1,32}")


def names(history: History, coach: bytes) -> dict[bytes, str]:
    """The short id of every record of a coach."""
    known = sorted(_records(history, coach))
    written = [record.hex() for record in known]
    shared = [0, *map(_shared, written, written[1:]), 0]  # of each with the one before
    lengths = (max(_FEWEST, *pair) for pair in pairwise(shared))
    return {record: text[:length] for record, text, length in zip(known, written, lengths, strict=False)}


def named(history: History, coach: bytes, typed: str, *kinds: Kind, unsorted: bool = False) -> bytes:
    """The record of some kinds that a coach means; with `unsorted`, one of any kind that lies unsorted too.

    Raises UsageError when there is none, or more than one.
    """
    begun = typed.strip().lower()
    known = _records(history, coach) if _TYPED.fullmatch(begun) else {}
    meant = {record for record, its_kind in known.items() if its_kind in kinds}
    meant |= _unsorted(history) & known.keys() if unsorted else set()
    return _only([record for record in meant if record.hex().startswith(begun)])


def _only(found: list[bytes]) -> bytes:
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


def unsorted_of(history: History, coach: bytes, typed: str) -> bytes:
    """The unsorted record that a coach means, of whatever kind. Raises UsageError when there is none, or several."""
    begun = typed.strip().lower()
    known = _unsorted(history) & _records(history, coach).keys() if _TYPED.fullmatch(begun) else set()
    return _only([record for record in known if record.hex().startswith(begun)])


def _records(history: History, coach: bytes) -> dict[bytes, Kind]:
    return {
        record: stored.kind
        for (record, _), stored in history.records.items()
        if history.shelves[stored.shelf].coach == coach
    }


def _unsorted(history: History) -> set[bytes]:
    return {key[0] for key, stored in history.records.items() if history.shelves[stored.shelf].client == UNSORTED}


def _shared(one: str, other: str) -> int:
    """How many signs it takes to tell two ids from one another, which are few."""
    return next((length for length in range(_FEWEST, len(one)) if one[:length] != other[:length]), len(one))
