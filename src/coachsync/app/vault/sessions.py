"""The appointment that a note is about."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from coachsync import contentline
from coachsync.app.agenda import Appointment
from coachsync.app.appointments.choosing import Wish, choose, understood
from coachsync.app.appointments.finding import find, matching, text_of
from coachsync.app.whose import traits
from coachsync.app.wiring import Wiring
from coachsync.vault.bodies import About

_JUST = timedelta(hours=3)  # a session that ended so long ago may still want its note


def about(wiring: Wiring, name: str, on: date | datetime | None = None) -> About:
    """The appointment of this UID or short id; of a series, the date that is named, else the nearest to now.

    Raises UsageError when there is none, or not one; NotEditable for one that cannot be read.
    """
    found = find(wiring, name)
    text = text_of(found) if found.text is None else contentline.decode(found.text)  # a conflict is none of ours here
    event = understood(wiring, found.calendar, text)
    meant = choose(wiring, event, Wish(on, series=True), near=wiring.now).meant
    return About(found.uid, found.calendar, meant.start)


def just_ended(wiring: Wiring, shown: list[Appointment]) -> tuple[Appointment, str] | None:
    """The session with a client that was the last to end, and the client's code; None when it is long ago, or when
    nobody knows whose it was."""
    ended = [one for one in shown if not one.all_day and wiring.now - _JUST < one.end <= wiring.now]
    for one in sorted(ended, key=lambda one: one.end, reverse=True):
        code = _client(wiring, one) if one.stand == "busy" else None
        if code:
            return one, code
    return None


def _client(wiring: Wiring, appointment: Appointment) -> str | None:
    found = matching(wiring, appointment.id, appointment.calendar)
    copy = found[0].copy if len(found) == 1 else None
    if copy is None:
        return None
    whose = {one.whose.client for one in traits(wiring, appointment.calendar).get(copy.row, ())}
    return whose.pop() if len(whose) == 1 else None
