"""Keeping the vault unlocked between two commands: see `agent_child` for the process that does."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

from coachsync.adapters import agent_child
from coachsync.adapters.agent_child import GIVE, LOCK, READY, SEED_BYTES
from coachsync.adapters.agent_places import (
    all_sockets,
    is_of_this_user,
    make_place,
    not_started,
    socket_of,
    sockets_of,
)

__all__ = ["all_sockets", "lock", "seed", "socket_of", "sockets_of", "start"]

_PATIENCE = 5.0  # seconds until it must have answered
_START = 30.0  # seconds until it must listen, on however busy a machine


def start(path: Path, seed: bytes, idle: float) -> None:
    """Let a process of its own keep a seed until it is locked or idle for so many seconds; one that is there already is
    locked first. Raises CoachsyncError when it does not start."""
    lock(path)
    make_place(path.parent)
    try:
        process = subprocess.Popen(  # noqa: S603 - this very interpreter, with our own module
            [sys.executable, "-P", "-m", agent_child.__name__, str(path), str(idle)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        with process:
            ready = process.communicate(seed, _START)[0]
    except (OSError, subprocess.TimeoutExpired):
        ready = b""
    if ready != READY:
        raise not_started()


def seed(path: Path) -> bytes | None:
    """The seed that is kept there; None where the vault is locked."""
    found = _ask(path, GIVE, SEED_BYTES)
    return found if len(found) == SEED_BYTES else None


def lock(path: Path) -> bool:
    """End the process that keeps a seed; whether there was one."""
    return bool(_ask(path, LOCK, 1))


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
