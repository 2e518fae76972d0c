"""Which file is the configuration."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from coachsync.errors import Misconfigured, NotInitialised
from coachsync.phrases import say

_NAME = Path("coachsync", "coachsync.toml")
_SYSTEM = Path("/etc")


def locate(option: str | None, environ: Mapping[str, str], system: Path = _SYSTEM) -> Path:
    """`--config`, then COACHSYNC_CONFIG, then the user's file, then the system's.

    Raises Misconfigured when a file that was named explicitly is not there, NotInitialised when there is none at all.
    """
    for given, origin in ((option, "--config"), (environ.get("COACHSYNC_CONFIG"), "COACHSYNC_CONFIG")):
        if given:
            path = Path(given).absolute()
            if not _there(path):
                raise Misconfigured(
                    "configuration-missing",
                    say("The configuration file that {origin} names does not exist.", origin=origin),
                    say("Correct {origin}, or leave it away to use the usual place.", origin=origin),
                    where=origin,
                )
            return path
    for folder in (user_folder(environ), system):
        if _there(folder / _NAME):
            return folder / _NAME
    raise NotInitialised(
        "no-configuration",
        say("There is no configuration yet."),
        say(
            "Run: coachsync init, which asks a few questions and writes one; or name a file with --config. "
            "`coachsync demo` needs none."
        ),
    )


def destination(option: str | None, environ: Mapping[str, str]) -> tuple[Path, bool]:
    """Where a new configuration goes: `--config`, then COACHSYNC_CONFIG, then the user's file; whether it is the last,
    which every command and the service find by themselves."""
    usual = user_folder(environ) / _NAME
    given = option or environ.get("COACHSYNC_CONFIG")
    path = Path(given).expanduser().absolute() if given else usual
    return path, path == usual


def user_folder(environ: Mapping[str, str]) -> Path:
    """$XDG_CONFIG_HOME when it is an absolute path, else ~/.config (XDG Base Directory Specification)."""
    given = environ.get("XDG_CONFIG_HOME", "")
    if given.startswith("/"):
        return Path(given)
    return (Path(environ["HOME"]) if environ.get("HOME") else Path.home()) / ".config"


def _there(path: Path) -> bool:
    """Whether something is there. A place that may not be looked at counts: reading it then says what is wrong."""
    try:
        return path.exists()
    except OSError:
        return True
