"""The ledger of erasures: what must never come back, one line each, beside all that an older copy could be put in the
place of."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from coachsync.adapters.files import read_if_there, sync_folder
from coachsync.adapters.room import is_full, no_room
from coachsync.adapters.system import reason
from coachsync.errors import CoachsyncError
from coachsync.phrases import say

NAME = "erasures.ledger"
_LONGEST = 3 << 20  # bytes of a line: an entry of the log in hex, and more
_PRIVATE = 0o600


_OF_DEVICE = b'{"client":'  # how a line begins that is not of the vault


def is_of_device(line: bytes) -> bool:
    """Whether a line is about what the device knows of a client, and not about records."""
    return line.startswith(_OF_DEVICE)


class Ledger:
    """That of one state folder. Raises CoachsyncError wherever the system refuses something."""

    def __init__(self, state: Path) -> None:
        self.file = state / NAME

    def lines(self) -> Iterator[bytes]:
        """The lines, also the last one where a power cut has left half of it."""
        for line in (read_if_there(self.file) or b"").split(b"\n"):
            if held := line.strip(b"\0"):  # blocks that were never written before the power went
                yield held[:_LONGEST]

    def bury(self, line: bytes) -> None:
        """Add a line, and sync it to the disk; one that is there is not added again, and half of one is completed."""
        try:
            handle = os.open(self.file, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, _PRIVATE)
            with os.fdopen(handle, "ab") as file:
                file.write(_missing(line, read_if_there(self.file) or b""))
                file.flush()
                os.fsync(file.fileno())
            sync_folder(self.file.parent)
        except OSError as problem:
            raise _failed(problem) from None


def _missing(line: bytes, content: bytes) -> bytes:
    """What must be added to the content so that the line stands in it."""
    if line in content.split(b"\n")[:-1]:
        return b""
    tail = content.rpartition(b"\n")[2]
    return (line[len(tail) :] if line.startswith(tail) else b"\n" + line) + b"\n"


def _failed(problem: OSError) -> CoachsyncError:
    if is_full(problem):
        return no_room("practice.state")
    return CoachsyncError(
        "ledger-not-written",
        say("The system refuses the ledger of erasures: {cause}.", cause=reason(problem)),
        say("Check that the file {name} in the state folder belongs to the user who runs coachsync.", name=NAME),
        where="practice.state",
    )
