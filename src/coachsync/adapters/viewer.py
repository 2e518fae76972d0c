"""A program that shows a file in memory. It is told that file alone, and keeps nothing open of ours."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from coachsync.adapters.editor import ended
from coachsync.adapters.system import reason
from coachsync.errors import CoachsyncError, UsageError
from coachsync.phrases import say

_DESKTOP = "xdg-open"  # starts whatever the desktop shows such a file with, and ends at once
_SCREENS = ("DISPLAY", "WAYLAND_DISPLAY")


def chosen(words: str) -> tuple[str, ...]:
    """The program that a person names, with its options. Raises UsageError for none that is there."""
    try:
        command = tuple(shlex.split(words))
    except ValueError:
        command = ()
    if not command or shutil.which(command[0]) is None:
        raise UsageError(
            "no-such-program", say("There is no such program."), say("Look at how it is called."), where="--with"
        )
    return command


def of_the_desktop(environ: Mapping[str, str]) -> tuple[str, ...]:
    """What the desktop opens files with. Raises UsageError where there is no desktop."""
    if shutil.which(_DESKTOP) is None or not any(environ.get(name) for name in _SCREENS):
        raise UsageError(
            "no-desktop",
            say("There is no desktop here that could open the file."),
            say("Name a program: --with PROGRAM; or have it written into a file that everybody can read: --to FILE"),
        )
    return (_DESKTOP,)


def show(command: Sequence[str], file: Path) -> float:
    """Have a program show a file, until that program ends; how many seconds it took. It ends when we are told to.
    Raises CoachsyncError when it does not start, or fails."""
    began = time.monotonic()
    try:
        process = subprocess.Popen(  # noqa: S603 - what the coach has named
            [*command, str(file)], env=os.environ | {"TMPDIR": str(file.parent)}
        )
    except OSError as problem:
        raise _failed(say("The program cannot be started: {reason}.", reason=reason(problem))) from None
    if ended(process) != 0:
        raise _failed(say("The program ended with an error."))
    return time.monotonic() - began


def _failed(message: str) -> CoachsyncError:
    return CoachsyncError("viewer-failed", message, say("Name another one: --with PROGRAM"))
