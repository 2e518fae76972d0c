"""`coachsync conflict`: appointments that were changed on both sides, until a person decides."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click

from coachsync.app.cli.commands import COMMANDS, Options, everywhere
from coachsync.app.cli.names import calendars
from coachsync.app.cli.output import instant, tell, tell_json, tell_table
from coachsync.app.cli.tongue import spoken
from coachsync.app.outcome import CONFLICTS
from coachsync.phrases import say

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from coachsync.app.appointments.disputes import Dispute
    from coachsync.app.conflicts import Conflict

_SIDES = ("local", "server")
_DIFFER = {
    "deleted-here": say("deleted here, changed in the calendar"),
    "deleted-there": say("changed here, deleted in the calendar"),
    "created-twice": say("made on both sides"),
    "unreadable": say("one version cannot be read"),
    "series": say("dates of the series"),
    "override": say("the same date of the series"),
    "cancelled": say("cancelled on one side, moved on the other"),
    "times": say("the time"),
    "SUMMARY": say("the title"),
    "LOCATION": say("the place"),
    "DESCRIPTION": say("the notes"),
    "STATUS": say("whether it takes place"),
    "TRANSP": say("whether you are busy"),
    "ATTENDEE": say("who is invited"),
    "ORGANIZER": say("who invites"),
    "VALARM": say("the reminders"),
    "CATEGORIES": say("the categories"),
}


@click.group("conflict", help=COMMANDS["conflict"][1])
@everywhere
def command() -> None:
    """Nothing by itself."""


@command.command("list", help=say("List appointments that were changed both here and in the calendar."))
@everywhere
@click.pass_obj
def list_conflicts(options: Options) -> int:
    """With titles: for the coach's own terminal. No network."""
    from coachsync.app.appointments.disputes import disputes
    from coachsync.app.cli.opening import opened

    with opened(options, "conflict list") as wiring:
        found, zone = disputes(wiring), wiring.zone
    if options.json:
        tell_json([_document(one) for one in found])
    elif found:
        tell_table(
            (say("id"), say("calendar"), say("differ in"), say("yours"), say("in the calendar"), say("title")),
            [_row(one, zone) for one in found],
        )
        tell(say("To decide: coachsync conflict resolve ID --keep local, or --keep server"), err=True)
    else:
        tell(say("Nothing waits for your decision."), err=True)
    return CONFLICTS if found else 0


@command.command("resolve", help=say("Decide which version of an appointment stays; the other is kept for 30 days."))
@click.argument("name", metavar=say("ID"))
@click.option(
    "--keep",
    required=True,
    type=click.Choice(_SIDES),
    help=say("local: what you changed here; server: what is in the calendar."),
)
@click.option(
    "--calendar",
    metavar=say("CALENDAR"),
    shell_complete=calendars,
    help=say("The calendar that it is in, when several have it."),
)
@everywhere
@click.pass_obj
def resolve(options: Options, name: str, keep: str, calendar: str | None) -> int:
    """No network: what is kept of the coach's goes to the server at the next sync."""
    from coachsync.app import conflicts
    from coachsync.app.appointments.disputes import named
    from coachsync.app.cli.opening import opened
    from coachsync.app.noticing import make_known

    with opened(options, "conflict resolve") as wiring:
        found = named(wiring, name, calendar)
        conflicts.resolve(wiring, found.conflict, conflicts.Keep(keep))
        left = len(conflicts.conflicts(wiring))
        make_known(wiring)
    if options.json:
        tell_json({"id": found.id, "calendar": found.conflict.calendar, "kept": keep, "left": left})
    else:
        tell(_decided(keep, found.conflict))
    return 0


def _decided(keep: str, conflict: Conflict) -> str:
    """What follows. A side that has deleted the appointment has no version."""
    if keep == _SIDES[0] and conflict.local is None:
        return say(
            "It is deleted from the calendar at the next sync: coachsync sync. The version there is kept for 30 days; "
            "to bring it back then: coachsync appointment restore"
        )
    if keep == _SIDES[0] and conflict.server is None:
        return say("Your version goes to the calendar at the next sync: coachsync sync")
    if keep == _SIDES[0]:
        return say(
            "Your version goes to the calendar at the next sync: coachsync sync. The one there is kept for 30 days; "
            "to bring it back then: coachsync appointment restore"
        )
    if conflict.local is None:
        return say("The calendar's version stays; your deletion is forgotten.")
    if conflict.server is None:
        return say(
            "It stays deleted in the calendar. Your version is kept for 30 days; to bring it back: "
            "coachsync appointment restore"
        )
    return say(
        "The calendar's version stays. Yours is kept for 30 days; to bring it back: coachsync appointment restore"
    )


def _row(one: Dispute, zone: ZoneInfo) -> tuple[str, ...]:
    from coachsync.app.cli.restoring import date_of

    ours, theirs = (spoken(say("deleted")) if side is None else date_of(side, zone) for side in (one.local, one.server))
    titles = dict.fromkeys(side.title for side in (one.local, one.server) if side is not None and side.title)
    return one.id, one.conflict.calendar, _words(one.conflict.edit.clashes), ours, theirs, " | ".join(titles)


def _words(clashes: tuple[str, ...]) -> str:
    return ", ".join(dict.fromkeys(spoken(_DIFFER.get(code, say("something else"))) for code in clashes))


def _document(one: Dispute) -> dict[str, Any]:
    from coachsync.app.cli.restoring import date_document

    sides = {"local": one.local, "server": one.server}
    return {
        "id": one.id,
        "calendar": one.conflict.calendar,
        "clashes": list(one.conflict.edit.clashes),
        **{name: None if side is None else date_document(side) for name, side in sides.items()},
        "made_at": instant(datetime.fromtimestamp(one.conflict.edit.made_at, UTC)),
    }
