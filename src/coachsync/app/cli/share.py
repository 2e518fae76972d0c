"""`coachsync share`."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from typing import Any

import click

from coachsync.adapters.database import Shares
from coachsync.app import jobs
from coachsync.app.cli.commands import Options, everywhere
from coachsync.app.cli.opening import opened
from coachsync.app.cli.output import (
    as_document,
    finding_document,
    instant,
    outcome_document,
    tell_json,
    tell_outcome,
    tell_problems,
    tell_table,
)
from coachsync.app.cli.tongue import spoken
from coachsync.app.recording import record
from coachsync.app.verify import Verification, verify
from coachsync.app.wiring import Wiring
from coachsync.config import FileTarget, Share
from coachsync.errors import UsageError


@click.group("share")
@everywhere
def command() -> None:
    """Shares: what others may see."""


@command.command("list")
@everywhere
@click.pass_obj
def list_shares(options: Options) -> None:
    """List the configured shares and how much each serves."""
    with opened(options, "share list") as wiring:
        shares = [_described(wiring, share) for share in wiring.config.shares.values()]
    if options.json:
        tell_json(shares)
        return
    columns = ("name", "profile", "from", "target", "slots", "published")
    rows = [["-" if share[column] is None else str(share[column]) for column in columns] for share in shares]
    tell_table(columns, rows)


@command.command("preview")
@click.argument("name")
@everywhere
@click.pass_obj
def preview(options: Options, name: str) -> None:
    """Show every slot that the share would serve, from the last synced copies: all that its audience can learn."""
    with opened(options, "share preview") as wiring:
        share = _named(wiring, name)
        found = jobs.preview(wiring, name)
        zone = wiring.zone
    if options.json:
        tell_json([{"start": instant(s.start), "end": instant(s.end), "label": share.texts[s.label]} for s in found])
        return
    rows = []
    for slot in found:
        start, end = slot.start.astimezone(zone), slot.end.astimezone(zone)
        until = f"{end:%H:%M}" if end.date() == start.date() else f"{end:%a %d %b %H:%M}"
        rows.append((f"{start:%a %d %b %Y}", f"{start:%H:%M}-{until}", share.texts[slot.label]))
    tell_table(("day", "time", "label"), rows)


@command.command("publish")
@click.argument("name")
@click.option("--replace", is_flag=True, help="Empty the target first, whoever filled it, and fill it again.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@everywhere
@click.pass_obj
def publish(options: Options, name: str, replace: bool, yes: bool) -> int:
    """Publish the share now."""
    if replace and not yes and sys.stdin.isatty():
        click.confirm(
            "Everything in the target is removed and the share is filled in anew. Go on?", abort=True, err=True
        )
    with opened(options, "share publish") as wiring:
        _named(wiring, name)
        outcome = jobs.publish_share(wiring, name, replace_content=replace)
        record(wiring, spoken, outcome)
    if options.json:
        tell_json(outcome_document(outcome))
    else:
        done = outcome.shares[name]
        click.echo(f"share {name}: {done.created} created, {done.deleted} deleted")
    tell_outcome(outcome, as_json=options.json)
    return outcome.exit_code()


@command.command("verify")
@click.argument("names", nargs=-1, metavar="[NAME]...")
@everywhere
@click.pass_obj
def verify_shares(options: Options, names: tuple[str, ...]) -> int:
    """Fetch what the share serves, as its audience gets it, and look for anything that should not be there."""
    with opened(options, "share verify") as wiring:
        shares = [_named(wiring, name) for name in names] or list(wiring.config.shares.values())
        result = verify(wiring, shares)
        record(wiring, spoken, checked=result)
    unseen = [failure for where, failure in result.failures if where.startswith("shares.")]
    if len(shares) == 1 and unseen and not result.findings:
        unseen[0].where = unseen[0].where or f"shares.{shares[0].name}"
        raise unseen[0]
    _tell_findings(options, len(shares) - len(unseen), result)
    return result.exit_code()


def _tell_findings(options: Options, verified: int, result: Verification) -> None:
    problems = [failure.problem(where) for where, failure in result.failures]
    if options.json:
        listed = [{"share": name, **finding_document(finding)} for name, finding in result.findings]
        tell_json({"findings": listed, "problems": [as_document(problem) for problem in problems]})
        return
    if result.findings:
        rows = [(name or "-", f.code, f.where, f.detail) for name, f in result.findings]
        tell_table(("share", "code", "where", "detail"), rows)
    elif verified:
        click.echo(f"{verified} {'share' if verified == 1 else 'shares'} verified: nothing but what was published")
    tell_problems(problems)


def _named(wiring: Wiring, name: str) -> Share:
    if name not in wiring.config.shares:
        known = ", ".join(sorted(wiring.config.shares)) or "none"
        raise UsageError("no-such-share", "No share of that name is configured.", f"There are: {known}.")
    return wiring.config.shares[name]


def _described(wiring: Wiring, share: Share) -> dict[str, Any]:
    journal = Shares(wiring.database, share.name)
    at = journal.published_at()
    return {
        "name": share.name,
        "profile": share.profile.key,
        "from": ", ".join(share.calendars),
        "target": "file" if isinstance(share.to, FileTarget) else "calendar",
        "slots": len(journal.entries()),
        "published": _when(at),
    }


def _when(seconds: int | None) -> str | None:
    return None if seconds is None else instant(datetime.fromtimestamp(seconds, UTC))
