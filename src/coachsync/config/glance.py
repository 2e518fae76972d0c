"""What must be known before the configuration is checked, or quickly: language, state folder, names."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

SYSTEM_FOLDER = Path("/etc/coachsync")  # where the configuration of the system service stands
_SYSTEM_STATE = Path("/var/lib/coachsync")  # its StateDirectory=


@dataclass(frozen=True, slots=True)
class Glance:
    """What a configuration file says of these, None where it says nothing that could be understood."""

    language: str | None = None
    state: Path | None = None
    calendars: tuple[str, ...] = ()
    shares: tuple[str, ...] = ()


def glance(path: Path) -> Glance:
    """Look into the file. Never raises: what is wrong with it, `load` says."""
    try:
        document = tomllib.loads(path.read_bytes().decode("utf-8-sig"))
        return _said(document, path.absolute().parent)
    except (OSError, ValueError, RuntimeError, RecursionError):
        return Glance()


def state_folder(given: str | None, folder: Path) -> Path:
    """The state folder. When the file, which stands in `folder`, names none: the service's for the file of the system,
    whoever gives the command, else the user's own (XDG)."""
    if given:
        return located(folder, given)
    if folder == SYSTEM_FOLDER:
        return _SYSTEM_STATE
    import platformdirs

    return Path(platformdirs.user_state_dir("coachsync"))


def located(folder: Path, path: str) -> Path:
    """An absolute path: `~` is a home folder, anything relative starts at the folder of the configuration."""
    return Path(os.path.normpath(Path(folder, Path(path).expanduser())))


def _said(document: Mapping[str, Any], folder: Path) -> Glance:
    known = Glance(calendars=_names(document, "calendars"), shares=_names(document, "shares"))
    practice = document.get("practice")
    if not isinstance(practice, dict):
        return known
    language, state = practice.get("language", "en"), practice.get("state")
    return replace(
        known,
        language=language if isinstance(language, str) else None,
        state=state_folder(state, folder) if state is None or isinstance(state, str) else None,
    )


def _names(document: Mapping[str, Any], section: str) -> tuple[str, ...]:
    table = document.get(section)
    return tuple(table) if isinstance(table, dict) else ()
