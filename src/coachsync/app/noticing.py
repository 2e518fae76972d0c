"""Making it known that something was queued: in the status, and to a daemon that works beside."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from coachsync.adapters.files import make_private_folder, write_atomically
from coachsync.app.recording import record_changes
from coachsync.app.wiring import Wiring
from coachsync.errors import CoachsyncError

# In a folder of its own: whoever watches it is not woken by every write of the database.
_FOLDER, _FILE = "wake", "queued"


def bell(state: Path) -> Path:
    """The file that changes whenever something was queued; its folder is made where it can be."""
    with suppress(CoachsyncError):
        make_private_folder(state / _FOLDER)
    return state / _FOLDER / _FILE


def make_known(wiring: Wiring) -> None:
    """Something was queued, or taken back. Where that cannot be written, the next sync finds it all the same."""
    record_changes(wiring)
    with suppress(CoachsyncError):
        write_atomically(bell(wiring.config.practice.state), f"{wiring.now.isoformat()}\n".encode())
