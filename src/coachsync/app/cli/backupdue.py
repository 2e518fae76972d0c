"""After a command that has sealed notes anew: a backup, for the last one does not open them any more."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from coachsync import config
from coachsync.adapters.lowering import as_owner_of
from coachsync.app.backup import running
from coachsync.app.cli.commands import Options
from coachsync.app.cli.output import progress, tell, tell_problems
from coachsync.app.wiring import open_wiring
from coachsync.errors import CoachsyncError
from coachsync.phrases import say


def catch_up(options: Options) -> None:
    """Make it, where its disk is there. What keeps it from being made is told, and makes no command fail that has done
    its own work: it stays due, which `check` and `status` tell, and the daemon tries again."""
    try:
        path = config.locate(options.config, os.environ).absolute()
        settings = config.load(path)
        if not running.is_due(settings):
            return
        if not running.can_be_made(settings):
            tell_problems([running.due()])
            return
        _make(settings, path)
    except CoachsyncError as problem:
        tell_problems([problem.problem("backup.folder"), running.due()])


def _make(settings: config.Config, path: Path) -> None:
    with progress() as show, as_owner_of(settings.practice.state):
        opening = partial(open_wiring, settings, "backup create", datetime.now(UTC), show)
        created = running.make(settings, path, opening, show, hasty=True)
    tell_problems(created.problems)
    tell(say("Backup {number} is made, of what was sealed anew.", number=created.number), err=True)
