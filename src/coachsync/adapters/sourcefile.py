"""A file that somebody has named, opened as it is: no link is followed, and nothing waits for a pipe."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from coachsync.adapters.system import reason
from coachsync.errors import UsageError
from coachsync.phrases import say

_FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC


@contextmanager
def source_file(path: Path) -> Iterator[BinaryIO]:
    """The file, to be read from its begin. Raises UsageError for a link, a folder, a pipe or a device, and for what is
    not there or may not be read."""
    try:
        handle = os.open(path, _FLAGS)
    except OSError as problem:
        raise _refused(problem) from None
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise _no_file()
    with os.fdopen(handle, "rb", buffering=0) as file:
        yield file


def _refused(problem: OSError) -> UsageError:
    if problem.errno == errno.ELOOP:
        return UsageError(
            "file-is-link",
            say("This is a link to another file. Nothing was stored."),
            say("Give the name of the file itself."),
        )
    if problem.errno in (errno.ENXIO, errno.EISDIR):
        return _no_file()
    if problem.errno == errno.ENOENT:
        return UsageError("no-such-file", say("There is no such file."), say("Look at the name."))
    message = say("The file cannot be read: {cause}. Nothing was stored.", cause=reason(problem))
    return UsageError("file-not-read", message, say("Look whom it belongs to, or copy it to another place."))


def _no_file() -> UsageError:
    return UsageError(
        "no-file",
        say("This is a folder, a pipe or a device, and no file. Nothing was stored."),
        say("Give the name of a file. What is in a folder can be made one file: as a .zip, for example."),
    )
