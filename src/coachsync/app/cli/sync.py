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
    from collections.abc import Mapping

    from coachsync.app.outcome import Outcome
    from coachsync.config import Share


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
        outcome, shares = jobs.sync(wiring, accept=accept, dry_run=dry_run), wiring.config.shares
        if not dry_run:
            record(wiring, spoken, outcome)
    if options.json:
        tell_json(outcome_document(outcome))
    else:
        _tell(outcome, shares, dry_run=dry_run)
    tell_outcome(outcome, as_json=options.json)
    return outcome.exit_code()


def _tell(outcome: Outcome, shares: Mapping[str, Share], *, dry_run: bool) -> None:
    from coachsync.app.cli.counts import published_line, pulled_line, pushed_line

    for name, pulled in outcome.calendars.items():
        tell(pulled_line(name, pulled, dry_run=dry_run))
        if name in outcome.pushed and (line := pushed_line(name, outcome.pushed[name], dry_run=dry_run)):
            tell(line)
    for name in outcome.shares:
        tell(published_line(name, outcome, shares[name].calendars, dry_run=dry_run))
    if outcome.quarantined:
        tell(
            say_count(
                "{number} event cannot be read: coachsync agenda --unreadable",
                "{number} events cannot be read: coachsync agenda --unreadable",
                outcome.quarantined,
            )
        )
