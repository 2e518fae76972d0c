"""A folder in memory for what is written in clear for a moment: on a tmpfs, for its owner alone, overwritten and gone
at the end, also when the program is told to end meanwhile. Where the system swaps to a disk, memory may go there.

One that was left by `kill -9` is never on a disk, and the next one that is made removes it: each is locked by whoever
works in it, editors included.
"""

from __future__ import annotations

import ctypes
import fcntl
import os
import resource
import shutil
import signal
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType
from typing import NamedTuple

from coachsync.adapters.shredding import shred
from coachsync.errors import CoachsyncError
from coachsync.phrases import say

_TMPFS, _RAMFS = 0x01021994, 0x858458F6  # statfs(2), f_type
_LARGEST = 1024  # bytes: more than any system's struct statfs has
_PREFIX = "coachsync-text-"
_SHARED = Path("/dev/shm")  # noqa: S108 - checked to be memory, and what is made in it is the owner's alone
_ENDING = (signal.SIGTERM, signal.SIGHUP)


class RamFolder(NamedTuple):
    """The folder, and the open file that locks it: whoever works in the folder inherits that."""

    path: Path
    lock: int


@contextmanager
def ram_folder() -> Iterator[RamFolder]:
    """An empty folder for as long as the body runs. SIGTERM and SIGHUP raise KeyboardInterrupt in it, and SIGINT does
    nothing: it goes to the editor on the terminal as well, which knows what to do with it.

    Raises CoachsyncError where there is no such memory.
    """
    place = _place()
    _sweep(place)
    with _no_core(), _signals(_interrupt):
        folder = _made(place)
        try:
            yield folder
        finally:
            with _signals(_nothing):
                _erase(folder.path)
                os.close(folder.lock)


def in_memory(folder: Path) -> bool:
    """Whether the file system of a folder keeps its files in memory. What cannot be told is no."""
    libc, found = ctypes.CDLL(None, use_errno=True), ctypes.create_string_buffer(_LARGEST)
    if libc.statfs(os.fsencode(folder), found) != 0:
        return False
    kind = int.from_bytes(found.raw[: ctypes.sizeof(ctypes.c_long)], sys.byteorder)
    return kind in (_TMPFS, _RAMFS)


def _place() -> Path:
    runtime = Path(os.environ.get("XDG_RUNTIME_DIR") or "-")
    for folder in (runtime, _SHARED):
        if folder.is_absolute() and os.access(folder, os.W_OK | os.X_OK) and in_memory(folder):
            return folder
    raise CoachsyncError(
        "no-memory-folder",
        say("There is no folder in memory here for an editor to work in: the text would be written to the disk."),
        say("Give the text on stdin, or with --file."),
    )


def _made(place: Path) -> RamFolder:
    while True:  # whoever sweeps just now may have taken an empty folder for one that was left
        path = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=place))
        with suppress(FileNotFoundError):
            lock = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
            fcntl.flock(lock, fcntl.LOCK_EX)
            if path.exists():
                return RamFolder(path, lock)
            os.close(lock)


def _sweep(place: Path) -> None:
    """Remove what others have left there who are gone, and their editors too."""
    for folder in place.glob(f"{_PREFIX}*"):
        with suppress(OSError):
            left = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
            try:
                if os.fstat(left).st_uid == os.geteuid():
                    fcntl.flock(left, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    _erase(folder)
            finally:
                os.close(left)


def _erase(folder: Path) -> None:
    """Overwrite and remove every file, those that an editor has put beside the text too."""
    for root, _, files in os.walk(folder):
        for name in files:
            path = Path(root, name)
            if path.is_file() and not path.is_symlink():
                with suppress(OSError):  # it goes with the folder then
                    shred(path)
    shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _no_core() -> Iterator[None]:
    """No crash, of us or of the editor, writes what is in memory to a disk."""
    before = resource.getrlimit(resource.RLIMIT_CORE)
    resource.setrlimit(resource.RLIMIT_CORE, (0, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_CORE, before)


@contextmanager
def _signals(end: Callable[[int, FrameType | None], None]) -> Iterator[None]:
    handlers = {signal.SIGINT: _nothing} | dict.fromkeys(_ENDING, end)
    before = {number: signal.signal(number, handler) for number, handler in handlers.items()}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _nothing(_number: int, _frame: FrameType | None) -> None:
    """A handler, not SIG_IGN: a program that is started meanwhile would inherit that."""
