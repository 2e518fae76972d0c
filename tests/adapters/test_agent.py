"""The process that keeps the vault unlocked: it gives the seed to its own user alone, and only when asked for it."""

from __future__ import annotations

import os
import resource
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from itertools import chain, repeat
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from coachsync.adapters import agent, agent_child, heldsecret
from coachsync.adapters.agent import Kept
from coachsync.adapters.agent_child import GIVE, LOCK, TELL, Keeper, Moment, Patience
from coachsync.adapters.heldsecret import HeldSecret
from coachsync.errors import CoachsyncError

SEED = bytes(range(32))
PATIENCE = 20.0
real_select = select.select


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Path]:
    """Where an agent listens; it is gone at the end."""
    path = tmp_path / "agents" / "one.sock"
    yield path
    agent.lock(path)


def processes_of(place: Path) -> Iterator[Path]:
    """What the kernel tells of the agents that listen there."""
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if str(place).encode() in (process / "cmdline").read_bytes():
                yield process


def process_of(place: Path) -> Path:
    """The same of the one that there is."""
    (process,) = processes_of(place)
    return process


def ended(process: Path) -> bool:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        try:
            if not (process / "cmdline").read_bytes():  # nobody has asked what became of it yet
                return True
        except OSError:
            return True
        time.sleep(0.01)
    return False


def answered(asking: socket.socket) -> bytes:
    with suppress(ConnectionResetError):  # it has not read all that was said
        return asking.recv(64)
    return b""


def gone(place: Path) -> bool:
    deadline = time.monotonic() + PATIENCE
    while place.exists() and time.monotonic() < deadline:
        time.sleep(0.01)
    return not place.exists()


def test_it_keeps_a_seed_until_it_is_locked(place: Path) -> None:
    assert agent.seed(place) is None
    assert not agent.lock(place)
    agent.start(place, SEED, 60)
    assert agent.seed(place) == SEED == agent.seed(place)
    assert (place.stat().st_mode & 0o777, place.parent.stat().st_mode & 0o777) == (0o600, 0o700)
    assert agent.lock(place)
    assert agent.seed(place) is None
    assert gone(place)
    assert not agent.lock(place)


def test_another_one_takes_its_place(place: Path) -> None:
    agent.start(place, SEED, 60)
    first = process_of(place)
    agent.start(place, bytes(32), 60)
    assert agent.seed(place) == bytes(32)
    assert process_of(place) != first


def test_it_ends_itself_when_nobody_asks(place: Path) -> None:
    agent.start(place, SEED, 0.1)
    assert gone(place)
    assert agent.seed(place) is None


def test_odd_questions_get_no_answer_and_do_not_end_it(place: Path) -> None:
    agent.start(place, SEED, 60)
    for question in (b"", b"giv", b"GIVE\n", b"give ", b"\x00" * 5, b"x" * 10_000):
        with socket.socket(socket.AF_UNIX) as asking:
            asking.connect(str(place))
            asking.sendall(question)
            asking.shutdown(socket.SHUT_WR)
            assert answered(asking) == b""
    assert agent.seed(place) == SEED


def test_neither_its_memory_nor_its_arguments_and_environment_are_to_be_read(place: Path) -> None:
    """PR_SET_DUMPABLE makes the kernel give its files to root: another process of the same user reads no memory."""
    agent.start(place, SEED, 60)
    process = process_of(place)
    assert SEED.hex().encode() not in process.joinpath("cmdline").read_bytes()
    assert SEED not in process.joinpath("cmdline").read_bytes()
    if os.geteuid() != 0:
        assert process.stat().st_uid == 0
        with pytest.raises(PermissionError):
            process.joinpath("environ").read_bytes()
    assert "Max core file size        0                    0" in process.joinpath("limits").read_text()


def test_where_it_listens(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    assert agent.socket_of(bytes(16), tmp_path / "state").parent == tmp_path / "coachsync"
    for nowhere in ("", "relative", str(tmp_path / "missing")):
        monkeypatch.setenv("XDG_RUNTIME_DIR", nowhere)
        assert agent.socket_of(bytes(16), tmp_path / "state").parent == tmp_path / "state" / "vault"


def test_in_a_state_that_is_shared_it_does_not_listen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The service may remove and replace everything there."""
    state = tmp_path / "state"
    state.mkdir()
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.delenv("XDG_RUNTIME_DIR", raising=False)
    assert agent.socket_of(bytes(16), state).parent == state / "vault"
    state.chmod(0o2770)
    place = agent.socket_of(bytes(16), state)
    assert place.is_relative_to(tmp_path / "home")
    assert place in agent.sockets_of(bytes(16), state)
    agent.start(place, SEED, PATIENCE)
    assert (agent.seed(place), place.parent.stat().st_mode & 0o777) == (SEED, 0o700)
    assert agent.lock(place)


@pytest.mark.parametrize("mode", [0o2770, 0o770, 0o750])
def test_in_a_folder_that_others_may_enter_it_does_not_start(tmp_path: Path, mode: int) -> None:
    place = tmp_path / "agents"
    place.mkdir()
    tmp_path.chmod(0o2770)
    place.chmod(mode)
    with pytest.raises(CoachsyncError) as refused:
        agent.start(place / "one.sock", SEED, PATIENCE)
    assert refused.value.code == "agent-not-started"
    assert not (place / "one.sock").exists()


def test_the_folder_of_a_session_is_used_only_where_nobody_else_writes_in_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path / "run"))
    (tmp_path / "run").mkdir()
    for mode, ours in ((0o700, True), (0o755, True), (0o775, False), (0o777, False)):
        (tmp_path / "run").chmod(mode)
        assert (agent.socket_of(bytes(16), tmp_path).parent == tmp_path / "run" / "coachsync") is ours
    (tmp_path / "run").chmod(0o700)
    me = os.geteuid()
    monkeypatch.setattr(os, "geteuid", lambda: me + 1)  # that of another user, after su
    assert agent.socket_of(bytes(16), tmp_path).parent == tmp_path / "vault"


def test_where_it_cannot_listen_it_says_what_else_to_do(tmp_path: Path) -> None:
    with pytest.raises(CoachsyncError) as refused:
        agent.start(tmp_path / ("x" * 200), SEED, 60)
    assert refused.value.code == "agent-not-started"
    assert "--passphrase-file" in refused.value.hint


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


def test_to_be_told_how_it_stands_is_no_use_of_it(place: Path) -> None:
    assert agent.told(place) is None
    agent.start(place, SEED, 900, "credential")
    assert agent.told(place) in (Kept("credential", 900), Kept("credential", 899))
    agent.start(place, SEED, 0.3)
    while agent.told(place) == Kept("", 0):
        time.sleep(0.02)
    assert gone(place)


def test_a_session_that_ends_takes_its_folder_along(place: Path) -> None:
    agent.start(place, SEED, 900)
    process = process_of(place)
    place.unlink()
    place.parent.rmdir()
    assert ended(process)


def test_it_ends_tidily_where_the_system_wants_it(place: Path) -> None:
    agent.start(place, SEED, 900)
    os.kill(int(process_of(place).name), signal.SIGTERM)
    assert gone(place)


def test_killed_it_leaves_what_is_locked_and_can_be_unlocked_again(place: Path) -> None:
    agent.start(place, SEED, 900)
    os.kill(int(process_of(place).name), signal.SIGKILL)
    while agent.seed(place):
        time.sleep(0.01)
    assert agent.told(place) is None
    assert not agent.lock(place)
    agent.start(place, SEED, 900)
    assert agent.seed(place) == SEED


def test_one_that_gives_no_answer_gives_nobody_the_seed_any_more_once_it_was_locked(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(agent, "_PATIENCE", 0.1)
    agent.start(place, SEED, 900)
    process = process_of(place)
    os.kill(int(process.name), signal.SIGSTOP)
    agent.lock(place)
    assert not place.exists()
    os.kill(int(process.name), signal.SIGCONT)
    assert ended(process)
    place.write_text("of somebody else")
    assert not agent.lock(place)
    assert place.read_text() == "of somebody else"


def test_of_two_that_are_started_at_once_one_is_left(place: Path) -> None:
    starting = [Thread(target=agent.start, args=(place, bytes([number]) * 32, 900)) for number in range(2)]
    for one in starting:
        one.start()
    for one in starting:
        one.join()
    assert agent.seed(place) in (bytes(32), bytes([1]) * 32)
    assert len(list(processes_of(place))) == 1


# --- the memory it is in ----------------------------------------------------------------------------------------------


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


def test_it_is_small() -> None:
    """Neither the database nor the vault is loaded by it, nor D-Bus where there is none."""
    probe = "import sys, coachsync.adapters.agent_child; print(*{name.split('.')[0] for name in sys.modules})"
    done = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True)
    assert not set(done.stdout.split()) & {"sqlalchemy", "cryptography", "jeepney", "click", "pydantic"}


def test_an_old_one_leaves_the_place_of_a_new_one_alone(place: Path) -> None:
    """One that was moved out of the way, and ends by itself."""
    agent.start(place, SEED, 60)
    process = process_of(place)
    place.rename(place.with_name("before.sock"))
    agent.start(place, bytes(32), 60)
    assert ended(process)
    assert agent.seed(place) == bytes(32)


def test_a_long_path_is_no_reason_not_to_listen(tmp_path: Path) -> None:
    place = tmp_path / ("x" * 100) / ("y" * 100) / "one.sock"
    agent.start(place, SEED, PATIENCE)
    assert agent.seed(place) == SEED
    assert agent.lock(place)


def test_agents_of_coaches_whom_nobody_can_name_are_found_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "run").mkdir()
    for runtime in (str(tmp_path / "run"), ""):
        monkeypatch.setenv("XDG_RUNTIME_DIR", runtime)
        agent.start(agent.socket_of(SEED[:16], tmp_path), SEED, PATIENCE)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path / "run"))
    found = [path for path in agent.all_sockets(tmp_path) if path.is_relative_to(tmp_path)]
    assert [path.parent for path in found] == [tmp_path / "run" / "coachsync", tmp_path / "vault"]
    assert all(agent.lock(path) for path in found)
    assert not [path for path in agent.all_sockets(tmp_path) if path.is_relative_to(tmp_path) and agent.seed(path)]


def test_wherever_it_was_started_it_can_be_found_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "run").mkdir()
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path / "run"))
    kept = agent.socket_of(SEED[:16], tmp_path)
    monkeypatch.delenv("XDG_RUNTIME_DIR")
    found = agent.sockets_of(SEED[:16], tmp_path)
    assert {path.name for path in found} == {kept.name}
    assert Path(f"/run/user/{os.geteuid()}/coachsync") in {path.parent for path in found}
    assert tmp_path / "vault" in {path.parent for path in found}
