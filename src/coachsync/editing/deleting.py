"""Deleting: the event, or occurrences of it, are gone."""

from __future__ import annotations

from datetime import datetime

from coachsync.editing import splitting
from coachsync.editing.events import CalendarObject
from coachsync.editing.overriding import named
from coachsync.editing.scoping import known, scoped
from coachsync.editing.target import Edited, Scope, Target, Zones
from coachsync.editing.values import certain
from coachsync.moments import Moment

_DATES = ("EXDATE", "RDATE", "RRULE", "DTSTART")  # what an EXDATE stands beside


@certain()
def delete(text: str, target: Target, *, zones: Zones, stamp: datetime, before: int | None = None) -> Edited:
    """Delete what is meant; see `moving.move` for the arguments. No second object comes of it.

    One occurrence gets an EXDATE in the form of DTSTART, and its override goes; from one on, the series ends before
    it. The last occurrence that a series has is to be deleted as all of it: servers refuse a series of nothing.
    Raises NotEditable.
    """
    if target.scope is Scope.ALL:
        return Edited(None)  # whatever the text is
    found = CalendarObject(text, zones)
    scope = scoped(found, target, before)
    if scope is Scope.ALL:
        return Edited(None)
    original = known(found, target)
    if scope is Scope.FOLLOWING:
        splitting.shorten(found, original, before)
    else:
        _leave_out(found, original)
    found.revise(stamp)
    return Edited(found.text())


def _leave_out(found: CalendarObject, original: Moment) -> None:
    override = found.override(original)
    if override is not None:
        found.drop(override)
    if found.master is not None:
        places = (found.sheet.own(found.master.component, name) for name in _DATES)
        beside = next(places[-1] for places in places if places)
        found.sheet.put_after(beside, named(found, "EXDATE", original))
