"""Files that are written piece by piece, for those that are too long to be in memory at once."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from coachsync.adapters.backupset import refused

_WHERE = "practice.state"


def write_stream(path: Path, pieces: Iterable[bytes], mode: int) -> None:
    """Make a new file of these pieces, synced to disk. Where a piece raises, or the system refuses one, there is no
    file. Raises CoachsyncError when the system refuses it."""
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
        try:
            with os.fdopen(handle, "wb") as file:
                for piece in pieces:
                    file.write(piece)
                file.flush()
                os.fsync(file.fileno())
        except BaseException:
            path.unlink(missing_ok=True)
            raise
    except OSError as problem:
        raise refused(problem, _WHERE, path.parent) from None
