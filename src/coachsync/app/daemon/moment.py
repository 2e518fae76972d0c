"""The present, as three clocks tell it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Moment:
    """One reading of the clocks.

    `wall`: the time of day, aware and in UTC; somebody may set it back or forth. `boot`: seconds that only grow, sleep
    counted (CLOCK_BOOTTIME): what is due is reckoned on it. `awake`: the same without sleep (CLOCK_MONOTONIC): how long
    something was really tried.
    """

    wall: datetime
    boot: float
    awake: float

    @property
    def asleep(self) -> float:
        """Seconds that this machine has slept since it was started."""
        return self.boot - self.awake
