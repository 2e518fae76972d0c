"""Where an instance stands in its series, by the rule itself. Runs in the child: nothing limits the time it takes."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from coachsync.adapters.ical.expansion import Series, times
from coachsync.adapters.ical.skeleton import Skeleton
from coachsync.model import Window
from coachsync.moments import Moment, Unreadable, at_time_of, beginning, in_zone

_AHEAD = tuple(timedelta(days=days) for days in (2, 400, 4_000, 40_000))  # looked at in turn for another instance
_LAST = datetime(9_990, 1, 1, tzinfo=UTC)


def place(found: Skeleton, original: Moment, zone: str) -> tuple[int | None, bool] | None:
    """Of the instance that has this plain start by the rule: how many instances of the rule come before it, and whether
    nothing else takes place (see `child.Place`); None when there is no such instance.

    Raises Unreadable, ValueError or OverflowError.
    """
    events = times(found, original.year + 100, zone)
    masters = [event for event in events if event.replaces is None]
    if len(masters) != 1:
        raise Unreadable("two-masters" if masters else "no-master")
    overrides = [event for event in events if event.replaces is not None]
    series = Series(masters[0], overrides, ZoneInfo(zone))
    original = at_time_of(original, series.plain(masters[0].start))
    around = _originals(series, original, _AHEAD[0])
    if original not in around:
        return None
    earlier = any(one < original for one in around)
    return _before(series, original) if earlier else 0, around == {original} and not _others(series, original)


def _others(series: Series, original: Moment) -> bool:
    """Whether anything else takes place, as far ahead as the rule can be followed within its bounds."""
    try:
        return any(one != original for ahead in _AHEAD for one in _originals(series, original, ahead))
    except Unreadable:
        return False


def _originals(series: Series, original: Moment, ahead: timedelta) -> set[Moment]:
    """The plain starts by the rule of what takes place from the beginning on, overrides wherever they were moved."""
    moment = in_zone(original, series.zone)
    until = beginning(moment, series.zone)
    starts = [beginning(start, series.zone) for start in _stated(series)]
    horizon = Window(min(starts), min(until, _LAST - ahead) + ahead)
    found = {placed.original for placed in series.all(horizon) if placed.original is not None}
    return found | {series.plain(one.replaces) for one in series.overrides if one.replaces is not None}


def _stated(series: Series) -> list[Moment]:
    return [series.master.start, *(added for added, _ in series.master.added)]


def _before(series: Series, original: Moment) -> int | None:
    ruled = series.ruled(original)
    rule = series.master.rule
    if rule is None or original not in ruled:
        return None
    endless = [part for part in rule.split(";") if part.partition("=")[0].strip().upper() not in ("COUNT", "UNTIL")]
    once = replace(series.master, rule=";".join([*endless, "COUNT=1"]))
    starts_with_it = Series(once, (), series.practice).ruled(original) == ruled[:1]
    return len(ruled) - 1 if starts_with_it else None
