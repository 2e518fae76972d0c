"""After a command that has sealed notes anew: a backup, for the last one does not open them any more."""

from __future__ import annotations

import os
import sys
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import click

from coachsync import config
from coachsync.adapters.lock import IN_USE
from coachsync.adapters.lowering import as_owner_of
from coachsync.app.backup import places, running
from coachsync.app.cli.commands import Options
from coachsync.app.cli.output import progress, tell, tell_problems
from coachsync.app.wiring import open_wiring
from coachsync.errors import CoachsyncError, Problem
from coachsync.phrases import say

_PATIENCE = 60.0  # seconds that it waits for another backup, which may have begun before


def catch_up(options: Options, *, behind: bool) -> None:
    """Make one, where it is due and its disk is there. What keeps it from being made is told, and makes no command fail
    that has done its own work: it stays due, which `check` and `status` tell, and the daemon tries again. `behind`: the
    mirror could not be told what was done, which is said too. Whoever has ended the command by Ctrl-C is not kept
    waiting."""
    path = config.locate(options.config, os.environ).absolute()
    settings = config.load(path)
    with as_owner_of(settings.practice.state):
        tell_problems([running.behind()] if behind else [])
        if running.is_due(settings):
            tell_problems(_missing(settings, path))


def _missing(settings: config.Config, path: Path) -> list[Problem]:
    """What is to be told after an attempt: that it is still due, and why."""
    if isinstance(sys.exception(), (KeyboardInterrupt, click.Abort)) or not running.can_be_made(settings):
        return [running.due()]
    try:
        return _make(settings, path)
    except KeyboardInterrupt:
        tell_problems([running.due()])
        raise
    except CoachsyncError as problem:
        why = [] if problem.code == IN_USE else [problem.problem(places.FOLDER)]  # to wait and do that again is no help
        return [*why, running.due()]


def _make(settings: config.Config, path: Path) -> list[Problem]:
    with progress() as show:
        opening = partial(open_wiring, settings, "backup create", datetime.now(UTC), show)
        created = running.make(settings, path, opening, show, _PATIENCE, hasty=True)
    tell(say("Backup {number} is made, of what was sealed anew.", number=created.number), err=True)
    return created.problems
