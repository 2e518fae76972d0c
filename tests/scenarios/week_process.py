"""The program in a simulated week: `python week_process.py CLOCK WORDS...` is `coachsync WORDS...` by that clock.

Only the clocks of the entry points and the daemon's waiting are replaced.
"""

from __future__ import annotations

import importlib
import sys
import threading
from datetime import datetime, tzinfo
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from coachsync.app.cli import carry_out
from coachsync.app.daemon.moment import Moment
from week_clock import WeekClock


def simulate(file: Path) -> None:
    """Put the simulated clock in place of the real one, wherever the program reads it."""

    class Simulated(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> Any:
            return WeekClock.read(file).wall.astimezone(tz)

    class Event(threading.Event):
        def wait(self, timeout: float | None = None) -> bool:
            return super().wait(None if timeout is None else timeout / WeekClock.read(file).factor)

    def moment() -> Moment:
        clock = WeekClock.read(file)
        return Moment(clock.wall, clock.boot, clock.awake)

    for name in ("opening", "status"):
        vars(importlib.import_module(f"coachsync.app.cli.{name}"))["datetime"] = Simulated
    daemon = vars(importlib.import_module("coachsync.app.cli.run"))
    daemon["moment"] = moment
    daemon["threading"] = SimpleNamespace(Event=Event, Timer=threading.Timer, Thread=threading.Thread)


if __name__ == "__main__":
    simulate(Path(sys.argv[1]))
    sys.exit(carry_out(sys.argv[2:]))
