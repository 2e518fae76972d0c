"""A folder in memory for what is written in clear for a moment: on a tmpfs, for its owner alone, overwritten and gone
at the end, also when the program is told to end meanwhile. Where the system swaps to a disk, memory may go there.

One that was left by `kill -9` is never on a disk, and the next one that is made removes it (`heldfolders.py`), unless
an editor still holds it.
"""

from __future__ import annotations

import ctypes
import os
import re
import resource
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType

from coachsync.adapters import heldfolders
from coachsync.adapters.heldfolders import HeldFolder
from coachsync.adapters.lowering import is_lowered
from coachsync.adapters.room import is_full
from coachsync.adapters.system import reason
from coachsync.errors import CoachsyncError, Temporary
from coachsync.phrases import say

_TMPFS, _RAMFS = 0x01021994, 0x858458F6  # statfs(2), f_type
_LARGEST = 1024  # bytes: more than any system's struct statfs has
_PREFIX = "coachsync-text-"
_SHARED = Path("/dev/shm")  # noqa: S108 - checked to be memory, and what is made in it is the owner's alone
_MEMORY, _AVAILABLE = Path("/proc/meminfo"), re.compile(rb"^MemAvailable: +(\d+) kB$", re.MULTILINE)
_TEXT = say("Give the text on stdin, or with --file.")
_ENDING = (signal.SIGTERM, signal.SIGHUP)


@contextmanager
def ram_folder(instead: str = _TEXT) -> Iterator[HeldFolder]:
    """An empty folder for as long as the body runs. SIGTERM and SIGHUP raise KeyboardInterrupt in it, and SIGINT does
    nothing: it goes to the editor on the terminal as well, which knows what to do with it.

    Raises CoachsyncError where there is no such memory, Temporary where it has no room; `instead` says what to do then.
    """
    place = _place(instead)
    heldfolders.sweep(place, _PREFIX)
    with _no_core(), _signals(_interrupt):
        try:
            folder = heldfolders.make(place, _PREFIX)
        except OSError as problem:
            raise refused(problem, instead) from None
        try:
            yield folder
        finally:
            with _signals(_nothing):
                heldfolders.erase(folder.path)
                os.close(folder.lock)


def in_memory(folder: Path) -> bool:
    """Whether the file system of a folder keeps its files in memory. What cannot be told is no."""
    libc, found = ctypes.CDLL(None, use_errno=True), ctypes.create_string_buffer(_LARGEST)
    if libc.statfs(os.fsencode(folder), found) != 0:
        return False
    kind = int.from_bytes(found.raw[: ctypes.sizeof(ctypes.c_long)], sys.byteorder)
    return kind in (_TMPFS, _RAMFS)


@contextmanager
def interruptible() -> Iterator[None]:
    """Let Ctrl-C end what waits for nobody but us, by KeyboardInterrupt."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def room(folder: HeldFolder) -> int:
    """How many bytes can be written there without memory going to a disk, as far as the system tells."""
    found = os.statvfs(folder.path)
    free = found.f_bavail * found.f_frsize
    with suppress(OSError):
        told = _AVAILABLE.search(_MEMORY.read_bytes())
        free = min(free, int(told[1]) << 10) if told else free
    return free


def refused(problem: OSError, instead: str = _TEXT) -> CoachsyncError:
    """What a person is told when the system refuses something in the folder."""
    if is_full(problem):
        return full(instead)
    message = say("The folder in memory cannot be used: {cause}.", cause=reason(problem))
    return CoachsyncError("no-memory-folder", message, instead)


def full(instead: str) -> Temporary:
    """What a person is told where memory has no room."""
    return Temporary("memory-full", say("There is no room left in memory for it; nothing was stored."), instead)


def _place(instead: str) -> Path:
    runtime = Path(os.environ.get("XDG_RUNTIME_DIR") or "-")
    for folder in (runtime, _SHARED):
        if is_lowered():  # whoever the administrator works as could read it
            break
        if folder.is_absolute() and os.access(folder, os.W_OK | os.X_OK) and in_memory(folder):
            return folder
    raise CoachsyncError(
        "no-memory-folder",
        say("There is no folder in memory here to work in: what it holds would be written to the disk."),
        instead,
    )


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
