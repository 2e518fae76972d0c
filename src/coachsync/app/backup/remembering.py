"""What the state remembers of its backups: the last one, when the mirror was current, and how the last drill went.

In `backup.json` of the state folder: numbers, digests and times.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from coachsync.adapters.files import read_if_there, write_atomically

NAME = "backup.json"
_VERSION = 1


@dataclass(frozen=True, slots=True)
class Memory:
    """Times are seconds since 1970, None for never. `behind`: since when there is something here that the mirror could
    not be told. `due`: since when something that was sealed anew is in no backup, and `due_entry` how many entries the
    log had when that was last so. `number` and `digest` (hex) are those of the last backup; of the drill, which backup
    it opened, and how many findings it had."""

    made: int | None = None
    number: int = 0
    digest: str = ""
    mirrored: int | None = None
    behind: int | None = None
    due: int | None = None
    due_entry: int = 0
    drilled: int | None = None
    drill_of: int = 0
    drill_findings: int = 0


def recall(state: Path) -> Memory:
    """What is remembered; nothing where there is no such file, or none that can be read. Raises CoachsyncError where
    the system refuses it."""
    try:
        return _read(json.loads(read_if_there(state / NAME) or b"null"))
    except (ValueError, TypeError, KeyError, AttributeError):
        return Memory()


def keep(state: Path, memory: Memory) -> None:
    """Keep it. Raises CoachsyncError where the system refuses it."""
    write_atomically(state / NAME, json.dumps({"version": _VERSION, **asdict(memory)}, indent=1).encode() + b"\n")


def mirrored(memory: Memory, at: int) -> Memory:
    """The same with a mirror that is current at this time."""
    return replace(memory, mirrored=at, behind=None)


def fall_behind(state: Path, at: int) -> None:
    """Keep that the mirror could not be told of something, unless that is known. Raises as `keep` does."""
    memory = recall(state)
    if memory.behind is None:
        keep(state, replace(memory, behind=at))


def owing(memory: Memory, at: int, entry: int) -> Memory:
    """The same with a backup that is due at this time, with a log of so many entries."""
    return replace(memory, due=at if memory.due is None else memory.due, due_entry=entry)


def backed_up(memory: Memory, gathered: Memory, at: int, number: int, digest: bytes) -> Memory:
    """The same with a backup that was made at this time, of what there was when `gathered` was remembered: what was
    sealed anew since then is in none."""
    due = None if memory.due_entry == gathered.due_entry else memory.due
    return replace(memory, made=at, number=number, digest=digest.hex(), due=due)


def _read(found: dict[str, Any]) -> Memory:
    if found.pop("version") != _VERSION:
        return Memory()
    memory = Memory(**found)
    times = (memory.made, memory.mirrored, memory.behind, memory.due, memory.drilled)
    numbers = (memory.number, memory.due_entry, memory.drill_of, memory.drill_findings)
    if not all(one is None or type(one) is int for one in times) or not all(type(one) is int for one in numbers):
        return Memory()
    return memory
