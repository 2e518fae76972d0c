"""Files written so that a reader, or a power cut, sees either the old content or the new, never half of one.

What is made in a folder is as private as that folder (`privacy.py`): for its owner alone, or for the group of a state
folder that a coach and the service share.
"""

from __future__ import annotations

import errno
import os
import tempfile
from contextlib import suppress
from pathlib import Path

from coachsync.adapters.privacy import (
    CLOSED,
    PRIVATE,
    PRIVATE_FOLDER,
    closed,
    file_mode,
    inner_mode,
    is_shared,
)
from coachsync.adapters.room import is_full, no_room
from coachsync.adapters.system import reason
from coachsync.errors import CoachsyncError
from coachsync.phrases import say

_SCRATCH = ".coachsync-"  # what a file is called until it is in place
_NO_LINK = frozenset({errno.EPERM, errno.ENOTSUP, errno.ENOSYS, errno.EMLINK})  # link(2), of vfat, exFAT and others


def make_private_folder(folder: Path) -> None:
    """Create the folder, with parents: as private as the one that it is in, else for its owner alone. One that others
    can enter is closed to them; one that is shared stays so.

    Raises CoachsyncError when it cannot be made.
    """
    try:
        missing = [one for one in (folder, *folder.parents) if not one.is_dir()]
        for one in reversed(missing or [folder]):
            one.mkdir(mode=inner_mode(one) & 0o777, exist_ok=True)  # setgid comes from the folder around
            _set_right(one, inner_mode(one))
    except OSError as problem:
        raise _failed("folder-not-writable", problem, folder) from None


def make_inner_folder(folder: Path) -> None:
    """A folder in one that a person has made, as on a disk for backups: shared where that one is, else for its owner
    alone, where the file system knows owners (vfat does not). Raises OSError."""
    shared = is_shared(folder.parent)
    folder.mkdir(mode=inner_mode(folder) & 0o777 if shared else PRIVATE_FOLDER, exist_ok=True)
    if shared:
        _set_right(folder, inner_mode(folder))  # a service may not set setgid, and has its umask open for the group


def make_state_folder(state: Path) -> None:
    """The same for a state folder, which never takes its privacy from the folder that it is in: it is shared where
    somebody has shared it, and else its owner's alone."""
    try:
        state.mkdir(mode=PRIVATE_FOLDER, parents=True, exist_ok=True)
        _set_right(state, closed(state))
    except OSError as problem:
        raise _failed("folder-not-writable", problem, state) from None


def _set_right(folder: Path, mode: int) -> None:
    """Give a folder its mode. That of another owner is theirs to mend, where it can be used as it is; and a link in a
    shared folder may be of whoever else is there."""
    status = folder.stat()
    if is_shared(folder.parent) and folder.is_symlink():
        return
    if status.st_mode & CLOSED == mode or (status.st_uid != os.geteuid() and os.access(folder, os.W_OK | os.X_OK)):
        return
    folder.chmod(mode)


def write_atomically(path: Path, content: bytes, mode: int | None = None, modified: float | None = None) -> None:
    """Replace the file's content, synced to disk; without a mode it is as private as its folder. `modified` (seconds
    since 1970) sets the file's times.

    Raises CoachsyncError when the folder is missing, full or not writable; the old file is then untouched.
    """
    try:
        handle, scratch = scratch_file(path.parent)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(content)
                file.flush()
                if mode is not None:
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


def create_atomically(path: Path, content: bytes, mode: int | None = None) -> None:
    """Make a new file with this content, synced to disk: it appears whole, but where a file has no second name (vfat).
    Without a mode it is as private as its folder.

    Raises CoachsyncError when there is a file already, which stays as it is, or when the folder is missing, full or not
    writable.
    """
    try:
        handle, scratch = scratch_file(path.parent)
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


def create(path: Path, content: bytes, mode: int | None = None) -> None:
    """Make a new file with this content, synced to disk: whole, unless the process is killed meanwhile. Raises as
    `create_atomically` does."""
    try:
        handle = open_new(path)
        try:
            _fill(handle, content, mode)
        except BaseException:
            path.unlink(missing_ok=True)
            raise
        sync_folder(path.parent)
    except OSError as problem:
        raise _failed("file-not-written", problem, path.parent) from None


def open_or_make(path: Path, flags: int) -> int:
    """An open file, made empty and as private as its folder where there is none: whoever shares the folder never meets
    one that is not theirs yet. What they have put there is followed nowhere else. Raises OSError."""
    if not is_shared(path.parent):
        return os.open(path, flags | os.O_CREAT | os.O_CLOEXEC, PRIVATE)
    while True:
        with suppress(FileNotFoundError):
            return os.open(path, flags | os.O_NOFOLLOW | os.O_CLOEXEC)
        handle, scratch = scratch_file(path.parent)
        os.close(handle)
        try:
            with suppress(FileExistsError):  # another process was quicker
                path.hardlink_to(scratch)
        finally:
            scratch.unlink(missing_ok=True)


def open_new(path: Path) -> int:
    """An open file that is new, empty, and as private as its folder. Raises OSError."""
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, PRIVATE)
    try:
        _allow(handle, file_mode(path.parent))
    except BaseException:
        os.close(handle)
        path.unlink(missing_ok=True)
        raise
    return handle


def scratch_file(folder: Path, prefix: str = _SCRATCH) -> tuple[int, Path]:
    """A new file under a name for the while, as private as its folder from the first byte on: whoever shares that can
    overwrite what a process that was killed has left. Raises OSError."""
    handle, name = tempfile.mkstemp(prefix=prefix, dir=folder)
    try:
        _allow(handle, file_mode(folder))
    except BaseException:
        os.close(handle)
        Path(name).unlink(missing_ok=True)
        raise
    return handle, Path(name)


def _allow(handle: int, mode: int | None) -> None:
    if mode is not None and os.fstat(handle).st_mode & CLOSED != mode:
        with suppress(PermissionError):  # the file is ours: it is a file system without modes (vfat) that refuses
            os.fchmod(handle, mode)


def _is_linked(path: Path, scratch: Path) -> bool:
    """Give the file its name. False where the file system gives none a second one. Raises OSError."""
    try:
        path.hardlink_to(scratch)
    except OSError as problem:
        if problem.errno not in _NO_LINK:
            raise
        return False
    return True


def _fill(handle: int, content: bytes, mode: int | None) -> None:
    """Write it, sync it and close it. Raises OSError."""
    with os.fdopen(handle, "wb") as file:
        file.write(content)
        file.flush()
        _allow(handle, mode)
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
