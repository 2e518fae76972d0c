"""The administrator at work in the state of the service: as the service, so that nothing there is made root's, and no
link that somebody has put there leads where only root may write."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def as_owner_of(folder: Path) -> Iterator[None]:
    """Have the rights of whoever owns the folder while the body runs, where this is the administrator; for everybody
    else, and where there is no such folder yet, nothing changes."""
    try:
        status = folder.stat()
    except OSError:
        status = None
    if os.geteuid() != 0 or status is None or status.st_uid == 0:
        yield
        return
    before = os.getegid()
    os.setegid(status.st_gid)
    os.seteuid(status.st_uid)
    try:
        yield
    finally:
        os.seteuid(0)
        os.setegid(before)


def is_lowered() -> bool:
    """Whether the administrator works as somebody else just now: whoever that is could read what is made meanwhile."""
    return os.geteuid() != os.getuid()


@contextmanager
def as_administrator() -> Iterator[None]:
    """Have the administrator's rights again, inside of `as_owner_of`."""
    user, group = os.geteuid(), os.getegid()
    if user == 0 or os.getuid() != 0:
        yield
        return
    os.seteuid(0)
    os.setegid(0)
    try:
        yield
    finally:
        os.setegid(group)
        os.seteuid(user)
