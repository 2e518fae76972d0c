"""The inbox in the daemon: when it is looked at, and what the coach hears of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from coachsync.app.daemon import pace
from coachsync.app.daemon.pace import Pace
from coachsync.app.defects import defect
from coachsync.app.recording import Say, after_look, trouble
from coachsync.app.status import Status
from coachsync.app.wiring import Wiring
from coachsync.config.values import Inbox
from coachsync.errors import CoachsyncError

EVERY = 300.0  # seconds between two looks where nothing is heard of: watches can fail
_SOONEST = 2.0  # seconds between two looks of which the first has found nothing to do: a program may write for hours

Journal = Callable[[str], None]


class Receiving:
    """Looks at the inbox when something was dropped, when a file there may be whole, and now and then. Times are
    seconds since boot."""

    def __init__(self, journal: Journal, draw: Callable[[], float]) -> None:
        from coachsync.app.inbox.watch import Watch  # what it loads, a practice without an inbox could do without

        self._journal, self._draw = journal, draw
        self._watch = Watch()
        self._due = self._last = 0.0
        self._pace = Pace()  # of a vault or folder that cannot be used
        self._said = ""

    def dropped(self) -> None:
        """Something has changed in the folder."""
        self._due = min(self._due, self._last + _SOONEST)

    def wait(self, settings: Inbox | None, boot: float) -> float:
        """Seconds until it is to be looked at."""
        return EVERY if settings is None else max(self._due, self._pace.due) - boot

    def look(self, known: Status, wiring: Wiring, boot: float, say: Say, alive: Callable[[], None]) -> Status:
        """The status after a look, where one is due. What is wrong with the inbox ends no pass."""
        settings = wiring.config.inbox
        if settings is None or self.wait(settings, boot) > 0:
            return known
        from coachsync.app.inbox.receiving import receive

        self._due, self._last = boot + EVERY, boot
        try:
            received = receive(wiring, settings, self._watch, boot, alive)
        except CoachsyncError as problem:
            return self._failed(known, problem, boot, say)
        except Exception as problem:  # noqa: BLE001 - a defect in it ends no pass
            return self._failed(known, defect(problem), boot, say)
        if received.trouble is not None:
            self._pace = pace.failed(self._pace, boot, self._draw())
        else:
            self._pace = Pace()
            again = boot if received.more else max(received.until, boot + _SOONEST)
            self._due = min(self._due, again)
        told = [f"{why} {name}" for name, why in received.news]
        stopped = [] if received.trouble is None else [received.trouble.code]
        self._say(received.imported, told, stopped)
        return after_look(known, received, say)

    def _failed(self, known: Status, problem: CoachsyncError, boot: float, say: Say) -> Status:
        self._pace = pace.failed(self._pace, boot, self._draw())
        self._say(0, [], [problem.code])
        return replace(known, inbox=(trouble(problem.problem("inbox.folder"), say),))

    def _say(self, imported: int, told: list[str], stopped: list[str]) -> None:
        """A line for the journal where there is news: counts, codes, and marks that stand for files."""
        parts = [f"imported {imported}"] if imported else []
        parts += told
        if stopped and ", ".join(stopped) != self._said:
            parts += stopped
        self._said = ", ".join(stopped)
        if parts:
            self._journal(f"inbox: {', '.join(parts)}")
