"""What the daemon tells the coach of backups that stay away: a disk that is not connected shows nowhere else."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from coachsync.app.backup import places, remembering, running
from coachsync.config import Config
from coachsync.errors import Problem
from coachsync.phrases import say, say_count

_DAY = 86_400  # seconds
_PATIENCE = 3 * _DAY  # a weekend without the disk is no news
_SOON = _DAY // 24  # seconds that a backup which is due at once may take


def overdue(config: Config, now: datetime) -> Iterator[Problem]:
    """Whatever was made once and is old by now, and what should have been made at once. What was never made, `check`
    tells."""
    memory, at = remembering.recall(config.practice.state), int(now.timestamp())
    places_of = {
        places.FOLDER: (config.backup.folder, memory.made),
        places.MIRROR: (config.backup.mirror, memory.mirrored),
    }
    for where, (folder, last) in places_of.items():
        if folder is not None and last is not None and at - last > _PATIENCE:
            yield Problem(
                "backup-old",
                where,
                say_count("It is {number} day old.", "It is {number} days old.", (at - last) // _DAY),
                say("Connect the disk that it is on, and run: coachsync backup create"),
            )
    if running.is_due(config) and memory.due is not None and abs(at - memory.due) > _SOON:
        yield running.due()
