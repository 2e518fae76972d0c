"""The inbox folder: what lies there, and how a file goes that is sealed. Nothing is reached by a name that could have
come to mean something else: every folder is entered by handle, no link is followed, and what is opened is looked at.
"""

from __future__ import annotations

import errno
import fcntl
import grp
import os
import pwd
import signal
import stat
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO, NamedTuple

from coachsync.adapters.room import is_full
from coachsync.adapters.shredding import overwrite
from coachsync.adapters.system import reason
from coachsync.errors import CoachsyncError
from coachsync.inbox.settling import Form, Open, Stamp
from coachsync.phrases import say

DEEPEST = 8  # folders below one another that are looked into
MOST = 20_000  # entries of one look
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_FILE = os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_NO_LEASE = frozenset({errno.EACCES, errno.EPERM, errno.EINVAL, errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP})
_FORMS = {stat.S_IFREG: Form.FILE, stat.S_IFDIR: Form.FOLDER, stat.S_IFLNK: Form.LINK}


class Found(NamedTuple):
    """Something in the inbox. `ours`: of the user who works, of the inbox's own, or of one whom its
    group lets in. `entries`: how many a folder has,
    None where it was not looked into."""

    folders: tuple[bytes, ...]
    name: bytes
    form: Form
    stamp: Stamp
    links: int
    ours: bool
    entries: int | None = None

    @property
    def path(self) -> bytes:
        """Its place below the inbox."""
        return b"/".join((*self.folders, self.name))


class Listing(NamedTuple):
    """What one look has found; not `whole` where there was more than one look takes."""

    found: tuple[Found, ...]
    whole: bool


class Inbox:
    """An open inbox folder. Raises CoachsyncError where the folder itself cannot be used."""

    def __init__(self, folder: Path) -> None:
        try:
            self._handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        except OSError as problem:
            raise unusable(problem) from None
        status = os.fstat(self._handle)
        if not status.st_nlink:  # deleted, and still mounted here: nobody else can reach it any more
            self.close()
            raise _removed()
        self._owners = {os.geteuid(), status.st_uid, *_members(status)}

    @property
    def mode(self) -> int:
        """Who may do what with the folder."""
        return stat.S_IMODE(os.fstat(self._handle).st_mode)

    @property
    def is_writable(self) -> bool:
        """Whether what lies in the folder can be removed."""
        return _is_allowed(self._handle, os.W_OK | os.X_OK)

    def close(self) -> None:
        """Let go of the folder."""
        os.close(self._handle)

    def look(self, most: int = MOST) -> Listing:
        """Everything that lies there, a folder before what is in it. Hidden folders are not looked into."""
        found: list[Found] = []
        try:
            whole = self._walk(self._handle, (), found, most)
        except OSError as problem:
            raise unusable(problem) from None
        return Listing(tuple(found), whole)

    def opened(self, found: Found, *, stays: bool = False) -> BinaryIO | None:
        """The file to read; whoever asks for it closes it. None when it is not as it was found any more. Raises OSError
        when it may not be read, or could not be overwritten and removed, unless it `stays`."""
        try:
            with self._folder(found.folders) as folder:
                handle = os.open(found.name, os.O_RDONLY | _FILE, dir_fd=folder)
                removable = stays or _is_allowed(folder, os.W_OK | os.X_OK)
        except (FileNotFoundError, NotADirectoryError):
            return None
        if _stamp(os.fstat(handle)) != found.stamp:
            os.close(handle)
            return None
        if not stays and not (removable and _is_changeable(handle)):
            os.close(handle)
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
        return os.fdopen(handle, "rb")

    def set_aside(self, found: Found, name: bytes) -> bool:
        """Give a file that is as it was found another name in its folder, synced to the disk; whether it has that now.
        What somebody has put in its place in that moment gets its name back. Raises OSError."""
        with self._folder(found.folders) as folder:
            if _stamp_at(found.name, folder) != found.stamp:
                return False
            os.rename(found.name, name, src_dir_fd=folder, dst_dir_fd=folder)
            os.fsync(folder)
            now = _stamp_at(name, folder)
            if now is not None and now[:4] == found.stamp[:4]:  # a new name counts as a change, by when it was
                return True
            _back(folder, name, found.name)
            return False

    def put_back(self, aside: Found, name: bytes) -> None:
        """Give a file that was set aside a name again, unless something has that by now. Raises OSError."""
        with self._folder(aside.folders) as folder:
            _back(folder, aside.name, name)

    def at(self, folders: tuple[bytes, ...], name: bytes) -> Found | None:
        """What lies under a name in a folder; None where nothing does."""
        with suppress(OSError), self._folder(folders) as folder:
            status = os.stat(name, dir_fd=folder, follow_symlinks=False)
            return self._found(folders, name, status)
        return None

    def destroy(self, found: Found) -> None:
        """Overwrite, sync and unlink a file. One that has another name is only unlinked: that is somebody else's. A
        disk without room takes no zeros where it copies on write, and the file goes all the same. Raises OSError."""
        with self._folder(found.folders) as folder:
            try:
                handle = os.open(found.name, os.O_RDONLY | _FILE, dir_fd=folder)
            except FileNotFoundError:
                return
            try:
                status = os.fstat(handle)
                if stat.S_ISREG(status.st_mode) and status.st_nlink == 1:
                    self._overwrite(found.name, folder, handle, status.st_mode)
            finally:
                os.close(handle)
            os.unlink(found.name, dir_fd=folder)
            os.fsync(folder)

    def remove_folder(self, found: Found) -> bool:
        """Remove a folder with nothing in it; whether it is gone."""
        with suppress(OSError), self._folder(found.folders) as folder:
            os.rmdir(found.name, dir_fd=folder)
            os.fsync(folder)
            return True
        return False

    def _overwrite(self, name: bytes, folder: int, handle: int, mode: int) -> None:
        if not mode & stat.S_IWUSR:
            os.fchmod(handle, mode | stat.S_IWUSR)
        writing = os.open(name, os.O_WRONLY | _FILE, dir_fd=folder)
        try:
            if os.path.samestat(os.fstat(writing), os.fstat(handle)):
                overwrite(writing)
        except OSError as problem:
            if not is_full(problem):
                raise
        finally:
            os.close(writing)

    @contextmanager
    def _folder(self, folders: Sequence[bytes]) -> Iterator[int]:
        handle = os.dup(self._handle)
        try:
            for name in folders:
                inner = os.open(name, _FOLDER, dir_fd=handle)
                os.close(handle)
                handle = inner
            yield handle
        finally:
            os.close(handle)

    def _walk(self, handle: int, folders: tuple[bytes, ...], found: list[Found], most: int) -> bool:
        for name in _names(handle):
            if len(found) >= most:
                return False
            try:
                one = self._found(folders, name, os.stat(name, dir_fd=handle, follow_symlinks=False))
            except FileNotFoundError:
                continue
            found.append(one)
            enters = one.form is Form.FOLDER and not name.startswith(b".") and len(folders) < DEEPEST
            if enters and not self._enter(handle, one, found, most):
                return False
        return True

    def _enter(self, handle: int, folder: Found, found: list[Found], most: int) -> bool:
        try:
            inner = os.open(folder.name, _FOLDER, dir_fd=handle)
        except OSError:  # not ours to read, or gone, or a link by now
            return True
        at = len(found) - 1
        try:
            found[at] = folder._replace(entries=len(_names(inner)))
            return self._walk(inner, (*folder.folders, folder.name), found, most)
        except OSError:  # one whose entries may be listed and not looked at, or a disk that fails: it stops no other
            found[at:] = [folder]
            return True
        finally:
            os.close(inner)

    def _found(self, folders: tuple[bytes, ...], name: bytes, status: os.stat_result) -> Found:
        form = _FORMS.get(stat.S_IFMT(status.st_mode), Form.SPECIAL)
        return Found(folders, name, form, _stamp(status), status.st_nlink, status.st_uid in self._owners)


def opened_by(file: BinaryIO) -> Open:
    """Whether anybody has this file open to write: the system grants a lease on it only when nobody has. Whoever opens
    it in that moment makes the system send a signal, which is one that does nothing."""
    handle = file.fileno()
    try:
        fcntl.fcntl(handle, fcntl.F_SETSIG, signal.SIGURG)
        fcntl.fcntl(handle, fcntl.F_SETLEASE, fcntl.F_RDLCK)
        fcntl.fcntl(handle, fcntl.F_SETLEASE, fcntl.F_UNLCK)
    except OSError as problem:
        return Open.UNSEEN if problem.errno in _NO_LEASE else Open.SOMEBODY
    return Open.NOBODY


def unusable(problem: OSError) -> CoachsyncError:
    """What a person is told of an inbox that cannot be used."""
    if isinstance(problem, FileNotFoundError | NotADirectoryError):
        return CoachsyncError(
            "inbox-missing",
            say("The folder of the inbox does not exist."),
            say("Make the folder, or change folder in [inbox]."),
            where="inbox.folder",
        )
    return CoachsyncError(
        "inbox-unreadable",
        say("The folder of the inbox cannot be read: {reason}.", reason=reason(problem)),
        say("Let the user who runs coachsync read and write in it."),
        where="inbox.folder",
    )


def _members(folder: os.stat_result) -> Iterator[int]:
    """The users whom a folder's group lets put files there: two coaches who share an inbox."""
    if folder.st_mode & stat.S_IWGRP and folder.st_mode & stat.S_ISGID:
        with suppress(KeyError):
            for name in grp.getgrgid(folder.st_gid).gr_mem:
                with suppress(KeyError):
                    yield pwd.getpwnam(name).pw_uid


def _removed() -> CoachsyncError:
    return CoachsyncError(
        "inbox-removed",
        say("The folder of the inbox was removed, and is another one now: what is dropped there is not seen."),
        say("Restart the service: systemctl restart coachsync"),
        where="inbox.folder",
    )


def _names(handle: int) -> list[bytes]:
    with os.scandir(handle) as listing:
        return sorted(os.fsencode(entry.name) for entry in listing)


def _stamp(status: os.stat_result) -> Stamp:
    """Its times tell one state of a file from another: nobody reads them as times."""
    return Stamp(status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns)


def _stamp_at(name: bytes, folder: int) -> Stamp | None:
    try:
        return _stamp(os.stat(name, dir_fd=folder, follow_symlinks=False))
    except FileNotFoundError:
        return None


def _is_changeable(handle: int) -> bool:
    """Whether the file can be overwritten once it is sealed; the owner can always make it so."""
    return os.fstat(handle).st_uid == os.geteuid() or _is_allowed(handle, os.W_OK)


def _is_allowed(handle: int, mode: int) -> bool:
    return os.access(f"/proc/self/fd/{handle}", mode, effective_ids=os.access in os.supports_effective_ids)


def _back(folder: int, name: bytes, to: bytes) -> None:
    try:
        os.link(name, to, src_dir_fd=folder, dst_dir_fd=folder, follow_symlinks=False)
    except FileExistsError:
        return
    except OSError:  # a file system without links
        if _stamp_at(to, folder) is None:
            os.rename(name, to, src_dir_fd=folder, dst_dir_fd=folder)
        return
    os.unlink(name, dir_fd=folder)
