"""`coachsync agenda`."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import TYPE_CHECKING, Any

import click

from coachsync.app.cli.commands import COMMANDS, Options, everywhere
from coachsync.app.cli.output import instant, tell, tell_json, tell_problems, tell_table
from coachsync.app.cli.tongue import spoken, tongue
from coachsync.app.dates import long_day
from coachsync.phrases import say
from coachsync.redaction.window import window
from coachsync.span import Span

if TYPE_CHECKING:
    from coachsync.app.agenda import Appointment
    from coachsync.app.wiring import Wiring

_YEARS = range(1900, 2201)
_MOST_DAYS = 366
_MARKS = {"busy": "", "free": say("free"), "cancelled": say("cancelled"), "unanswered": say("not accepted")}
_UNSENT = {"": "", "waiting": say("not sent yet"), "conflict": say("in conflict")}


def _within_reach(_context: click.Context, _parameter: click.Parameter, day: datetime | None) -> datetime | None:
    """A day that calendars reckon with: at the ends of time, a week or a time zone more would be no date."""
    if day is not None and day.year not in _YEARS:
        raise click.BadParameter(
            spoken(say("the year is not between {first} and {last}.", first=_YEARS[0], last=_YEARS[-1]))
        )
    return day


class _Day(click.DateTime):
    """A day, asked for as people write it: click would show the format of strptime."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        try:
            day: datetime = super().convert(value, param, ctx)
        except click.BadParameter:
            self.fail(spoken(say("“{day}” is no day of the form YYYY-MM-DD.", day=value)), param, ctx)
        return day


def _few_enough(_context: click.Context, _parameter: click.Parameter, days: int) -> int:
    if not 1 <= days <= _MOST_DAYS:
        raise click.BadParameter(spoken(say("from 1 to {most} days can be shown at once.", most=_MOST_DAYS)))
    return days


@click.command("agenda", help=COMMANDS["agenda"][1])
@click.option(
    "--from",
    "first",
    type=_Day(["%Y-%m-%d"]),
    metavar=say("YYYY-MM-DD"),
    callback=_within_reach,
    help=say("The first day (default: today)."),
)
@click.option(
    "--days",
    metavar=say("NUMBER"),
    type=int,
    default=7,
    callback=_few_enough,
    help=say("How many days, from 1 to 366 (default: 7)."),
)
@click.option("--unreadable", is_flag=True, help=say("List the events that cannot be read, instead."))
@everywhere
@click.pass_obj
def command(options: Options, first: datetime | None, days: int, unreadable: bool) -> None:
    """Title by title, from what is stored: no network."""
    from coachsync.app import agenda as job
    from coachsync.app.cli.opening import opened

    with opened(options, "agenda") as wiring:
        news = job.catch_up(wiring)
        if unreadable:
            _unreadable(wiring, options)
        else:
            _appointments(wiring, options, first, days)
    if not options.json:
        tell_problems(news)


def _appointments(wiring: Wiring, options: Options, first: datetime | None, days: int) -> None:
    from coachsync.app import agenda as job

    day = first.date() if first is not None else wiring.now.astimezone(wiring.zone).date()
    found = job.agenda(wiring, window(day, Span(), Span(days=days - 1), wiring.zone))
    if options.json:
        tell_json([asdict(line) | {"start": instant(line.start), "end": instant(line.end)} for line in found])
        return
    rows = []
    for line in found:
        start, end = line.start.astimezone(wiring.zone), line.end.astimezone(wiring.zone)
        hours = say("all day") if line.all_day else f"{start:%H:%M}-{end:%H:%M}"
        marks = ", ".join(spoken(mark) for mark in (_MARKS[line.stand], _UNSENT[line.unsent]) if mark)
        rows.append((line.id, long_day(start, tongue().code), hours, line.title, line.calendar, marks))
    tell_table((say("id"), say("day"), say("time"), say("title"), say("calendar"), ""), rows)
    _offer(wiring, found)


def _offer(wiring: Wiring, found: list[Appointment]) -> None:
    """A note about the session that has just ended, where there is a vault to keep it."""
    if not wiring.config.trust.exists():
        return
    from coachsync.app.vault.sessions import just_ended

    ended = just_ended(wiring, found)
    if ended is not None:
        line, client = ended
        told = say(
            "The session of {time} has ended. For a note about it: coachsync note add {client} --about {id}",
            time=f"{line.start.astimezone(wiring.zone):%H:%M}",
            client=client,
            id=line.id,
        )
        tell(told, err=True)


def _unreadable(wiring: Wiring, options: Options) -> None:
    from coachsync.app import agenda as job

    found = job.unreadable(wiring)
    if options.json:
        tell_json([asdict(event) for event in found])
        return
    if not found:
        tell(say("Every event can be read."), err=True)
    tell_table(
        (say("id"), say("calendar"), say("code"), say("title")), [(e.id, e.calendar, e.code, e.title) for e in found]
    )
