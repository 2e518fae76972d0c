"""Holding a secret in memory: on a page of its own, which can be wiped, by a process that nobody can look into.

What Python lets one do: the bytes are read into the page and sent from it without ever being a Python object, so there
is one copy, and it is overwritten at the end. The page is kept out of swap, of core files and of child processes, where
the system allows it; nobody but root reads the memory of the process.

What it does not: `bytes` and `str` cannot be overwritten, so the commands that are given the secret have copies of it
until they end, in memory that the kernel clears before another process gets it. The kernel's buffers of a pipe or a
socket hold it for a moment. A machine that hibernates writes all its memory to the disk, this page too: therefore the
agent ends before it sleeps. Root sees everything.
"""

from __future__ import annotations

import ctypes
import mmap
import os
import resource
from contextlib import suppress

_DUMPABLE, _DEATH = 4, 1  # PR_SET_DUMPABLE and PR_SET_PDEATHSIG (prctl(2))
_ADVICE = (mmap.MADV_DONTDUMP, mmap.MADV_DONTFORK)


class HeldSecret:
    """So many bytes on a page of their own."""

    def __init__(self, size: int) -> None:
        self._page = mmap.mmap(-1, mmap.PAGESIZE, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
        for advice in _ADVICE:
            with suppress(OSError):  # an older kernel
                self._page.madvise(advice)
        self.is_locked = _lock(self._page)
        self.bytes = memoryview(self._page)[:size]

    def fill(self, handle: int) -> bool:
        """Read the secret from an open file; whether it was all there."""
        got = 0
        while got < len(self.bytes) and (more := os.readv(handle, [self.bytes[got:]])):
            got += more
        return got == len(self.bytes)

    def wipe(self) -> None:
        """Overwrite it."""
        ctypes.memset(_address(self._page), 0, len(self._page))


def shut_out() -> None:
    """Let nobody read the memory of this process but root, and leave none of it behind in a crash."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    ctypes.CDLL(None).prctl(_DUMPABLE, 0, 0, 0, 0)


def end_with_parent(signal: int) -> None:
    """Have this process killed by that signal when the one that has started it ends, however that ends."""
    ctypes.CDLL(None).prctl(_DEATH, signal, 0, 0, 0)


def _lock(page: mmap.mmap) -> bool:
    """Keep the page out of swap; False where the limit (RLIMIT_MEMLOCK) does not allow it."""
    return not ctypes.CDLL(None).mlock(ctypes.c_void_p(_address(page)), ctypes.c_size_t(len(page)))


def _address(page: mmap.mmap) -> int:
    return ctypes.addressof(ctypes.c_char.from_buffer(page))
