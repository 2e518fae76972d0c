"""The process that reads events, lent from one run to the next: to start one takes longer than most runs.

`test_reader` is about its start and its end, and a command in a process of its own starts its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from coachsync.adapters.ical.reader import K, Reader
from coachsync.model import Reading, Window

_idle: list[Reader] = []


class LentReader:
    """What a run reads events with: one that nobody uses, or a new one."""

    def __init__(self) -> None:
        self._reader = _idle.pop() if _idle else Reader()
        self._reading = 0

    def read(
        self, texts: Iterable[tuple[K, bytes]], horizon: Window, zone: str, addresses: frozenset[str]
    ) -> Iterator[tuple[K, Reading]]:
        self._reading += 1
        yield from self._reader.read(texts, horizon, zone, addresses)
        self._reading -= 1

    def ask(self, question: bytes) -> bytes:
        return self._reader.ask(question)

    def close(self) -> None:
        """Give it back, unless a reading was broken off: answers that nobody waits for may still come."""
        if self._reading:
            self._reader.close()
        else:
            _idle.append(self._reader)


def end_all() -> None:
    """End those that nobody uses."""
    while _idle:
        _idle.pop().close()
