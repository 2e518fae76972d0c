"""The configuration: TOML into frozen values, with every problem reported at once under its key.

`locate` finds the file, `load` reads it. Only `app` imports this package; adapters are handed plain values.
"""

from __future__ import annotations

from pathlib import Path

from coachsync.config.locating import locate
from coachsync.config.values import (
    Account,
    CalDavTarget,
    Calendar,
    Config,
    FileTarget,
    Inbox,
    Notify,
    OnLeak,
    Practice,
    Secret,
    Share,
    Smtp,
)

__all__ = [
    "Account",
    "CalDavTarget",
    "Calendar",
    "Config",
    "FileTarget",
    "Inbox",
    "Notify",
    "OnLeak",
    "Practice",
    "Secret",
    "Share",
    "Smtp",
    "load",
    "locate",
]


def load(path: Path) -> Config:
    """Read the configuration file; see `config.loading.load`. What checks it is loaded when it is needed."""
    from coachsync.config import loading

    return loading.load(path)
