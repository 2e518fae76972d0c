"""What this machine knows already: its time zone."""

from __future__ import annotations

import zoneinfo
from collections.abc import Mapping
from pathlib import Path

_COPIES = ("posix/", "right/")  # the same zones again
_FOLDER = "zoneinfo/"  # in the target of /etc/localtime, before the name of the zone


def zone(environ: Mapping[str, str], etc: Path = Path("/etc")) -> str | None:
    """The IANA name of the system's time zone, by TZ, /etc/localtime or /etc/timezone; None when none is known.

    UTC counts as unknown: it is what servers are set to, and nobody coaches there.
    """
    for name in (_named(environ), _linked(etc / "localtime"), _written(etc / "timezone")):
        if name and name not in ("UTC", "Etc/UTC", "Universal", "Zulu") and _exists(name):
            return name
    return None


def spelled(text: str) -> str:
    """The IANA name that was meant: in whatever case, or by its last part alone; the text itself unless it is one."""
    wanted, known = text.casefold().replace(" ", "_"), zoneinfo.available_timezones()
    whole = [name for name in known if name.casefold() == wanted]
    ends = [name for name in known if name.casefold().rpartition("/")[2] == wanted]
    found = [text] if text in known else whole or [name for name in ends if not name.startswith(_COPIES)]
    return found[0] if len(found) == 1 else text


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
