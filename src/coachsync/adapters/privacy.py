"""Whom a file or a folder is for: its owner alone, or the group that a coach and the service share.

A folder is shared where its group may do all in it, where what is made in it gets that group (setgid), and where others
may do nothing. In such a folder files are for the group too, and in every other for their owner alone.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path

PRIVATE, PRIVATE_FOLDER = 0o600, 0o700
SHARED, SHARED_FOLDER = 0o660, 0o2770
CLOSED = 0o7777  # all that a mode says
_GROUP, _OTHERS = 0o070, 0o007
_SHARES = 0o2077  # what is looked at: setgid, the group's rights, those of others


def is_shared(folder: Path) -> bool:
    """Whether a folder is shared with its group; not where there is none."""
    return group_of(folder) is not None


def group_of(folder: Path) -> int | None:
    """The group that a folder is shared with, by its number; None where it is shared with nobody."""
    try:
        status = folder.stat()
    except OSError:
        return None
    return status.st_gid if _is_shared(status) else None


def file_mode(folder: Path) -> int:
    """The mode of a file that is made there."""
    return SHARED if is_shared(folder) else PRIVATE


def inner_mode(folder: Path) -> int:
    """The mode that a folder of ours is to have: that of the shared one which it is in, else as `closed` says."""
    if is_shared(folder.parent):
        return SHARED_FOLDER
    return closed(folder) if folder.is_dir() else PRIVATE_FOLDER


def closed(folder: Path) -> int:
    """The mode of a folder once nobody is let in but its owner and those whom it was shared with: somebody who lets the
    whole group in and has forgotten setgid is told so (`check`), and not shut out."""
    mode = stat.S_IMODE(folder.stat().st_mode)
    if mode & _OTHERS:
        return SHARED_FOLDER if mode & stat.S_ISGID and mode & _GROUP == _GROUP else PRIVATE_FOLDER
    return mode if mode & _GROUP in (0, _GROUP) else PRIVATE_FOLDER


def is_open(status: os.stat_result, folder: os.stat_result) -> bool:
    """Whether more people may touch a file, or enter a folder, than those whom the folder that it is in is for."""
    if status.st_mode & _OTHERS:
        return True
    theirs = _is_shared(folder) and status.st_gid == folder.st_gid
    return bool(status.st_mode & _GROUP) and not theirs


def _is_shared(status: os.stat_result) -> bool:
    return stat.S_ISDIR(status.st_mode) and status.st_mode & _SHARES == stat.S_ISGID | _GROUP
