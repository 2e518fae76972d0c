"""Whether a program copies a folder to other machines: by what such programs leave in their folders, and by what they
have written down of them. What was copied is out of our reach."""

from __future__ import annotations

import json
import os
import pwd
import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

_MARKS = {  # in the folder itself: what stands in a home folder says nothing of all that is below
    ".stfolder": "Syncthing", ".stversions": "Syncthing", ".owncloudsync.log": "ownCloud",
    ".nextcloudsync.log": "Nextcloud", ".sync_*.db": "Nextcloud", "._sync_*.db": "Nextcloud",
    ".dropbox.cache": "Dropbox", ".insync-trash": "Insync", ".tmp.driveupload": "Google Drive",
    ".tmp.drivedownload": "Google Drive",
}  # fmt: skip
_NAMES = {
    "Mobile Documents": "iCloud", "iCloudDrive": "iCloud", "com~apple~CloudDocs": "iCloud", "OneDrive": "OneDrive",
    "Google Drive": "Google Drive", "GoogleDrive": "Google Drive", "Dropbox": "Dropbox",
}  # fmt: skip
_LONGEST = 1 << 20  # bytes of what a program has written down
_LOCAL = re.compile(r"^\d+\\Folders(?:WithPlaceholders|2)?\\[^\\]+\\localPath=(.+)$", re.MULTILINE)
_SYNCTHING = re.compile(r"<folder\b[^>]*\bpath=\"([^\"]+)\"")
_ONEDRIVE = re.compile(r"^\s*sync_dir\s*=\s*\"([^\"]+)\"", re.MULTILINE)


def synced_by(folder: Path, homes: tuple[Path, ...] | None = None) -> str | None:
    """The name of a program that copies this folder to other machines; None where none is known to. `homes` are where
    programs keep their settings: of who asks and of who owns the folder, unless they are given."""
    place = folder.resolve()
    for parent in (place, *place.parents):
        if found := _marked(parent):
            return found
    for home in _homes(place) if homes is None else homes:
        for program, root in _written_down(home):
            with suppress(OSError, RuntimeError):
                if place.is_relative_to(root.resolve()):
                    return program
    return next((_NAMES[part] for part in place.parts if part in _NAMES), None)


def _marked(folder: Path) -> str | None:
    with suppress(OSError):
        for pattern, program in _MARKS.items():
            if any(True for _ in folder.glob(pattern)):
                return program
    return None


def _homes(folder: Path) -> tuple[Path, ...]:
    homes = []
    with suppress(RuntimeError):
        homes.append(Path.home())
    with suppress(OSError, KeyError):
        homes.append(Path(pwd.getpwuid(folder.stat().st_uid).pw_dir))
    return tuple(dict.fromkeys(homes))


def _written_down(home: Path) -> Iterator[tuple[str, Path]]:
    """The folders that programs have in their settings."""
    files: tuple[tuple[str, str, Callable[[str], list[str]]], ...] = (
        ("Nextcloud", ".config/Nextcloud/nextcloud.cfg", _LOCAL.findall),
        ("ownCloud", ".config/ownCloud/owncloud.cfg", _LOCAL.findall),
        ("Dropbox", ".dropbox/info.json", _dropbox),
        ("Syncthing", ".config/syncthing/config.xml", _SYNCTHING.findall),
        ("Syncthing", ".local/state/syncthing/config.xml", _SYNCTHING.findall),
        ("OneDrive", ".config/onedrive/config", _ONEDRIVE.findall),
    )
    for program, name, roots in files:
        for root in roots(_text(home / name)):
            yield program, Path(home, os.path.normpath(root.strip().replace("~", str(home), 1)))


def _dropbox(text: str) -> list[str]:
    try:
        accounts = json.loads(text or "{}").values()
        return [str(account["path"]) for account in accounts]
    except (ValueError, KeyError, TypeError, AttributeError):
        return []


def _text(file: Path) -> str:
    with suppress(OSError), file.open("rb") as opened:
        return opened.read(_LONGEST).decode("utf-8", "replace")
    return ""
