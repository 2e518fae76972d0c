"""`coachsync share recall`."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click

from coachsync.app.cli.asking import Declined, agreed
from coachsync.app.cli.commands import Options, everywhere
from coachsync.app.cli.names import shares as known
from coachsync.app.cli.output import as_document, finding_document, instant, tell, tell_json, tell_problems
from coachsync.app.cli.tongue import spoken, tongue
from coachsync.app.dates import short_moment
from coachsync.app.outcome import FINDINGS
from coachsync.phrases import say, say_count

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from coachsync.app.recall import Recalled
    from coachsync.app.verify import Verification

_RENEWS = say("Everything that the share shows is taken back and published anew, by today's settings. Go on?")
_REMOVES = say("The share's calendar or file is deleted: its audience sees nothing of it any more. Go on?")


@click.command(
    "recall",
    help=say(
        "Take back what a share has shown and publish it anew, and say what cannot be called back: after a rule, a "
        "setting or a client has changed."
    ),
)
@click.argument("name", metavar=say("NAME"), shell_complete=known)
@click.option("--remove", is_flag=True, help=say("Take the share away instead of publishing it anew."))
@click.option("--yes", is_flag=True, help=say("Do not ask."))
@everywhere
@click.pass_obj
def recall_share(options: Options, name: str, *, remove: bool, yes: bool) -> int:
    """Asks, does it, and looks at the result from outside."""
    from coachsync.app import recall as job
    from coachsync.app import unconfigured
    from coachsync.app.cli.opening import opened
    from coachsync.app.cli.share import named
    from coachsync.app.falling_back import leak_code, looked_at
    from coachsync.app.recording import record
    from coachsync.app.verify import Verification

    if not yes and sys.stdin.isatty() and not agreed(_REMOVES if remove else _RENEWS):
        raise Declined
    with opened(options, "share recall") as wiring:
        if remove and name in unconfigured.shares(wiring):
            done, checked = job.remove(wiring, name), Verification()
        else:
            share = named(wiring, name)
            done = job.remove(wiring, name) if remove else job.recall(wiring, share)
            checked = looked_at(wiring, share, done.outcome)
        record(wiring, spoken, done.outcome, checked)
        zone = wiring.zone
    _tell(options, done, checked, zone)
    found = FINDINGS if checked.findings else leak_code(done.outcome)
    return found or done.outcome.exit_code() or checked.exit_code()


def _tell(options: Options, done: Recalled, checked: Verification, zone: ZoneInfo) -> None:
    problems = [*done.outcome.problems(), *(failure.problem(where) for where, failure in checked.failures)]
    if options.json:
        document = _document(done) | {
            "findings": [finding_document(finding) for _, finding in checked.findings],
            "problems": [as_document(problem) for problem in problems],
        }
        tell_json(document)
        return
    tell(
        say_count(
            "{share}: {number} entry was taken back.",
            "{share}: {number} entries were taken back.",
            done.replaced,
            share=done.share,
        )
    )
    tell(
        say_count("It shows {number} entry now.", "It shows {number} entries now.", done.shown)
        if done.shown
        else say("It shows nothing now.")
    )
    if done.purged:
        tell(
            say_count(
                "{number} entry was removed from the server's trash.",
                "{number} entries were removed from the server's trash.",
                done.purged,
            )
        )
    if done.since is not None:
        when = short_moment(datetime.fromtimestamp(done.since, zone), tongue().code)
        tell(say("What was taken back could be seen since {when}, in part.", when=when))
    if done.left:
        tell(say("What cannot be called back:"))
        for line in done.left:
            tell(f"  - {spoken(line)}")
    if checked.findings:
        tell(say("To see what is still found in it, run: coachsync share verify {share}", share=done.share))
    tell_problems(problems)


def _document(done: Recalled) -> dict[str, Any]:
    since = None if done.since is None else instant(datetime.fromtimestamp(done.since, UTC))
    return {
        "share": done.share,
        "taken_back": done.replaced,
        "shown": done.shown,
        "purged": done.purged,
        "visible_since": since,
        "cannot_be_recalled": [spoken(line) for line in done.left],
    }
