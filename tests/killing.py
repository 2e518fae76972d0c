"""Doing something in a process that kills itself at a chosen step, for all steps: what it leaves must be mended."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Iterator
from itertools import count
from typing import Any

import sqlalchemy as sa

STEPS = ("os.rename", "os.remove", "os.link", "os.mkdir", "os.rmdir", "os.chmod")


def killed_at(step: int, action: Callable[[], object]) -> bool:
    """Do it in a process that kills itself before its `step`-th dealing with files, or with a transaction; whether it
    came so far."""
    child = os.fork()
    if child == 0:
        left = count(step, -1)

        def tick(*_: object) -> None:
            if next(left) == 0:
                os.kill(os.getpid(), signal.SIGKILL)

        sys.addaudithook(lambda event, said: tick() if event in STEPS or _writes(event, said) else None)
        sa.event.listen(sa.engine.Engine, "commit", tick)
        real = os.fsync
        os.fsync = lambda handle: (tick(), real(handle))[1]  # type: ignore[assignment]
        try:
            action()
        finally:
            os._exit(0)
    _, status = os.waitpid(child, 0)
    return os.WIFSIGNALED(status)


def every_step(action: Callable[[int], Callable[[], object]]) -> Iterator[int]:
    """Each step at which the action of a fresh state can be killed; the consumer looks at what is left."""
    for step in count():
        if not killed_at(step, action(step)):
            assert step > 10
            return
        yield step


def _writes(event: str, said: tuple[Any, ...]) -> bool:
    return event == "open" and bool(said[2] & (os.O_WRONLY | os.O_RDWR))
