"""The process that keeps the vault unlocked: it gives the seed to its own user alone, and only when asked for it."""

from __future__ import annotations

import os
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from threading import Thread

import pytest

from coachsync.adapters import agent
from coachsync.adapters.agent import Kept
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
