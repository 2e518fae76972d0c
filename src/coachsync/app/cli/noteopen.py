"""`coachsync note open`: an attached file in memory, for as long as it is looked at."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from pathlib import Path

import click

from coachsync.adapters import heldfolders, ramfolder, viewer
from coachsync.adapters.heldfolders import HeldFolder
from coachsync.adapters.room import is_full, no_room
from coachsync.adapters.system import reason
from coachsync.app.cli.coaches import for_a_coach
from coachsync.app.cli.commands import Options, everywhere
from coachsync.app.cli.opening import configured
from coachsync.app.cli.output import tell
from coachsync.app.cli.plaincopies import UNFINISHED, refuse_place
from coachsync.app.cli.unlocked import unlocked
from coachsync.app.vault import attached, filenames
from coachsync.app.vault.naming import named
from coachsync.app.vault.reading import Read, Session
from coachsync.errors import CoachsyncError, UsageError
from coachsync.phrases import say
from coachsync.vault.envelope import Kind

_COMMAND = "note open"
_AT_ONCE = 3.0  # seconds: who is done sooner has handed the file to a program that was open already
_INSTEAD = say("Have it written into a file that everybody can read: --to FILE, and delete that afterwards.")


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
def open_file(
    options: Options, name: str, program: str | None, to: Path | None, coach: str | None, passphrase_file: Path | None
) -> None:
    """Nobody waits for the state while a person looks at it."""
    if to is not None:
        _copy(options, name, to, coach, passphrase_file)
        return
    command = _command(program)
    with ramfolder.ram_folder(_INSTEAD) as folder:
        with unlocked(options, _COMMAND, coach, passphrase_file) as (_, session):
            file = _in_memory(session, name, folder)
        took = viewer.show(command, file)
        if program is None or (took < _AT_ONCE and sys.stdin.isatty()):
            _wait()


def _command(program: str | None) -> tuple[str, ...]:
    """What shows it. Where nobody is there to say that it was closed, only a program that ends then will do."""
    if program is not None:
        return viewer.chosen(program)
    if not sys.stdin.isatty():
        raise UsageError(
            "nobody-closes",
            say("Nobody is there who could say when the file is closed."),
            say("Name a program that ends then: --with PROGRAM; or have it written into a file: --to FILE"),
            where="--with",
        )
    return viewer.of_the_desktop(os.environ)


def _wait() -> None:
    """Until a person says so, or ends us."""
    tell(say("Close the file, and then press Enter here: it is removed from memory."), err=True)
    with ramfolder.interruptible(), suppress(KeyboardInterrupt):
        sys.stdin.readline()


def _in_memory(session: Session, name: str, folder: HeldFolder) -> Path:
    """The content, in memory, under a name that tells nothing but what it is."""
    read = _read(session, name)
    body = attached.understood(read).body
    if body.size > ramfolder.room(folder):
        raise ramfolder.full(_INSTEAD)
    file = folder.path / f"file{filenames.extension(body.file.name)}"
    try:
        heldfolders.fill(file, attached.content(session, read))
        file.chmod(0o400)  # what somebody changes in it would be lost
    except OSError as problem:
        raise ramfolder.refused(problem, _INSTEAD) from None
    return file


def _copy(options: Options, name: str, to: Path, coach: str | None, passphrase_file: Path | None) -> None:
    """It has its name once all of it is there."""
    refuse_place(to, configured(options).practice.state)
    heldfolders.sweep(to.absolute().parent, UNFINISHED)
    with unlocked(options, _COMMAND, coach, passphrase_file) as (_, session):
        read = _read(session, name)
        try:
            held = heldfolders.make(to.absolute().parent, UNFINISHED)
        except OSError as problem:
            raise _not_written(problem) from None
        try:
            heldfolders.fill(held.path / "file", attached.content(session, read))
            _place(held.path / "file", to)
        except OSError as problem:
            raise _not_written(problem) from None
        finally:
            heldfolders.erase(held.path)
            os.close(held.lock)
    tell(say("What is in the file is not locked, and no erasure reaches it: delete it when you are done."), err=True)


def _place(file: Path, to: Path) -> None:
    """Give a file its name where there is none of that name; on a file system without links, where there was none. Its
    first name goes with the folder."""
    try:
        to.hardlink_to(file)
    except FileExistsError:
        raise
    except OSError:
        file.rename(to)


def _read(session: Session, name: str) -> Read:
    """The attachment. Raises UsageError for a note, and says how to find what is attached to it."""
    history = session.vault.history
    record = named(history, session.fingerprint, name, Kind.ATTACHMENT, Kind.NOTE)
    if history.records[record, 1].kind is not Kind.ATTACHMENT:
        raise UsageError(
            "no-attachment",
            say("This is a note, and no file."),
            say("What is attached to it, and the id of each file, is shown by: coachsync note show ID"),
        )
    return session.record(record)


def _not_written(problem: OSError) -> CoachsyncError:
    if is_full(problem):
        return no_room("--to")
    return CoachsyncError(
        "file-not-written",
        say("The file cannot be written: {cause}.", cause=reason(problem)),
        say("Give the name of a new file where you can write."),
        where="--to",
    )
