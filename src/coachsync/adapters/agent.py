"""Keeping the vault unlocked between two commands: see `agent_child` for the process that does."""

from __future__ import annotations

import fcntl
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

from coachsync.adapters import agent_child
from coachsync.adapters.agent_child import GIVE, LOCK, READY, SEED_BYTES, TELL
from coachsync.adapters.agent_places import (
    all_sockets,
    is_of_this_user,
    is_our_socket,
    make_place,
    not_started,
    socket_of,
    sockets_of,
)
from coachsync.adapters.agent_tending import SOON

__all__ = ["Kept", "all_sockets", "lock", "seed", "socket_of", "sockets_of", "start", "told"]

_PATIENCE = 5.0  # seconds until it must have answered
_START = 30.0  # seconds until it must listen, on however busy a machine
_TOLD = 64  # bytes of its longest answer


class Kept(NamedTuple):
    """How a vault was unlocked, and for how many seconds more it is if nobody uses it."""

    by: str
    left: float


def start(path: Path, seed: bytes, idle: float, by: str = "", tending: Sequence[str] = (), soon: float = SOON) -> None:
    """Let a process of its own keep a seed until it is locked or idle for so many seconds; one that is there already is
    locked first. `by` says how it was unlocked; the command `tending` is run after `soon` seconds, and then now and
    then, and is handed the seed.
    Raises CoachsyncError when it does not start."""
    make_place(path.parent)
    with _alone(path.parent):
        lock(path)
        if not _started([str(path), str(idle), by, str(soon), *tending], seed):
            raise not_started()


def _started(words: Sequence[str], seed: bytes) -> bool:
    try:
        process = subprocess.Popen(  # noqa: S603 - this very interpreter, with our own module
            [sys.executable, "-P", "-m", agent_child.__name__, *words],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
    except OSError:
        return False
    with process:
        try:
            return process.communicate(seed, _START)[0] == READY
        except subprocess.TimeoutExpired:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            return False


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Of several that are started at once, one after the other takes the place."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def seed(path: Path) -> bytes | None:
    """The seed that is kept there; None where the vault is locked."""
    found = _ask(path, GIVE, SEED_BYTES)
    return found if len(found) == SEED_BYTES else None


def told(path: Path) -> Kept | None:
    """How it stands there; None where the vault is locked. To ask is no use of it."""
    by, _, left = _ask(path, TELL, _TOLD).decode(errors="replace").strip().rpartition(" ")
    return Kept(by, float(left)) if left.isdecimal() else None


def lock(path: Path) -> bool:
    """End the process that keeps a seed; whether there was one. One that gives no answer ends itself as soon as it
    looks for its socket; nobody is given the seed there any more."""
    ended = bool(_ask(path, LOCK, 1))
    if not ended and is_our_socket(path):
        with suppress(OSError):
            path.unlink()
    return ended


def _ask(path: Path, question: bytes, size: int) -> bytes:
    try:
        folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError:
        return b""
    try:
        with socket.socket(socket.AF_UNIX) as asking:
            asking.settimeout(_PATIENCE)
            asking.connect(f"/proc/self/fd/{folder}/{path.name}")  # however long its own path is
            if not is_of_this_user(asking):
                return b""
            asking.sendall(question)
            return asking.recv(size, socket.MSG_WAITALL)
    except OSError:
        return b""
    finally:
        os.close(folder)
