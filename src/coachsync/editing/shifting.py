"""A whole series moved: every occurrence by as much local time, but those that were moved by hand."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from coachsync.editing import values
from coachsync.editing.events import CalendarObject, Event, damaged
from coachsync.editing.rules import Rule, Shift
from coachsync.moments import Moment, in_zone, instant, moment

_LISTS = ("EXDATE", "RDATE")


def shift_all(found: CalendarObject, original: Moment | None, start: Moment, duration: timedelta | None) -> None:
    """Move the series so that the instance of this original start, or the first one, takes place at `start`.

    An override of that instance goes there too, even if it was moved by hand. Raises NotEditable.
    """
    master = found.series
    meant = None if original is None else found.override(original)
    shift = _shift(found, original or master.start, found.shape(master, start))
    lasting = None if duration == found.length(master) else duration
    if shift.delta:
        _shift_dates(found, shift)
    for override in found.overrides:
        _shift_override(found, override, shift, lasting, meant=override is meant)
    found.place(master, _moved(found, shift, master.start), lasting)


def _shift(found: CalendarObject, original: Moment, start: Moment) -> Shift:
    """How far the series moves: by as much local time as the instance that is meant, from its own first start."""
    first = found.plain(found.series.start)
    return Shift(first, Shift(found.plain(original), found.plain(start))(first))


def _moved(found: CalendarObject, shift: Shift, before: Moment) -> Moment:
    """An instance, or the day of one, moved along."""
    if isinstance(before, datetime) or not isinstance(found.anchor, datetime):
        return in_zone(shift(found.plain(before)), found.zone)
    return shift(before)


def _shift_dates(found: CalendarObject, shift: Shift) -> None:
    sheet, master = found.sheet, found.series
    if sheet.own(master.component, "EXRULE") or len(sheet.own(master.component, "RRULE")) > 1:
        raise damaged()
    for name in _LISTS:
        for at in sheet.own(master.component, name):
            sheet.set(at, values.changed(sheet.lines[at], lambda one: _moved(found, shift, one), found.zones))
    for at in sheet.own(master.component, "RRULE"):
        rule = Rule(sheet.lines[at].value)
        rule.shift(shift, found.plain(master.start), lambda until: _until(found, shift, until))
        sheet.set(at, str(rule))


def until_of(found: CalendarObject, text: str) -> Moment:
    """The last moment that UNTIL allows: a day, or the plain moment that an instance could have. Raises ValueError."""
    until = moment(text, UTC)
    if not isinstance(until, datetime):
        return until
    return (until.astimezone(found.zone) if text.endswith("Z") else until).replace(tzinfo=None, fold=0)


def _until(found: CalendarObject, shift: Shift, text: str) -> str:
    """UNTIL moved along, in the form it has: a day, an instant, or a local time."""
    after = shift(until_of(found, text))
    return values.write(in_zone(after, found.zone if text.endswith("Z") else UTC), text, UTC)


def _shift_override(
    found: CalendarObject, override: Event, shift: Shift, lasting: timedelta | None, *, meant: bool
) -> None:
    """An override names its instance by the new time. It moves along where it stood at the regular time, and where it
    is the one that was meant."""
    sheet, master = found.sheet, found.series
    assert override.replaces is not None  # noqa: S101 - an override has it
    named = _moved(found, shift, override.replaces)
    for at in sheet.own(override.component, "RECURRENCE-ID"):
        sheet.set(at, values.changed(sheet.lines[at], lambda _: named, found.zones))
    if override.all_day != master.all_day:
        return
    if meant or _is_regular(found, override):
        same = found.length(override) == found.length(master)
        found.place(override, named, lasting if same or meant else None)


def _is_regular(found: CalendarObject, override: Event) -> bool:
    """Whether it takes place when the series would have it, by whatever name: a skipped hour has two."""
    assert override.replaces is not None  # noqa: S101 - an override has it
    named = found.moment(override.replaces)
    if isinstance(named, datetime) and isinstance(override.start, datetime):
        return instant(override.start) == instant(named)
    return override.start == named
