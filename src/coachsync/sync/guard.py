"""Refuses a mass deletion: an emptied, vanished, replaced or half-read collection is not a deletion (promise 5)."""

from __future__ import annotations

MANY = 10  # more than this many ...
SHARE = 0.20  # ... and more than this part of a calendar in one run
FEW = 3  # all of a calendar is refused when it held more than this many


def refuses(known: int, vanishing: int) -> bool:
    """Whether `vanishing` of `known` appointments may not disappear in one run before a person says so."""
    if vanishing >= known:
        return known > FEW
    return vanishing > MANY and vanishing > SHARE * known
