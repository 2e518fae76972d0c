"""Where the process that keeps the vault unlocked listens: in a folder that is the coach's alone, so that no other user
of the machine, and not the service either, can take its place there."""

from __future__ import annotations

import os
import socket
import stat
import struct
from collections.abc import Iterator
from pathlib import Path

from coachsync.adapters.files import make_private_folder
from coachsync.adapters.lowering import is_lowered
from coachsync.adapters.privacy import is_shared
from coachsync.errors import CoachsyncError
from coachsync.phrases import say

_USERS = Path("/run/user")  # systemd's folders of those who are logged in
_AT_HOME = Path(".local", "state", "coachsync-agent")
_ANYBODY, _WRITERS = 0o077, 0o022
_CREDENTIALS = struct.Struct("3i")  # pid, uid, gid (unix(7), SO_PEERCRED)


def socket_of(fingerprint: bytes, state: Path) -> Path:
    """Where the agent of a coach listens: in the folder that the system empties at logout. Without one it is in the
    state folder, or at home where that is shared."""
    runtime = Path(os.environ.get("XDG_RUNTIME_DIR") or "-")
    folder = runtime / "coachsync" if runtime.is_absolute() and _is_ours(runtime, _WRITERS) else _lasting(state)
    return folder / f"{fingerprint.hex()}.sock"


def sockets_of(fingerprint: bytes, state: Path) -> tuple[Path, ...]:
    """Everywhere an agent of this coach may listen, whatever session has started it."""
    runtime = _USERS / str(os.geteuid()) / "coachsync"
    name = f"{fingerprint.hex()}.sock"
    return (socket_of(fingerprint, state), _lasting(state) / name, runtime / name)


def all_sockets(state: Path) -> Iterator[Path]:
    """Everywhere an agent of any coach may listen, where nobody can tell who they are."""
    for folder in sorted({one.parent for one in sockets_of(b"", state)}):
        yield from sorted(folder.glob("*.sock"))


def make_place(folder: Path) -> None:
    """Make the folder that an agent is to listen in. Raises CoachsyncError where it cannot be made, or where another
    user may enter it."""
    try:
        make_private_folder(folder)
    except CoachsyncError:
        raise not_started() from None
    if is_lowered() or not _is_ours(folder, _ANYBODY):
        raise not_started()


def is_of_this_user(connected: socket.socket) -> bool:
    """Whether it is a process of this user that listens at the other end. Raises OSError."""
    _, user, _ = _CREDENTIALS.unpack(connected.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size))
    return bool(user == os.geteuid())


def is_our_socket(path: Path) -> bool:
    """Whether there is a socket of this user; whoever listens at it may be gone, or may be somebody else."""
    try:
        status = path.lstat()
    except OSError:
        return False
    return stat.S_ISSOCK(status.st_mode) and status.st_uid == os.geteuid()


def not_started() -> CoachsyncError:
    """What a coach is told where no agent can be had."""
    return CoachsyncError(
        "agent-not-started",
        say("The vault cannot be kept unlocked here."),
        say("Give the passphrase with each command instead: --passphrase-file"),
    )


def _lasting(state: Path) -> Path:
    return Path.home() / _AT_HOME if is_shared(state) else state / "vault"


def _is_ours(folder: Path, barred: int) -> bool:
    """Whether it is a folder of this user, with none of these rights for anybody else."""
    try:
        status = folder.stat()
    except OSError:
        return False
    return folder.is_dir() and status.st_uid == os.geteuid() and not status.st_mode & barred
