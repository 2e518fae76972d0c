"""Private folders for what lies in clear for a while. Whoever works in one holds it locked: one that nobody holds was
left by a run cut short, and is overwritten and removed."""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from coachsync.adapters.shredding import shred

_PRIVATE = 0o600


class HeldFolder(NamedTuple):
    """The folder, and the open file that locks it: a process that works in the folder too inherits that."""

    path: Path
    lock: int


def make(place: Path, prefix: str) -> HeldFolder:
    """A new folder there, for its owner alone. Raises OSError."""
    while True:  # whoever sweeps just now may have taken an empty folder for one that was left
        path = Path(tempfile.mkdtemp(prefix=prefix, dir=place))
        with suppress(FileNotFoundError):
            lock = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
            with suppress(OSError):  # some file systems of a network lock no folder: then nobody sweeps there either
                fcntl.flock(lock, fcntl.LOCK_EX)
            if path.exists():
                return HeldFolder(path, lock)
            os.close(lock)


def sweep(place: Path, prefix: str) -> int:
    """Remove the folders that nobody holds any more; how many there were."""
    number = 0
    for folder in place.glob(f"{prefix}*"):
        with suppress(OSError):
            left = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
            try:
                if os.fstat(left).st_uid == os.geteuid():
                    fcntl.flock(left, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    erase(folder)
                    number += 1
            finally:
                os.close(left)
    return number


def fill(path: Path, pieces: Iterable[bytes]) -> None:
    """Make a new file in such a folder, for its owner alone, of pieces that come one after the other, synced to disk;
    where one of them does not come there is none. Raises OSError, and what the pieces raise."""
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, _PRIVATE)
    try:
        with os.fdopen(handle, "wb") as file:
            for piece in pieces:
                file.write(piece)
            file.flush()
            os.fsync(file.fileno())
    except BaseException:
        with suppress(OSError):
            shred(path)
        raise


def erase(folder: Path) -> None:
    """Overwrite and remove every file, those that another program has put there too, and the folder."""
    for root, _, files in os.walk(folder):
        for name in files:
            path = Path(root, name)
            if path.is_file() and not path.is_symlink():
                with suppress(OSError):  # it goes with the folder then
                    path.chmod(_PRIVATE)
                    if path.stat().st_nlink == 1:  # else it has its name elsewhere, and is in use there
                        shred(path)
    shutil.rmtree(folder, ignore_errors=True)
