"""A passphrase that is chosen now, and the recovery code that goes with it."""

from __future__ import annotations

from pathlib import Path

import click

from coachsync.adapters import secrets
from coachsync.app.cli.asking import Asker
from coachsync.app.cli.output import tell
from coachsync.errors import UsageError
from coachsync.phrases import say

COACH = "coach"  # what the only coach of a practice is called
_SHORTEST = 12  # signs of a passphrase
NEW_PASSPHRASE = click.option(
    "--new-passphrase-file",
    type=click.Path(path_type=Path),
    metavar=say("FILE"),
    help=say("A file that only you can read, with the new passphrase on one line."),
)


def chosen(file: Path | None) -> str:
    """A passphrase that is chosen now, beside another one that is in use. Raises UsageError as `fit` does."""
    if file is not None:
        return fit(secrets.from_file(file), typed=False)
    asker = Asker(accept=False)
    return fit(asker.hidden(say("New passphrase"), "--new-passphrase-file"), typed=True)


def fit(wanted: str, *, typed: bool) -> str:
    """The passphrase that was chosen, asked for once more where it was typed. Raises UsageError for a short one."""
    if len(wanted) < _SHORTEST:
        raise UsageError(
            "passphrase-short",
            say("A passphrase has at least {number} characters.", number=_SHORTEST),
            say("Take four or five words that do not belong together."),
        )
    if typed and Asker(accept=False).hidden(say("The same again"), "--passphrase-file") != wanted:
        raise UsageError("passphrases-differ", say("These were two different ones."), say("Try again."))
    return wanted


def tell_code(code: str) -> None:
    """The recovery code alone on stdout, and what it is for."""
    click.echo(code)
    tell(
        say(
            "Print it and lock it away, not beside this computer: with it you get in when the passphrase is lost. "
            "It is not shown again."
        ),
        err=True,
    )


def tell_of_backups() -> None:
    """That what is replaced here lives on elsewhere."""
    tell(say("A backup that was made before still opens with the old one."), err=True)
