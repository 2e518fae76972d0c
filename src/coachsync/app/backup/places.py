"""The folders of backups and of the mirror: whether they are there, and whose they are."""

from __future__ import annotations

import json
from glob import escape
from pathlib import Path

from coachsync.adapters.backupset import IDENTITY, BackupSet, is_there
from coachsync.errors import Altered, CoachsyncError
from coachsync.phrases import say
from coachsync.vault.chain import canonical

FOLDER, MIRROR = "backup.folder", "backup.mirror"
ASIDE = ".before-"  # behind the name of a state folder that a restore has moved away
_VERSION = 1
_ID_BYTES = 16


def identity(store: BackupSet, where: str) -> bytes | None:
    """Whose a folder is: the id of a vault; None for one that is nobody's yet. Raises Altered where that cannot be
    understood."""
    content = store.clear(IDENTITY)
    if content is None:
        return None
    try:
        found = json.loads(content)
        vault = bytes.fromhex(found["vault"])
        if found["version"] == _VERSION and len(vault) == _ID_BYTES:
            return vault
    except (ValueError, TypeError, KeyError):
        pass
    raise Altered(
        "backup-set-damaged",
        say("The file {name} does not say whose this folder is.", name=IDENTITY),
        say("Choose another folder, or restore that file from a copy."),
        where=where,
    )


def claim(store: BackupSet, vault: bytes, where: str, *, known: bool) -> None:
    """Make a folder that vault's, where it is nobody's yet; `known`: it was once, so that it should be.

    Raises CoachsyncError where there is no such folder, where it is another vault's, or where it should hold something
    and does not: the disk that is meant is not there.
    """
    if not is_there(store.folder):
        raise folder_missing(store.folder, where)
    found = identity(store, where)
    if found is None and known:
        raise _empty(store.folder, where)
    if found is None:
        store.put_clear(IDENTITY, canonical({"version": _VERSION, "vault": vault.hex()}) + b"\n")
    elif found != vault:
        raise Altered(
            "backup-of-another-vault",
            say("This folder belongs to another vault."),
            say("Give each practice a folder of its own for its backups, and another one for its mirror."),
            where=where,
        )


def moved_away(state: Path) -> list[Path]:
    """The states of before that restores have moved away: they open what they always did. Sorted."""
    return sorted(state.parent.glob(f"{escape(state.name)}{ASIDE}*"))


def folder_missing(folder: Path, where: str) -> CoachsyncError:
    """That there is no such folder."""
    failure = CoachsyncError(
        "backup-folder-missing",
        say("The folder is not there."),
        say("Connect the disk that it is on, or make the folder."),
        where=where,
    )
    failure.aside = say("The folder is {folder}", folder=folder)
    return failure


def _empty(folder: Path, where: str) -> CoachsyncError:
    failure = CoachsyncError(
        "backup-folder-empty",
        say("There was something of ours in this folder, and now there is nothing: another disk, or none, is there."),
        say("Connect the disk that is meant. If it is a new one, run: coachsync backup create --anew"),
        where=where,
    )
    failure.aside = say("The folder is {folder}", folder=folder)
    return failure
