"""`coachsync note import`: work through the inbox once, or import the files that are named; and `note sort`, for what
nobody could tell whose it is. What they do is loaded when one is called."""

from __future__ import annotations

from pathlib import Path

import click

from coachsync.app.cli.coaches import for_a_coach, of_a_coach
from coachsync.app.cli.commands import Options, everywhere
from coachsync.errors import UsageError
from coachsync.phrases import say


@click.command(
    "import",
    help=say(
        "Seal what was dropped into the inbox, and remove it there; or seal the files that are named. Whose each is, "
        "its folder, its front matter, its addresses or the code in its name say."
    ),
)
@click.argument("files", nargs=-1, metavar=say("[FILE...]"), type=click.Path(path_type=Path))
@click.option("--client", "code", metavar=say("CODE"), help=say("Whose the files are: a code, or - to be asked."))
@click.option("--remove", is_flag=True, help=say("Overwrite and remove the named files once they are sealed."))
@click.option("--list", "listing", is_flag=True, help=say("Only show what waits in the inbox, by name, and why."))
@of_a_coach
@everywhere
@click.pass_obj
def import_files(
    options: Options, files: tuple[Path, ...], code: str | None, remove: bool, listing: bool, coach: str | None
) -> int:
    """Nothing need be unlocked for it."""
    if not files and (code is not None or remove):
        raise UsageError(
            "files-missing", say("No file is named."), say("Name the files: coachsync note import FILE...")
        )
    if files and listing:
        raise UsageError("list-of-inbox", say("--list is about the inbox."), say("Leave the files away."))
    from coachsync.app.cli import fileimport

    if listing:
        return fileimport.show(options)
    if files:
        return fileimport.take(options, files, code, coach, remove=remove)
    return fileimport.work_through(options, coach)


@click.command("sort", help=say("Say whose unsorted records are: they go to that client's records."))
@click.argument("names", metavar=say("ID..."), nargs=-1, required=True)
@click.argument("code", metavar=say("CODE"))
@for_a_coach
@everywhere
@click.pass_obj
def sort(options: Options, names: tuple[str, ...], code: str, coach: str | None, passphrase_file: Path | None) -> None:
    """In the coach's session alone: they are opened, and sealed anew."""
    from coachsync.app.cli import filesort

    filesort.run(options, names, code, coach, passphrase_file)
