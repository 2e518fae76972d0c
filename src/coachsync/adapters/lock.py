"""One writer at a time: daemon and commands share a lock on the state folder."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from coachsync.adapters.system import reason
from coachsync.errors import CoachsyncError, Temporary
from coachsync.phrases import say

_STEP = 0.05  # seconds between two tries


@contextmanager
def hold(state: Path, command: str, patience: float = 5.0) -> Iterator[None]:
    """Hold the state's lock while the body runs, waiting `patience` seconds for it.

    The kernel frees it when the process ends, however it ends. Raises Temporary, naming the holder's command and
    process number, when somebody else keeps it, and CoachsyncError when the lock file cannot be opened.
    """
    with _opened(state) as file:
        _wait(file.fileno(), patience)
        os.ftruncate(file.fileno(), 0)
        os.pwrite(file.fileno(), f"{command} {os.getpid()}".encode(), 0)
        try:
            yield
        finally:
            os.ftruncate(file.fileno(), 0)


def _opened(state: Path) -> BinaryIO:
    try:
        return open(state / "lock", "a+b", opener=_private)
    except OSError as problem:
        raise CoachsyncError(
            "state-not-writable",
            say("The lock file of the state folder cannot be opened: {reason}.", reason=reason(problem)),
            say("Check that the state folder and all that is in it belong to the user who runs coachsync."),
            where="practice.state",
        ) from None


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _wait(handle: int, patience: float) -> None:
    for _ in range(1 + int(patience / _STEP)):
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            time.sleep(_STEP)
        else:
            return
    raise _held(handle)


def _held(handle: int) -> Temporary:
    command, _, pid = os.pread(handle, 200, 0).decode(errors="replace").rpartition(" ")
    command, pid = ("".join(sign for sign in word if sign.isprintable()) for word in (command, pid))
    return Temporary(
        "state-in-use",
        say(
            "Another coachsync ({command}, process {pid}) is at work.",
            command=command or say("unknown"),
            pid=pid or say("unknown"),
        ),
        say("Wait for it to finish, or stop it, and run this again."),
        where="practice.state",
    )
