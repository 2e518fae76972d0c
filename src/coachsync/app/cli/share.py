"""`coachsync share`."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click

from coachsync.app.cli.asking import Declined, agreed
from coachsync.app.cli.commands import COMMANDS, Options, everywhere
from coachsync.app.cli.names import shares as known
from coachsync.app.cli.output import (
    as_document,
    finding_document,
    instant,
    outcome_document,
    tell,
    tell_json,
    tell_outcome,
    tell_problems,
    tell_table,
)
from coachsync.app.cli.share_recall import recall_share
from coachsync.app.cli.share_report import report_shares
from coachsync.app.cli.tongue import spoken, tongue
from coachsync.app.dates import long_day, short_moment
from coachsync.config import FileTarget, Share
from coachsync.errors import UsageError
from coachsync.phrases import say, say_count
from coachsync.redaction.publication import text_of

_COLUMNS = {
    "name": say("name"),
    "profile": say("profile"),
    "from": say("from"),
    "target": say("destination"),
    "slots": say("times"),
    "published": say("published"),
    "state": say("state"),
}
_STATES = {
    "configured": say("as configured"),
    "busy": say("busy times only, after a leak"),
    "away": say("taken away, after a leak"),
    "recalled": say("taken away"),
}
_TARGETS = {"calendar": say("a calendar"), "file": say("a file")}
_REPLACES = say("Everything in the destination is removed and the share is filled in anew. Go on?")

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from coachsync.app.verify import Verification
    from coachsync.app.wiring import Wiring


@click.group("share", help=COMMANDS["share"][1])
@everywhere
def command() -> None:
    """Nothing by itself."""


@command.command("list", help=say("List the configured shares and how many times each shows."))
@everywhere
@click.pass_obj
def list_shares(options: Options) -> None:
    """From the journal of what was published: no network."""
    from coachsync.app.cli.opening import opened

    with opened(options, "share list") as wiring:
        shares = [_described(wiring, share) for share in wiring.config.shares.values()]
        zone = wiring.zone
    if options.json:
        tell_json(shares)
        return
    if sys.stdout.isatty():
        shares = [_for_people(share, zone) for share in shares]
    rows = [["-" if share[column] is None else _cell(share[column]) for column in _COLUMNS] for share in shares]
    tell_table(tuple(_COLUMNS.values()), rows)


@command.command(
    "preview",
    help=say(
        "Show every time that the share would show, from the last synced copies: all that its audience can learn."
    ),
)
@click.argument("name", metavar=say("NAME"), shell_complete=known)
@everywhere
@click.pass_obj
def preview(options: Options, name: str) -> None:
    """From the stored copies: no network."""
    from coachsync.app import jobs
    from coachsync.app.cli.opening import opened
    from coachsync.app.fallen import now_in_force

    with opened(options, "share preview") as wiring:
        share = now_in_force(wiring, named(wiring, name))
        found = jobs.preview(wiring, name)
        zone = wiring.zone
    if options.json:
        tell_json([{"start": instant(s.start), "end": instant(s.end), "label": text_of(s, share.texts)} for s in found])
        return
    rows = []
    for slot in found:
        start, end = slot.start.astimezone(zone), slot.end.astimezone(zone)
        until = f"{end:%H:%M}" if end.date() == start.date() else short_moment(end, tongue().code)
        rows.append((long_day(start, tongue().code), f"{start:%H:%M}-{until}", text_of(slot, share.texts)))
    tell_table((say("day"), say("time"), say("label")), rows)


@command.command("publish", help=say("Publish the share now."))
@click.argument("name", metavar=say("NAME"), shell_complete=known)
@click.option("--replace", is_flag=True, help=say("Empty the destination first, whoever filled it, and fill it again."))
@click.option("--yes", is_flag=True, help=say("Do not ask."))
@everywhere
@click.pass_obj
def publish(options: Options, name: str, replace: bool, yes: bool) -> int:
    """Whoever replaces what others may have put there is asked first."""
    from coachsync.adapters.database import Shares
    from coachsync.app import jobs
    from coachsync.app.cli.counts import published_line
    from coachsync.app.cli.opening import opened
    from coachsync.app.fallen import Fallen, fallen
    from coachsync.app.falling_back import leak_code, looked_at
    from coachsync.app.recording import record

    if replace and not yes and sys.stdin.isatty() and not agreed(_REPLACES):
        raise Declined
    with opened(options, "share publish") as wiring:
        share = named(wiring, name)
        leaked = fallen(Shares(wiring.database, name).share()) is not Fallen.NOT
        outcome = jobs.publish_share(wiring, name, replace_content=replace)
        checked = looked_at(wiring, share, outcome) if leaked else None
        record(wiring, spoken, outcome, checked)
    if options.json:
        tell_json(outcome_document(outcome))
    else:
        tell(published_line(name, outcome, share.calendars))
    tell_outcome(outcome, as_json=options.json)
    return outcome.exit_code() if checked is None else leak_code(outcome) or checked.exit_code() or outcome.exit_code()


@command.command(
    "verify",
    help=say("Fetch what the share shows, as its audience gets it, and look for anything that should not be there."),
)
@click.argument("names", nargs=-1, metavar=say("[NAME]..."), shell_complete=known)
@everywhere
@click.pass_obj
def verify_shares(options: Options, names: tuple[str, ...]) -> int:
    """All shares when none is named."""
    from coachsync.app.cli.opening import opened
    from coachsync.app.recording import record
    from coachsync.app.verify import verify

    with opened(options, "share verify") as wiring:
        shares = [named(wiring, name) for name in names] or list(wiring.config.shares.values())
        result = verify(wiring, shares)
        record(wiring, spoken, checked=result)
    unseen = [(where, failure) for where, failure in result.failures if where.startswith("shares.")]
    if len(shares) == 1 and len(unseen) == 1 and not result.findings:
        where, failure = unseen[0]
        failure.where = failure.where or where
        raise failure
    _tell_findings(options, len(shares) - len(dict(unseen)), result)
    return result.exit_code()


command.add_command(report_shares)
command.add_command(recall_share)


def _tell_findings(options: Options, verified: int, result: Verification) -> None:
    from coachsync.app.cli.onlookers import onlooker_document, tell_onlookers

    problems = [failure.problem(where) for where, failure in result.failures]
    if options.json:
        listed = [{"share": name, **finding_document(finding)} for name, finding in result.findings]
        exposure = [onlooker_document(one) for one in result.onlookers]
        tell_json(
            {"findings": listed, "exposure": exposure, "problems": [as_document(problem) for problem in problems]}
        )
        return
    if result.findings:
        rows = [(name or "-", f.code, f.where, f.detail) for name, f in result.findings]
        tell_table((say("share"), say("code"), say("where"), say("detail")), rows)
        _tell_next_steps(result)
    elif verified and all(where.startswith(("shares.", "calendars.")) for where, _ in result.failures):
        tell(
            say_count(
                "{number} share verified: nothing but what was published",
                "{number} shares verified: nothing but what was published",
                verified,
            )
        )
    tell_onlookers(result.onlookers)
    tell_problems(problems)


def _tell_next_steps(result: Verification) -> None:
    for name in dict.fromkeys(name for name, _ in result.findings if name):
        tell(say("To publish it anew, or take it away with --remove: coachsync share recall {share}", share=name))
    if any(not name for name, _ in result.findings):
        tell(say("Who may see a private calendar is changed in your calendar program, or by who runs the server."))


def named(wiring: Wiring, name: str) -> Share:
    """The share that is meant. Raises UsageError, with those that there are."""
    if name not in wiring.config.shares:
        there = ", ".join(sorted(wiring.config.shares)) or say("none")
        raise UsageError(
            "no-such-share", say("No share of that name is configured."), say("There are: {names}.", names=there)
        )
    return wiring.config.shares[name]


def _described(wiring: Wiring, share: Share) -> dict[str, Any]:
    from coachsync.adapters.database import Shares
    from coachsync.app.fallen import fallen

    journal = Shares(wiring.database, share.name)
    at = journal.published_at()
    return {
        "name": share.name,
        "profile": share.profile.key,
        "from": ", ".join(share.calendars),
        "target": "file" if isinstance(share.to, FileTarget) else "calendar",
        "slots": len(journal.entries()),
        "published": _when(at),
        "state": fallen(journal.share()).value or "configured",
    }


def _for_people(share: dict[str, Any], zone: ZoneInfo) -> dict[str, Any]:
    """A share with its destination in words and its time by the clock of the practice."""
    at = share["published"]
    when = short_moment(datetime.fromisoformat(at).astimezone(zone), tongue().code) if at else None
    return share | {"target": _TARGETS[share["target"]], "published": when, "state": _STATES[share["state"]]}


def _cell(value: object) -> str:
    return value if isinstance(value, str) else str(value)  # a phrase keeps its pattern


def _when(seconds: int | None) -> str | None:
    return None if seconds is None else instant(datetime.fromtimestamp(seconds, UTC))
