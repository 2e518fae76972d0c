"""`coachsync note open --to`: a copy in clear of an attached file, because the coach wants one."""

from __future__ import annotations

import os
from pathlib import Path

from coachsync.adapters import heldfolders
from coachsync.adapters.room import is_full, no_room
from coachsync.adapters.system import reason
from coachsync.app.cli.commands import Options
from coachsync.app.cli.opening import configured
from coachsync.app.cli.output import tell
from coachsync.app.cli.plaincopies import UNFINISHED, refuse_place
from coachsync.app.cli.unlocked import unlocked
from coachsync.app.vault import attached
from coachsync.errors import CoachsyncError
from coachsync.phrases import say

_COMMAND = "note open"


def run(options: Options, name: str, to: Path, coach: str | None, passphrase_file: Path | None) -> None:
    """It has its name once all of it is there."""
    refuse_place(to, configured(options).practice.state)
    heldfolders.sweep(to.absolute().parent, UNFINISHED)
    with unlocked(options, _COMMAND, coach, passphrase_file) as (_, session):
        read = attached.typed(session, name)
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


def _not_written(problem: OSError) -> CoachsyncError:
    if is_full(problem):
        return no_room("--to")
    return CoachsyncError(
        "file-not-written",
        say("The file cannot be written: {cause}.", cause=reason(problem)),
        say("Give the name of a new file where you can write."),
        where="--to",
    )
