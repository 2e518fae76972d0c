"""What this machine knows already: its time zone."""

from __future__ import annotations

import zoneinfo
from collections.abc import Mapping
from pathlib import Path

_FOLDER = "zoneinfo/"  # in the target of /etc/localtime, before the name of the zone


def zone(environ: Mapping[str, str], etc: Path = Path("/etc")) -> str | None:
    """The IANA name of the system's time zone, by TZ, /etc/localtime or /etc/timezone; None when none is known.

    UTC counts as unknown: it is what servers are set to, and nobody coaches there.
    """
    for name in (_named(environ), _linked(etc / "localtime"), _written(etc / "timezone")):
        if name and name not in ("UTC", "Etc/UTC", "Universal", "Zulu") and _exists(name):
            return name
    return None


def _named(environ: Mapping[str, str]) -> str:
    """TZ names a zone with or without a colon (POSIX leaves what follows the colon to the system)."""
    return environ.get("TZ", "").removeprefix(":").rpartition(_FOLDER)[2]


def _linked(link: Path) -> str:
    try:
        return str(link.readlink()).rpartition(_FOLDER)[2]
    except OSError:
        return ""


def _written(file: Path) -> str:
    try:
        return file.read_text(encoding="ascii").strip()
    except (OSError, ValueError):
        return ""


def _exists(name: str) -> bool:
    try:
        zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True
