"""Bringing back what was overwritten or deleted, on either side, and taking back what was not sent yet."""

from __future__ import annotations

import base64
from dataclasses import dataclass, field, replace
from datetime import datetime

from coachsync import contentline
from coachsync.adapters.database import Copies, Edit, Edits
from coachsync.adapters.database.removed import Removed, kept, of_calendar
from coachsync.adapters.database.renaming import left_behind
from coachsync.app.appointments.finding import Found, known_calendar, matching, refuse_disputed, text_of
from coachsync.app.appointments.glimpses import differences
from coachsync.app.appointments.plans import Action, Plan, Wanted, people, shares_of
from coachsync.app.reading import short_id
from coachsync.app.whereabouts import in_another_calendar
from coachsync.app.wiring import Wiring
from coachsync.errors import CoachsyncError, NotInitialised, UsageError
from coachsync.phrases import say
from coachsync.sync.sameness import same

_ID_LENGTH = 6  # of what is kept; an appointment's short id has five


@dataclass(frozen=True, slots=True)
class Kept:
    """One version of an appointment that is kept for 30 days. `id` is its own and stays, `appointment` the short id.

    `reason`: "overwritten", "deleted", "replaced" (by another calendar, or by a share), "edited" (in a share),
    "not-kept" or "taken-back" (by the coach). `calendar` may not be configured any more, and is "" for what was in the
    `share` of this name: that comes back where the coach says.
    """

    id: str
    appointment: str
    calendar: str
    reason: str
    removed_at: datetime
    uid: str
    body: bytes = field(repr=False)
    expired: bool
    share: str = ""

    @property
    def shown(self) -> bytes:
        """The text that the coach recognises it by."""
        return self.body


@dataclass(frozen=True, slots=True)
class Unsent:
    """A change that the server does not have yet: `kind` is "new", "changed" or "deleted"."""

    id: str
    calendar: str
    kind: str
    made_at: int
    conflict: bool
    edit: Edit

    @property
    def shown(self) -> bytes:
        """The text that the coach recognises it by."""
        return self.edit.text or self.edit.base or b""


def kept_of(wiring: Wiring, calendar: str | None = None) -> list[Kept]:
    """What is kept of a calendar, or of all calendars and shares there ever were, newest first; what has expired is
    among it until it is discarded. Whole files that a share has replaced are no appointments, and are not among it.

    Raises as `known_calendar` does.
    """
    if calendar is not None:
        known_calendar(wiring, calendar)
    there = kept(wiring.database, None if calendar is None else of_calendar(calendar))
    return [_kept(wiring, one) for one in reversed(there) if one.href]


def unsent_of(wiring: Wiring, calendar: str | None = None) -> list[Unsent]:
    """What waits to be sent, newest first; also for calendars that are not configured any more."""
    left = left_behind(wiring.database, wiring.config.calendars)
    names = [calendar] if calendar is not None else [*wiring.config.calendars, *left]
    found = [
        Unsent(
            short_id(wiring, edit.uid or edit.href),
            name,
            "deleted" if edit.text is None else "new" if edit.base is None else "changed",
            edit.made_at,
            bool(edit.clashes),
            edit,
        )
        for name in names
        for edit in Edits(wiring.database, name).all()
    ]
    return sorted(found, key=lambda one: one.made_at, reverse=True)


def bringing_back(wiring: Wiring, name: str, calendar: str | None = None) -> Plan:
    """Bring back what is named by its own id; or, by the id of an appointment, take back what was not sent yet of it,
    or else the appointment itself when it is gone.

    Raises UsageError when nothing of that name is kept, CoachsyncError when it has expired or cannot be brought back.
    """
    left = _of_no_calendar(wiring, name, calendar)
    if calendar is not None and left is not None:
        return left
    if calendar is not None:
        known_calendar(wiring, calendar)
    there = kept_of(wiring)
    plan = _by_own_id(wiring, there, name, calendar) or _by_appointment(wiring, there, name, calendar)
    plan = plan if plan is not None and (plan.wanted or left is None) else left
    if plan is None:
        raise UsageError(
            "nothing-kept",
            say("Nothing of that id is kept."),
            say("What was overwritten or deleted is kept for 30 days; to see it, run: coachsync appointment restore"),
        )
    return plan


def _by_own_id(wiring: Wiring, there: list[Kept], name: str, calendar: str | None) -> Plan | None:
    for one in there:
        if one.id != name.strip().upper():
            continue
        if one.calendar not in wiring.config.calendars:
            return _restored(wiring, _placed(one, calendar))
        if calendar in (None, one.calendar):
            return _restored(wiring, one)
    return None


def _by_appointment(wiring: Wiring, there: list[Kept], name: str, calendar: str | None) -> Plan | None:
    try:
        found = matching(wiring, name, calendar)
    except NotInitialised:
        found = []
    places = wiring.config.calendars if calendar is None else (calendar,)
    named = [one for one in there if name in (one.uid, one.appointment) or name.strip().upper() == one.appointment]
    own = [one for one in named if one.calendar in places]
    unsent = [one for one in found if one.edit is not None]
    if len(unsent) > 1 or len({one.calendar for one in own}) > 1:
        raise UsageError(
            "which-appointment",
            say("Several appointments have this id."),
            say("Say which calendar is meant with --calendar, or name what is kept by its own id."),
        )
    if unsent:
        return _taken_back(wiring, unsent[0], own)
    if found:
        return _outline(wiring, Action.RESTORE, found[0].calendar, found[0].id, found[0].text)
    return _restored(wiring, own[0]) if own else None


def _of_no_calendar(wiring: Wiring, name: str, calendar: str | None) -> Plan | None:
    """What waits for a calendar that is not configured any more (this one, or any) is taken back."""
    for one in unsent_of(wiring):
        if one.calendar in wiring.config.calendars or calendar not in (None, one.calendar):
            continue
        if name.strip().upper() == one.id:
            return Plan(Action.TAKE_BACK, one.calendar, one.id, (Wanted(one.edit.href, one.edit.uid, None),))
    return None


def _kept(wiring: Wiring, one: Removed) -> Kept:
    uid = contentline.uid(one.body)
    calendar, share = one.source
    named = base64.b32encode(one.tag).decode()[:_ID_LENGTH]
    return Kept(
        id=named,
        appointment=short_id(wiring, uid or one.href),
        calendar=calendar,
        reason=one.reason,
        removed_at=one.removed_at,
        uid=uid,
        body=one.body,
        expired=one.is_expired(wiring.now),
        share=share,
    )


def _restored(wiring: Wiring, one: Kept) -> Plan:
    """The version comes back: as an edit of what is there now, else as a new object at a new address."""
    if one.expired:
        raise CoachsyncError(
            "expired", say("This was kept for 30 days, and they are over."), say("It cannot be brought back any more.")
        )
    there = _there(wiring, one)
    before = None if there is None or there.text is None else text_of(there)
    plan = _outline(wiring, Action.RESTORE, one.calendar, one.appointment, one.body)
    if before is not None and same(before, contentline.decode(one.body)):
        return plan
    return _with(
        wiring,
        plan,
        (Wanted(None if there is None else there.href, one.uid, one.body),),
        [] if before is None else [contentline.encode(before)],
        [one.body],
    )


def _placed(one: Kept, calendar: str | None) -> Kept:
    """What was in no calendar of the configuration, in the one that the coach wants it in."""
    if calendar is None:
        raise UsageError(
            "which-calendar",
            say("This was in a share, or in a calendar that is not configured any more."),
            say("Say which of your calendars it is to come into, with --calendar."),
        )
    return replace(one, calendar=calendar)


def _there(wiring: Wiring, one: Kept) -> Found | None:
    """The appointment as it is now. Raises CoachsyncError when it is in another calendar, or in conflict."""
    known_calendar(wiring, one.calendar)
    if not one.uid:
        return None
    here = [found for found in matching(wiring, one.uid, one.calendar) if found.uid == one.uid]
    if here:
        return here[0]
    others = [name for name in wiring.config.calendars if name != one.calendar]
    elsewhere = [name for name in others if Copies(wiring.database, name).named(one.uid)]
    if elsewhere:
        raise in_another_calendar(elsewhere)
    return None


def _taken_back(wiring: Wiring, found: Found, own: list[Kept]) -> Plan:
    """What was not sent yet is taken back, with the change that it waits for and those that wait for it."""
    refuse_disputed(found)
    edits = Edits(wiring.database, found.calendar).all()
    first = next(edit for edit in edits if edit.href == found.href)
    while first.after is not None:
        first = next(edit for edit in edits if edit.row == first.after)
    newest = next(iter(own), None)
    restored = newest is not None and first.base is None and first.text is not None
    plan = _outline(wiring, Action.TAKE_BACK, found.calendar, found.id, found.text)
    if restored and newest is not None and same(contentline.decode(first.text or b""), contentline.decode(newest.body)):
        return replace(plan, action=Action.RESTORE)  # it was brought back: saying so again does not take it back
    together = [edit for edit in edits if first.row in (edit.row, edit.after)]
    copies = Copies(wiring.database, found.calendar)
    there = copies.at(edit.href for edit in together)
    after = [body for _, body in copies.texts(copy.row for copy in there)]
    before = [edit.text for edit in together if edit.text is not None]
    return _with(wiring, plan, (Wanted(first.href, first.uid, first.base),), before, after)


def _outline(wiring: Wiring, action: Action, calendar: str, name: str, text: bytes | None) -> Plan:
    own = wiring.addresses(wiring.config.calendars[calendar].account)
    return Plan(
        action=action,
        calendar=calendar,
        id=name,
        people=people(contentline.decode(text or b""), own),
        shares=shares_of(wiring, calendar),
    )


def _with(wiring: Wiring, plan: Plan, wanted: tuple[Wanted, ...], before: list[bytes], after: list[bytes]) -> Plan:
    return replace(plan, wanted=wanted, changes=differences(wiring, plan.calendar, before, after))
