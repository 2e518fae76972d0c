"""What single steps cost for an event, in processor time: `parts.py [--size 1000]`.

Reading one that changed (its lines, its zone, its occurrences in sixteen months), as the reading process does it, and
making the slots of a share of all occurrences.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from measuring import middle

from coachsync.adapters.ical import expansion
from coachsync.model import Window
from coachsync.redaction.profiles import PROFILES
from coachsync.redaction.slots import slots
from events import objects

_ROUNDS = 5
_ZONE = "Europe/Paris"
_READ, _SLOTS = 1500, 200  # the goals, in microseconds


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("--size", type=int, default=1000)
    size = options.parse_args().size
    zone = ZoneInfo(_ZONE)
    midnight = datetime.now(zone).replace(hour=0, minute=0, second=0, microsecond=0).astimezone(UTC)
    horizon = Window(midnight - timedelta(days=90), midnight + timedelta(days=400))
    bodies = [body for _, body in objects(size, midnight.date())]
    readings = [expansion.read(body, horizon, _ZONE, frozenset()) for body in bodies]
    occurrences = [occurrence for reading in readings for occurrence in reading.occurrences]
    shared = Window(midnight, midnight + timedelta(days=180))
    print("| step | microseconds an event | goal | met |\n|---|---|---|---|")
    _tell("reading", size, lambda: [expansion.read(body, horizon, _ZONE, frozenset()) for body in bodies], _READ)
    for key, profile in PROFILES.items():
        _tell(f"slots, {key}", size, lambda profile=profile: slots(occurrences, profile, shared, zone), _SLOTS)


def _tell(step: str, size: int, act: Callable[[], object], goal: int) -> None:
    taken = []
    for _ in range(_ROUNDS):
        begun = time.process_time()
        act()
        taken.append((time.process_time() - begun) / size * 1e6)
    cost = middle(taken) or 0
    print(f"| {step} | {cost:.0f} | {goal} | {'yes' if cost <= goal else 'NO'} |")


if __name__ == "__main__":
    main()
