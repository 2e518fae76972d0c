"""When the process that keeps a seed ends itself, by clocks that are handed to it; and the page that the seed is on."""

from __future__ import annotations

import os
import resource
import select
import signal
import socket
from contextlib import suppress
from itertools import chain, repeat
from pathlib import Path
from typing import Any

import pytest

from coachsync.adapters import agent_child, heldsecret
from coachsync.adapters.agent_child import GIVE, LOCK, TELL, Keeper, Moment, Patience
from coachsync.adapters.heldsecret import HeldSecret

SEED = bytes(range(32))
PATIENCE = 20.0
real_select = select.select


def answered(asking: socket.socket) -> bytes:
    with suppress(ConnectionResetError):  # it has not read all that was said
        return asking.recv(64)
    return b""


class Desk:
    """An agent that serves here, at a socket of a test, by a clock that shows what the test has written down."""

    def __init__(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.listening = socket.socket(socket.AF_UNIX)
        self.place = tmp_path / "desk.sock"
        self.listening.bind(str(self.place))
        self.listening.listen()
        self.asking: list[socket.socket] = []
        self.answers: list[bytes] = []
        self.waits: list[float] = []
        self.left: list[list[bytes]] = []
        monkeypatch.setattr(agent_child.select, "select", self._select)

    def _select(self, sources: list[object], _: object, __: object, timeout: float) -> tuple[list[object], ...]:
        """Nobody waits here."""
        self.waits.append(timeout)
        return real_select(sources, [], [], 0)

    def ask(self, question: bytes) -> None:
        asking = socket.socket(socket.AF_UNIX)
        asking.connect(str(self.place))
        asking.sendall(question)
        asking.setblocking(False)
        self.asking.append(asking)
        self.answers.append(b"")

    def heard(self) -> list[bytes]:
        """What those who asked have heard so far."""
        for number, asking in enumerate(self.asking):
            with suppress(BlockingIOError):
                self.answers[number] += answered(asking)
        return list(self.answers)

    def leave(self) -> None:
        self.left.append(self.heard())

    def serve(self, moments: list[float | tuple[float, float]], idle: float = 60.0, **more: Any) -> list[bytes]:
        """What is answered while these pass: seconds since boot, or these beside those that the machine was awake."""
        times = [Moment(one, one) if isinstance(one, int | float) else Moment(*one) for one in moments]
        clock = chain(times[1:], repeat(times[-1]))
        patience = Patience(idle, times[0])
        Keeper(self.listening, memoryview(SEED), patience, "keyring", lambda: next(clock), self.leave, **more).serve()
        self.listening.close()
        heard = self.heard()
        for asking in self.asking:
            asking.close()
        return heard


@pytest.fixture
def served(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    return Desk(tmp_path, monkeypatch)


def test_another_user_gets_nothing(served: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Told here by the one who answers: another user cannot be had without being root."""
    me = os.geteuid()
    monkeypatch.setattr(agent_child.os, "geteuid", lambda: me + 1)
    for question in (GIVE, TELL, LOCK):
        served.ask(question)
    assert served.serve([*range(0, 70, 10)]) == [b"", b"", b""]


# The clock is read at the begin; then before each wait, after it, and once more for whoever has asked.


def test_each_time_that_it_is_asked_the_wait_begins_anew_and_not_for_a_question_that_is_none(served: Desk) -> None:
    for question in (GIVE, GIVE, b"give ", TELL):
        served.ask(question)
    moments = [0, 0, 40, 40, 40, 90, 90, 90, 90, 90, 95, 141, 141, 151]
    assert served.serve([0, *moments]) == [SEED, SEED, b"", b"keyring 9\n"]


def test_after_a_night_asleep_it_gives_nothing_and_ends(served: Desk) -> None:
    """While a machine sleeps, a timeout stands still, and the seconds since boot do not."""
    for question in (GIVE, GIVE, TELL):
        served.ask(question)
    assert served.serve([0, 0, 0, 1, 1, 1, (8 * 3600.0, 2.0)]) == [SEED, b"", b""]
    assert len(served.left) == 1


def test_a_minute_asleep_ends_it_too_however_long_nobody_need_ask(served: Desk) -> None:
    served.ask(GIVE)
    assert served.serve([0, 0, (61.0, 1.0)], idle=86_400) == [b""]
    assert len(served.left) == 1


def test_what_the_clocks_differ_by_before_is_no_sleep(served: Desk) -> None:
    """The machine has slept in the time before the vault was unlocked."""
    served.ask(GIVE)
    assert served.serve([(900, 100), (900, 100), (900, 100), (901, 101), (902, 102.02), (999, 199)]) == [SEED]


def test_whoever_takes_a_night_to_say_what_it_wants_gets_nothing(served: Desk) -> None:
    served.ask(GIVE)
    assert served.serve([0, 0, 0, (8 * 3600.0, 1.0)]) == [b""]


def test_it_waits_in_short_pieces_so_that_it_ends_soon_after_a_night_asleep(served: Desk) -> None:
    served.serve([0, 0, 0, 52, 52, 59.5, 60.5])
    assert served.waits == [1.0, 1.0, 0.5]


def test_its_place_is_free_before_it_says_that_it_is_locked(served: Desk) -> None:
    served.ask(LOCK)
    assert served.serve([0]) == [agent_child.LOCKED]
    assert served.left == [[b""]]


def test_where_its_place_has_gone_it_ends(served: Desk) -> None:
    """At logout the folder of the session goes; and another agent may have come."""
    there = iter([True, False])
    served.ask(GIVE)
    served.ask(GIVE)
    assert served.serve([0], is_there=lambda: next(there)) == [SEED, b""]
    assert len(served.left) == 1


def test_a_secret_is_held_on_a_page_of_its_own_and_wiped() -> None:
    held = HeldSecret(32)
    reading, writing = os.pipe()
    os.write(writing, SEED[:20])
    os.write(writing, SEED[20:])
    assert held.fill(reading)
    assert bytes(held.bytes) == SEED
    assert held.is_locked == (resource.getrlimit(resource.RLIMIT_MEMLOCK)[0] != 0)
    child = os.fork()
    if not child:
        signal.signal(signal.SIGSEGV, signal.SIG_DFL)
        os._exit(bytes(held.bytes) == SEED)  # a page that a child process does not have: it is killed
    assert os.WIFSIGNALED(os.waitpid(child, 0)[1])
    held.wipe()
    assert bytes(held.bytes) == bytes(32)
    os.write(writing, SEED[:20])
    os.close(writing)
    assert not held.fill(reading)
    os.close(reading)


def test_where_no_memory_may_be_kept_out_of_swap_it_is_held_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(heldsecret, "_lock", lambda page: False)
    assert not HeldSecret(32).is_locked
