"""Values of time in iCalendar text (RFC 5545 section 3.3): dates, date-times, durations, and what instants they are.

"Plain" moments are days, or local times of a series' zone without the zone: the names by which rule, RDATE, EXDATE and
RECURRENCE-ID speak of the same instance.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo

Moment = date | datetime  # a day, or a date-time that knows its zone

_MOMENT = re.compile(r"(\d{4})(\d\d)(\d\d)(?:T(\d\d)(\d\d)(\d\d)(Z?))?", re.ASCII)
_DURATION = re.compile(r"([+-]?)P(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?", re.ASCII)
_LONGEST_VALUE = 40  # characters
_LONGEST_DURATION = 36_525  # days: a century
_LEAP_SECOND = 60
_DAY = timedelta(days=1)


class Unreadable(ValueError):  # noqa: N818 - named for what happened, as coachsync.errors does
    """What an object says about time cannot be used; `code` says why (kebab-case)."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True)
class Length:
    """How long an event lasts: nominal days, which are as long as the clock makes them, then exact seconds."""

    days: int = 0
    seconds: int = 0

    @property
    def at_most(self) -> timedelta:
        """An upper bound of the exact time: a nominal day may be longer than 24 hours, and a zone may move a day."""
        return timedelta(days=self.days + 2, seconds=self.seconds)


def moment(value: str, zone: tzinfo) -> Moment:
    """A DATE or DATE-TIME value; `zone` holds unless the value ends in Z. Raises ValueError.

    A leap second is the second before it: no time scale here has one.
    """
    found = _MOMENT.fullmatch(value)
    if not found:
        raise ValueError("neither a date nor a date-time")
    year, month, day, hour, minute, second = (int(part or 0) for part in found.groups()[:6])
    if found[4] is None:
        return date(year, month, day)
    second = second - 1 if second == _LEAP_SECOND else second
    return datetime(year, month, day, hour, minute, second, tzinfo=UTC if found[7] else zone)


def duration(value: str) -> Length:
    """A DURATION value that is not negative. Days and weeks are nominal, the rest is exact. Raises ValueError."""
    found = _DURATION.fullmatch(value) if len(value) <= _LONGEST_VALUE else None
    if not found or value.endswith(("P", "T")) or found[1] == "-":
        raise ValueError("not a duration")
    weeks, days, hours, minutes, seconds = (int(part or 0) for part in found.groups()[1:])
    length = Length(weeks * 7 + days, hours * 3600 + minutes * 60 + seconds)
    if length.days + length.seconds // 86400 > _LONGEST_DURATION:
        raise ValueError("no event lasts so long")
    return length


def between(start: Moment, end: Moment) -> Length:
    """How long it is from start to end, both days or both date-times: whole days, or exact seconds
    (RFC 5545 section 3.8.5.3: with DTEND every instance lasts exactly as long as the first).

    A day that ends on itself is one day long, as many programs mean it. Raises ValueError when the end is earlier, or
    of another kind.
    """
    if isinstance(start, datetime) and isinstance(end, datetime):
        length = Length(seconds=int((instant(end) - instant(start)).total_seconds()))
    elif isinstance(start, datetime) or isinstance(end, datetime):
        raise ValueError("a day and a date-time")
    else:
        length = Length(days=(end - start).days or 1)
    if length.days < 0 or length.seconds < 0:
        raise ValueError("ends before it starts")
    return length


def instant(local: datetime) -> datetime:
    """The same moment in UTC. A local time that does not exist has the offset before the gap, one that exists twice
    is the first (RFC 5545 section 3.3.5); Python's zones do so (PEP 495)."""
    return local.astimezone(UTC)


def midnight(day: date, zone: tzinfo) -> datetime:
    """The instant at which a day begins in a zone."""
    return instant(datetime(day.year, day.month, day.day, tzinfo=zone))


def beginning(moment: Moment, zone: tzinfo) -> datetime:
    """The instant of a moment; a day begins at midnight in the zone."""
    return instant(moment) if isinstance(moment, datetime) else midnight(moment, zone)


def ending(start: Moment, length: Length, zone: tzinfo) -> datetime:
    """The instant at which something ends that starts so; `zone` is where days are days."""
    if not isinstance(start, datetime):
        return midnight(start + timedelta(days=length.days), zone)
    local = start + timedelta(days=length.days) if length.days else start
    return instant(local) + timedelta(seconds=length.seconds)


def at_time_of(found: Moment, start: Moment) -> Moment:
    """A moment in the shape of `start`: a day gets its time of day and its zone, or loses its own."""
    if isinstance(start, datetime) and not isinstance(found, datetime):
        return datetime.combine(found, start.timetz())
    if isinstance(found, datetime) and not isinstance(start, datetime):
        return date(found.year, found.month, found.day)
    return found


def plain(found: Moment, start: Moment, zone: tzinfo) -> Moment:
    """The plain moment of an instance of the series that starts at `start`; `zone` is the series'.

    Where the clock skipped an hour, an instant has two names: the one with the time of day of the series is meant.
    """
    found = at_time_of(found, start)
    if not isinstance(found, datetime) or not isinstance(start, datetime):
        return found
    local = found.astimezone(zone)
    skipped = found.astimezone(UTC) + ((local - _DAY).utcoffset() or timedelta())
    if skipped.time() == start.time() and instant(skipped.replace(tzinfo=zone)) == instant(found):
        local = skipped
    return local.replace(tzinfo=None, fold=0)


def in_zone(named: Moment, zone: tzinfo) -> Moment:
    """The moment that a plain one names in its series' zone; what knows its zone, or is a day, stays."""
    return named.replace(tzinfo=zone) if isinstance(named, datetime) and named.tzinfo is None else named
