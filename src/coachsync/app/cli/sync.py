"""`coachsync sync`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from coachsync.app.cli.commands import COMMANDS, Options, everywhere
from coachsync.app.cli.names import calendars
from coachsync.app.cli.output import outcome_document, tell, tell_json, tell_outcome
from coachsync.app.cli.tongue import spoken
from coachsync.phrases import say, say_count

if TYPE_CHECKING:
    from coachsync.app.outcome import Outcome, Published, Pulled


@click.command("sync", help=COMMANDS["sync"][1])
@click.option("--dry-run", is_flag=True, help=say("Say what would change, and change nothing."))
@click.option(
    "--accept-deletions",
    "accept",
    multiple=True,
    metavar=say("CALENDAR"),
    shell_complete=calendars,
    help=say("What this calendar no longer holds was really deleted: remove it here and from the shares too."),
)
@everywhere
@click.pass_obj
def command(options: Options, dry_run: bool, accept: tuple[str, ...]) -> int:
    """The exit code is that of the outcome."""
    from coachsync.app import jobs
    from coachsync.app.cli.opening import opened
    from coachsync.app.recording import record

    with opened(options, "sync") as wiring:
        outcome = jobs.sync(wiring, accept=accept, dry_run=dry_run)
        if not dry_run:
            record(wiring, spoken, outcome)
    if options.json:
        tell_json(outcome_document(outcome))
    else:
        _tell(outcome, dry_run=dry_run)
    tell_outcome(outcome, as_json=options.json)
    return outcome.exit_code()


def _tell(outcome: Outcome, *, dry_run: bool) -> None:
    for name, pulled in outcome.calendars.items():
        tell(_pulled(name, pulled, dry_run=dry_run))
    for name, share in outcome.shares.items():
        tell(_published(name, share, dry_run=dry_run))
    if outcome.quarantined:
        tell(
            say_count(
                "{number} event cannot be read: coachsync agenda --unreadable",
                "{number} events cannot be read: coachsync agenda --unreadable",
                outcome.quarantined,
            )
        )


def _pulled(name: str, pulled: Pulled, *, dry_run: bool) -> str:
    counts = {"added": pulled.added, "changed": pulled.changed, "removed": pulled.removed}
    if dry_run:
        line = say("calendar {name}: {added} would be added, {changed} changed, {removed} removed", name=name, **counts)
    else:
        line = say("calendar {name}: {added} added, {changed} changed, {removed} removed", name=name, **counts)
    return say("{line}, {number} kept until you decide", line=line, number=pulled.held) if pulled.held else line


def _published(name: str, share: Published, *, dry_run: bool) -> str:
    counts = {"created": share.created, "deleted": share.deleted}
    if dry_run:
        line = say("share {name}: {created} would be added, {deleted} removed", name=name, **counts)
    else:
        line = say("share {name}: {created} added, {deleted} removed", name=name, **counts)
    return say("{line}, {number} kept until you decide", line=line, number=share.held_back) if share.held_back else line
