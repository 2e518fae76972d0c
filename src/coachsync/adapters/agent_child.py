"""The process that keeps the vault unlocked: it holds a coach's seed in memory, and gives it to that coach's own
programs until it is told to lock, or nobody has asked for a while; and until the machine sleeps or goes off, the
session ends, or its screen is locked.

Arguments: the socket, how many idle seconds it waits, how the vault was unlocked, in how many seconds it is tended for
the first time, and the command that does it. It reads the seed from stdin, and writes a line when it listens. Where no
logind tells of sleep and logout, the clocks tell that the machine has slept, and a socket that is gone tells that the
session has ended. How the seed is held, and what of it cannot be wiped, is said in `heldsecret`.
"""

from __future__ import annotations

import os
import select
import signal
import socket
import struct
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import closing, nullcontext, suppress
from pathlib import Path
from typing import NamedTuple, Protocol

from coachsync.adapters.agent_tending import Tending
from coachsync.adapters.heldsecret import HeldSecret, shut_out

SEED_BYTES = 32
GIVE, LOCK, TELL = b"give\n", b"lock\n", b"tell\n"
READY, LOCKED = b"ready\n", b"locked\n"
_PATIENCE = 2.0  # seconds for whoever has connected to say what it wants, and for logind to answer
_SLICE = 1.0  # seconds of waiting in one piece: a machine that has slept is noticed soon
_SLEPT = 0.1  # seconds by which the clocks must differ: they are read one after the other
_BUS = Path("/var/run/dbus/system_bus_socket")  # where it is by the D-Bus specification
_CREDENTIALS = struct.Struct("3i")  # pid, uid, gid (unix(7), SO_PEERCRED)


class Moment(NamedTuple):
    """Seconds since boot: with those that the machine has slept, and without."""

    boot: float
    awake: float


class Source(Protocol):
    """What can be waited on."""

    def fileno(self) -> int: ...


class Sign(Protocol):
    """Somebody who may tell that it is over: the session of logind."""

    @property
    def source(self) -> Source | None: ...

    def is_over(self) -> bool: ...

    def close(self) -> None: ...


class Patience:
    """How long the seed is still kept: until nobody has been given it for `idle` seconds, or the machine has slept."""

    def __init__(self, idle: float, now: Moment) -> None:
        self._idle = idle
        self._given = now.boot
        self._asleep = now.boot - now.awake

    def given(self, now: Moment) -> None:
        """Begin anew: somebody has used it."""
        self._given = now.boot

    def left(self, now: Moment) -> float:
        """Seconds, none once it is over."""
        slept = now.boot - now.awake - self._asleep > _SLEPT
        return 0.0 if slept else max(0.0, self._idle - (now.boot - self._given))


class Keeper:
    """Answers questions. `is_there` says whether this is still where others look for it; `leave` is called before the
    word that it is locked: who hears that may listen at the same place."""

    def __init__(
        self,
        listening: socket.socket,
        seed: memoryview,
        patience: Patience,
        by: str,
        clock: Callable[[], Moment],
        leave: Callable[[], None] = lambda: None,
        is_there: Callable[[], bool] = lambda: True,
        sign: Sign | None = None,
        tending: Tending | None = None,
    ) -> None:
        self._listening, self._seed, self._patience, self._by, self._clock = listening, seed, patience, by, clock
        self._leave, self._is_there, self._sign = leave, is_there, sign
        self._tending = tending or Tending((), 0.0)

    def serve(self) -> None:
        """Answer until it is over."""
        while True:
            asked = self._listening in self._wait()
            now = self._clock()
            if not self._patience.left(now) or not self._is_there() or (self._sign and self._sign.is_over()):
                self._leave()
                return
            self._tending.look(now.boot, self._seed)
            if asked and self._is_locked_by_answering():
                return

    def _wait(self) -> Sequence[Source]:
        now = self._clock()
        source = self._sign.source if self._sign else None
        sources: list[Source] = [self._listening] if source is None else [self._listening, source]
        timeout = min(self._patience.left(now), self._tending.wait(now.boot), _SLICE)
        return select.select(sources, [], [], timeout)[0]

    def _is_locked_by_answering(self) -> bool:
        with suppress(OSError), closing(self._listening.accept()[0]) as asking:  # who has gone again asks nothing
            question, now = _question(asking), self._clock()
            if question == LOCK:
                self._leave()
                _say(asking, LOCKED)
                return True
            left = self._patience.left(now)  # it may have slept while somebody thought about what to ask
            if question == TELL and left:
                _say(asking, f"{self._by} {left:.0f}\n".encode())
            if question == GIVE and left:
                _say(asking, self._seed)
                self._patience.given(now)
        return False


def main(path: Path, idle: float, by: str, soon: float, tending: Sequence[str]) -> None:
    """Serve until the end. Raises OSError when the socket cannot be made."""
    shut_out()
    if os.fork():  # whoever has started it need not wait for its end
        os._exit(0)
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, _leave_off)
    seed = HeldSecret(SEED_BYTES)
    if not seed.fill(sys.stdin.fileno()):
        return
    os.chdir(path.parent)  # a socket's address has at most 107 bytes (unix(7)), a path may have more
    name = Path(path.name)
    name.unlink(missing_ok=True)
    with socket.socket(socket.AF_UNIX) as listening:
        usual = os.umask(0o177)
        listening.bind(str(name))
        os.umask(usual)  # of whoever tends the vault, who makes folders
        listening.listen()
        _keep(listening, path, seed, Patience(idle, _now()), by, Tending(tending, _now().boot, soon))


def _keep(
    listening: socket.socket, path: Path, seed: HeldSecret, patience: Patience, by: str, tending: Tending
) -> None:
    """Serve at a socket that is bound, and leave nothing of it."""
    name, mine = Path(path.name), path.stat()

    def leave() -> None:
        tending.end()
        seed.wipe()
        _remove(name, mine)

    try:
        session = _session()
        with closing(session) if session else nullcontext():
            _tell_ready()
            keeper = Keeper(
                listening, seed.bytes, patience, by, _now, leave, lambda: _is_mine(path, mine), session, tending
            )
            keeper.serve()
    finally:
        leave()


def _tell_ready() -> None:
    """Say that it listens to whoever has started it, and let go of them; what is opened next is none of these."""
    os.write(sys.stdout.fileno(), READY)
    nothing = os.open(os.devnull, os.O_RDWR)
    for handle in (sys.stdin.fileno(), sys.stdout.fileno()):
        os.dup2(nothing, handle)
    os.close(nothing)


def _session() -> Sign | None:
    """What logind tells of, where it can be asked: without, nothing of D-Bus is loaded."""
    if not (os.environ.get("DBUS_SYSTEM_BUS_ADDRESS") or _BUS.exists()):
        return None
    from coachsync.adapters import logind

    return logind.listened(_PATIENCE)


def _say(asking: socket.socket, answer: bytes | memoryview) -> None:
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


def _now() -> Moment:
    return Moment(time.clock_gettime(time.CLOCK_BOOTTIME), time.clock_gettime(time.CLOCK_MONOTONIC))


def _is_mine(path: Path, mine: os.stat_result) -> bool:
    """Whether our own socket is where others look for it: the folder goes at logout, and another agent takes its
    place."""
    try:
        return os.path.samestat(path.stat(), mine)
    except OSError:
        return False


def _remove(name: Path, mine: os.stat_result) -> None:
    """Remove our own socket, and not the one of another agent that listens there by now."""
    with suppress(FileNotFoundError):
        if os.path.samestat(name.stat(), mine):
            name.unlink()


def _leave_off(*_: object) -> None:
    """End as the machine or a person wants it, by way of what has to be done at the end."""
    sys.exit()


if __name__ == "__main__":
    main(Path(sys.argv[1]).absolute(), float(sys.argv[2]), sys.argv[3], float(sys.argv[4]), sys.argv[5:])
