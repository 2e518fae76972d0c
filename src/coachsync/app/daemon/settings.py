"""The configuration that is in force: a changed file takes its place only when it is in order."""

from __future__ import annotations

import hashlib
from pathlib import Path

from coachsync import config
from coachsync.config import Config
from coachsync.errors import CoachsyncError, Misconfigured, Problem
from coachsync.phrases import say


class Settings:
    """The file and what was last read of it that could be used. Raises Misconfigured when there is nothing yet."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self._seen = _digest(file)
        self.config: Config = config.load(file)
        self.problems: tuple[Problem, ...] = ()  # of the file as it is now, while an earlier one stays in force

    def look(self) -> bool:
        """Read the file again if its content has changed; whether another configuration is in force now."""
        content = _digest(self.file)
        if content == self._seen:
            return False
        self._seen = content
        try:
            found = config.load(self.file)
        except CoachsyncError as problem:
            self.problems = _listed(problem)
            return False
        if found.practice.state != self.config.practice.state:
            self.problems = (_needs_restart(),)
            return False
        self.problems = ()
        self.config = found
        return True


def _listed(problem: CoachsyncError) -> tuple[Problem, ...]:
    entries = problem.problems if isinstance(problem, Misconfigured) else ()
    return entries or (problem.problem("configuration"),)


def _needs_restart() -> Problem:
    return Problem(
        "restart-needed",
        "practice.state",
        say("Another folder for the data is used only after coachsync was started again."),
        say("Move the folder first if its content should go along; then stop coachsync and start it again."),
    )


def _digest(file: Path) -> bytes:
    try:
        return hashlib.sha256(file.read_bytes()).digest()
    except OSError as problem:
        return str(problem.errno).encode()
