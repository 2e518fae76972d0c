"""A VTIMEZONE for a zone of the IANA database (RFC 5545 section 3.6.5), for objects that coachsync makes itself.

icalendar makes one too, but puts the beginning of daylight time an hour late and ends after some years.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import groupby
from typing import NamedTuple
from zoneinfo import ZoneInfo

from coachsync import contentline

_YEARS = 30  # looked ahead; what is no rule within them is given as dates
_DAY, _SECOND = timedelta(days=1), timedelta(seconds=1)
_WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
_LAST = -1


class _Onset(NamedTuple):
    """A change of the clock: the local time at which it comes, as the clock shows until then, and the offsets."""

    local: datetime
    before: timedelta
    after: timedelta
    name: str
    daylight: bool

    @property
    def kind(self) -> tuple[object, ...]:
        """What the onsets of one observance have in common."""
        return self.daylight, self.name, self.before, self.after, self.local.month, self.local.time()


def vtimezone(key: str, year: int) -> str:
    """The definition of the zone with this IANA key, which is its TZID, for events from a year on; folded, CRLF."""
    zone = ZoneInfo(key)
    onsets = list(_onsets(zone, year - 1, year + _YEARS)) or [_standing(zone, year - 1)]
    lines = ["BEGIN:VTIMEZONE", f"TZID:{key}"]
    for _, alike in groupby(sorted(onsets, key=_kind_then_time), key=lambda onset: onset.kind):
        lines += _observance(list(alike), year + _YEARS)
    return "".join(map(contentline.fold, [*lines, "END:VTIMEZONE"]))


def _kind_then_time(onset: _Onset) -> tuple[object, ...]:
    return (*onset.kind, onset.local)


def _onsets(zone: ZoneInfo, first: int, last: int) -> Iterator[_Onset]:
    """Every change from the beginning of the first year to the end of the last."""
    moment, end = datetime(first, 1, 1, tzinfo=UTC), datetime(last + 1, 1, 1, tzinfo=UTC)
    while moment < end:
        after = moment + _DAY
        if _state(zone, moment) != _state(zone, after):
            yield _onset(zone, _change(zone, moment, after))
        moment = after


def _change(zone: ZoneInfo, low: datetime, high: datetime) -> datetime:
    """The instant at which the clock changes, between two that differ."""
    while high - low > _SECOND:
        middle = low + (high - low) // 2
        middle = middle.replace(microsecond=0)
        low, high = (middle, high) if _state(zone, middle) == _state(zone, low) else (low, middle)
    return high


def _onset(zone: ZoneInfo, instant: datetime) -> _Onset:
    before, _ = _state(zone, instant - _SECOND)
    after, name = _state(zone, instant)
    daylight = (instant.astimezone(zone).dst() or timedelta()) > timedelta()
    return _Onset((instant + before).replace(tzinfo=None), before, after, name, daylight)


def _standing(zone: ZoneInfo, year: int) -> _Onset:
    """A clock that never changes."""
    offset, name = _state(zone, datetime(year, 1, 1, tzinfo=UTC))
    return _Onset(datetime(year, 1, 1), offset, offset, name, daylight=False)  # noqa: DTZ001 - a local time


def _state(zone: ZoneInfo, instant: datetime) -> tuple[timedelta, str]:
    local = instant.astimezone(zone)
    return local.utcoffset() or timedelta(), local.tzname() or ""


def _observance(onsets: Sequence[_Onset], last_year: int) -> list[str]:
    first = onsets[0]
    kind = "DAYLIGHT" if first.daylight else "STANDARD"
    lines = [
        f"BEGIN:{kind}",
        f"DTSTART:{first.local:%Y%m%dT%H%M%S}",
        f"TZOFFSETFROM:{_offset(first.before)}",
        f"TZOFFSETTO:{_offset(first.after)}",
        f"TZNAME:{contentline.escape(first.name)}",
    ]
    place = _place(onsets, last_year)
    if place is not None:
        day = f"{place}{_WEEKDAYS[first.local.weekday()]}"
        lines.append(f"RRULE:FREQ=YEARLY;BYMONTH={first.local.month};BYDAY={day}")
    elif len(onsets) > 1:
        lines.append("RDATE:" + ",".join(f"{onset.local:%Y%m%dT%H%M%S}" for onset in onsets[1:]))
    return [*lines, f"END:{kind}"]


def _place(onsets: Sequence[_Onset], last_year: int) -> int | None:
    """Which weekday of its month the onset has every year from the first to the last, None when that differs."""
    first = onsets[0].local
    every_year = [onset.local.year for onset in onsets] == list(range(first.year, last_year + 1))
    if not every_year or len({onset.local.weekday() for onset in onsets}) > 1:
        return None
    if all((onset.local + 7 * _DAY).month != first.month for onset in onsets):
        return _LAST
    places = {(onset.local.day - 1) // 7 + 1 for onset in onsets}
    return places.pop() if len(places) == 1 else None


def _offset(offset: timedelta) -> str:
    sign, rest = ("-", -offset) if offset < timedelta() else ("+", offset)
    minutes, seconds = divmod(int(rest.total_seconds()), 60)
    return f"{sign}{minutes // 60:02}{minutes % 60:02}" + (f"{seconds:02}" if seconds else "")
