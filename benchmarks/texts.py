"""The notes that everybody keeps in turn, and how each step is timed: nothing here but the standard library."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

WORD = "zanzibar"
LENGTH = 4000  # signs of a note: with its JSON, a body of 4 KiB
Took = dict[str, float]  # seconds by step; memory in MiB


def texts(size: int) -> list[str]:
    return [f"{number} {WORD if number == size // 2 else 'word'} ".ljust(LENGTH, "x") for number in range(size)]


@contextmanager
def timed(took: Took, what: str, clock: Callable[[], float] = time.process_time) -> Iterator[None]:
    """In processor time, where nothing waits for the disk."""
    begun = clock()
    yield
    took[what] = clock() - begun


def one_by_one(*acts: Callable[[str], object], texts: list[str]) -> list[float]:
    """Wall time of each of these acts on a text, the median: they take turns, for a disk has good and bad moments."""
    each: list[list[float]] = [[] for _ in acts]
    for text in texts:
        for act, seconds in zip(acts, each, strict=True):
            begun = time.perf_counter()
            act(text)
            seconds.append(time.perf_counter() - begun)
    return [sorted(one)[len(one) // 2] for one in each]


def tell(took: Took, found: int) -> None:
    """What a process of its own says at its end: what it took, and how much memory at most."""
    if found != 1:
        raise SystemExit("not every note was found again")
    print(json.dumps(took | {"memory, MB at most": _memory()}))


def _memory() -> float:
    """What `getrusage` tells begins with what the parent has, whose copy this process once was."""
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024
