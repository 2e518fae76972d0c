"""What must be known of a configuration before it is checked, or quickly: language, folders, and who is named."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from coachsync.config.faults import NAME

SYSTEM_FOLDER = Path("/etc/coachsync")  # where the configuration of the system service stands
_SYSTEM_STATE = Path("/var/lib/coachsync")  # its StateDirectory=


@dataclass(frozen=True, slots=True)
class Glance:
    """What a configuration file says of these; None or nothing where it says nothing that could be understood."""

    language: str | None = None
    state: Path | None = None
    inbox: Path | None = None
    calendars: tuple[str, ...] = ()
    shares: tuple[str, ...] = ()


def glance(path: Path) -> Glance:
    """Look into the file. Never raises: what is wrong with it, `load` says."""
    try:
        text = path.read_bytes().decode("utf-8-sig")
        return _said(_understood(text), path.absolute().parent)
    except (OSError, ValueError, RuntimeError, RecursionError):
        return Glance()


def _understood(text: str) -> Mapping[str, Any]:
    """What a text says as far as it can be read: up to the statement in which a mistake is. Raises as tomllib does."""
    try:
        return tomllib.loads(text)
    except ValueError:
        lines = text.split("\n")
        for end in range(len(lines) - 1, 0, -1):
            try:
                return tomllib.loads("\n".join(lines[:end]))
            except ValueError:
                continue
        raise


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
    practice = document.get("practice")
    if not isinstance(practice, dict):
        return Glance()
    language, state = practice.get("language", "en"), practice.get("state")
    inbox = document.get("inbox")
    dropped = inbox.get("folder") if isinstance(inbox, dict) else None
    return Glance(
        language=language if isinstance(language, str) else None,
        state=state_folder(state, folder) if state is None or isinstance(state, str) else None,
        inbox=located(folder, dropped) if dropped and isinstance(dropped, str) else None,
        calendars=_names(document.get("calendars")),
        shares=_names(document.get("shares")),
    )


def _names(section: object) -> tuple[str, ...]:
    """The names in a section; what may be no name is left out: it may be anything."""
    return tuple(name for name in section if NAME.fullmatch(name)) if isinstance(section, dict) else ()
