"""`coachsync agreement`."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import click

from coachsync.app.cli.asking import typed
from coachsync.app.cli.coaches import for_a_coach, of_a_coach
from coachsync.app.cli.commands import COMMANDS, Options, everywhere
from coachsync.app.cli.filegiven import from_a_file
from coachsync.app.cli.keeping import keep
from coachsync.app.cli.meant import meant, typed_name
from coachsync.app.cli.recordviews import tell_agreements
from coachsync.app.cli.unlocked import unlocked
from coachsync.app.cli.whens import When
from coachsync.app.vault import notes
from coachsync.app.wiring import Wiring
from coachsync.phrases import say
from coachsync.vault.bodies import Agreement
from coachsync.vault.envelope import Kind

_CODE, _TEXT = say("CODE"), say("TEXT")
_PROMPT = "-"


@click.group("agreement", help=COMMANDS["agreement"][1])
@everywhere
def command() -> None:
    """Nothing by itself."""


@command.command(
    "add", help=say("Keep the signed agreement with a client: CODE, or - to be asked for a name; then its text.")
)
@click.argument("code", metavar=_CODE)
@from_a_file
@click.option(
    "--signed",
    type=When(day_only=True),
    required=True,
    metavar=say("YYYY-MM-DD"),
    help=say("The day on which it was signed."),
)
@click.option(
    "--sponsor-may-learn",
    multiple=True,
    metavar=_TEXT,
    help=say("What whoever pays may learn, such as: dates; again for more. `-` asks for it."),
)
@click.option(
    "--exception",
    multiple=True,
    metavar=_TEXT,
    help=say("When confidentiality ends, such as: danger to life; again for more. `-` asks for it."),
)
@click.option(
    "--hand-over/--no-hand-over",
    default=False,
    help=say("Whether a successor may have the records, should you fall out (default: no)."),
)
@of_a_coach
@everywhere
@click.pass_obj
def add(
    options: Options,
    code: str,
    file: Path | None,
    signed: date,
    sponsor_may_learn: tuple[str, ...],
    exception: tuple[str, ...],
    hand_over: bool,
    coach: str | None,
) -> None:
    """A new one stands beside those before it."""
    name = typed_name(code)
    learns = _asked(sponsor_may_learn, say("What whoever pays may learn"), "--sponsor-may-learn")
    exceptions = _asked(exception, say("When confidentiality ends"), "--exception")

    def make(_: Wiring, words: str) -> Agreement:
        return Agreement(words, signed, learns, exceptions, hand_over)

    keep(options, "agreement add", coach, (code, name), file, make)


@command.command("show", help=say("Show the agreements with a client, the latest first."))
@click.argument("code", metavar=_CODE)
@for_a_coach
@everywhere
@click.pass_obj
def show(options: Options, code: str, coach: str | None, passphrase_file: Path | None) -> int:
    """What they say is for the coach alone."""
    name = typed_name(code)
    with unlocked(options, "agreement show", coach, passphrase_file) as (wiring, session):
        found = notes.everything(session, Kind.AGREEMENT, meant(wiring, code, name).code)
    return tell_agreements(found, as_json=options.json)


def _asked(values: tuple[str, ...], question: str, option: str) -> tuple[str, ...]:
    return tuple(typed(question, option) if value == _PROMPT else value for value in values)
