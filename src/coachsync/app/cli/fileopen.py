"""`coachsync note open`: an attached file in memory, for as long as it is looked at."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from coachsync.adapters import heldfolders, ramfolder, viewer
from coachsync.adapters.heldfolders import HeldFolder
from coachsync.app.cli.commands import Options
from coachsync.app.cli.output import tell
from coachsync.app.cli.unlocked import unlocked
from coachsync.app.vault import attached, filenames
from coachsync.app.vault.reading import Session
from coachsync.errors import UsageError
from coachsync.phrases import say

_COMMAND = "note open"
_AT_ONCE = 3.0  # seconds: who is done sooner has handed the file to a program that was open already
_INSTEAD = say("Have it written into a file that everybody can read: --to FILE, and delete that afterwards.")


def run(options: Options, name: str, program: str | None, coach: str | None, passphrase_file: Path | None) -> None:
    """Nobody waits for the state while a person looks at it."""
    command = _command(program)
    with ramfolder.ram_folder(_INSTEAD) as folder:
        with ramfolder.interruptible(), unlocked(options, _COMMAND, coach, passphrase_file) as (_, session):
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
    with ramfolder.interruptible():
        sys.stdin.readline()


def _in_memory(session: Session, name: str, folder: HeldFolder) -> Path:
    """The content, in memory, under a name that tells nothing but what it is."""
    read = attached.typed(session, name)
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
