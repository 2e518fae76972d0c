"""Local days as instants: where a day begins in a zone, and the window of a share, whose edges are local midnights."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from coachsync.model import Window
from coachsync.span import Span

_DAY = timedelta(days=1)


def window(today: date, past: Span, future: Span, zone: ZoneInfo) -> Window:
    """From the midnight that begins `today - past` to the midnight that ends `today + future`: P0D..P0D is today.

    Raises ValueError for a span with hours in it or one that leaves the calendar.
    """
    try:
        return Window(midnight(past.before(today), zone), midnight(future.after(today) + _DAY, zone))
    except OverflowError as error:
        raise ValueError("the window reaches beyond the calendar") from error


def midnight(day: date, zone: ZoneInfo) -> datetime:
    """The UTC instant at which `day` begins in `zone`; a day that the zone skips begins where the next one does."""
    return instant(day, time.min, zone)


def instant(day: date, clock: time, zone: ZoneInfo) -> datetime:
    """The first UTC instant at which clocks in `zone` show at least this time of this day.

    A time that clocks jump over (a zone may change at midnight) is the instant of the jump; of two that they show
    twice, the first.
    """
    wall = datetime.combine(day, clock.replace(fold=0), tzinfo=zone)
    early = wall.astimezone(UTC)
    late = wall.replace(fold=1).astimezone(UTC)
    return early if early <= late else _jump(late, early, zone)


def _jump(before: datetime, after: datetime, zone: ZoneInfo) -> datetime:
    """The second between two UTC instants at which the offset of `zone` changes, found by halving."""
    later = after.astimezone(zone).utcoffset()
    while after - before > timedelta(seconds=1):
        middle = before + timedelta(seconds=(after - before) // timedelta(seconds=2))
        if middle.astimezone(zone).utcoffset() == later:
            after = middle
        else:
            before = middle
    return after
