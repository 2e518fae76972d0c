"""What somebody learns who looks at a share all the time: figures that were measured, not derived.

Measured by `benchmarks/inference.py` (20 invented practices of each size, 24 weeks each, seeds 1 to 20): a poller who
pairs each time that disappears with one that appears in the same write, in the best of three ways. `LINKED` says of how
many moved sessions in ten the new place is found so, rounded up, for the worse of a `session` and a `busy` share. Few
changes fall into one write, even of a whole day: a schedule hides when a session was moved, hardly that it was.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from types import MappingProxyType

from coachsync.redaction.profiles import Publish

# (sessions a week, at least; moved sessions in ten that are linked rightly), the busiest practice first.
LINKED: Mapping[Publish, tuple[tuple[int, int], ...]] = MappingProxyType(
    {
        Publish.NOW: ((0, 10),),
        Publish.HOURLY: ((0, 10),),
        Publish.DAILY: ((12, 9), (0, 10)),
    }
)
# Within how long after a change its write comes. For "now" a calendar is looked at every five minutes by default.
MOMENT: Mapping[Publish, timedelta] = MappingProxyType(
    {Publish.NOW: timedelta(minutes=5), Publish.HOURLY: timedelta(hours=1), Publish.DAILY: timedelta(days=1)}
)


@dataclass(frozen=True, slots=True)
class Learnt:
    """Of ten moved sessions, how many are linked to their old place, and how closely the moment of a move is known."""

    publish: Publish
    linked: int
    moment: timedelta


def learnt(publish: Publish, slots: int, span: timedelta) -> Learnt:
    """What a poller learns of a share that shows so many slots in a window of this length."""
    weekly = slots / (span / timedelta(weeks=1)) if span else 0.0
    linked = next(linked for least, linked in LINKED[publish] if weekly >= least)
    return Learnt(publish, linked, MOMENT[publish])
