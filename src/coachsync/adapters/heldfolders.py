"""Private folders for what lies in clear for a while. Whoever works in one holds it locked: one that nobody holds was
left by a run cut short, and is overwritten and removed."""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from coachsync.adapters.shredding import shred

_WRITABLE = 0o600


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


def erase(folder: Path) -> None:
    """Overwrite and remove every file, those that another program has put there too, and the folder."""
    for root, _, files in os.walk(folder):
        for name in files:
            path = Path(root, name)
            if path.is_file() and not path.is_symlink():
                with suppress(OSError):  # it goes with the folder then
                    path.chmod(_WRITABLE)
                    if path.stat().st_nlink == 1:  # else it has its name elsewhere, and is in use there
                        shred(path)
    shutil.rmtree(folder, ignore_errors=True)
