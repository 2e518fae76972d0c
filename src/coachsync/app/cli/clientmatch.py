"""`coachsync client match`: the appointments whose client is not sure, and the coach's word on one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from coachsync.app.cli.commands import Options, everywhere
from coachsync.app.cli.names import calendars
from coachsync.app.cli.output import as_document, instant, tell, tell_json, tell_problems, tell_table
from coachsync.app.outcome import DONE, FINDINGS, PARTLY
from coachsync.errors import UsageError
from coachsync.phrases import Phrase, say

if TYPE_CHECKING:
    from collections.abc import Mapping
    from zoneinfo import ZoneInfo

    from coachsync.app.clients.undecided import Undecided
    from coachsync.clients.directory import Client


@click.command(
    "match",
    help=say(
        "Say whose an appointment is: ID as `agenda` shows it, then CODE, or - to be asked for a name. Without ID, "
        "list the appointments of which that is not sure."
    ),
)
@click.argument("name", required=False, metavar=say("[ID]"))
@click.argument("code", required=False, metavar=say("[CODE]"))
@click.option("--nobody", is_flag=True, help=say("It is no client's."))
@click.option("--forget", is_flag=True, help=say("Take back what you said: the appointment itself counts again."))
@click.option("--all", "everything", is_flag=True, help=say("List those too that name nobody known."))
@click.option(
    "--calendar",
    metavar=say("CALENDAR"),
    shell_complete=calendars,
    help=say("Only in this calendar."),
)
@everywhere
@click.pass_obj
def match(
    options: Options,
    name: str | None,
    code: str | None,
    nobody: bool,
    forget: bool,
    everything: bool,
    calendar: str | None,
) -> int:
    """From what is stored: no network. The listing shows titles and names, a decision codes alone."""
    said = (code is not None) + nobody + forget
    if name is None:
        if said:
            raise _unclear(say("It is not said which appointment is meant."))
        return _list(options, calendar, everything=everything)
    if said != 1 or everything:
        raise _unclear(say("It is not clear what you want to say of the appointment."))
    return _decide(options, name, calendar, code, forget=forget)


def _unclear(message: Phrase) -> UsageError:
    return UsageError(
        "match-unclear",
        message,
        say("Give its ID, and then one of these: the client's code, -, --nobody or --forget."),
    )


def _list(options: Options, calendar: str | None, *, everything: bool) -> int:
    from coachsync.app.agenda import catch_up
    from coachsync.app.appointments.finding import known_calendar
    from coachsync.app.cli.clientviews import problems
    from coachsync.app.cli.opening import opened
    from coachsync.app.clients.undecided import undecided

    with opened(options, "client match") as wiring:
        if calendar is not None:
            known_calendar(wiring, calendar)
        news, failed = catch_up(wiring), problems(wiring)
        found = undecided(wiring, calendar, nobody_known=everything)
        people, zone = wiring.clients.directory().clients, wiring.zone
    waiting = any(one.candidates for one in found)
    if options.json:
        documents = [_document(one) for one in found]
        tell_json({"appointments": documents, "problems": [as_document(problem) for problem in failed]})
    else:
        columns = (say("id"), say("day"), say("time"), say("title"), say("calendar"), say("could be"))
        tell_table(columns, [_row(one, people, zone) for one in found])
        if waiting:
            tell(say("To decide: coachsync client match ID CODE, or coachsync client match ID --nobody"), err=True)
        else:
            tell(say("Nothing waits for your decision."), err=True)
        tell_problems((*failed, *news))
    return FINDINGS if waiting else PARTLY if failed else DONE


def _row(one: Undecided, people: Mapping[str, Client], zone: ZoneInfo) -> tuple[str, ...]:
    from coachsync.app.cli.tongue import spoken, tongue
    from coachsync.app.dates import long_day
    from coachsync.app.printable import printable

    start = one.start.astimezone(zone)
    hour = say("all day") if one.all_day else f"{start:%H:%M}"
    named = [f"{code} {printable(people[code].names[0])}" if code in people else code for code in one.candidates]
    could = ", ".join(named) or spoken(say("nobody known"))
    return one.id, long_day(start, tongue().code), hour, one.title, one.calendar, could


def _document(one: Undecided) -> dict[str, Any]:
    return {
        "id": one.id,
        "calendar": one.calendar,
        "start": instant(one.start),
        "title": one.title,
        "candidates": list(one.candidates),
    }


def _decide(options: Options, name: str, calendar: str | None, code: str | None, *, forget: bool) -> int:
    from coachsync.adapters.database.clients import NOBODY
    from coachsync.app.cli.meant import meant as who
    from coachsync.app.cli.meant import typed_name
    from coachsync.app.cli.opening import opened
    from coachsync.app.clients.deciding import decide, meant
    from coachsync.app.noticing import make_known

    typed = typed_name(code) if code is not None else None
    with opened(options, "client match") as wiring, wiring.database.transaction():
        found = meant(wiring, name, calendar)
        client = who(wiring, code, typed).code if code is not None else None if forget else NOBODY
        changed = decide(wiring, found, client)
        if changed:
            make_known(wiring)
    if options.json:
        said = {"client": client or None, "nobody": client == NOBODY}
        tell_json({"id": found.id, "calendar": found.calendar, **said, "changed": changed})
    else:
        tell(_told(found.id, client) if changed else say("Nothing is different."))
    return DONE


def _told(appointment: str, client: str | None) -> Phrase:
    if client is None:
        return say("{id}: what you said is forgotten. Shares follow when they are next published.", id=appointment)
    if not client:
        return say("{id} is nobody's. Shares follow when they are next published.", id=appointment)
    return say(
        "{id} is an appointment of {code}. Shares follow when they are next published.", id=appointment, code=client
    )
