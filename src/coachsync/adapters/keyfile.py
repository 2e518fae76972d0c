"""The device key as a file in the state folder: for its owner alone, or for those whom that is shared with."""

from __future__ import annotations

import os
import shlex
from pathlib import Path

from coachsync.adapters.files import make_private_folder, scratch_file, sync_folder, write_atomically
from coachsync.adapters.membership import group_name
from coachsync.adapters.privacy import group_of, is_open
from coachsync.adapters.room import is_full, no_room
from coachsync.adapters.system import reason
from coachsync.errors import CoachsyncError
from coachsync.phrases import say
from coachsync.vault.rows import KEY_BYTES, new_device_key

_NAME = "device.key"
_SCRAPS = (".key-*", ".coachsync-*")  # what a process that was killed while writing leaves behind
_ERASED = bytes(KEY_BYTES)


def key_file(state: Path) -> Path:
    """The path of the device key below the state folder."""
    return state / "keys" / _NAME


def read(state: Path) -> bytes | None:
    """The file's bytes, as many as a key has and one more; None when there is no file, or one that was erased.

    Raises CoachsyncError when it is open to others or cannot be read.
    """
    try:
        with key_file(state).open("rb") as file:
            if is_open(os.fstat(file.fileno()), key_file(state).parent.stat()):
                raise _open(state)
            secret = file.read(KEY_BYTES + 1)
    except FileNotFoundError:
        return None
    except OSError as problem:
        raise _not_read(problem, state) from None
    return None if secret == _ERASED else secret


def make(state: Path) -> None:
    """Put a new key into the file, unless another process was quicker. Raises CoachsyncError when that fails."""
    try:
        _make(key_file(state))
    except FileExistsError:
        return
    except CoachsyncError as problem:
        problem.where = "practice.state"
        raise
    except OSError as problem:
        raise _failed("device-key-not-written", problem) from None


def _make(path: Path) -> None:
    """The link is made by one of those that start together, and the others fail with FileExistsError."""
    make_private_folder(path.parent)
    handle, scratch = scratch_file(path.parent, ".key-")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(new_device_key().secret)
            file.flush()
            os.fsync(file.fileno())
        path.hardlink_to(scratch)
    finally:
        scratch.unlink(missing_ok=True)
    sync_folder(path.parent)


def write(state: Path, secret: bytes) -> None:
    """Keep the key in the file, synced to disk. Raises CoachsyncError when it cannot be written."""
    try:
        make_private_folder(key_file(state).parent)
        write_atomically(key_file(state), secret)
    except CoachsyncError as problem:
        problem.where = "practice.state"
        raise


def erase(state: Path) -> None:
    """Overwrite the file, sync it and remove it. Raises CoachsyncError when that cannot be done.

    Killed between the two, it leaves a file of zeros, which `read` takes for none.
    """
    _wipe([key_file(state)])


def left_behind(state: Path) -> list[Path]:
    """Files beside the key that a killed process has left: they may hold it."""
    return [path for pattern in _SCRAPS for path in key_file(state).parent.glob(pattern)]


def erase_left_behind(state: Path) -> None:
    """Overwrite and remove them. Raises CoachsyncError when that cannot be done."""
    _wipe(left_behind(state), spared=key_file(state))


def _wipe(paths: list[Path], spared: Path | None = None) -> None:
    """`spared` is not overwritten under another name either: one left behind may be a link to it."""
    try:
        for path in filter(Path.exists, paths):
            if spared is None or not (spared.exists() and path.samefile(spared)):
                with os.fdopen(os.open(path, os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC), "r+b") as file:
                    file.write(bytes(path.stat().st_size))
                    file.flush()
                    os.fsync(file.fileno())
            path.unlink()
            sync_folder(path.parent)
    except OSError as problem:
        raise _failed("device-key-not-erased", problem) from None


def _open(state: Path) -> CoachsyncError:
    failure = CoachsyncError(
        "device-key-open",
        say("Others on this machine can read the device key."),
        say("Close keys/device.key in the state folder to them."),
        where="practice.state",
    )
    failure.aside = say("Run: {command}", command=_closing(state))
    return failure


def _closing(state: Path) -> str:
    """The command that gives the file the group and the mode that it should have."""
    file, group = shlex.quote(str(key_file(state))), group_of(state)
    if group is None:
        return f"chmod 600 {file}"
    return f"sudo chgrp {group_name(group)} {file} && sudo chmod 660 {file}"


def _not_read(problem: OSError, state: Path) -> CoachsyncError:
    """Two users of one state: what one of them has made must be the other's too."""
    failure = _failed("device-key-not-read", problem)
    if isinstance(problem, PermissionError) and group_of(state) is not None:
        failure.hint = say("The service and you both need it: the file must be open to the group that you share.")
        failure.aside = say("Run: {command}", command=_closing(state))
    return failure


def _failed(code: str, problem: OSError) -> CoachsyncError:
    if is_full(problem):
        return no_room("practice.state")
    return CoachsyncError(
        code,
        say(
            "The system refuses keys/device.key in the state folder: {cause}.",
            cause=reason(problem),
        ),
        say(
            "Check that the folder keys/ has room, and that it and the file device.key in it belong to the user who "
            "runs coachsync."
        ),
        where="practice.state",
    )
