"""The folder that backups are kept in; BACKUP.md says what is in it. Whatever is written is on the disk before anything
that needs it is."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from coachsync.adapters.files import (
    create_atomically,
    make_inner_folder,
    read_if_there,
    sync_folder,
    write_atomically,
)
from coachsync.adapters.ledger import Ledger
from coachsync.adapters.room import is_full, no_room
from coachsync.adapters.shredding import is_shredded, shred
from coachsync.adapters.system import reason
from coachsync.errors import CoachsyncError
from coachsync.phrases import say
from coachsync.vault.statements import LONGEST

_SLOT = re.compile(r"([0-9a-f]{32})\.(passphrase|recovery)\.json")
_OBJECT = re.compile(r"[0-9a-f]{64}")
_SNAPSHOT = re.compile(r"([1-9]\d{0,8})\.json")
_SCRATCH, _OLD = ".coachsync-", ".old-"
TRUST, IDENTITY = "trust.toml", "set.json"


class BackupSet:
    """The backups of one practice. Raises CoachsyncError wherever the system refuses something."""

    def __init__(self, folder: Path, where: str = "backup.folder") -> None:
        self.folder = folder
        self.ledger = Ledger(folder)
        self._where = where
        self._objects, self._snapshots, self._slots = (folder / name for name in ("objects", "snapshots", "slots"))
        self._unsynced: set[Path] = set()

    def make(self) -> None:
        """The folders, as private as the one around them; and no scraps of a run cut short."""
        with self._told():
            for folder in (self._objects, self._snapshots, self._slots):
                make_inner_folder(folder)
            for folder in (self.folder, self._snapshots, self._slots, *_listed(self._objects)):
                sweep(folder)
            sync_folder(self.folder)

    # --- what stands in clear -----------------------------------------------------------------------------------------

    def clear(self, name: str) -> bytes | None:
        """A small file of the folder itself; None where there is none."""
        return read_if_there(self.folder / name, LONGEST)

    def put_clear(self, name: str, content: bytes) -> None:
        """Write it, unless it says that already."""
        with self._told():
            if self.clear(name) != content:
                write_atomically(self.folder / name, content)

    def slots(self) -> dict[tuple[bytes, str], bytes]:
        """The keyslots, by person and kind."""
        found = {_SLOT.fullmatch(path.name): path for path in self._listed(self._slots)}
        read = {(bytes.fromhex(one[1]), one[2]): read_if_there(path) for one, path in found.items() if one}
        return {key: content for key, content in read.items() if content and not is_shredded(content)}

    def put_slots(self, slots: dict[tuple[bytes, str], bytes]) -> None:
        """Have these keyslots and no others; the bytes of those before are overwritten."""
        with self._told():
            before = self.slots()
            for (person, kind), content in slots.items():
                if before.get((person, kind)) != content:
                    replace(self._slots / f"{person.hex()}.{kind}.json", content)
            for person, kind in before.keys() - slots.keys():
                shred(self._slots / f"{person.hex()}.{kind}.json")

    # --- objects ------------------------------------------------------------------------------------------------------

    def object(self, name: bytes) -> bytes | None:
        """The bytes of an object; None where there is none."""
        with self._told():
            return read_if_there(self._object(name), LONGEST)

    def put_object(self, name: bytes, content: bytes) -> None:
        """Write an object, in the place of one that is damaged. Its name is on the disk after `sync`."""
        path = self._object(name)
        with self._told():
            make_inner_folder(path.parent)
            write_atomically(path, content)
            self._unsynced |= {path.parent, self._objects}

    def reread(self, name: bytes) -> bytes | None:
        """The bytes of an object as the disk has them, and not what the system still holds in memory."""
        with self._told(), suppress(FileNotFoundError), self._object(name).open("rb") as file:
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
            return file.read(LONGEST)
        return None

    def sync(self) -> None:
        """Have the names of all objects on the disk."""
        with self._told():
            for folder in sorted(self._unsynced):
                sync_folder(folder)
            self._unsynced.clear()

    def objects(self) -> Iterator[bytes]:
        """The names of all objects."""
        for folder in sorted(self._listed(self._objects)):
            yield from sorted(bytes.fromhex(one.name) for one in self._listed(folder) if _OBJECT.fullmatch(one.name))

    def drop_object(self, name: bytes) -> None:
        """Unlink an object, which nothing needs any more."""
        with self._told():
            self._object(name).unlink(missing_ok=True)

    def _object(self, name: bytes) -> Path:
        return self._objects / name.hex()[:2] / name.hex()

    # --- snapshots ----------------------------------------------------------------------------------------------------

    def snapshots(self) -> list[int]:
        """The numbers of the snapshots, sorted."""
        found = (_SNAPSHOT.fullmatch(path.name) for path in self._listed(self._snapshots))
        return sorted(int(one[1]) for one in found if one)

    def snapshot(self, number: int) -> bytes | None:
        """The file of a snapshot; None where there is none."""
        return read_if_there(self._snapshots / f"{number}.json", LONGEST)

    def put_snapshot(self, number: int, content: bytes) -> None:
        """Make a snapshot: with it, and not before, there is a backup."""
        with self._told():
            create_atomically(self._snapshots / f"{number}.json", content)

    def drop_snapshot(self, number: int) -> None:
        """Take a snapshot away, before any of its objects go."""
        with self._told():
            (self._snapshots / f"{number}.json").unlink(missing_ok=True)
            sync_folder(self._snapshots)

    def _listed(self, folder: Path) -> list[Path]:
        with self._told():
            return _listed(folder)

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except CoachsyncError as problem:
            problem.where = problem.where or self._where
            raise
        except OSError as problem:
            raise refused(problem, self._where, self.folder) from None


def replace(path: Path, content: bytes) -> None:
    """Put a file in the place of the one before, whose bytes are overwritten once the new one is on the disk. Raises
    OSError, and CoachsyncError as `write_atomically` does."""
    before = path.with_name(f"{_OLD}{path.name}")
    sweep(path.parent)
    if path.exists():
        try:
            os.link(path, before)
        except OSError:  # where a file has no second name (vfat): there is none for a moment, and the next run makes it
            shred(path)
    write_atomically(path, content)
    shred(before)


def sweep(folder: Path) -> None:
    """End what `replace` was cut short in, in this folder. Raises OSError."""
    for path in _listed(folder):
        if path.name.startswith((_OLD, _SCRATCH)):
            if path.stat().st_nlink > 1:  # it has another name still, and only this one goes
                path.unlink()
            else:
                shred(path)


def refused(problem: OSError, where: str, folder: Path) -> CoachsyncError:
    """What a person is told when the system refuses something in such a folder."""
    if is_full(problem):
        return no_room(where)
    failure = CoachsyncError(
        "backup-folder-refused",
        say("The system refuses the folder: {cause}.", cause=reason(problem)),
        say("Check that its disk is there and has room, and that the user who runs coachsync may write in it."),
        where=where,
    )
    failure.aside = say("The folder is {folder}", folder=folder)
    return failure


def is_there(folder: Path) -> bool:
    """Whether there is such a folder; one whose disk does not answer is none."""
    try:
        return folder.is_dir()
    except OSError:
        return False


def _listed(folder: Path) -> list[Path]:
    """Raises OSError."""
    try:
        return list(folder.iterdir())
    except (FileNotFoundError, NotADirectoryError):
        return []
