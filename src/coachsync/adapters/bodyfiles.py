"""The sealed contents of attachments: `vault/files/RECORD.VERSION` in the state folder, a file each, streamed.

A file is written under a scratch name, synced, and read back from the disk; it gets its name once the record is stored.
"""

from __future__ import annotations

import hashlib
import os
import re
import stat
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

from coachsync.adapters.files import make_private_folder, open_new, sync_folder
from coachsync.adapters.room import is_full, no_room
from coachsync.adapters.shredding import shred
from coachsync.adapters.system import reason
from coachsync.errors import Altered, CoachsyncError
from coachsync.phrases import say
from coachsync.vault.contents import PIECE
from coachsync.vault.shelves import SealedFile

Place = tuple[bytes, int]  # a record, and which version of it

_WHERE = "practice.state"
_NAME = re.compile(r"([0-9a-f]{32})\.([1-9]\d{0,9})")
_VERSIONS = 1 << 32
_SCRATCH = ".coachsync-"  # what a file is called until its record is stored


class BodyFiles:
    """The folder of them. Raises CoachsyncError wherever the system refuses something."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def make(self) -> None:
        """The folder, as private as the one of the vault."""
        make_private_folder(self._folder)

    def finished(self) -> set[Place]:
        """The files that have their names."""
        return {place for place in map(_place, self._names()) if place}

    def unfinished(self) -> set[Place]:
        """What has none yet: of a run that was cut short, or is at work now."""
        scratches = (name.removeprefix(_SCRATCH) for name in self._names() if name.startswith(_SCRATCH))
        return {place for place in map(_place, scratches) if place}

    def others(self) -> int:
        """How much there is that is neither."""
        return sum(_place(name.removeprefix(_SCRATCH)) is None for name in self._names())

    def write(self, place: Place, pieces: Iterable[bytes]) -> SealedFile:
        """Write a file under its scratch name, synced to the disk, and read it back: raises CoachsyncError when the
        disk gives other bytes than it was given."""
        self.make()
        self.drop(place)
        try:
            with os.fdopen(open_new(self._scratch(place)), "wb", buffering=0) as file:
                digest, size = hashlib.sha256(), 0
                for piece in pieces:
                    _write(file.fileno(), piece)
                    digest.update(piece)
                    size += len(piece)
                os.fsync(file.fileno())
            sync_folder(self._folder)
        except OSError as problem:
            raise vault_refused("file-not-written", problem) from None
        written = SealedFile(digest.digest(), size)
        if _told(self.pieces(place)) != written:
            raise _unlike()
        return written

    def keep(self, place: Place) -> None:
        """Give a file its name: its record is stored."""
        try:
            self._scratch(place).replace(self._file(place))
            sync_folder(self._folder)
        except OSError as problem:
            raise vault_refused("file-not-written", problem) from None

    def pieces(self, place: Place) -> Iterator[bytes]:
        """What is in a file, in its name or not yet, a piece at a time, as the disk has it; nothing where there is
        none. Raises Altered where the disk does not give it: that is about this file alone."""
        try:
            handle = self._open(place)
            if handle is None:
                return
            with os.fdopen(handle, "rb", buffering=0) as file:
                with suppress(OSError):  # some file systems cannot be told: then memory may answer for the disk
                    os.posix_fadvise(handle, 0, 0, os.POSIX_FADV_DONTNEED)
                while piece := file.read(PIECE):
                    yield piece
        except OSError as problem:
            raise _unreadable(problem) from None

    def told(self, place: Place) -> SealedFile | None:
        """What is in a file, read to its end; None where there is none. Raises as `pieces` does."""
        return _told(self.pieces(place)) if self.size(place) is not None else None

    def size(self, place: Place) -> int | None:
        """How many bytes a file has, in its name or not yet; None where there is none, or something else."""
        for path in (self._file(place), self._scratch(place)):
            with suppress(FileNotFoundError, NotADirectoryError):
                found = path.lstat()
                return found.st_size if stat.S_ISREG(found.st_mode) else None
        return None

    def shred(self, place: Place) -> None:
        """Overwrite a file in place and unlink it, whichever of its names it has."""
        self._shred(self._file(place))
        self.drop(place)

    def drop(self, place: Place) -> None:
        """The same of one that has no name yet."""
        self._shred(self._scratch(place))

    def _open(self, place: Place) -> int | None:
        for path in (self._file(place), self._scratch(place)):
            with suppress(FileNotFoundError, NotADirectoryError):
                return os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        return None

    def _file(self, place: Place) -> Path:
        return self._folder / f"{place[0].hex()}.{place[1]}"

    def _scratch(self, place: Place) -> Path:
        return self._folder / f"{_SCRATCH}{self._file(place).name}"

    def _names(self) -> list[str]:
        try:
            return [path.name for path in self._folder.iterdir()]
        except (FileNotFoundError, NotADirectoryError):
            return []
        except OSError as problem:
            raise vault_refused("file-not-read", problem) from None

    def _shred(self, path: Path) -> None:
        try:
            shred(path)
        except OSError as problem:
            raise vault_refused("file-not-destroyed", problem) from None


def _place(name: str) -> Place | None:
    found = _NAME.fullmatch(name)
    place = (bytes.fromhex(found[1]), int(found[2])) if found else None
    return place if place and place[1] < _VERSIONS else None


def _write(handle: int, piece: bytes) -> None:
    view = memoryview(piece)
    while view:
        view = view[os.write(handle, view) :]


def _told(pieces: Iterable[bytes]) -> SealedFile:
    digest, size = hashlib.sha256(), 0
    for piece in pieces:
        digest.update(piece)
        size += len(piece)
    return SealedFile(digest.digest(), size)


def _unlike() -> CoachsyncError:
    return CoachsyncError(
        "file-not-kept",
        say("The disk does not give back what was written to it. Nothing was stored."),
        say("The disk may be failing: make a backup, and have it looked at."),
        where=_WHERE,
    )


def _unreadable(problem: OSError) -> Altered:
    return Altered(
        "file-not-read",
        say("The content of a file that was attached cannot be read: {cause}.", cause=reason(problem)),
        say("Look whether the disk is failing; then restore the folder vault/files of the state folder from a backup."),
    )


def vault_refused(code: str, problem: OSError) -> CoachsyncError:
    """What to tell where the system refuses a file of the vault."""
    if is_full(problem):
        return no_room(_WHERE)
    return CoachsyncError(
        code,
        say("The system refuses a file of the vault: {cause}.", cause=reason(problem)),
        say("Check that the folder vault/ in the state folder belongs to the user who runs coachsync."),
        where=_WHERE,
    )
