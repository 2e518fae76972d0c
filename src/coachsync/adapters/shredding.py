"""Files that hold a secret, most of one block: made once, never rewritten, and overwritten in place before they go.

Bytes of a file that was replaced or only unlinked stay on the disk. What an SSD, a snapshot or a file system that
copies on write keeps nevertheless is out of reach of any program.
"""

from __future__ import annotations

import errno
import os
from pathlib import Path

from coachsync.adapters.files import sync_folder

BLOCK = 4096  # bytes of nearly every disk's blocks
_PIECE = 1 << 20  # bytes that are written at once: a file may be larger than the memory


def is_shredded(content: bytes) -> bool:
    """Whether a file was overwritten, and not unlinked before whoever did it was killed."""
    return not any(content)


def shred(path: Path) -> None:
    """Overwrite, sync and unlink a file; nothing where there is none. Killed in between it leaves zeros, and called
    again it finishes. Raises OSError."""
    try:
        with os.fdopen(os.open(path, os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC), "r+b") as file:
            overwrite(file.fileno(), BLOCK)
    except FileNotFoundError:
        return
    except PermissionError:
        if path.lstat().st_size:  # killed before anything was written, another user has left a file of their own
            raise
    except OSError as problem:
        if problem.errno != errno.ELOOP:  # a link is not followed: what it points to is somebody else's
            raise
    path.unlink()
    sync_folder(path.parent)


def overwrite(handle: int, least: int = 0) -> None:
    """Write zeros over all that a file holds, whatever its length, and `least` bytes at any rate; synced to the disk.
    Raises OSError."""
    size, at = max(least, os.fstat(handle).st_size), 0
    zeros = bytes(min(size, _PIECE))
    while at < size:
        at += os.pwrite(handle, zeros[: size - at], at)
    os.fsync(handle)
