"""A disk without room is told in one way, whatever ran into it: nothing is broken, and it passes."""

from __future__ import annotations

import errno
import os
import sqlite3
from pathlib import Path

from coachsync.errors import Temporary
from coachsync.phrases import say

_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})
_LITTLE = 64 << 10  # bytes: with less, SQLite cannot even open the files that it works with


def is_full(problem: BaseException | None, folder: Path | None = None) -> bool:
    """Whether a disk without room made the system or SQLite fail.

    SQLite tells some of its failures as any trouble with the disk; then the room that is left in `folder` tells.
    """
    if isinstance(problem, OSError):
        return problem.errno in _FULL
    if not isinstance(problem, sqlite3.Error):
        return False
    primary = problem.sqlite_errorcode & 0xFF if hasattr(problem, "sqlite_errorcode") else 0
    if primary in (sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN):
        return folder is not None and _room(folder) < _LITTLE
    return primary == sqlite3.SQLITE_FULL


def no_room(where: str = "") -> Temporary:
    """What a person is told."""
    return Temporary(
        "disk-full",
        say("There is no room left on the disk. What is stored is safe."),
        say("Free some room. What coachsync does by itself goes on from there; what you have just given, give again."),
        where=where,
    )


def _room(folder: Path) -> int:
    found = os.statvfs(folder)
    return found.f_bavail * found.f_frsize
