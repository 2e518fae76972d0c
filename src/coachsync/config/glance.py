"""The two things that must be known before the configuration is checked, or quickly: language and state folder."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class Glance:
    """What a configuration file says of these, None where it says nothing that could be understood."""

    language: str | None = None
    state: Path | None = None


def glance(path: Path) -> Glance:
    """Look into the file. Never raises: what is wrong with it, `load` says."""
    try:
        practice = tomllib.loads(path.read_bytes().decode("utf-8-sig")).get("practice")
        return _said(practice, path.absolute().parent) if isinstance(practice, dict) else Glance()
    except (OSError, ValueError, RuntimeError, RecursionError):
        return Glance()


def state_folder(given: str | None, folder: Path) -> Path:
    """The state folder; the user's own (XDG) when the file, which stands in `folder`, names none."""
    if given:
        return located(folder, given)
    import platformdirs

    return Path(platformdirs.user_state_dir("coachsync"))


def located(folder: Path, path: str) -> Path:
    """An absolute path: `~` is a home folder, anything relative starts at the folder of the configuration."""
    return Path(os.path.normpath(Path(folder, Path(path).expanduser())))


def _said(practice: Mapping[str, Any], folder: Path) -> Glance:
    language, state = practice.get("language", "en"), practice.get("state")
    return Glance(
        language=language if isinstance(language, str) else None,
        state=state_folder(state, folder) if state is None or isinstance(state, str) else None,
    )
