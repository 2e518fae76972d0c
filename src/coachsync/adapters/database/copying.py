"""A consistent copy of a database file, page by page, also while others write: what did not change stays in place."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path

from coachsync.adapters.database.engine import unusable
from coachsync.errors import Altered
from coachsync.phrases import say

_PAGES = 1024  # at a time


def copy_database(source: Path, copy: Path) -> None:
    """Copy a database as it is now into a new file, for its owner alone. Raises CoachsyncError when SQLite fails, and
    Altered when the file is damaged: that is nothing to keep."""
    try:
        os.close(os.open(copy, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o600))
        with closing(_opened(f"{source.as_uri()}?mode=ro")) as read, closing(_opened(copy.as_uri())) as written:
            written.execute("PRAGMA synchronous=OFF")  # it is read at once, and gone then
            read.backup(written, pages=_PAGES)
            (found,) = written.execute("PRAGMA quick_check(1)").fetchone()
    except (sqlite3.Error, OSError) as problem:
        raise unusable(problem, copy.parent) from None
    if found != "ok":
        raise Altered(
            "state-unusable",
            say("The database in the state folder is damaged: it is not kept as a backup."),
            say("The backups from before stay. Restore one of them: coachsync backup restore"),
            where="practice.state",
        )


def _opened(uri: str) -> sqlite3.Connection:
    return sqlite3.connect(uri, uri=True, isolation_level=None)
