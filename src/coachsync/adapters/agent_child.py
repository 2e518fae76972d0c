"""The process that keeps the vault unlocked: it holds a coach's seed in memory, and gives it to that coach's own
programs until it is told to lock, or nobody has asked for a while.

Arguments: the socket, and how many idle seconds it waits. It reads the seed from stdin, and writes a line when it
listens. Python cannot promise that no copy of the seed is left in its memory: it ends itself instead.
"""

from __future__ import annotations

import ctypes
import os
import resource
import socket
import struct
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

SEED_BYTES = 32
GIVE, LOCK = b"give\n", b"lock\n"
READY, LOCKED = b"ready\n", b"locked\n"
_DUMPABLE = 4  # PR_SET_DUMPABLE (prctl(2)): no other process of this user reads the memory, and no core is written
_PATIENCE = 2.0  # seconds for whoever has connected to say what it wants
_SLICE = 10.0  # seconds of waiting in one piece: a machine that has slept is noticed soon
_CREDENTIALS = struct.Struct("3i")  # pid, uid, gid (unix(7), SO_PEERCRED)


def main(path: Path, idle: float) -> None:
    """Serve until the end. Raises OSError when the socket cannot be made."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    ctypes.CDLL(None).prctl(_DUMPABLE, 0, 0, 0, 0)
    seed = bytearray(sys.stdin.buffer.read(SEED_BYTES))
    os.umask(0o177)
    os.chdir(path.parent)  # a socket's address has at most 107 bytes (unix(7)), a path may have more
    name = Path(path.name)
    name.unlink(missing_ok=True)
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(name))
        listening.listen()
        mine = name.stat()
        if os.fork():  # whoever has started it need not wait for its end
            sys.stdout.buffer.write(READY)
            sys.stdout.flush()
            os._exit(0)
        os.close(sys.stdout.fileno())
        try:
            serve(listening, seed, idle, _boot, lambda: _remove(name, mine))
        finally:
            _remove(name, mine)
            seed[:] = bytes(len(seed))


def serve(
    listening: socket.socket,
    seed: bytes | bytearray,
    idle: float,
    clock: Callable[[], float],
    leave: Callable[[], None],
) -> None:
    """Answer questions until told to lock, or until nobody has been given the seed for `idle` seconds of the clock.

    `leave` is called before the word that it is locked: who hears that may listen at the same place.
    """
    given = clock()
    while (left := idle - (clock() - given)) > 0:
        listening.settimeout(min(left, _SLICE))
        try:
            asking, _ = listening.accept()
        except TimeoutError:
            continue
        with asking:
            question = _question(asking)
            if question == LOCK or clock() - given > idle:  # where the machine has slept, the wait did not notice
                leave()
                _say(asking, LOCKED if question == LOCK else b"")
                return
            if question == GIVE:
                _say(asking, seed)
                given = clock()


def _say(asking: socket.socket, answer: bytes | bytearray) -> None:
    with suppress(OSError):  # nobody listens any more
        asking.sendall(answer)


def _question(asking: socket.socket) -> bytes:
    """What this user asks; nothing of anybody else."""
    with suppress(OSError):  # it has said nothing
        _, user, _ = _CREDENTIALS.unpack(asking.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size))
        asking.settimeout(_PATIENCE)
        if user == os.geteuid():
            return asking.recv(len(GIVE))
    return b""


def _boot() -> float:
    """Seconds since boot, with those that the machine has slept: the timeout of a socket stands still in them."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


def _remove(name: Path, mine: os.stat_result) -> None:
    """Remove our own socket, and not the one of another agent that listens there by now."""
    with suppress(FileNotFoundError):
        if os.path.samestat(name.stat(), mine):
            name.unlink()


if __name__ == "__main__":
    main(Path(sys.argv[1]), float(sys.argv[2]))
