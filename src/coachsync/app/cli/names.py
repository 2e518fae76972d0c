"""The names that a shell can complete: those of the configuration, looked at as lightly as can be."""

from __future__ import annotations

import os

import click

from coachsync.config.glance import Glance, glance
from coachsync.config.locating import locate
from coachsync.errors import CoachsyncError


def calendars(context: click.Context, _parameter: click.Parameter, incomplete: str) -> list[str]:
    """The configured calendars that begin so."""
    return [name for name in _known(context).calendars if name.startswith(incomplete)]


def shares(context: click.Context, _parameter: click.Parameter, incomplete: str) -> list[str]:
    """The configured shares that begin so."""
    return [name for name in _known(context).shares if name.startswith(incomplete)]


def _known(context: click.Context) -> Glance:
    """What the configuration says that `--config` before the command, or the environment, means."""
    try:
        return glance(locate(context.find_root().params.get("config"), os.environ))
    except CoachsyncError:
        return Glance()
