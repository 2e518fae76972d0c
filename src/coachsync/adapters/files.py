"""Files written so that a reader, or a power cut, sees either the old content or the new, never half of one."""

from __future__ import annotations

import errno
import os
import tempfile
from contextlib import suppress
from pathlib import Path

from coachsync.adapters.room import is_full, no_room
from coachsync.adapters.system import reason
from coachsync.errors import CoachsyncError
from coachsync.phrases import say

_PRIVATE = 0o600
_NO_LINK = frozenset({errno.EPERM, errno.ENOTSUP, errno.ENOSYS, errno.EMLINK})  # link(2), of vfat, exFAT and others


def make_private_folder(folder: Path) -> None:
    """Create the folder, with parents, for its owner alone. One that others can enter is closed to them.

    Raises CoachsyncError when it cannot be made.
    """
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if folder.stat().st_mode & 0o077:
            folder.chmod(0o700)
    except OSError as problem:
        raise _failed("folder-not-writable", problem, folder) from None


def write_atomically(path: Path, content: bytes, mode: int = _PRIVATE, modified: float | None = None) -> None:
    """Replace the file's content, synced to disk; `modified` (seconds since 1970) sets the file's times.

    Raises CoachsyncError when the folder is missing, full or not writable; the old file is then untouched.
    """
    try:
        handle, name = tempfile.mkstemp(prefix=".coachsync-", dir=path.parent)
        scratch = Path(name)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(content)
                file.flush()
                os.fchmod(file.fileno(), mode)
                os.fsync(file.fileno())
            if modified is not None:
                os.utime(scratch, (modified, modified))
            scratch.replace(path)
        except BaseException:
            scratch.unlink(missing_ok=True)
            raise
        sync_folder(path.parent)
    except OSError as problem:
        raise _failed("file-not-written", problem, path.parent) from None


def create_atomically(path: Path, content: bytes, mode: int = _PRIVATE) -> None:
    """Make a new file with this content, synced to disk: it appears whole, but where a file has no second name (vfat).

    Raises CoachsyncError when there is a file already, which stays as it is, or when the folder is missing, full or not
    writable.
    """
    try:
        handle, name = tempfile.mkstemp(prefix=".coachsync-", dir=path.parent)
        scratch = Path(name)
        try:
            _fill(handle, content, mode)
            linked = _is_linked(path, scratch)
        finally:
            scratch.unlink(missing_ok=True)
        sync_folder(path.parent)
    except OSError as problem:
        raise _failed("file-not-written", problem, path.parent) from None
    if not linked:
        create(path, content, mode)


def create(path: Path, content: bytes, mode: int = _PRIVATE) -> None:
    """Make a new file with this content, synced to disk: whole, unless the process is killed meanwhile. Raises as
    `create_atomically` does."""
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, _PRIVATE)
        try:
            _fill(handle, content, mode)
        except BaseException:
            path.unlink(missing_ok=True)
            raise
        sync_folder(path.parent)
    except OSError as problem:
        raise _failed("file-not-written", problem, path.parent) from None


def _is_linked(path: Path, scratch: Path) -> bool:
    """Give the file its name. False where the file system gives none a second one. Raises OSError."""
    try:
        path.hardlink_to(scratch)
    except OSError as problem:
        if problem.errno not in _NO_LINK:
            raise
        return False
    return True


def _fill(handle: int, content: bytes, mode: int) -> None:
    """Write it, sync it and close it. Raises OSError."""
    with os.fdopen(handle, "wb") as file:
        file.write(content)
        file.flush()
        with suppress(PermissionError):  # the file is ours: it is a file system without modes (vfat) that refuses
            os.fchmod(file.fileno(), mode)
        os.fsync(file.fileno())


def read_if_there(path: Path, most: int = -1) -> bytes | None:
    """The file's content, no more than `most` bytes of it where that is given; None when there is no such file. Raises
    CoachsyncError when it cannot be read."""
    try:
        with path.open("rb") as file:
            return file.read(most)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as problem:
        raise _failed("file-not-read", problem, path.parent) from None


def modified_at(path: Path) -> float:
    """When the file's content last changed, as its readers see it, in seconds since 1970: what it serves, no clock.

    Raises CoachsyncError when it cannot be asked.
    """
    try:
        return path.stat().st_mtime
    except OSError as problem:
        raise _failed("file-not-read", problem, path.parent) from None


def sync_folder(folder: Path) -> None:
    """Make a rename in the folder survive a power cut."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _failed(code: str, problem: OSError, folder: Path) -> CoachsyncError:
    if is_full(problem):
        return no_room()
    failure = CoachsyncError(
        code,
        say("The system refused: {reason}.", reason=reason(problem)),
        say("Check that the folder exists, has room and belongs to the user who runs coachsync."),
    )
    failure.aside = say("The folder is {folder}", folder=folder)
    return failure
