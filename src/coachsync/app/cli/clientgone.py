"""`coachsync client erase` and `client export`: their options."""

from __future__ import annotations

from pathlib import Path

import click

from coachsync.app.cli.asking import typed
from coachsync.app.cli.coaches import for_a_coach
from coachsync.app.cli.commands import Options, everywhere
from coachsync.phrases import say

_PROMPT = "-"
_CODE = say("CODE")


@click.command(
    "erase", help=say("Erase a client for good, with keys and records. The certificate is printed, or goes to a file.")
)
@click.argument("code", metavar=_CODE)
@click.option(
    "--certificate",
    type=click.Path(path_type=Path),
    metavar=say("FILE"),
    help=say("Write the certificate to this new file, instead of printing it."),
)
@click.option("--yes", is_flag=True, help=say("Do not ask."))
@for_a_coach
@everywhere
@click.pass_obj
def erase(
    options: Options, code: str, certificate: Path | None, yes: bool, coach: str | None, passphrase_file: Path | None
) -> int:
    """A second time, it certifies again."""
    from coachsync.app.cli.clienterase import run

    return run(options, code, _typed(code), certificate, coach, passphrase_file, yes=yes)


@click.command("export", help=say("Write all that is known of a client into a new folder, for the client to have."))
@click.argument("code", metavar=_CODE)
@click.option(
    "--to",
    "folder",
    type=click.Path(path_type=Path),
    required=True,
    metavar=say("FOLDER"),
    help=say("The folder to make. What is in it is not locked."),
)
@for_a_coach
@everywhere
@click.pass_obj
def export(options: Options, code: str, folder: Path, coach: str | None, passphrase_file: Path | None) -> int:
    """In clear, as the client has a right to it."""
    from coachsync.app.cli.clientexport import run

    return run(options, code, _typed(code), folder, coach, passphrase_file)


def _typed(code: str) -> str | None:
    """The name that is typed in the place of a code."""
    return typed(say("Client"), "CODE") if code == _PROMPT else None
