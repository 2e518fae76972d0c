"""When a dropped file is whole: nothing about it has changed for a while, and nobody has it open to write.

Times are seconds of a clock that only grows. Whether a file is old does not count: a sync program gives what it has
just begun to write the time of the original.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from coachsync.inbox.names import Sort

SETTLED = 10.0  # seconds without a change
SETTLED_UNSEEN = 120.0  # the same where nobody can tell who has it open
EMPTY = 3600.0  # until the coach hears of a file with nothing in it
UNFINISHED = 86_400.0  # of one whose name says that it is not whole, and of one that stays open
FOLDER = 120.0  # until a folder with nothing in it goes


class Stamp(NamedTuple):
    """What tells a file, and that nothing has changed in it: times in nanoseconds since 1970, compared and not read."""

    device: int
    inode: int
    size: int
    modified: int
    changed: int


class Form(StrEnum):
    """What lies there."""

    FILE = "file"
    FOLDER = "folder"
    LINK = "link"
    SPECIAL = "special"  # a pipe, a device, a socket


class Open(StrEnum):
    """Whether somebody has a file open to write."""

    NOBODY = "nobody"
    SOMEBODY = "somebody"
    UNSEEN = "unseen"  # the system does not tell


class Why(StrEnum):
    """Why a file is not imported: the code that it is told by."""

    LINK = "inbox-link"
    SPECIAL = "inbox-special"
    HARD_LINK = "inbox-hard-link"
    OTHER_OWNER = "inbox-other-owner"
    HIDDEN = "inbox-hidden-folder"
    DEEP = "inbox-too-deep"
    LITTER = "inbox-litter"
    EMPTY = "inbox-empty"
    UNFINISHED = "inbox-unfinished"
    OPEN = "inbox-open"
    UNREADABLE = "inbox-unreadable-file"
    REFUSED = "inbox-refused"
    NOT_REMOVED = "inbox-not-removed"


@dataclass(frozen=True, slots=True)
class Seen:
    """A file that was looked at: as it was last, since when it is so, and since when it is known."""

    stamp: Stamp
    since: float
    first: float


class Verdict(NamedTuple):
    """`ready` to be imported; else `until` when it is looked at again, and what the coach is told, if anything."""

    ready: bool
    until: float = 0.0
    why: Why | None = None


def look(before: Seen | None, stamp: Stamp, at: float) -> Seen:
    """What is known of a file after another look."""
    if before is None or before.stamp.inode != stamp.inode:
        return Seen(stamp, at, at)
    return before if before.stamp == stamp else Seen(stamp, at, before.first)


def whole(sort: Sort, seen: Seen, opened: Open, at: float) -> Verdict:
    """Whether a file that nothing else is wrong with is whole."""
    if sort is Sort.LITTER:
        return _later(seen.since, SETTLED, at, Why.LITTER)
    if sort is Sort.PARTIAL:
        return _later(seen.since, UNFINISHED, at, Why.UNFINISHED)
    if not seen.stamp.size:
        return _later(seen.since, EMPTY, at, Why.EMPTY)
    if opened is Open.SOMEBODY:
        return _later(seen.first, UNFINISHED, at, Why.OPEN, again=SETTLED)
    quiet = SETTLED if opened is Open.NOBODY else SETTLED_UNSEEN
    return Verdict(ready=at - seen.since >= quiet, until=seen.since + quiet)


def never(why: Why, seen: Seen, at: float) -> Verdict:
    """Of what is not imported whatever becomes of it: told once it stays, since programs make links for a moment."""
    return _later(seen.since, SETTLED, at, why)


def _later(since: float, patience: float, at: float, why: Why, again: float | None = None) -> Verdict:
    told = at - since >= patience
    until = at + again if again is not None else since + patience if not told else float("inf")
    return Verdict(ready=False, until=until, why=why if told else None)
