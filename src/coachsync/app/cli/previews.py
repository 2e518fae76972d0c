"""A plan for people and for machines, and asking before it is carried out.

What is shown names no title, person or place: it can be shown to a client, or read aloud.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from coachsync.adapters import lock
from coachsync.app import dates
from coachsync.app.appointments.plans import Action, Change, Plan
from coachsync.app.cli.asking import Declined, agreed
from coachsync.app.cli.commands import Options
from coachsync.app.cli.output import instant, tell, tell_json
from coachsync.app.cli.tongue import spoken, tongue
from coachsync.errors import Temporary
from coachsync.model import Occurrence, Stand
from coachsync.phrases import say, say_count

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from coachsync.app.wiring import Wiring

_SHOWN = 4  # dates of a series
_QUESTIONS = {
    Action.ADD: say("Add it?"),
    Action.MOVE: say("Move it?"),
    Action.CANCEL: say("Cancel it?"),
    Action.DELETE: say("Delete it?"),
    Action.RESTORE: say("Bring it back?"),
    Action.TAKE_BACK: say("Take it back?"),
}


def settle(
    options: Options, command: str, make: Callable[[Wiring], Plan], *, dry_run: bool = False, yes: bool = False
) -> int:
    """Show what a command would do, ask where somebody can be asked, and queue it.

    Nobody else has to wait for the state while a person thinks: it is planned again after the answer.
    """
    from coachsync.app.cli.opening import opened

    asks = sys.stdin.isatty() and not (yes or dry_run)
    with opened(options, command) as wiring:
        plan, zone = make(wiring), wiring.zone
        if asks or dry_run:
            _rehearse(wiring, plan)
        queued = not (asks or dry_run) and _carried_out(wiring, plan)
        running = lock.is_held(wiring.config.practice.state, lock.DAEMON)
    if not options.json or asks:
        for line in preview(plan, zone):
            tell(line, err=options.json)
    if asks and plan.wanted:
        if not agreed(_QUESTIONS[plan.action], usual=plan.action is not Action.DELETE):
            raise Declined
        with opened(options, command) as wiring:
            again = make(wiring)
            if _shown(again) != _shown(plan):
                raise _changed()
            queued = _carried_out(wiring, again)
    if options.json:
        tell_json(document(plan) | {"queued": queued, "dry_run": dry_run})
    elif queued:
        tell(_follows(plan, running=running))
    return 0


def _rehearse(wiring: Wiring, plan: Plan) -> None:
    """Raise now what carrying it out would raise: nobody is asked about what cannot be done."""
    from coachsync.app.appointments.carrying_out import carry_out

    with wiring.database.rehearsal():
        carry_out(wiring, plan)


def _carried_out(wiring: Wiring, plan: Plan) -> bool:
    from coachsync.app.appointments.carrying_out import carry_out
    from coachsync.app.noticing import make_known

    done = carry_out(wiring, plan)
    if done:
        make_known(wiring)
    return done


def _shown(plan: Plan) -> Plan:
    return replace(plan, wanted=plan.wanted[:0])


def _changed() -> Temporary:
    return Temporary(
        "changed-meanwhile",
        say("The appointment was changed while you were asked; nothing was done."),
        say("Give the command again."),
    )


# --- for people ------------------------------------------------------------------------------------------------------


def preview(plan: Plan, zone: ZoneInfo) -> Iterator[str]:
    """What would happen, in sentences."""
    if not plan.wanted:
        yield say(
            "Appointment {id} in {calendar}: nothing to change, it is so already.", id=plan.id, calendar=plan.calendar
        )
        if plan.action is Action.RESTORE:
            yield say("To see its earlier versions, run: coachsync appointment restore")
        return
    yield _heading(plan)
    for change in plan.changes[:_SHOWN]:
        yield "  " + spoken(_line(change, zone))
    yield from (f"  {spoken(line)}" for line in (*_extent(plan, zone), *_people(plan), *_shares(plan)))


def _heading(plan: Plan) -> str:
    named = {"id": plan.id, "calendar": plan.calendar}
    match plan.action:
        case Action.ADD:
            return say("New appointment {id} in {calendar}:", **named)
        case Action.MOVE:
            return say("Appointment {id} in {calendar} is moved:", **named)
        case Action.CANCEL:
            return say("Appointment {id} in {calendar} is cancelled, and stays there as cancelled:", **named)
        case Action.DELETE:
            return say("Appointment {id} in {calendar} is deleted:", **named)
        case Action.RESTORE:
            return say("Appointment {id} in {calendar} is brought back:", **named)
    return say("What you changed about appointment {id} in {calendar}, not sent yet, is taken back:", **named)


def _line(change: Change, zone: ZoneInfo) -> str:
    before, after = (_told(one, zone) for one in (change.before, change.after))
    if change.before is None:
        return after
    if change.after is None:
        return say("{before}: no longer", before=before)
    if before != after:
        return say("{before} -> {after}", before=before, after=after)
    if change.after.stand is Stand.CANCELLED:
        return say("{before}: cancelled", before=before)
    return before


def _told(one: Occurrence | None, zone: ZoneInfo) -> str:
    if one is None:
        return ""
    start, end = one.start.astimezone(zone), one.end.astimezone(zone)
    return dates.span(start, end, tongue().code, all_day=one.all_day)


def _extent(plan: Plan, zone: ZoneInfo) -> Iterator[str]:
    count = len(plan.changes)
    if not count:
        yield (
            say("Its times cannot be read: the whole entry goes.")
            if plan.action is Action.DELETE
            else say("No date of it changes.")
        )
    if plan.series and plan.more:
        last = max(one.start for change in plan.changes for one in (change.before, change.after) if one is not None)
        day = dates.long_day(last.astimezone(zone), tongue().code)
        yield say_count(
            "{number} appointment of the series until {day}, and all later ones.",
            "{number} appointments of the series until {day}, and all later ones.",
            count,
            day=day,
        )
    elif count > _SHOWN:
        yield say_count("{number} appointment in all.", "{number} appointments in all.", count)
    elif plan.series and count == 1 and plan.action is not Action.ADD:
        yield say("The other appointments of the series stay as they are.")
    if plan.action is Action.MOVE and any(_stays_cancelled(change) for change in plan.changes):
        yield say("What is cancelled stays cancelled. To have it back as it was: coachsync appointment restore")
    if plan.past and count > 1:
        yield say(
            "Some of them are over. To leave those as they were, name the first that is to change with --on, "
            "and add --following."
        )
    elif plan.past:
        yield say("It is over already.")


def _stays_cancelled(change: Change) -> bool:
    return change.after is not None and change.after.stand is Stand.CANCELLED


def _people(plan: Plan) -> Iterator[str]:
    invited = plan.people.invited
    if plan.people.hosted:
        yield say("Somebody else has invited you to it: this changes your own calendar only.")
    if not invited:
        if not plan.people.hosted:
            yield say("Nobody else is invited.")
    elif plan.notify:
        yield say_count(
            "{number} person is invited: the calendar server is asked to tell them.",
            "{number} people are invited: the calendar server is asked to tell them.",
            invited,
        )
    else:
        yield say_count(
            "{number} person is invited, and is told nothing. Where the server cannot be kept from telling them, "
            "the change is not sent.",
            "{number} people are invited, and are told nothing. Where the server cannot be kept from telling them, "
            "the change is not sent.",
            invited,
        )
        if plan.action is not Action.TAKE_BACK:
            yield say("With --notify it is asked to tell them.")


def _shares(plan: Plan) -> Iterator[str]:
    if plan.shares:
        yield say("Shares made from this calendar follow at the next sync: {names}.", names=", ".join(plan.shares))


def _follows(plan: Plan, *, running: bool) -> str:
    if plan.action is Action.TAKE_BACK and not any(change.before for change in plan.changes):
        return say("It is as it was.")  # a deletion leaves nothing behind
    if plan.action is Action.TAKE_BACK:
        return say("It is as it was. What you had changed is kept for 30 days: coachsync appointment restore")
    if running:
        return say("Kept here; coachsync sends it to the calendar in the background.")
    return say("Kept here until the next sync. To send it to the calendar now, run: coachsync sync")


# --- for machines ----------------------------------------------------------------------------------------------------


def document(plan: Plan) -> dict[str, Any]:
    """A plan as `--json` shows it."""
    told = {
        "action": plan.action.value,
        "calendar": plan.calendar,
        "id": plan.id,
        "changes": [{"before": _date(one.before), "after": _date(one.after)} for one in plan.changes],
        "series": plan.series,
        "more": plan.more,
        "invited": plan.people.invited,
        "hosted": plan.people.hosted,
        "notify": plan.notify,
        "shares": list(plan.shares),
    }
    if plan.action is Action.ADD:
        told["uid"] = plan.wanted[0].uid
    if plan.new_id:
        told["new_id"] = plan.new_id
    return told


def _date(one: Occurrence | None) -> dict[str, Any] | None:
    if one is None:
        return None
    return {"start": instant(one.start), "end": instant(one.end), "all_day": one.all_day, "stand": one.stand.value}
