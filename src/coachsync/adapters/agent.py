"""Keeping the vault unlocked between two commands: see `agent_child` for the process that does."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from coachsync.adapters import agent_child
from coachsync.adapters.agent_child import GIVE, LOCK, READY, SEED_BYTES
from coachsync.adapters.files import make_private_folder
from coachsync.errors import CoachsyncError
from coachsync.phrases import say

_PATIENCE = 5.0  # seconds until it must have answered
_START = 30.0  # seconds until it must listen, on however busy a machine


def socket_of(fingerprint: bytes, state: Path) -> Path:
    """Where the agent of a coach listens: in the folder that the system empties at logout, else in the state folder."""
    runtime = Path(os.environ.get("XDG_RUNTIME_DIR") or "-")
    folder = runtime / "coachsync" if runtime.is_absolute() and runtime.is_dir() else state / "vault"
    return folder / f"{fingerprint.hex()}.sock"


def sockets_of(fingerprint: bytes, state: Path) -> tuple[Path, ...]:
    """Everywhere an agent of this coach may listen, whatever session has started it."""
    runtime = Path(f"/run/user/{os.geteuid()}/coachsync")
    name = f"{fingerprint.hex()}.sock"
    return (socket_of(fingerprint, state), state / "vault" / name, runtime / name)


def all_sockets(state: Path) -> Iterator[Path]:
    """Everywhere an agent of any coach may listen, where nobody can tell who they are."""
    for folder in sorted({one.parent for one in sockets_of(b"", state)}):
        yield from sorted(folder.glob("*.sock"))


def start(path: Path, seed: bytes, idle: float) -> None:
    """Let a process of its own keep a seed until it is locked or idle for so many seconds; one that is there already is
    locked first. Raises CoachsyncError when it does not start."""
    lock(path)
    make_private_folder(path.parent)
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
        raise CoachsyncError(
            "agent-not-started",
            say("The vault cannot be kept unlocked here."),
            say("Give the passphrase with each command instead: --passphrase-file"),
        )


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
            asking.sendall(question)
            return asking.recv(size, socket.MSG_WAITALL)
    except OSError:
        return b""
    finally:
        os.close(folder)
