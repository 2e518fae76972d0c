"""Carrying out what was planned: it is queued for the next sync, all of it or nothing."""

from __future__ import annotations

from coachsync.adapters.database import Edit, Edits
from coachsync.app.appointments.plans import Action, Plan
from coachsync.app.conflicts import TAKEN_BACK, take_back
from coachsync.app.queueing import new_href, queue
from coachsync.app.wiring import Wiring


def carry_out(wiring: Wiring, plan: Plan) -> bool:
    """Queue what a plan wants; whether it wants anything.

    Of a series that is cut in two, the second half is sent once the first one is. Raises CoachsyncError while a
    conflict is open about it.
    """
    if plan.action is Action.TAKE_BACK:
        return _take_back(wiring, plan)
    first: Edit | None = None
    with wiring.database.transaction():
        for wanted in plan.wanted:
            href = wanted.href or new_href(wiring, plan.calendar)
            first = queue(wiring, plan.calendar, href, wanted.uid, wanted.text, notify=plan.notify, after=first)
    return bool(plan.wanted)


def _take_back(wiring: Wiring, plan: Plan) -> bool:
    edits = Edits(wiring.database, plan.calendar)
    with wiring.database.transaction():
        there = [edit for wanted in plan.wanted if wanted.href and (edit := edits.at(wanted.href)) is not None]
        for edit in there:
            take_back(wiring, plan.calendar, edit, TAKEN_BACK)
    return bool(there)
