"""The ledger of erasures: what must never come back, one line each, beside all that an older copy could be put in the
place of."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path

from coachsync.adapters.files import open_or_make, read_if_there, sync_folder, write_atomically
from coachsync.adapters.room import is_full, no_room
from coachsync.adapters.system import reason
from coachsync.errors import CoachsyncError
from coachsync.phrases import say

NAME = "erasures.ledger"
_LONGEST = 3 << 20  # bytes of a line: an entry of the log in hex, and more


_OF_DEVICE = b'{"client":'  # how a line begins that is not of the vault


def is_of_device(line: bytes) -> bool:
    """Whether a line is about what the device knows of a client, and not about records."""
    return line.startswith(_OF_DEVICE)


class Ledger:
    """That of one state folder. Raises CoachsyncError wherever the system refuses something."""

    def __init__(self, state: Path) -> None:
        self.file = state / NAME

    def lines(self) -> Iterator[bytes]:
        """The lines. What a run cut short, or a power cut, has left of one at the end is none: whoever has begun it
        writes it again."""
        content = read_if_there(self.file) or b""
        for line in content[: _whole(content)].split(b"\n"):
            if held := line.strip(b"\0"):  # blocks that were never written before the power went
                yield held[:_LONGEST]

    def bury(self, line: bytes) -> None:
        """Add a line, and sync it to the disk; one that is there is not added again, and half of one makes room."""
        try:
            handle = open_or_make(self.file, os.O_WRONLY | os.O_APPEND)
            with os.fdopen(handle, "ab") as file:
                content = read_if_there(self.file) or b""
                kept = content[: _whole(content)]
                file.truncate(len(kept))
                file.write(_missing(line, kept))
                file.flush()
                os.fsync(file.fileno())
            sync_folder(self.file.parent)
        except OSError as problem:
            raise _failed(problem) from None

    def rewrite(self, lines: Mapping[bytes, bytes]) -> None:
        """Put lines in the place of others; whoever reads sees all of the old ones or all of the new."""
        content = read_if_there(self.file) or b""
        kept = content[: _whole(content)].split(b"\n")
        write_atomically(self.file, b"\n".join(lines.get(line.strip(b"\0"), line) for line in kept))


def _whole(content: bytes) -> int:
    """Up to which byte it is lines; one at the end is one too where nothing but its line break is missing."""
    end = content.rfind(b"\n") + 1
    tail = content[end:].rstrip(b"\0")
    try:
        json.loads(tail.lstrip(b"\0"))
    except (ValueError, RecursionError):
        return end
    return end + len(tail)


def _missing(line: bytes, lines: bytes) -> bytes:
    """What must be added to these lines so that the line is one of them, and the last one is ended."""
    end = b"" if lines.endswith(b"\n") or not lines else b"\n"
    return end if line in lines.split(b"\n") else end + line + b"\n"


def _failed(problem: OSError) -> CoachsyncError:
    if is_full(problem):
        return no_room("practice.state")
    return CoachsyncError(
        "ledger-not-written",
        say("The system refuses the ledger of erasures: {cause}.", cause=reason(problem)),
        say("Check that the file {name} in the state folder belongs to the user who runs coachsync.", name=NAME),
        where="practice.state",
    )
