"""A change is read before it is queued: every date that it does not mean must still be where it was.

The editor changes lines and the reader understands them, each on its own: where they disagree, nothing is changed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from coachsync.adapters.ical.instances import Instance
from coachsync.app.appointments.choosing import Choice, Event, is_regular, within
from coachsync.app.appointments.plans import Change
from coachsync.app.reading import horizon
from coachsync.app.wiring import Wiring
from coachsync.editing.target import Edited, Scope
from coachsync.errors import CoachsyncError
from coachsync.model import Occurrence, Stand, Window
from coachsync.moments import Moment, beginning, in_zone, midnight
from coachsync.phrases import say

Becomes = Callable[[Instance], Occurrence | None]  # what a date is to become; None: it goes

_AROUND = timedelta(days=60)  # that is looked at on both sides of what changes
_SPARE = timedelta(days=2)
_DAY, _SHORTEST_DAY = timedelta(days=1), timedelta(hours=23)
_LATER = timedelta(days=800)


@dataclass(frozen=True, slots=True)
class Checked:
    """The dates that change; `more`: further ones later."""

    changes: tuple[Change, ...]
    more: bool


def check(wiring: Wiring, event: Event, edited: Edited, becomes: Becomes, *edges: datetime) -> Checked:
    """The dates that an edit changes, when they are those that `becomes` says; `edges` is where the changes are.

    Raises CoachsyncError when the new text says anything else, or cannot be read.
    """
    after = [replace(event, text=text) for text in (edited.text, edited.new) if text is not None]
    spare = _SPARE + (max(edges) - min(edges))
    changes: set[Change] = set()
    last = wiring.now
    for where in _windows(wiring, edges, series=event.series):
        _refuse_unreadable(wiring, event, after, where)
        wide = Window(where.start - spare, where.end + spare)
        pairs = [(_seen(one), becomes(one)) for one in within(wiring, event, wide)]
        _refuse_difference(_inside(where, (after for _, after in pairs)), _dates(wiring, after, where))
        changes |= {Change(*pair) for pair in pairs if pair[0] != pair[1] and where.touches(*_times(pair[0]))}
        last = max(last, where.end)
    later = within(wiring, event, Window(last, last + _LATER)) if event.series else []
    return Checked(tuple(sorted(changes, key=_start)), any(_seen(one) != becomes(one) for one in later))


def same_elsewhere(choice: Choice, then: Becomes) -> Becomes:
    """What every date becomes when something becomes of those that are meant, and of no other."""
    return lambda one: then(one) if _is_meant(choice, one) else _seen(one)


def cancelled(one: Instance) -> Occurrence:
    """The same date, cancelled."""
    return replace(_seen(one), stand=Stand.CANCELLED)


def gone(_: Instance) -> None:
    """No date any more."""


def moved(choice: Choice, start: Moment, lasting: timedelta | None, wiring: Wiring) -> Becomes:
    """What a date becomes when the one that is meant goes to `start`: regular ones of the series move by as much local
    time as it, and those that were moved by hand stay. `lasting` None: each as long as before."""
    if choice.scope is Scope.ONE or choice.meant.original is None:
        return lambda one: _placed(one, start, lasting, wiring)
    original = choice.meant.original
    shift = _between(_name(original), _name(_in_zone_of(original, start)))

    def then(one: Instance) -> Occurrence:
        if one == choice.meant:
            return _placed(one, start, lasting, wiring)
        if one.original is None or one.all_day != choice.meant.all_day or not is_regular(wiring, one):
            return _seen(one)
        zone = one.original.tzinfo if isinstance(one.original, datetime) else None
        named = _name(one.original) + shift
        return _placed(one, in_zone(named, zone) if zone is not None else named, lasting, wiring)

    return then


def _in_zone_of(original: Moment, start: Moment) -> Moment:
    if isinstance(start, datetime) and isinstance(original, datetime):
        return start.astimezone(original.tzinfo)
    return start


def _between(before: Moment, after: Moment) -> timedelta:
    """How much local time lies between two names of dates."""
    if isinstance(before, datetime) and isinstance(after, datetime):
        return after - before
    return timedelta(days=after.toordinal() - before.toordinal())


def _is_meant(choice: Choice, one: Instance) -> bool:
    if choice.scope is Scope.ALL:
        return True
    if choice.scope is Scope.ONE or one.original is None or choice.meant.original is None:
        return one.original == choice.meant.original
    return _name(one.original) >= _name(choice.meant.original)


def _placed(one: Instance, start: Moment, lasting: timedelta | None, wiring: Wiring) -> Occurrence:
    begins = beginning(start, wiring.zone)
    if isinstance(start, datetime):
        return replace(_seen(one), start=begins, end=begins + (lasting if lasting is not None else one.end - one.start))
    days = lasting if lasting is not None else timedelta(days=_days(one, wiring))
    return replace(_seen(one), start=begins, end=midnight(start + days, wiring.zone))


def _days(one: Instance, wiring: Wiring) -> int:
    first, last = (moment.astimezone(wiring.zone).date() for moment in (one.start, one.end))
    return (last - first).days


def _name(moment: Moment) -> Moment:
    """A date as its series names it: local time without a zone."""
    return moment.replace(tzinfo=None, fold=0) if isinstance(moment, datetime) else moment


def _seen(one: Instance) -> Occurrence:
    return Occurrence(one.start, one.end, one.all_day, one.stand)


def _start(change: Change) -> datetime:
    dates = [one.start for one in (change.before, change.after) if one is not None]
    return min(dates)


def _times(one: Occurrence) -> tuple[datetime, datetime]:
    return one.start, one.end


# --- comparing -------------------------------------------------------------------------------------------------------


def _windows(wiring: Wiring, edges: Iterable[datetime], *, series: bool) -> list[Window]:
    """Where to look: around each change, and for a series as far as anything is looked at; those that meet are one."""
    found = [Window(edge - _AROUND, edge + _AROUND) for edge in edges]
    if series:
        found.append(horizon(wiring, wiring.now.astimezone(wiring.zone).date()))
    merged: list[Window] = []
    for window in sorted(found):
        if merged and window.start <= merged[-1].end:
            merged[-1] = Window(merged[-1].start, max(merged[-1].end, window.end))
        else:
            merged.append(window)
    return merged


def _dates(wiring: Wiring, texts: Iterable[Event], where: Window) -> list[Occurrence]:
    wide = Window(where.start - _SPARE, where.end + _SPARE)
    return _inside(where, (_seen(one) for event in texts for one in within(wiring, event, wide)))


def _inside(where: Window, dates: Iterable[Occurrence | None]) -> list[Occurrence]:
    return [one for one in dates if one is not None and where.touches(one.start, one.end)]


def _refuse_unreadable(wiring: Wiring, before: Event, after: Iterable[Event], where: Window) -> None:
    texts = [(at, one.body) for at, one in enumerate((before, *after))]
    zone = wiring.config.practice.timezone
    codes = [reading.code for _, reading in wiring.reader.read(texts, where, zone, before.addresses)]
    if any(code not in (None, codes[0]) for code in codes[1:]):
        raise unintended()


def _refuse_difference(expected: Iterable[Occurrence], found: Iterable[Occurrence]) -> None:
    if Counter(map(_told, expected)) != Counter(map(_told, found)):
        raise unintended()


def _told(one: Occurrence) -> tuple[datetime, timedelta, bool, Stand]:
    """A date for comparing. Days are as long as the clock makes them, so what lasts some is told in whole ones."""
    lasting = one.end - one.start
    return one.start, _DAY * round(lasting / _DAY) if lasting >= _SHORTEST_DAY else lasting, one.all_day, one.stand


def unintended() -> CoachsyncError:
    """The new text does not say what was meant."""
    return CoachsyncError(
        "not-as-meant",
        say("The change would do something else to this appointment than it should; nothing was changed."),
        say("Change it in your calendar program."),
    )
