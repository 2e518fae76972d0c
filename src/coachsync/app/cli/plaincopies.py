"""Where a coach may have something written in clear: beside nothing of ours, and over nothing that is there."""

from __future__ import annotations

from pathlib import Path

from coachsync.errors import UsageError
from coachsync.phrases import say

UNFINISHED = ".coachsync-export-"  # how a folder is called that such a copy is made in, until it is whole


def refuse_place(to: Path, state: Path) -> None:
    """Raise UsageError for a place in the state folder, one where something is, and one in no folder."""
    if to.resolve().is_relative_to(state.resolve()):
        raise UsageError(
            "export-in-state",
            say("The state folder is for what is encrypted: this would lie in clear there."),
            say("Give a new name elsewhere."),
            where="--to",
        )
    if to.exists() or to.is_symlink() or not to.absolute().parent.is_dir():
        raise UsageError(
            "folder-there",
            say("There is something of that name already, or no folder to make it in."),
            say("Give a new name."),
            where="--to",
        )
