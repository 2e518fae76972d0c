"""Time zones by name and by definition: the IANA database first, then what an object defines for itself."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence
from datetime import datetime, timedelta, tzinfo
from functools import lru_cache
from zoneinfo import ZoneInfo

_KEY = re.compile(r"[A-Za-z][\w+-]*(?:/[\w+-]+){0,3}", re.ASCII)
_NO_ZONE = frozenset({"localtime", "posixrules", "Factory"})  # of this machine, or of nowhere
_LEAP_SECONDS = "right/"
_OFFSET = re.compile(r"([+-])(\d\d)(\d\d)(\d\d)?", re.ASCII)
_LONGEST_NAME = 100  # characters

Change = tuple[datetime, timedelta, timedelta]  # an instant (UTC, without zone), the offset before and the one after


@lru_cache(maxsize=1024)
def iana(tzid: str) -> str | None:
    """The IANA key that a TZID stands for, None when it stands for none.

    A leading "/" names a global registry (RFC 5545 section 3.2.19); vendors put their own path before the key, so the
    longest end of it that is a key counts.
    """
    if len(tzid) > _LONGEST_NAME:
        return None
    if not tzid.startswith("/"):
        return tzid if _known(tzid) else None
    steps = tzid.strip("/").split("/")
    return next((key for key in ("/".join(steps[at:]) for at in range(len(steps))) if _known(key)), None)


def _known(key: str) -> bool:
    if not _KEY.fullmatch(key) or key in _NO_ZONE or key.startswith(_LEAP_SECONDS):
        return False
    try:
        ZoneInfo(key)
    except (KeyError, ValueError, OSError):
        return False
    return True


def offset(text: str) -> timedelta:
    """A UTC-OFFSET value (RFC 5545 section 3.3.14). Raises ValueError."""
    found = _OFFSET.fullmatch(text.strip())
    if not found:
        raise ValueError("not a UTC offset")
    hours, minutes, seconds = (int(part or 0) for part in found.groups()[1:])
    length = timedelta(hours=hours, minutes=minutes, seconds=seconds)
    if length >= timedelta(days=1):
        raise ValueError("not a UTC offset")
    return -length if found[1] == "-" else length


class Observed(tzinfo):
    """A zone given by its changes: instants (UTC, without a zone, ascending) and the offset that holds from each on.

    `first` holds before the first change. Local times that a change skips or repeats are taken as PEP 495 says, which
    for `fold=0` is RFC 5545 section 3.3.5: the offset before the gap, the first of the two.
    """

    def __init__(self, first: timedelta, changes: Sequence[tuple[datetime, timedelta]]) -> None:
        self._instants = [instant for instant, _ in changes]
        self._offsets = [first, *(offset for _, offset in changes)]
        steps = list(zip(self._instants, self._offsets, self._offsets[1:], strict=False))
        self._local = (
            [instant + max(before, after) for instant, before, after in steps],  # fold=0: the old offset lasts longest
            [instant + min(before, after) for instant, before, after in steps],
        )

    @classmethod
    def of(cls, changes: Sequence[Change]) -> Observed:
        """The zone that changes so, in order; there is at least one change."""
        return cls(changes[0][1], [(instant, after) for instant, _, after in changes])

    def utcoffset(self, moment: datetime | None) -> timedelta | None:
        if moment is None:
            return None
        return self._offsets[bisect_right(self._local[moment.fold], moment.replace(tzinfo=None, fold=0))]

    def fromutc(self, moment: datetime) -> datetime:
        plain = moment.replace(tzinfo=None)
        at = bisect_right(self._instants, plain)
        repeated = at > 0 and plain - self._instants[at - 1] < self._offsets[at - 1] - self._offsets[at]
        return (moment + self._offsets[at]).replace(fold=int(repeated))

    def dst(self, moment: datetime | None) -> None:  # noqa: ARG002 - the signature is tzinfo's
        return None

    def tzname(self, moment: datetime | None) -> None:  # noqa: ARG002 - the signature is tzinfo's
        return None
