"""The configuration: TOML into frozen values, with every problem reported at once under its key.

`locate` finds the file, `load` reads it. Only `app` imports this package; adapters are handed plain values.
"""

from coachsync.config.loading import load
from coachsync.config.locating import locate
from coachsync.config.values import (
    Account,
    CalDavTarget,
    Calendar,
    Config,
    FileTarget,
    Practice,
    Secret,
    Share,
)

__all__ = [
    "Account",
    "CalDavTarget",
    "Calendar",
    "Config",
    "FileTarget",
    "Practice",
    "Secret",
    "Share",
    "load",
    "locate",
]
