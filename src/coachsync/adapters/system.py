"""What the system says when it refuses: its common reasons as phrases, so that they can be said in any language."""

from __future__ import annotations

import errno
import os

from coachsync.phrases import say

_REASONS = {
    errno.EACCES: say("Permission denied"),
    errno.EPERM: say("Operation not permitted"),
    errno.ENOENT: say("No such file or directory"),
    errno.ENOTDIR: say("Not a directory"),
    errno.EISDIR: say("Is a directory"),
    errno.EEXIST: say("File exists"),
    errno.ENOSPC: say("No space left on device"),
    errno.EDQUOT: say("Disk quota exceeded"),
    errno.EROFS: say("Read-only file system"),
    errno.EIO: say("Input/output error"),
    errno.ELOOP: say("Too many levels of symbolic links"),
    errno.ENAMETOOLONG: say("File name too long"),
    errno.EMFILE: say("Too many open files"),
    errno.ENOLCK: say("No locks available"),
}


def reason(problem: OSError) -> str:
    """Why the system refused, without a file's name; what is not common stays in the words of the system."""
    number = problem.errno or 0
    return _REASONS.get(number) or os.strerror(number)
