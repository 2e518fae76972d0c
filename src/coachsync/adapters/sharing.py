"""Letting a group into folders: into the state, for the service and the coaches who work beside it, and into a folder
in which a coach drops files for the service.

Every file is looked at and changed by its open handle: whoever may write there cannot put another in its place
meanwhile. That is for the administrator, who may change everything.
"""

from __future__ import annotations

import errno
import os
import stat
import struct
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from coachsync.adapters.privacy import CLOSED, SHARED, SHARED_FOLDER, group_of
from coachsync.adapters.system import reason
from coachsync.errors import CoachsyncError
from coachsync.phrases import say

_LOOK = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_PASSED_OVER = frozenset({errno.ELOOP, errno.ENXIO, errno.ENOENT})  # a link, a socket, what has gone meanwhile
_DEFAULT_ACL = "system.posix_acl_default"
_VERSION = struct.Struct("<I")  # of the attribute (acl(5), posix_acl_xattr.h), before its entries
_ENTRY = struct.Struct("<HHI")  # tag, rights, whose
_OWNER, _GROUP, _OTHER = 0x01, 0x04, 0x20
_ALL, _NONE, _NOBODY = 7, 0, 0xFFFFFFFF


def share_state(state: Path, owner: int, group: int) -> None:
    """Let a group into a state folder of this owner, which is made where it is missing, and into all that is in it.
    Twice is once. Raises CoachsyncError when the system refuses."""
    try:
        with suppress(FileExistsError):
            state.mkdir(mode=0o700)
        with _opened(state) as top:
            _let_in(top, owner, group)
            for _, folders, files, inside in os.fwalk(".", dir_fd=top, follow_symlinks=False):
                for name in (*folders, *files):
                    _share(name, inside, owner, group)
    except OSError as problem:
        raise _failed(problem, state) from None


def hand_over(state: Path, before: Path) -> None:
    """Have a new state folder, which nobody else reaches yet, belong to whom the one belongs whose place it takes: to
    its owner, where this is the administrator, and to the group that it is shared with. Raises CoachsyncError."""
    try:
        status, group = before.stat(), group_of(before)
        if os.geteuid() == 0 and status.st_uid != 0:
            for root, _, files in os.walk(state):
                for path in (Path(root), *(Path(root, name) for name in files)):
                    os.chown(path, status.st_uid, status.st_gid, follow_symlinks=False)
        if group is not None:
            share_state(state, -1, group)
    except OSError as problem:
        raise _failed(problem, state) from None


def share_folder(folder: Path, group: int, owners: Collection[int]) -> bool:
    """Let a group into a folder of one of these owners, for what will be put there: the group may read, overwrite and
    remove it, whatever the umask of the program that puts it there. False where the file system cannot do that (it has
    no access control lists): then the umask decides.

    Twice is once, and what is in the folder already stays as it is. Raises CoachsyncError when it is missing, of
    somebody else, or the system refuses.
    """
    try:
        with _opened(folder) as handle:
            if os.fstat(handle).st_uid not in owners:
                raise _of_somebody_else(folder)
            _let_in(handle, -1, group)
            return _by_default(handle)
    except OSError as problem:
        raise _failed(problem, folder) from None


def _share(name: str, folder: int, owner: int, group: int) -> None:
    """A file or folder in an open folder. A file with another name is let alone unless it is the service's: it may be a
    secret that somebody has given a name here, to have it opened to the group."""
    try:
        handle = os.open(name, _LOOK, dir_fd=folder)
    except OSError as problem:
        if problem.errno in _PASSED_OVER:
            return
        raise
    try:
        status = os.fstat(handle)
        ours = status.st_nlink == 1 or (owner and status.st_uid == owner)
        if stat.S_ISDIR(status.st_mode) or (stat.S_ISREG(status.st_mode) and ours):
            _let_in(handle, -1, group)
    finally:
        os.close(handle)


def _let_in(handle: int, owner: int, group: int) -> None:
    status = os.fstat(handle)
    mode = SHARED_FOLDER if stat.S_ISDIR(status.st_mode) else SHARED
    if status.st_gid != group or owner not in (-1, status.st_uid):
        os.fchown(handle, owner, group)  # which may take setgid away
    if os.fstat(handle).st_mode & CLOSED != mode:
        os.fchmod(handle, mode)


def _by_default(folder: int) -> bool:
    """Give what is made in the folder the rights of its owner and group that the folder has."""
    entries = ((_OWNER, _ALL), (_GROUP, _ALL), (_OTHER, _NONE))
    wanted = _VERSION.pack(2) + b"".join(_ENTRY.pack(tag, rights, _NOBODY) for tag, rights in entries)
    try:
        os.setxattr(folder, _DEFAULT_ACL, wanted)
    except OSError as problem:
        if problem.errno in (errno.ENOTSUP, errno.ENOSYS):
            return False
        raise
    return True


@contextmanager
def _opened(folder: Path) -> Iterator[int]:
    handle = os.open(folder, _LOOK | os.O_DIRECTORY)
    try:
        yield handle
    finally:
        os.close(handle)


def _of_somebody_else(folder: Path) -> CoachsyncError:
    failure = CoachsyncError(
        "folder-of-another",
        say("A folder that is to be shared with the service belongs to none of the coaches."),
        say("Give it to the coach who puts files there (chown)."),
    )
    failure.aside = say("The folder is {folder}", folder=folder)
    return failure


def _failed(problem: OSError, folder: Path) -> CoachsyncError:
    failure = CoachsyncError(
        "folder-not-shared",
        say("A folder could not be shared with the service: {reason}.", reason=reason(problem)),
        say("Make the folder where it is missing, and run this again."),
    )
    failure.aside = say("The folder is {folder}", folder=folder)
    return failure
