"""One writer at a time: daemon and commands share a lock on the state folder. One daemon at a time has another."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from coachsync.adapters.files import open_or_make
from coachsync.adapters.membership import state_refused
from coachsync.errors import Temporary
from coachsync.phrases import say

_STEP = 0.05  # seconds between two tries
WRITER = "lock"  # held while somebody works on the state
DAEMON = "daemon.lock"  # held as long as a daemon lives
BACKUP = "backup.lock"  # held while a backup is written
PATIENCE = 5.0  # seconds that a command waits for another one
IN_USE = "state-in-use"  # the code of whoever finds it held
_LONGEST = 200  # bytes of what a holder is called


@dataclass(slots=True)
class Held:
    """A lock that is held. `undisturbed`: the last one to hold it was this very process and command, and nobody came
    in between. Who sets `unseen` has changed nothing that matters to that one, and the lock does not tell of them."""

    undisturbed: bool
    unseen: bool = False


@contextmanager
def hold(state: Path, command: str, patience: float = PATIENCE, name: str = WRITER) -> Iterator[Held]:
    """Hold one of the state's locks while the body runs, waiting `patience` seconds for it.

    The kernel frees the lock when the process ends, however it ends: its name stays at the lock then. Raises Temporary,
    naming the holder's command and process number, when somebody else keeps it, and CoachsyncError when the lock file
    cannot be opened.
    """
    with _locked(state, name, patience) as file:
        me = f"{command} {os.getpid()}".encode()
        last = os.pread(file.fileno(), _LONGEST, 0)
        if last != me:
            _sign(file.fileno(), me)
        held = Held(undisturbed=last == me)
        yield held
        if held.unseen:
            _sign(file.fileno(), last)


@contextmanager
def hold_briefly(folder: Path) -> Iterator[None]:
    """Keep others from the same for the moment that it takes to read a small file of this folder and write it anew,
    whichever lock they hold. Needs no file, and so no room. Where the system has no such lock, nobody is kept out."""
    handle = None
    try:
        with suppress(OSError):
            handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        if handle is not None:
            os.close(handle)


def is_held(state: Path, name: str) -> bool:
    """Whether somebody holds this lock now; False where there is no such file."""
    try:
        with (state / name).open("rb") as file:
            fcntl.flock(file.fileno(), fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False


@contextmanager
def _locked(state: Path, name: str, patience: float) -> Iterator[BinaryIO]:
    """The lock's file, locked. While somebody waited, a restore may have put another state folder in its place, where
    others lock another file."""
    while True:
        with _opened(state, name) as file:
            _wait(file.fileno(), patience)
            if _is_there(file, state / name):
                yield file
                return


def _is_there(file: BinaryIO, place: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(file.fileno()), place.stat())
    except OSError:
        return False


def _opened(state: Path, name: str) -> BinaryIO:
    try:
        return os.fdopen(open_or_make(state / name, os.O_RDWR | os.O_APPEND), "a+b")
    except OSError as problem:
        raise state_refused(problem, state) from None


def _sign(handle: int, me: bytes) -> None:
    """Say who holds the lock. A full disk keeps the name out, and nobody from the lock."""
    with suppress(OSError):
        os.ftruncate(handle, 0)
        os.pwrite(handle, me, 0)


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
    command, _, pid = os.pread(handle, _LONGEST, 0).decode(errors="replace").rpartition(" ")
    command, pid = ("".join(sign for sign in word if sign.isprintable()) for word in (command, pid))
    return Temporary(
        IN_USE,
        say(
            "Another coachsync ({command}, process {pid}) is at work.",
            command=command or say("unknown"),
            pid=pid or say("unknown"),
        ),
        say("Wait for it to finish, or stop it, and run this again."),
        where="practice.state",
    )
