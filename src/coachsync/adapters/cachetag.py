"""Folders that other programs are asked to leave out of what they keep: a copy of a key outlives its erasure."""

from __future__ import annotations

from pathlib import Path

from coachsync.adapters.files import write_atomically

NAME = "CACHEDIR.TAG"  # https://bford.info/cachedir/
_SAYS = b"Signature: 8a477f597d28d172789f06886806bc55\n# Keys: only the newest may be kept. coachsync keeps them.\n"


def leave_out(folder: Path) -> None:
    """Tag a folder, unless it is. Raises CoachsyncError when the system refuses it."""
    if not (folder / NAME).exists():
        write_atomically(folder / NAME, _SAYS)
