"""Entries of the log that are written elsewhere: in a line of the ledger, in a certificate, in another entry."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from coachsync.vault.chain import Entry

_PARTS = ("previous", "actor", "said", "signature")
_NUMBERS = 1 << 32


def written(entry: Entry) -> dict[str, Any]:
    """The number of an entry, and everything else of it in hex."""
    return {"number": entry.number} | {name: getattr(entry, name).hex() for name in _PARTS}


def read(found: Mapping[str, Any]) -> Entry:
    """The entry that was written so. Raises ValueError or TypeError for anything else."""
    number = found.get("number")
    if found.keys() != {"number", *_PARTS} or type(number) is not int or not 0 < number < _NUMBERS:
        raise ValueError
    entry = Entry(number, *(bytes.fromhex(found[name]) for name in _PARTS))
    if written(entry) != found:  # hex is small, and without blanks
        raise ValueError
    return entry
