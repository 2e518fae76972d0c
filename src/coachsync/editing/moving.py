"""Moving an event in time: one occurrence, this and those that follow, or all of it."""

from __future__ import annotations

from datetime import datetime, timedelta

from coachsync.editing import splitting
from coachsync.editing.events import CalendarObject
from coachsync.editing.overriding import overridden
from coachsync.editing.scoping import known, period, scoped
from coachsync.editing.shifting import shift_all
from coachsync.editing.target import Edited, Scope, Target, Zones
from coachsync.editing.values import certain
from coachsync.errors import NotEditable
from coachsync.moments import Moment
from coachsync.phrases import say


@certain()
def move(
    text: str,
    target: Target,
    start: Moment,
    duration: timedelta | None = None,
    *,
    zones: Zones,
    stamp: datetime,
    new_uid: str,
    before: int | None = None,
) -> Edited:
    """Let what is meant start at `start`: an aware datetime, or a date for an event of whole days.

    The event keeps its zone, and its length unless `duration` is given (whole days for an event of those). In a whole
    series, every occurrence moves by as much local time as the one that is meant, but those that were moved by hand.
    `stamp` is now, in any zone; `new_uid` is for the second object of a split; `before` is how many instances of the
    rule come before the occurrence that is meant, those left out by EXDATE included, 0 when none takes place before
    it, None when the rule does not give it: a split needs to know. A move that changes nothing gives the same text.
    Raises NotEditable.
    """
    found = CalendarObject(text, zones)
    _refuse_length(found, duration)
    scope = scoped(found, target, before)
    if scope is Scope.FOLLOWING:
        original = known(found, target)
        second = splitting.rest(text, original, zones, new_uid, before)
        regular = second.text()
        shift_all(second, original, start, duration)
        if second.text() == regular:
            return Edited(text)
        splitting.shorten(found, original, before)
        found.revise(stamp)
        return Edited(found.text(), splitting.born(second, stamp))
    if scope is Scope.ONE:
        return Edited(_moved_one(found, known(found, target), start, duration, stamp))
    if found.recurring:
        shift_all(found, target.original, start, duration)
    else:
        event = found.events[0]
        found.place(event, found.shape(event, start), duration)
    found.revise(stamp)
    return Edited(found.text())


def _moved_one(
    found: CalendarObject, original: Moment, start: Moment, duration: timedelta | None, stamp: datetime
) -> str:
    event = found.override(original)
    if event is not None:
        found.place(event, found.shape(event, start), duration)
        found.revise(stamp)
        return found.text()
    own = found.shape(found.series, start)
    alone = period(found, original)
    length = alone or found.length(found.series)
    if found.plain(own) == found.plain(original) and duration in (None, length):
        return found.text()
    return overridden(found, original, stamp, lambda copy, event: copy.place(event, own, duration or alone))


def _refuse_length(found: CalendarObject, duration: timedelta | None) -> None:
    if duration is None:
        return
    event = found.master or found.events[0]
    if duration < timedelta() or (event.all_day and (duration % timedelta(days=1) or not duration)):
        raise NotEditable(
            "bad-duration",
            say("The event cannot last that long."),
            say("An event of whole days lasts at least one of them; no event lasts less than nothing."),
        )
