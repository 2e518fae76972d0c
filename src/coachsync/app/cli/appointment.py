"""`coachsync appointment`: what the coach changes here is queued, and sent at the next sync."""

from __future__ import annotations

import sys
import uuid
from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, TypeVar

import click

from coachsync.app.cli.asking import typed
from coachsync.app.cli.commands import COMMANDS, Options, everywhere
from coachsync.app.cli.names import calendars
from coachsync.app.cli.whens import Lasting, Often, Times, When
from coachsync.editing.adding import Every, Repeat
from coachsync.errors import UsageError
from coachsync.phrases import say

if TYPE_CHECKING:
    from coachsync.app.appointments.choosing import Wish
    from coachsync.app.appointments.finding import Found
    from coachsync.app.appointments.plans import Plan
    from coachsync.app.wiring import Wiring

_ID, _WHEN, _DAY, _LENGTH = say("ID"), say("WHEN"), say("YYYY-MM-DD"), say("LENGTH")
_Function = TypeVar("_Function", bound=Callable[..., object])


@click.group("appointment", help=COMMANDS["appointment"][1])
@everywhere
def command() -> None:
    """Nothing by itself."""


_notifying = click.option(
    "--notify", is_flag=True, help=say("Let the calendar server tell the people who are invited.")
)


def _settling(function: _Function) -> _Function:
    """Options of every command that changes something."""
    for option in (
        click.option("--dry-run", is_flag=True, help=say("Say what would change, and change nothing.")),
        click.option("--yes", is_flag=True, help=say("Do not ask.")),
    ):
        function = option(function)
    return function


def _choosing(function: _Function) -> _Function:
    """Options that say which appointment is meant, and which of its dates."""
    for option in (
        _notifying,
        click.option(
            "--calendar",
            metavar=say("CALENDAR"),
            shell_complete=calendars,
            help=say("The calendar that it is in, when several have it."),
        ),
        click.option("--series", is_flag=True, help=say("All appointments of the series.")),
        click.option("--following", is_flag=True, help=say("The one that --on names, and all that follow.")),
        click.option(
            "--on",
            type=When(),
            metavar=_WHEN,
            help=say("Which appointment of a series: its day, or day and time, as `agenda` shows it."),
        ),
    ):
        function = option(function)
    return _settling(function)


@command.command("add", help=say("Add an appointment to a calendar."))
@click.argument("calendar", metavar=say("CALENDAR"), shell_complete=calendars)
@click.option(
    "--start",
    required=True,
    type=When(),
    metavar=_WHEN,
    help=say("When it starts: “2026-12-01 14:00”, in the time zone of the practice; a day alone for whole days."),
)
@click.option("--end", type=When(), metavar=_WHEN, help=say("When it ends; of whole days, the last one."))
@click.option(
    "--duration", type=Lasting(), metavar=_LENGTH, help=say("How long it takes: 1h, 1h30, 45min (default: an hour).")
)
@click.option("--title", metavar=say("TITLE"), help=say("What your calendar calls it; `-` asks for it."))
@click.option("--location", metavar=say("PLACE"), help=say("Where it takes place; `-` asks for it."))
@click.option(
    "--every", type=Often(), metavar=say("UNIT"), help=say("Repeat it every day, week, 2 weeks, month or year.")
)
@click.option("--times", type=Times(), metavar=say("NUMBER"), help=say("How many times in all."))
@click.option("--until", type=When(day_only=True), metavar=_DAY, help=say("Repeat it up to this day."))
@_settling
@everywhere
@click.pass_obj
def add(
    options: Options,
    calendar: str,
    start: date | datetime,
    end: date | datetime | None,
    duration: timedelta | None,
    title: str | None,
    location: str | None,
    every: tuple[Every, int] | None,
    times: int | None,
    until: date | None,
    dry_run: bool,
    yes: bool,
) -> int:
    """A title may stand on the command line, where other users of the machine can see it: `-` keeps it off."""
    from coachsync.app.appointments.adding import New, adding
    from coachsync.app.cli.previews import settle

    if end is not None and duration is not None:
        raise UsageError("end-twice", say("Give --end or --duration, not both."), say("Leave one of them out."))
    repeat = _repeat(every, times, until)
    new = New(start, _title(title), end, duration, _words(location, say("Where"), "--location"), repeat)
    uid = str(uuid.uuid4())
    return settle(
        options, "appointment add", lambda wiring: adding(wiring, calendar, new, uid), dry_run=dry_run, yes=yes
    )


@command.command("move", help=say("Move an appointment, or dates of a series."))
@click.argument("name", metavar=_ID)
@click.option(
    "--to",
    required=True,
    type=When(),
    metavar=_WHEN,
    help=say("When it starts then: “2026-12-01 14:00”; a day alone keeps the time of day."),
)
@click.option("--duration", type=Lasting(), metavar=_LENGTH, help=say("How long it takes then (default: as before)."))
@_choosing
@everywhere
@click.pass_obj
def move(
    options: Options,
    name: str,
    to: date | datetime,
    duration: timedelta | None,
    on: date | datetime | None,
    following: bool,
    series: bool,
    calendar: str | None,
    notify: bool,
    dry_run: bool,
    yes: bool,
) -> int:
    """The event keeps its zone, and its length unless told otherwise."""
    from coachsync.app.appointments.planning import moving
    from coachsync.app.cli.previews import settle

    wish, uid = _wish(on, following=following, series=series), str(uuid.uuid4())

    def make(wiring: Wiring) -> Plan:
        return moving(wiring, _found(wiring, name, calendar), wish, to, duration, new_uid=uid, notify=notify)

    return settle(options, "appointment move", make, dry_run=dry_run, yes=yes)


@command.command("cancel", help=say("Cancel an appointment: it stays, as cancelled. Or delete it."))
@click.argument("name", metavar=_ID)
@click.option("--delete", is_flag=True, help=say("Delete it instead."))
@_choosing
@everywhere
@click.pass_obj
def cancel(
    options: Options,
    name: str,
    delete: bool,
    on: date | datetime | None,
    following: bool,
    series: bool,
    calendar: str | None,
    notify: bool,
    dry_run: bool,
    yes: bool,
) -> int:
    """A cancelled appointment is not shared."""
    from coachsync.app.appointments.planning import cancelling, deleting
    from coachsync.app.cli.previews import settle

    wish, uid = _wish(on, following=following, series=series), str(uuid.uuid4())

    def make(wiring: Wiring) -> Plan:
        found = _found(wiring, name, calendar)
        if delete:
            return deleting(wiring, found, wish, notify=notify)
        return cancelling(wiring, found, wish, new_uid=uid, notify=notify)

    return settle(options, "appointment cancel", make, dry_run=dry_run, yes=yes)


@command.command(
    "restore",
    help=say(
        "Bring back an old version, or take back a change. Without an id: list what was overwritten or deleted in the "
        "last 30 days, and what is not sent yet."
    ),
)
@click.argument("name", metavar=say("[ID]"), required=False)
@click.option(
    "--calendar",
    metavar=say("CALENDAR"),
    shell_complete=calendars,
    help=say("The calendar that it was in; of what a share has removed, the one to put it into."),
)
@_notifying
@_settling
@everywhere
@click.pass_obj
def restore(options: Options, name: str | None, calendar: str | None, notify: bool, dry_run: bool, yes: bool) -> int:
    """The list shows titles: for the coach's own terminal."""
    from coachsync.app.appointments.restoring import bringing_back
    from coachsync.app.cli.previews import settle
    from coachsync.app.cli.restoring import list_kept

    if name is None:
        list_kept(options, calendar)
        return 0
    return settle(
        options,
        "appointment restore",
        lambda wiring: replace(bringing_back(wiring, name, calendar), notify=notify),
        dry_run=dry_run,
        yes=yes,
    )


def _found(wiring: Wiring, name: str, calendar: str | None) -> Found:
    from coachsync.app.appointments.finding import find

    return find(wiring, name, calendar)


def _wish(on: date | datetime | None, *, following: bool, series: bool) -> Wish:
    from coachsync.app.appointments.choosing import Wish

    if following and series:
        raise UsageError(
            "scope-twice",
            say("Give --following or --series, not both."),
            say("--following leaves the earlier appointments as they are, --series changes all."),
        )
    return Wish(on, following, series)


def _repeat(every: tuple[Every, int] | None, times: int | None, until: date | None) -> Repeat | None:
    if every is None:
        if times is not None or until is not None:
            raise UsageError(
                "how-often", say("It is not said how often it repeats."), say("Add --every, such as --every week.")
            )
        return None
    if times is not None and until is not None:
        raise UsageError("until-twice", say("Give --times or --until, not both."), say("Leave one of them out."))
    return Repeat(every[0], every[1], times, until)


def _title(given: str | None) -> str:
    if given is None and not sys.stdin.isatty():
        raise UsageError(
            "title-missing",
            say("It is not said what the appointment is called."),
            say("Add --title, or --title - to be asked for it."),
        )
    return _words("-" if given is None else given, say("What it is called"), "--title")


def _words(given: str | None, question: str, option: str) -> str:
    words = typed(question, option) if given == "-" else given or ""
    if any(not sign.isprintable() for sign in words):
        raise UsageError(
            "not-one-line", say("This must be one line of plain text: {option}.", option=option), say("Type it again.")
        )
    if option == "--title" and not words.strip():
        raise UsageError("title-missing", say("It is not said what the appointment is called."), say("Add --title."))
    return words.strip()
