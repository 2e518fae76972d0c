"""What a change is meant for, and what it gives."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import tzinfo
from enum import StrEnum

from coachsync.moments import Moment

# From each TZID that the object uses to its zone, and from "" to the practice's, in which floating times are meant.
# One that is missing is not known.
Zones = Mapping[str, tzinfo]


class Scope(StrEnum):
    """How much of a series is meant; of an event that takes place once, all mean the same."""

    ONE = "one"
    FOLLOWING = "following"  # this one and those after it
    ALL = "all"


@dataclass(frozen=True, slots=True)
class Target:
    """Which occurrence is meant, by its original start: the time that the rule gives it, whatever became of it since.

    `original` is an aware datetime, or a date in a series of days; None for an event that takes place once, and for a
    whole series, which is then meant by its first start.
    """

    scope: Scope
    original: Moment | None = None


@dataclass(frozen=True, slots=True)
class Edited:
    """The new text of the object, None when it is to be deleted; `new`: the text of the second object of a split."""

    text: str | None
    new: str | None = None
