"""The process that keeps the vault unlocked: it gives the seed to its own user alone, and only when asked for it."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import count
from pathlib import Path

import pytest

from coachsync.adapters import agent, agent_child
from coachsync.errors import CoachsyncError

SEED = bytes(range(32))
PATIENCE = 20.0


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Path]:
    """Where an agent listens; it is gone at the end."""
    path = tmp_path / "agents" / "one.sock"
    yield path
    agent.lock(path)


def process_of(place: Path) -> Path:
    """What the kernel tells of the agent that listens there."""
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if str(place).encode() in (process / "cmdline").read_bytes():
                return process
    raise AssertionError("there is none")


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


class Listening:
    """A socket at which one question after the other is asked; nobody asks once there are no more."""

    def __init__(self, *questions: bytes) -> None:
        self.asked, self.waiting = [socket.socketpair() for _ in questions], 0
        self.patience: list[float] = []
        for (_, theirs), question in zip(self.asked, questions, strict=True):
            theirs.sendall(question)

    def settimeout(self, seconds: float) -> None:
        """Nobody waits here."""
        self.patience.append(seconds)

    def accept(self) -> tuple[socket.socket, str]:
        self.waiting += 1
        if self.waiting > len(self.asked):
            raise TimeoutError
        return self.asked[self.waiting - 1][0], ""

    def answers(self) -> list[bytes]:
        for ours, _ in self.asked:
            ours.close()
        found = [answered(theirs) for _, theirs in self.asked]
        for _, theirs in self.asked:
            theirs.close()
        return found


def answers(questions: list[bytes], clock: Iterator[float], leave: Callable[[], None] = lambda: None) -> list[bytes]:
    """What is answered while the clock of an agent that waits 60 seconds shows these."""
    listening = Listening(*questions)
    agent_child.serve(listening, SEED, 60, lambda: next(clock), leave)  # type: ignore[arg-type]
    return listening.answers()


def test_another_user_gets_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Told here by the one who answers: another user cannot be had without being root."""
    me = os.geteuid()
    monkeypatch.setattr(agent_child.os, "geteuid", lambda: me + 1)
    assert answers([agent_child.GIVE, agent_child.LOCK], count(0.0, 10.0)) == [b"", b""]


def test_after_a_night_asleep_it_gives_nothing_and_ends() -> None:
    """While a machine sleeps, the timeout of a socket stands still, and the seconds since boot do not."""
    left: list[None] = []
    clock = iter([0.0, 0.0, 1.0, 1.0, 1.0, 8 * 3600.0])
    assert answers([agent_child.GIVE] * 3, clock, lambda: left.append(None)) == [SEED, b"", b""]
    assert left == [None]


def test_it_waits_in_short_pieces_so_that_it_ends_soon_after_a_night_asleep() -> None:
    listening, clock = Listening(), iter([0.0, 0.0, 52.0, 59.5, 8 * 3600.0])
    agent_child.serve(listening, SEED, 60, lambda: next(clock), lambda: None)  # type: ignore[arg-type]
    assert listening.patience == [10.0, 8.0, 0.5]


def test_each_time_that_it_is_asked_the_wait_begins_anew_and_not_for_a_question_that_is_none() -> None:
    asked = [agent_child.GIVE, agent_child.GIVE, b"give ", agent_child.GIVE]
    clock = iter([0.0, 0.0, 40.0, 40.0, 40.0, 80.0, 80.0, 80.0, 120.0, 120.0, 141.0])
    assert answers(asked, clock) == [SEED, SEED, b"", b""]


def test_its_place_is_free_before_it_says_that_it_is_locked() -> None:
    said: list[bytes] = []
    listening = Listening(agent_child.LOCK)
    listening.asked[0][1].setblocking(False)

    def leave() -> None:
        with suppress(BlockingIOError):
            said.append(listening.asked[0][1].recv(64))

    agent_child.serve(listening, SEED, 60, lambda: 0.0, leave)  # type: ignore[arg-type]
    assert (said, listening.answers()) == ([], [agent_child.LOCKED])


def test_an_old_one_leaves_the_place_of_a_new_one_alone(place: Path) -> None:
    """One that was moved out of the way, and told to end afterwards."""
    agent.start(place, SEED, 60)
    before = place.rename(place.with_name("before.sock"))
    agent.start(place, bytes(32), 60)
    assert agent.lock(before)
    assert agent.seed(before) is None
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
