"""The definition of a time zone as an event carries it along (VTIMEZONE, RFC 5545 section 3.6.5).

Made from what the system knows of the zone: by a yearly rule where its clocks follow one, else change by change.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from coachsync.contentline import fold

_YEARS = 20  # of changes that are looked at
_DAY, _SECOND, _WEEK = timedelta(days=1), timedelta(seconds=1), timedelta(days=7)
_WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
_FORM = "%Y%m%dT%H%M%S"


@dataclass(frozen=True, slots=True)
class _Change:
    """A change of the clocks: its local time by the offset before it, the offsets in seconds, the name after it."""

    at: datetime
    before: int
    after: int
    name: str


def zone_text(zone: ZoneInfo, start: date) -> str:
    """The VTIMEZONE of a zone for an event that starts then, CRLF; "" for UTC, which needs none."""
    if zone.key in ("UTC", "Etc/UTC"):
        return ""
    first = datetime(start.year - 1, 1, 1, tzinfo=UTC)
    changes = list(_changes(zone, first))
    lines = ["BEGIN:VTIMEZONE", f"TZID:{zone.key}"]
    if not changes or changes[0].at.year >= start.year:
        here = first.astimezone(zone)
        offset = _offset(first, zone)
        lines += _observance([_Change(here.replace(tzinfo=None), offset, offset, here.tzname() or "")])
    for kind in dict.fromkeys((change.before, change.after, change.name) for change in changes):
        lines += _observance([change for change in changes if (change.before, change.after, change.name) == kind])
    return "".join(map(fold, [*lines, "END:VTIMEZONE"]))


def _changes(zone: ZoneInfo, first: datetime) -> Iterator[_Change]:
    """The changes of the years from `first` on."""
    last = first.replace(year=first.year + _YEARS)
    moment = first
    while moment < last:
        following = moment + _DAY
        before, after = _offset(moment, zone), _offset(following, zone)
        if before != after:
            at = _exactly(moment, following, zone)
            yield _Change(
                (at + timedelta(seconds=before)).replace(tzinfo=None), before, after, at.astimezone(zone).tzname() or ""
            )
        moment = following


def _exactly(before: datetime, after: datetime, zone: ZoneInfo) -> datetime:
    """The second at which the offset changes, found by halving."""
    while after - before > _SECOND:
        middle = before + timedelta(seconds=(after - before) // (2 * _SECOND))
        if _offset(middle, zone) == _offset(after, zone):
            after = middle
        else:
            before = middle
    return after


def _offset(moment: datetime, zone: ZoneInfo) -> int:
    return int((moment.astimezone(zone).utcoffset() or timedelta()).total_seconds())


def _observance(changes: Sequence[_Change]) -> list[str]:
    first = changes[0]
    kind = "DAYLIGHT" if first.after > first.before else "STANDARD"
    rule = _rule([change.at for change in changes])
    return [
        f"BEGIN:{kind}",
        f"DTSTART:{first.at.strftime(_FORM)}",
        *([f"RRULE:{rule}"] if rule else [f"RDATE:{change.at.strftime(_FORM)}" for change in changes[1:]]),
        f"TZNAME:{first.name}",
        f"TZOFFSETFROM:{_written(first.before)}",
        f"TZOFFSETTO:{_written(first.after)}",
        f"END:{kind}",
    ]


def _rule(onsets: Sequence[datetime]) -> str:
    """The yearly rule that gives all of these, "" where there is none: the last, or the n-th, such day of a month."""
    years = [onset.year for onset in onsets]
    if len(onsets) < _YEARS or years != list(range(years[0], years[0] + _YEARS)):
        return ""
    if len({(onset.month, onset.weekday(), onset.time()) for onset in onsets}) > 1:
        return ""
    numbers = {(onset.day - 1) // _WEEK.days + 1 for onset in onsets}
    if all((onset + _WEEK).month != onset.month for onset in onsets):
        number = -1
    elif len(numbers) == 1:
        (number,) = numbers
    else:
        return ""
    return f"FREQ=YEARLY;BYMONTH={onsets[0].month};BYDAY={number}{_WEEKDAYS[onsets[0].weekday()]}"


def _written(offset: int) -> str:
    hours, rest = divmod(abs(offset), 3600)
    minutes, seconds = divmod(rest, 60)
    return f"{'-' if offset < 0 else '+'}{hours:02}{minutes:02}" + (f"{seconds:02}" if seconds else "")
