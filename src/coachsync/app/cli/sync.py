"""`coachsync sync`."""

from __future__ import annotations

import click

from coachsync.app import jobs
from coachsync.app.cli.commands import Options, everywhere
from coachsync.app.cli.opening import opened
from coachsync.app.cli.output import outcome_document, tell_json, tell_outcome
from coachsync.app.cli.tongue import spoken
from coachsync.app.outcome import Outcome
from coachsync.app.recording import record


@click.command("sync")
@click.option("--dry-run", is_flag=True, help="Say what would change, and change nothing.")
@click.option(
    "--accept-deletions",
    "accept",
    multiple=True,
    metavar="CALENDAR",
    help="What this calendar no longer holds was really deleted: let copies and shares follow.",
)
@everywhere
@click.pass_obj
def command(options: Options, dry_run: bool, accept: tuple[str, ...]) -> int:
    """Read the source calendars and bring every share up to date, now."""
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
    would = "would be " if dry_run else ""
    for name, pulled in outcome.calendars.items():
        held = f", {pulled.held} held" if pulled.held else ""
        click.echo(
            f"calendar {name}: {pulled.added} {would}added, {pulled.changed} changed, {pulled.removed} removed{held}"
        )
    for name, share in outcome.shares.items():
        held = f", {share.held_back} held back" if share.held_back else ""
        click.echo(f"share {name}: {share.created} {would}created, {share.deleted} deleted{held}")
    if outcome.quarantined:
        click.echo(f"{outcome.quarantined} events cannot be read: coachsync agenda --unreadable")
