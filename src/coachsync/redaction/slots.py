"""From occurrences to slots: the only way from a private calendar to a share, and one that carries times alone."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from coachsync.model import Occurrence, Pseudonym, Slot, Stand, Window
from coachsync.redaction.profiles import AllDay, Profile, WorkingHours
from coachsync.redaction.window import instant, midnight

_Stretch = tuple[datetime, datetime]  # [start, end), two UTC instants
_DAY = timedelta(days=1)
_SECOND = timedelta(seconds=1)  # what iCalendar can tell apart
_HOUR = timedelta(hours=1)


class Mark(NamedTuple):
    """What slots say beside their times, in a share that is meant to tell clients or series apart."""

    pseudonym: Pseudonym | None = None
    series: int = 0


_UNMARKED = Mark()


def slots(
    occurrences: Iterable[Occurrence], profile: Profile, window: Window, zone: ZoneInfo, mark: Mark = _UNMARKED
) -> tuple[Slot, ...]:
    """The slots that a share with this profile holds in `window` (edges: midnights of `zone`), sorted, each once.

    Only what makes the coach busy counts, and what has no length says nothing. A merging profile gives blocks that end
    at local midnights, so that the window never clips one; any other gives every occurrence that touches the window
    whole. Occurrences from an hour and a buffer around the window matter: rounding may pull them in. All bear `mark`.
    """
    near = Window(window.start - _HOUR, window.end + _HOUR)
    grid = profile.round_to or _SECOND
    rounded = (_rounded(stretch, grid, zone) for stretch in _stretches(occurrences, profile, near, zone))
    touching = (stretch for stretch in rounded if window.touches(*stretch))
    kept = _blocks(touching, window, zone) if profile.merge else touching
    if profile.hours_only:
        kept = _in_hours(kept, profile, zone)
    return tuple(Slot(start, end, profile.label, *mark) for start, end in sorted(set(kept)))


def may_show(occurrence: Occurrence, profile: Profile, window: Window) -> bool:
    """Whether an occurrence can give a slot in `window`, also with a little more rounding or buffer than the profile's:
    it makes the coach busy within a day of it. Working hours are not asked about."""
    if occurrence.stand is not Stand.BUSY or occurrence.start >= occurrence.end:
        return False
    if occurrence.all_day and profile.all_day is not AllDay.WORKING_HOURS:
        return False
    return Window(window.start - _DAY, window.end + _DAY).touches(
        *_with_buffer(occurrence.start, occurrence.end, profile)
    )


def _stretches(occurrences: Iterable[Occurrence], profile: Profile, near: Window, zone: ZoneInfo) -> Iterator[_Stretch]:
    """The busy time of each occurrence near the window."""
    for occurrence in occurrences:
        start, end = occurrence.start, occurrence.end
        if occurrence.stand is not Stand.BUSY or start >= end:
            continue
        if not occurrence.all_day:
            start, end = _with_buffer(start, end, profile)
        if not near.touches(start, end):
            continue
        if not occurrence.all_day:
            yield start, end
        elif profile.all_day is AllDay.WORKING_HOURS:
            yield from _working_hours(max(start, near.start), min(end, near.end), profile.hours, zone)


def _with_buffer(start: datetime, end: datetime, profile: Profile) -> _Stretch:
    try:
        return start - profile.before, end + profile.after
    except OverflowError:  # at the ends of the calendar there is nothing to keep free
        return start, end


def _in_hours(stretches: Iterable[_Stretch], profile: Profile, zone: ZoneInfo) -> Iterator[_Stretch]:
    """What is in working hours: of blocks the part, of single times those that touch them, whole."""
    for start, end in stretches:
        for opens, closes in _working_hours(start, end, profile.hours, zone):
            if start >= closes or end <= opens:
                continue
            yield (max(start, opens), min(end, closes)) if profile.merge else (start, end)


def _working_hours(start: datetime, end: datetime, hours: WorkingHours, zone: ZoneInfo) -> Iterator[_Stretch]:
    """The working hours of every working day that [start, end) has a part of."""
    day = start.astimezone(zone).date()
    last = (end - _SECOND).astimezone(zone).date()
    while day <= last:
        opens, closes = instant(day, hours.start, zone), instant(day, hours.end, zone)
        if day.weekday() in hours.weekdays and opens < closes:
            yield opens, closes
        day += _DAY


def _rounded(stretch: _Stretch, grid: timedelta, zone: ZoneInfo) -> _Stretch:
    """Outwards to the wall clock's grid, in elapsed time: no change of offset moves an edge by more than `grid`."""
    start, end = stretch
    try:
        return start - _past_grid(start, grid, zone), end + (-_past_grid(end, grid, zone)) % grid
    except OverflowError:  # at the ends of the calendar there is nothing to round to
        return stretch


def _past_grid(moment: datetime, grid: timedelta, zone: ZoneInfo) -> timedelta:
    """How far the wall clock has gone past the grid."""
    wall = moment.astimezone(zone)
    return timedelta(minutes=wall.minute, seconds=wall.second, microseconds=wall.microsecond) % grid


def _blocks(stretches: Iterable[_Stretch], window: Window, zone: ZoneInfo) -> Iterator[_Stretch]:
    """Merge what touches or overlaps, cut at the local midnights, keep what lies inside the window."""
    for start, end in _merged(stretches):
        yield from _cut(max(start, window.start), min(end, window.end), zone)


def _merged(stretches: Iterable[_Stretch]) -> Iterator[_Stretch]:
    open_start = open_end = None
    for start, end in sorted(stretches):
        if open_start is None or open_end is None:
            open_start, open_end = start, end
        elif start <= open_end:
            open_end = max(open_end, end)
        else:
            yield open_start, open_end
            open_start, open_end = start, end
    if open_start is not None and open_end is not None:
        yield open_start, open_end


def _cut(start: datetime, end: datetime, zone: ZoneInfo) -> Iterator[_Stretch]:
    """The pieces of [start, end) between the midnights of `zone`."""
    day = start.astimezone(zone).date() + _DAY
    while start < end:
        edge = min(end, midnight(day, zone))
        if start < edge:
            yield start, edge
            start = edge
        day += _DAY
