"""The agent has the vault tended by a process that is handed the seed, and is gone when the vault is locked."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from coachsync.adapters import agent
from coachsync.adapters.agent_child import GIVE, LOCK
from coachsync.adapters.agent_tending import OFTEN, SOON, Tending
from test_agent import SEED, process_of
from test_agent_child import Desk

PATIENCE = 20.0
COPY = "import pathlib, sys; pathlib.Path(sys.argv[1]).open('ab').write(sys.stdin.buffer.read())"
STAY = "import pathlib, sys, os, time; pathlib.Path(sys.argv[1]).write_text(str(os.getpid())); time.sleep(60)"
MAKE = "import pathlib, sys; pathlib.Path(sys.argv[1]).mkdir(0o700)"
PARENT = """
import subprocess, sys
child = subprocess.Popen([sys.executable, "-c", sys.argv[1]], stdout=subprocess.PIPE)
child.stdout.readline()
print(child.pid, flush=True)
sys.stdin.readline()
"""
CHILD = """
import time
from coachsync.adapters.heldsecret import end_with_parent
end_with_parent(9)
print("there", flush=True)
time.sleep(60)
"""


def command(script: str, place: Path) -> list[str]:
    return [sys.executable, "-S", "-c", script, str(place)]


def comes_true(what: Callable[[], object]) -> bool:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        if what():
            return True
        time.sleep(0.01)
    return False


def is_there(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text().split()[2] != "Z"
    except OSError:
        return False


def content(place: Path) -> bytes:
    return place.read_bytes() if place.exists() else b""


@pytest.fixture
def served(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    return Desk(tmp_path, monkeypatch)


def test_it_is_handed_the_seed_soon_and_then_now_and_then(tmp_path: Path) -> None:
    place, seed = tmp_path / "seed", memoryview(SEED)
    tending = Tending(command(COPY, place), 100.0)
    tending.look(100.0 + SOON - 1, seed)
    assert (tending.wait(100.0 + SOON - 1), place.exists()) == (1.0, False)
    tending.look(100.0 + SOON, seed)
    assert comes_true(lambda: content(place) == SEED)
    assert tending.wait(100.0 + SOON) == OFTEN
    tending.end()
    tending.look(100.0 + SOON + OFTEN, seed)
    assert comes_true(lambda: content(place) == 2 * SEED)
    tending.end()


def test_as_long_as_one_is_at_work_there_is_no_other(tmp_path: Path) -> None:
    place, seed = tmp_path / "number", memoryview(SEED)
    tending = Tending(command(STAY, place), 0.0, soon=0.0)
    tending.look(0.0, seed)
    assert comes_true(lambda: content(place))
    first = int(content(place))
    tending.look(OFTEN, seed)
    assert tending.wait(OFTEN) == OFTEN
    assert int(content(place)) == first
    tending.end()
    assert not is_there(first)
    tending.end()


def test_what_cannot_be_started_and_what_ends_at_once_stand_in_nobodys_way(tmp_path: Path) -> None:
    for one in ([str(tmp_path / "nothing")], ["/bin/true"]):
        tending = Tending(one, 0.0, soon=0.0)
        tending.look(0.0, memoryview(SEED))
        assert tending.wait(0.0) == OFTEN
        tending.end()


def test_without_a_command_there_is_nothing_to_wait_for() -> None:
    tending = Tending((), 0.0)
    assert tending.wait(1000.0) == float("inf")
    tending.look(1000.0, memoryview(SEED))
    tending.end()


def test_it_is_no_use_of_the_vault_and_does_not_put_off_its_lock(served: Desk, tmp_path: Path) -> None:
    place = tmp_path / "seed"
    tending = Tending(command(COPY, place), 0.0, soon=50.0)
    served.serve([0, 0, 50, 50, 59, 59, 60], tending=tending)
    assert served.waits == [1.0, 1.0, 1.0]
    tending.end()


def test_locking_ends_it_at_once(served: Desk, tmp_path: Path) -> None:
    place = tmp_path / "number"
    tending = Tending(command(STAY, place), 0.0, soon=0.0)
    tending.look(0.0, memoryview(SEED))
    assert comes_true(lambda: content(place))
    served.leave = tending.end  # type: ignore[method-assign]
    served.ask(GIVE)
    served.ask(LOCK)
    assert served.serve([0], tending=tending) == [SEED, b"locked\n"]
    assert not is_there(int(content(place)))


def test_a_real_agent_ends_it_when_it_is_locked(tmp_path: Path) -> None:
    agents, place = tmp_path / "agents" / "one.sock", tmp_path / "number"
    agent.start(agents, SEED, 900, tending=command(STAY, place), soon=0.0)
    assert comes_true(lambda: content(place))
    assert agent.seed(agents) == SEED
    for process in (process_of(agents).name, content(place).decode()):
        for told in ("cmdline", "environ"):
            with suppress(PermissionError):  # who is not root does not even see that
                said = Path(f"/proc/{process}/{told}").read_bytes()
                assert not [form for form in (SEED, SEED.hex().encode(), SEED[1:8]) if form in said]
    assert not [file for file in tmp_path.rglob("*") if file.is_file() and SEED in file.read_bytes()]
    assert agent.lock(agents)
    assert not is_there(int(content(place)))


def test_what_it_makes_its_owner_can_use(tmp_path: Path) -> None:
    agents, place = tmp_path / "agents" / "one.sock", tmp_path / "folder"
    agent.start(agents, SEED, 900, tending=command(MAKE, place), soon=0.0)
    assert comes_true(place.exists)
    assert place.stat().st_mode & 0o777 == 0o700
    assert agents.stat().st_mode & 0o777 == 0o600
    assert agent.lock(agents)


def test_it_ends_with_an_agent_that_was_killed() -> None:
    """Not that one waits for the other: the kernel sees to it."""
    words = [sys.executable, "-c", PARENT, CHILD]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=os.environ) as parent:
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        assert is_there(child)
        parent.send_signal(signal.SIGKILL)
    assert comes_true(lambda: not is_there(child))
