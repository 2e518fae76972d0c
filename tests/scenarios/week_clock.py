"""A clock that runs faster than ours and can be wrong; one file tells every process of a simulated week the time."""

from __future__ import annotations

import json
import time
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Self


@dataclass(frozen=True)
class WeekClock:
    """Simulated time as a function of this machine's own uptime.

    `started` is time.monotonic() at the beginning, `begins` the wall clock then (seconds since 1970), `factor` how many
    seconds pass in one; `asleep` are the seconds that the simulated laptop has slept, `shift` how many its wall clock
    is wrong. `stopped` is time.monotonic() when the clock was stopped.
    """

    started: float
    begins: float
    factor: float
    asleep: float = 0.0
    shift: float = 0.0
    stopped: float | None = None

    @classmethod
    def read(cls, file: Path) -> Self:
        return cls(**json.loads(file.read_text()))

    def write(self, file: Path) -> None:
        scratch = file.with_suffix(".new")
        scratch.write_text(json.dumps(asdict(self)))
        scratch.replace(file)

    @property
    def awake(self) -> float:
        """Seconds since the simulated machine started, without those it slept."""
        now = time.monotonic() if self.stopped is None else self.stopped
        return 1000 + (now - self.started) * self.factor

    @property
    def boot(self) -> float:
        return self.awake + self.asleep

    @property
    def wall(self) -> datetime:
        """What the simulated wall clock says, right or wrong."""
        return datetime.fromtimestamp(self.begins, UTC) + timedelta(seconds=self.boot + self.shift)

    def sleeping(self, seconds: float) -> WeekClock:
        return replace(self, asleep=self.asleep + seconds)

    def wrong_by(self, seconds: float) -> WeekClock:
        return replace(self, shift=seconds)

    def stop(self) -> WeekClock:
        return replace(self, stopped=time.monotonic())
