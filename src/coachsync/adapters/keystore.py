"""Where the device key lives: a file of mode 0600 in the state folder."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from coachsync.adapters.files import make_private_folder, sync_folder
from coachsync.adapters.room import is_full, no_room
from coachsync.errors import CoachsyncError, WrongKey
from coachsync.vault.rows import KEY_BYTES, DeviceKey, new_device_key

_NAME = "device.key"


def key_file(state: Path) -> Path:
    """The path of the device key below the state folder."""
    return state / "keys" / _NAME


def load_device_key(state: Path, *, create: bool) -> DeviceKey:
    """The device key of this state folder; a new one only when `create` says that nothing was ever sealed here.

    Raises CoachsyncError when the key is missing, open to others or cannot be read or written, WrongKey when the file
    is not a key.
    """
    path = key_file(state)
    try:
        return _read(path)
    except FileNotFoundError:
        if not create:
            raise _missing() from None
    except OSError as problem:
        raise _failed("device-key-not-read", problem) from None
    try:
        return _create(path)
    except CoachsyncError as problem:
        problem.where = "practice.state"
        raise
    except OSError as problem:
        raise _failed("device-key-not-written", problem) from None


def _missing() -> CoachsyncError:
    return CoachsyncError(
        "device-key-missing",
        "The state folder holds sealed data but its device key is missing; nothing was changed.",
        "Restore keys/device.key from the backup that holds this state, or move the state folder away to start "
        "afresh: a new key would open nothing.",
        where="practice.state",
    )


def _failed(code: str, problem: OSError) -> CoachsyncError:
    if is_full(problem):
        return no_room("practice.state")
    return CoachsyncError(
        code,
        f"The system refuses keys/device.key in the state folder: {os.strerror(problem.errno or 0)}.",
        "Check that the folder keys/ has room, and that it and the file device.key in it belong to the user who runs "
        "coachsync.",
        where="practice.state",
    )


def _read(path: Path) -> DeviceKey:
    with path.open("rb") as file:
        if os.fstat(file.fileno()).st_mode & 0o077:
            raise CoachsyncError(
                "device-key-open",
                "Others on this machine can read the device key.",
                "Run: chmod 600 keys/device.key in the state folder.",
                where="practice.state",
            )
        secret = file.read(KEY_BYTES + 1)
    if len(secret) != KEY_BYTES:
        raise WrongKey(
            "device-key-damaged",
            "The device key file does not hold a key.",
            "Restore keys/device.key from the backup that holds this state.",
            where="practice.state",
        )
    return DeviceKey(secret)


def _create(path: Path) -> DeviceKey:
    """Two processes may start at once: the link is made by one of them, and both use what it made."""
    make_private_folder(path.parent)
    key = new_device_key()
    handle, name = tempfile.mkstemp(prefix=".key-", dir=path.parent)  # mode 0600
    scratch = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(key.secret)
            file.flush()
            os.fsync(file.fileno())
        try:
            path.hardlink_to(scratch)
        except FileExistsError:
            return _read(path)
    finally:
        scratch.unlink(missing_ok=True)
    sync_folder(path.parent)
    return key
