"""From a command's options to an opened state. The clock is read here, once for a command; `demo` reads it itself."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial

import click

from coachsync import config
from coachsync.adapters.lock import PATIENCE
from coachsync.adapters.lowering import as_owner_of
from coachsync.app.cli.commands import Options
from coachsync.app.cli.output import progress, tell_problems
from coachsync.app.wiring import Wiring, open_wiring


def configured(options: Options) -> config.Config:
    """The configuration that the options, the environment or the usual places name."""
    return config.load(config.locate(options.config, os.environ))


@contextmanager
def opened(options: Options, command: str, patience: float = PATIENCE) -> Iterator[Wiring]:
    """The state, held for this command, with progress bars while it works. Waits `patience` seconds for another one.
    The administrator works in the state of somebody else with the rights of that one. Where notes were sealed anew, the
    command ends with a backup."""
    settings = configured(options)
    with (
        progress() as show,
        as_owner_of(settings.practice.state),
        open_wiring(settings, command, datetime.now(UTC), show, patience) as wiring,
    ):
        tell_problems(wiring.problems)
        yield wiring
    if wiring.backup_due or wiring.mirror_behind:
        told = partial(_catch_up, options, behind=wiring.mirror_behind)
        click.get_current_context().call_on_close(told)  # once it has told all it has to tell


def _catch_up(options: Options, *, behind: bool) -> None:
    from coachsync.app.cli.backupdue import catch_up  # hardly ever needed

    catch_up(options, behind=behind)
