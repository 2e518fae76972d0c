"""The commands about attached files. A file may be larger than what is free of memory: what they do is loaded when one
is called, and nothing that other commands need."""

from __future__ import annotations

from pathlib import Path

import click

from coachsync.app.cli.coaches import for_a_coach, of_a_coach
from coachsync.app.cli.commands import Options, everywhere
from coachsync.errors import UsageError
from coachsync.phrases import say


@click.command(
    "attach",
    help=say(
        "Attach files to a note: its ID, then the files; or to a client alone, with --client. A file can be -, which "
        "asks for its name: the list of processes does not show it then. The vault need not be unlocked. The files "
        "stay where they are."
    ),
)
@click.argument("given", metavar=say("[ID] FILE..."), nargs=-1, required=True)
@click.option(
    "--client", metavar=say("CODE"), help=say("Attach to a client and to no note: a code, or - to be asked for a name.")
)
@of_a_coach
@everywhere
@click.pass_obj
def attach(options: Options, given: tuple[str, ...], client: str | None, coach: str | None) -> None:
    """Whoever attaches it cannot read it again without the passphrase."""
    from coachsync.app.cli import fileattach

    fileattach.run(options, given, client, coach)


@click.command("open", help=say("Look at an attached file: it is opened in memory, and gone once you have closed it."))
@click.argument("name", metavar=say("ID"))
@click.option("--with", "program", metavar=say("PROGRAM"), help=say("What to open it with (default: your desktop's)."))
@click.option(
    "--to",
    type=click.Path(path_type=Path),
    metavar=say("FILE"),
    help=say("Write it into a new file instead, which everybody can read who gets hold of it."),
)
@for_a_coach
@everywhere
@click.pass_obj
def open_one(
    options: Options, name: str, program: str | None, to: Path | None, coach: str | None, passphrase_file: Path | None
) -> None:
    """Nothing of it is ever on a disk, but where the coach wants that."""
    if to is None:
        from coachsync.app.cli import fileopen

        fileopen.run(options, name, program, coach, passphrase_file)
        return
    if program is not None:
        raise UsageError(
            "open-and-copy",
            say("It can be opened with a program, or written into a file, and not both."),
            say("Leave out --with or --to."),
        )
    from coachsync.app.cli import filecopy

    filecopy.run(options, name, to, coach, passphrase_file)
