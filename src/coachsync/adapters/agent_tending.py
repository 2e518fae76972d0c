"""The agent has the vault tended while it is unlocked: spare shelves for the daemon, and what it could not sort.

A process of its own does it, which is handed the seed on its standard input and ends by itself. It is killed when the
vault is locked, and when the agent is: what it has begun is whole or not there, and the next one goes on.
"""

from __future__ import annotations

import math
import subprocess
from collections.abc import Sequence
from contextlib import suppress

SOON, OFTEN = 20.0, 600.0  # seconds after the unlock, and from one time to the next
_PATIENCE = 2.0  # seconds until a process that was killed is gone


class Tending:
    """Starts this command when it is time. Times are seconds since boot."""

    def __init__(self, command: Sequence[str], now: float, soon: float = SOON) -> None:
        self._command = tuple(command)
        self._due = now + soon
        self._process: subprocess.Popen[bytes] | None = None

    def wait(self, now: float) -> float:
        """Seconds until there is something to do; for ever without a command."""
        return max(0.0, self._due - now) if self._command else math.inf

    def look(self, now: float, seed: memoryview) -> None:
        """Start it where it is due, and none is at work. One that cannot be started is tried again next time."""
        if self._process is not None and self._process.poll() is not None:
            self._process = None
        if now < self._due:
            return
        self._due = now + OFTEN
        if self._process is None and self._command:
            with suppress(OSError):
                self._process = self._started(seed)

    def end(self) -> None:
        """Kill what is at work."""
        if self._process is not None:
            self._process.kill()
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(_PATIENCE)
            self._process = None

    def _started(self, seed: memoryview) -> subprocess.Popen[bytes]:
        process = subprocess.Popen(  # noqa: S603 - this very interpreter, with our own module
            self._command,
            bufsize=0,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd="/",
        )
        if process.stdin is not None:
            with suppress(BrokenPipeError), process.stdin as handed:  # it has ended already
                handed.write(seed)
        return process
