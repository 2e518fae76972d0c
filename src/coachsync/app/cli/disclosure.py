"""`coachsync disclosure`: the register of what was said to others."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import click

from coachsync.app.cli.asking import typed
from coachsync.app.cli.clientviews import names
from coachsync.app.cli.coaches import for_a_coach, of_a_coach
from coachsync.app.cli.commands import COMMANDS, Options, everywhere
from coachsync.app.cli.filegiven import from_a_file
from coachsync.app.cli.keeping import keep
from coachsync.app.cli.meant import meant, typed_name
from coachsync.app.cli.recordviews import tell_disclosures
from coachsync.app.cli.unlocked import unlocked
from coachsync.app.cli.whens import When
from coachsync.app.vault import notes
from coachsync.app.wiring import Wiring
from coachsync.phrases import say
from coachsync.vault.bodies import Disclosure
from coachsync.vault.envelope import Kind

_CODE, _TEXT = say("CODE"), say("TEXT")
_PROMPT = "-"


@click.group("disclosure", help=COMMANDS["disclosure"][1])
@everywhere
def command() -> None:
    """Nothing by itself."""


@command.command(
    "add", help=say("Note that something about a client was told: CODE, or - to be asked for a name; then what.")
)
@click.argument("code", metavar=_CODE)
@from_a_file
@click.option("--ground", required=True, metavar=_TEXT, help=say("Why it was told; `-` asks for it."))
@click.option("--recipient", required=True, metavar=_TEXT, help=say("To whom it was told; `-` asks for it."))
@click.option(
    "--on",
    type=When(day_only=True),
    required=True,
    metavar=say("YYYY-MM-DD"),
    help=say("The day on which it was told."),
)
@of_a_coach
@everywhere
@click.pass_obj
def add(
    options: Options, code: str, file: Path | None, ground: str, recipient: str, on: date, coach: str | None
) -> None:
    """Sealed like a note."""
    name = typed_name(code)
    why, whom = _asked(ground, say("Why it was told"), "--ground"), _asked(recipient, say("To whom"), "--recipient")

    def make(_: Wiring, words: str) -> Disclosure:
        return Disclosure(why, whom, words, on)

    keep(options, "disclosure add", coach, (code, name), file, make)


@command.command("list", help=say("List what was told to others, about one client or about all."))
@click.argument("code", metavar=say("[CODE]"), required=False)
@for_a_coach
@everywhere
@click.pass_obj
def list_disclosures(options: Options, code: str | None, coach: str | None, passphrase_file: Path | None) -> int:
    """What they say is for the coach alone."""
    name = None if code is None else typed_name(code)
    with unlocked(options, "disclosure list", coach, passphrase_file) as (wiring, session):
        client = None if code is None else meant(wiring, code, name).code
        found, called = notes.everything(session, Kind.DISCLOSURE, client), names(wiring)
    return tell_disclosures(found, called, as_json=options.json)


def _asked(value: str, question: str, option: str) -> str:
    return typed(question, option) if value == _PROMPT else value
