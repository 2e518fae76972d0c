"""Cancelling: the event stays, and says that it does not take place (STATUS:CANCELLED)."""

from __future__ import annotations

from datetime import datetime

from coachsync.editing import splitting
from coachsync.editing.events import CalendarObject, Event
from coachsync.editing.overriding import overridden
from coachsync.editing.scoping import known, period, scoped
from coachsync.editing.target import Edited, Scope, Target, Zones
from coachsync.editing.values import certain

_CANCELLED = "CANCELLED"


@certain()
def cancel(
    text: str, target: Target, *, zones: Zones, stamp: datetime, new_uid: str, before: int | None = None
) -> Edited:
    """Cancel what is meant, with all its overrides where it is a series; see `moving.move` for the arguments.

    What is cancelled already gives the same text. Raises NotEditable.
    """
    found = CalendarObject(text, zones)
    scope = scoped(found, target, before)
    if scope is Scope.FOLLOWING:
        original = known(found, target)
        second = splitting.rest(text, original, zones, new_uid, before)
        splitting.shorten(found, original, before)
        found.revise(stamp)
        _cancel_all(second)
        return Edited(found.text(), splitting.born(second, stamp))
    if scope is Scope.ALL:
        _cancel_all(found)
        found.revise(stamp)
        return Edited(found.text())
    original = known(found, target)
    override = found.override(original)
    if override is None and _is_cancelled(found.series):
        return Edited(text)
    if override is None:
        return Edited(overridden(found, original, stamp, lambda copy, event: _cancel_at(found, copy, event)))
    _cancel(found, override)
    found.revise(stamp)
    return Edited(found.text())


def _cancel_at(found: CalendarObject, copy: CalendarObject, event: Event) -> None:
    assert event.replaces is not None  # noqa: S101 - it is an override
    copy.place(event, event.replaces, period(found, event.replaces))
    _cancel(copy, event)


def _cancel_all(found: CalendarObject) -> None:
    for event in found.events:
        _cancel(found, event)


def _cancel(found: CalendarObject, event: Event) -> None:
    if _is_cancelled(event):
        return
    places = found.sheet.own(event.component, "STATUS")
    for at in places:
        found.sheet.set(at, _CANCELLED)
    if not places:
        found.sheet.append(event.component, f"STATUS:{_CANCELLED}")


def _is_cancelled(event: Event) -> bool:
    return any(line.name == "STATUS" and line.value.strip().upper() == _CANCELLED for line in event.component.lines)
