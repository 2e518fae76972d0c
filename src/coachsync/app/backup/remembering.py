"""What the state remembers of its backups: the last one, when the mirror was current, and how the last drill went.

In `backup.json` of the state folder: numbers, digests and times.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from coachsync.adapters import lock
from coachsync.adapters.files import read_if_there, write_atomically
from coachsync.errors import CoachsyncError

NAME = "backup.json"
_VERSION = 1
_BLOCK = 512  # bytes of the file, filled up with spaces: a disk writes so many at once, or none of them


@dataclass(frozen=True, slots=True)
class Memory:
    """Times are seconds since 1970, None for never. `behind`: since when there is something here that the mirror could
    not be told, and `behind_of` (hex) the digest of what that is. `due`: since when something that was sealed anew is
    in no backup, and `due_of` (hex) the digest of what the mirror let go of then. `number` and `digest` (hex) are those
    of the last backup; of the drill, which backup it opened, and how many findings it had; `findings` are those of the
    last look through all of them."""

    made: int | None = None
    number: int = 0
    digest: str = ""
    mirrored: int | None = None
    behind: int | None = None
    behind_of: str = ""
    due: int | None = None
    due_of: str = ""
    drilled: int | None = None
    drill_of: int = 0
    drill_findings: int = 0
    findings: int = 0


def recall(state: Path) -> Memory:
    """What is remembered; nothing where there is no such file, or none that can be read. Raises CoachsyncError where
    the system refuses it."""
    try:
        return _read(json.loads(read_if_there(state / NAME) or b"null"))
    except (ValueError, TypeError, KeyError, AttributeError):
        return Memory()


def keep(state: Path, memory: Memory) -> None:
    """Keep it. Raises CoachsyncError where the system refuses it."""
    write_atomically(state / NAME, _written(memory))


def change(state: Path, how: Callable[[Memory], Memory]) -> Memory:
    """Change what is remembered, and nothing that another process remembers meanwhile: whoever writes a backup works
    without the state's lock. What is remembered now. Raises as `keep` does."""
    with lock.hold_briefly(state):
        memory = how(recall(state))
        keep(state, memory)
    return memory


def mirrored(memory: Memory, at: int) -> Memory:
    """The same with a mirror that is current at this time."""
    return replace(memory, mirrored=at, behind=None, behind_of="")


def fall_behind(state: Path, at: int, what: bytes) -> bool:
    """Keep that the mirror could not be told of something, whose digest is `what`; whether that is news. Raises as
    `keep` does."""
    with lock.hold_briefly(state):
        before = recall(state)
        news = before.behind is None or before.behind_of != what.hex()
        if news:
            keep(state, replace(before, behind=at if before.behind is None else before.behind, behind_of=what.hex()))
    return news


def catch_up(state: Path) -> None:
    """Keep that the mirror lacks nothing, where that was otherwise. Raises as `keep` does."""
    if recall(state).behind is not None:
        change(state, lambda memory: replace(memory, behind=None, behind_of=""))


def owe(state: Path, at: int, what: bytes) -> bool:
    """Keep that a backup is due, before the mirror lets go of something; whether one is due now. `what` is the digest
    of that: a mirror that has tried in vain to let go of it asks for no second backup. A full disk keeps nobody from
    erasing, nor this from being kept, where anything is remembered already; CoachsyncError where it is not."""
    with lock.hold_briefly(state):
        before = recall(state)
        if before.due_of != what.hex():
            _keep_here(state, replace(before, due=at if before.due is None else before.due, due_of=what.hex()))
        return before.due_of != what.hex() or before.due is not None


def backed_up(memory: Memory, gathered: Memory, at: int, number: int, digest: bytes) -> Memory:
    """The same with a backup that was made at this time, of what there was when `gathered` was remembered: what was
    sealed anew since then is in none."""
    due = None if memory.due_of == gathered.due_of else memory.due
    return replace(memory, made=at, number=number, digest=digest.hex(), due=due)


def _written(memory: Memory) -> bytes:
    return json.dumps({"version": _VERSION, **asdict(memory)}, indent=1).encode().ljust(_BLOCK - 1) + b"\n"


def _keep_here(state: Path, memory: Memory) -> None:
    """Keep it, in the very place where the disk has no room for a second file beside it."""
    try:
        keep(state, memory)
    except CoachsyncError:
        content, file = _written(memory), state / NAME
        if len(read_if_there(file) or b"") != len(content):
            raise
        with suppress(OSError), file.open("r+b") as there:
            there.write(content)
            there.flush()
            os.fsync(there.fileno())
        if recall(state) != memory:
            raise


def _read(found: dict[str, Any]) -> Memory:
    if found.pop("version") != _VERSION:
        return Memory()
    memory = Memory(**found)
    times = (memory.made, memory.mirrored, memory.behind, memory.due, memory.drilled)
    numbers = (memory.number, memory.drill_of, memory.drill_findings, memory.findings)
    for digest in (memory.digest, memory.due_of, memory.behind_of):
        bytes.fromhex(digest)
    if not all(one is None or type(one) is int for one in times) or not all(type(one) is int for one in numbers):
        return Memory()
    return memory
