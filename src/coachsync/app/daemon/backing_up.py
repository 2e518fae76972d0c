"""The backup that is due at once, made by the daemon where the command that owed it could not."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import datetime
from functools import partial
from pathlib import Path

from coachsync.adapters.lock import IN_USE
from coachsync.app.daemon import journal
from coachsync.app.defects import defect
from coachsync.app.progress import Progress
from coachsync.app.wiring import Wiring
from coachsync.config import Config
from coachsync.errors import CoachsyncError

# Opens the state of a configuration for one pass, at a time of day; the progress is told that work goes on.
Open = Callable[[Config, datetime, Progress], AbstractContextManager[Wiring]]

_EVERY = 60.0  # seconds between two looks: a disk may have been connected
_AGAIN = 3600.0  # seconds until one that has failed is tried again


class BackingUp:
    """Looks now and then whether one is due, or a mirror is back that lacks something. Times are seconds since boot."""

    def __init__(self, opened: Open, journal: Callable[[str], None], alive: Callable[[], None]) -> None:
        self._opened, self._journal, self._alive = opened, journal, alive
        self._next = 0.0

    def look(self, config: Config, configuration: Path, now: datetime, boot: float) -> bool:
        """Make one where it is due and its disk is there; whether it was tried. Who has worked on the state since the
        last pass, the next one does not see then. What goes wrong with it is in the journal and ends nothing: `overdue`
        tells the coach that it is still due."""
        if (config.backup.folder or config.backup.mirror) is None or boot < self._next:
            return False
        from coachsync.app.backup import running  # what it loads, a practice without backups does without

        self._next = boot + _EVERY
        try:
            opening = partial(self._opened, config, now, self._further)
            if running.is_due(config) and running.can_be_made(config):  # the mirror follows with it
                made = running.make(config, configuration, opening, self._further, patience=0, hasty=True)
                self._journal("; ".join([f"backup {made.number}", *journal.problems(made.problems)]))
            elif running.can_follow(config):
                with opening():
                    pass  # whoever closes it has the mirror follow
                self._followed(boot, behind=running.can_follow(config))
            else:
                return False
        except CoachsyncError as problem:
            if problem.code != IN_USE:
                self._failed(problem, boot)
        except Exception as problem:  # noqa: BLE001 - a defect in it ends no step
            self._failed(defect(problem), boot)
        return True

    def _followed(self, boot: float, *, behind: bool) -> None:
        self._journal("mirror: behind" if behind else "mirror: up to date")
        if behind:
            self._next = boot + _AGAIN

    def _further(self, _what: str, _done: int, _total: int) -> None:
        self._alive()

    def _failed(self, problem: CoachsyncError, boot: float) -> None:
        self._journal(f"backup: {problem.code}")
        self._next = boot + _AGAIN
