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
from contextlib import suppress
from pathlib import Path

SEED_BYTES = 32
GIVE, LOCK = b"give\n", b"lock\n"
READY, LOCKED = b"ready\n", b"locked\n"
_DUMPABLE = 4  # PR_SET_DUMPABLE (prctl(2)): no other process of this user reads the memory, and no core is written
_PATIENCE = 2.0  # seconds for whoever has connected to say what it wants
_CREDENTIALS = struct.Struct("3i")  # pid, uid, gid (unix(7), SO_PEERCRED)


def main(path: Path, idle: float) -> None:
    """Serve until the end. Raises OSError when the socket cannot be made."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    ctypes.CDLL(None).prctl(_DUMPABLE, 0, 0, 0, 0)
    seed = bytearray(sys.stdin.buffer.read(SEED_BYTES))
    os.umask(0o177)
    os.chdir(path.parent)  # a socket's address has at most 107 bytes (unix(7)), a path may have more
    path.unlink(missing_ok=True)
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(path.name)
        listening.listen()
        listening.settimeout(idle)
        if os.fork():  # whoever has started it need not wait for its end
            sys.stdout.buffer.write(READY)
            sys.stdout.flush()
            os._exit(0)
        os.close(sys.stdout.fileno())
        try:
            while _serve(listening, seed):
                pass
        except TimeoutError:
            pass
        finally:
            path.unlink(missing_ok=True)
            seed[:] = bytes(len(seed))


def _serve(listening: socket.socket, seed: bytearray) -> bool:
    """Answer one question; whether to go on."""
    asking, _ = listening.accept()
    with asking, suppress(OSError):
        _, user, _ = _CREDENTIALS.unpack(asking.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size))
        if user != os.geteuid():
            return True
        asking.settimeout(_PATIENCE)
        question = asking.recv(len(GIVE))
        if question == LOCK:
            asking.sendall(LOCKED)
            return False
        if question == GIVE:
            asking.sendall(seed)
    return True


if __name__ == "__main__":
    main(Path(sys.argv[1]), float(sys.argv[2]))
