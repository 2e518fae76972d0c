"""Planning a change of an appointment: from what the coach wants of it now, without network, changing nothing."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from coachsync import contentline
from coachsync.adapters.ical.child import Place
from coachsync.adapters.ical.instances import Instance, place
from coachsync.app.appointments import checking
from coachsync.app.appointments.choosing import Choice, Event, Wish, choose, understood
from coachsync.app.appointments.finding import Found, text_of
from coachsync.app.appointments.plans import Action, Plan, Wanted, people, shares_of
from coachsync.app.appointments.whens import in_practice
from coachsync.app.reading import short_id
from coachsync.app.wiring import Wiring
from coachsync.editing.cancelling import cancel
from coachsync.editing.deleting import delete
from coachsync.editing.moving import move
from coachsync.editing.target import Edited, Scope, Target
from coachsync.errors import NotEditable
from coachsync.moments import Moment, beginning

_NOWHERE = Place(None, only=False)


@dataclass(frozen=True, slots=True)
class _Change:
    """What an edit starts from."""

    found: Found
    event: Event
    choice: Choice
    place: Place
    new_uid: str

    @property
    def target(self) -> Target:
        return Target(self.choice.scope, self.choice.meant.original)


def moving(
    wiring: Wiring,
    found: Found,
    wish: Wish,
    to: date | datetime,
    lasting: timedelta | None = None,
    *,
    new_uid: str,
    notify: bool = False,
) -> Plan:
    """Let an appointment, or dates of its series, take place at another time; a day alone keeps the time of day.

    `new_uid` is for the second half of a series that is cut in two. Raises UsageError when it is not certain what is
    meant, NotEditable when it cannot be done, CoachsyncError.
    """
    text = text_of(found)
    event = understood(wiring, found.calendar, text)
    asked = in_practice(to, wiring.zone)
    change = _begun(wiring, found, event, choose(wiring, event, wish, asked), new_uid)
    start = _at_the_same_time(wiring, change.choice.meant, asked)
    edited = move(
        text,
        change.target,
        start,
        lasting,
        zones=event.zones,
        stamp=wiring.now,
        new_uid=change.new_uid,
        before=change.place.before,
    )
    becomes = checking.moved(change.choice, start, lasting, wiring)
    return _plan(wiring, Action.MOVE, change, edited, becomes, beginning(start, wiring.zone), notify=notify)


def cancelling(wiring: Wiring, found: Found, wish: Wish, *, new_uid: str, notify: bool = False) -> Plan:
    """Let it say that it does not take place. Raises as `moving` does."""
    text = text_of(found)
    event = understood(wiring, found.calendar, text)
    change = _begun(wiring, found, event, choose(wiring, event, wish), new_uid)
    edited = cancel(
        text,
        change.target,
        zones=event.zones,
        stamp=wiring.now,
        new_uid=change.new_uid,
        before=change.place.before,
    )
    return _plan(wiring, Action.CANCEL, change, edited, checking.cancelled, notify=notify)


def deleting(wiring: Wiring, found: Found, wish: Wish, *, notify: bool = False) -> Plan:
    """Let it, or dates of its series, be gone. What cannot be read can be deleted as a whole. Raises as `moving`."""
    text = text_of(found)
    try:
        event = understood(wiring, found.calendar, text)
        choice = choose(wiring, event, wish)
    except NotEditable:
        if wish.on is not None or wish.following:
            raise
        return _whole(wiring, found, notify=notify)
    change = _begun(wiring, found, event, choice, "")
    if change.place.only:
        change = replace(change, choice=replace(choice, scope=Scope.ALL))
    edited = delete(text, change.target, zones=event.zones, stamp=wiring.now, before=change.place.before)
    return _plan(wiring, Action.DELETE, change, edited, checking.gone, notify=notify)


def _begun(wiring: Wiring, found: Found, event: Event, choice: Choice, new_uid: str) -> _Change:
    stands, original = _NOWHERE, choice.meant.original
    if original is not None and choice.scope is not Scope.ALL:
        stands = _place(wiring, event, original, choice.scope)
    return _Change(found, event, choice, stands, new_uid)


def _place(wiring: Wiring, event: Event, original: Moment, scope: Scope) -> Place:
    """Where a date stands in its series; nowhere known in an object that has single dates alone."""
    try:
        return place(wiring.reader, event.body, original, wiring.config.practice.timezone) or _NOWHERE
    except NotEditable:
        if scope is Scope.ONE:
            return _NOWHERE
        raise


def _at_the_same_time(wiring: Wiring, meant: Instance, to: Moment) -> Moment:
    """A day alone, for what has a time of day, means that time on the day."""
    if isinstance(to, datetime) or meant.all_day:
        return to
    local = meant.start.astimezone(wiring.zone)
    return in_practice(datetime.combine(to, local.time()), wiring.zone)


def _plan(
    wiring: Wiring,
    action: Action,
    change: _Change,
    edited: Edited,
    then: checking.Becomes,
    *edges: datetime,
    notify: bool,
) -> Plan:
    found, event = change.found, change.event
    plan = outline(wiring, action, found, event, notify=notify)
    if edited == Edited(event.text):
        return plan
    becomes = checking.same_elsewhere(change.choice, then)
    seen = checking.check(wiring, event, edited, becomes, change.choice.meant.start, *edges)
    wanted = [Wanted(found.href, found.uid, None if edited.text is None else contentline.encode(edited.text))]
    if edited.new is not None:
        wanted.append(Wanted(None, change.new_uid, contentline.encode(edited.new)))
    return replace(
        plan,
        wanted=tuple(wanted),
        changes=seen.changes,
        more=seen.more,
        past=any(one.before is not None and one.before.end <= wiring.now for one in seen.changes),
        new_id=short_id(wiring, change.new_uid) if edited.new is not None else "",
    )


def _whole(wiring: Wiring, found: Found, *, notify: bool) -> Plan:
    """The whole entry goes, whatever its dates are."""
    event = Event(
        text_of(found), {}, series=False, addresses=wiring.addresses(wiring.config.calendars[found.calendar].account)
    )
    plan = outline(wiring, Action.DELETE, found, event, notify=notify)
    return replace(plan, wanted=(Wanted(found.href, found.uid, None),))


def outline(wiring: Wiring, action: Action, found: Found, event: Event, *, notify: bool = False) -> Plan:
    """What is known of a change before anything changes."""
    return Plan(
        action=action,
        calendar=found.calendar,
        id=found.id,
        series=event.series,
        people=people(event.text, event.addresses),
        notify=notify,
        shares=shares_of(wiring, found.calendar),
    )
