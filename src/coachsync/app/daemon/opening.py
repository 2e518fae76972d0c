"""What comes up while the state and its vault are opened: of erasures, mostly.

The daemon opens the vault when it starts and once a day, and soon again while anything is wrong with it. It needs
nothing of it; but what an older copy has brought back must not lie there until a coach comes.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import replace
from datetime import datetime

from coachsync.app import status
from coachsync.app.defects import defect
from coachsync.app.recording import Say, trouble
from coachsync.app.status import Status, Trouble
from coachsync.app.wiring import Wiring
from coachsync.config import Config
from coachsync.errors import CoachsyncError, Problem, Temporary

DAY = 86_400.0
BACK, NOT_DONE = "erased-came-back", "erasure-not-done"
_AGAIN = 600.0  # seconds until the vault is opened again of which anything is told: the coach may have mended it
_PATIENCE = 3600.0  # seconds that somebody may hold up an erasure before the coach hears of it: a backup reads too
_TOLD = 7 * DAY  # for how long it is told that something had come back: it is destroyed already


class Opening:
    """Opens the vault when it is time, and knows what is to be told of it. Times are seconds since boot."""

    def __init__(self) -> None:
        self._vault: list[Trouble] = []
        self._held_up: float | None = None  # since when an erasure is
        self._due = 0.0

    def wait(self, boot: float) -> float:
        """Seconds until the vault is to be opened."""
        return self._due - boot

    def look(self, known: Status, wiring: Wiring, boot: float, say: Say) -> Status:
        """The status with what is to be told: of the state, which is open, and of the vault, opened where that is due.
        What had come back is told for a week, also by a daemon that was started since."""
        found = [trouble(problem, say) for problem in wiring.problems]
        if self.wait(boot) <= 0:
            self._open(wiring, boot, say)
            found += [one for one in self._vault if one.code == BACK]
        found += [one for one in self._vault if one.code != BACK]
        now = int(wiring.now.timestamp())
        back = [one for one in found if one.code == BACK]
        at = now if back else known.returned
        if at is not None and abs(now - at) < _TOLD:  # a clock that was wrong is no reason to tell it for ever
            back += [one for one in known.opening if one.code == BACK]
        lasting = [one for one in found if one.code != BACK and (one.code != NOT_DONE or self._is_long(boot))]
        if all(one.code != NOT_DONE for one in found):
            self._held_up = None
        return replace(known, opening=tuple(dict.fromkeys((*back, *lasting))), returned=at if back else None)

    def _open(self, wiring: Wiring, boot: float, say: Say) -> None:
        problems = _opened(wiring.config, wiring.now)
        if problems is not None:
            self._vault = [trouble(problem, say) for problem in problems]
        self._due = boot + (DAY if problems == [] else _AGAIN)

    def _is_long(self, boot: float) -> bool:
        if self._held_up is None:
            self._held_up = boot
        return boot - self._held_up >= _PATIENCE


def remember_returned(wiring: Wiring, problems: Iterable[Problem], say: Say) -> None:
    """Keep for the daemon to tell that something had come back, where somebody has opened the vault and nobody was
    there to hear it. The state's lock must be held."""
    back = [trouble(problem, say) for problem in problems if problem.code == BACK]
    if back:
        state = wiring.config.practice.state
        known = status.load(state)
        opening = tuple(dict.fromkeys((*known.opening, *back)))
        with suppress(CoachsyncError):
            status.save(state, replace(known, opening=opening, returned=int(wiring.now.timestamp())))


def _opened(config: Config, now: datetime) -> list[Problem] | None:
    """Open the vault, where there is one: what is to be gone goes. None where that cannot be done for the moment, and
    nothing that is wrong with it ends the pass."""
    from coachsync.app.vault.counting import has_vault  # what it loads, a practice without a vault does without
    from coachsync.app.vault.opening import open_vault

    try:
        if not has_vault(config):
            return []
        with open_vault(config, now) as vault:
            return vault.problems
    except Temporary:
        return None
    except CoachsyncError as problem:
        return [problem.problem("practice.state")]
    except Exception as problem:  # noqa: BLE001 - a defect in it ends no pass
        return [defect(problem).problem("practice.state")]
