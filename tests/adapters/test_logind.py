"""The vault is locked before the machine sleeps or goes off, when the session ends, and when its screen is locked."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from coachsync.adapters import agent, logind
from coachsync.adapters.dbus import Signal
from desktopbus import mute_bus, session_bus
from loginbus import MANAGER, MINE, NO_DELAY, NO_SESSION, OTHER, PATH, SESSION, Logind

needs_a_bus = pytest.mark.skipif(shutil.which("dbus-daemon") is None, reason="dbus-daemon is not installed here")
SEED, ME = bytes(range(32)), os.getuid()
PROPERTIES = "org.freedesktop.DBus.Properties"
PATIENCE = 20.0
Words = tuple[object, ...]


def locked(hint: bool) -> Words:
    return (MINE, PROPERTIES, "PropertiesChanged", "sa{sv}as", SESSION, {"LockedHint": ("b", hint)}, ["Active"])


ENDS: dict[str, Words] = {
    "it sleeps": (PATH, MANAGER, "PrepareForSleep", "b", True),
    "it goes off": (PATH, MANAGER, "PrepareForShutdown", "b", True),
    "its session has ended": (PATH, MANAGER, "SessionRemoved", "so", "2", MINE),
    "nobody of this name is here": (PATH, MANAGER, "UserRemoved", "uo", ME, f"{PATH}/user/_1000"),
    "its screen is to be locked": (MINE, SESSION, "Lock", ""),
    "its screen is locked": locked(True),
}
GOES_ON: dict[str, Words] = {
    "it has slept": (PATH, MANAGER, "PrepareForSleep", "b", False),
    "another session has ended": (PATH, MANAGER, "SessionRemoved", "so", "3", OTHER),
    "another user has gone": (PATH, MANAGER, "UserRemoved", "uo", ME + 1, f"{PATH}/user/_1001"),
    "a session has begun": (PATH, MANAGER, "SessionNew", "so", "2", MINE),
    "another screen is locked": (OTHER, SESSION, "Lock", ""),
    "its screen is unlocked": (MINE, SESSION, "Unlock", ""),
    "its screen is not locked": locked(False),
    "somebody else locks": (MINE, "org.example", "Lock", ""),
    "no sense": (PATH, MANAGER, "PrepareForSleep", "s", "yes"),
    "no words": (PATH, MANAGER, "SessionRemoved", ""),
}


@pytest.mark.parametrize("what", [*ENDS, *GOES_ON])
def test_what_ends_it(what: str) -> None:
    path, interface, member, _, *body = (ENDS | GOES_ON)[what]
    said = Signal(str(path), str(interface), str(member), tuple(body))
    assert logind.ends(said, MINE, ME) == (what in ENDS)


@pytest.fixture
def address(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A bus that is the machine's for this process and its children."""
    with session_bus(tmp_path) as found:
        monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", found)
        yield found


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Path]:
    path = tmp_path / "agents" / "one.sock"
    yield path
    agent.lock(path)


def comes_true(what: object) -> bool:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        if what():  # type: ignore[operator]
            return True
        time.sleep(0.01)
    return False


@needs_a_bus
def test_the_agent_is_gone_before_the_machine_goes_on(address: str, place: Path) -> None:
    with closing(Logind(address)) as machine:
        for what, words in ENDS.items():
            agent.start(place, SEED, 900)
            assert agent.seed(place) == SEED
            for odd in GOES_ON.values():
                machine.say(*odd)  # type: ignore[arg-type]
            assert machine.is_held_up()
            assert agent.seed(place) == SEED, what
            machine.say(*words)  # type: ignore[arg-type]
            assert comes_true(lambda: not machine.is_held_up()), what
            assert not place.exists(), what
            assert agent.seed(place) is None, what
        assert machine.asked == [("sleep", "coachsync", "locks first", "delay")] * len(ENDS)


@needs_a_bus
def test_a_bus_that_goes_away_ends_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: Path) -> None:
    with session_bus(tmp_path) as address:
        monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", address)
        with closing(Logind(address)):
            agent.start(place, SEED, 900)
    assert agent.seed(place) == SEED == agent.seed(place)
    assert agent.lock(place)


@needs_a_bus
@pytest.mark.parametrize("refuses", [NO_SESSION, NO_DELAY])
def test_what_logind_refuses_leaves_the_rest(address: str, refuses: str) -> None:
    with closing(Logind(address, refuses)) as machine:
        session = logind.listened(5)
        assert session is not None
        assert machine.is_held_up()
        machine.say(*ENDS["its session has ended"])  # type: ignore[arg-type]
        machine.say(PATH, MANAGER, "PrepareForSleep", "b", False)
        assert comes_true(session.is_over) if refuses == NO_DELAY else not session.is_over()
        machine.say(*ENDS["it sleeps"])  # type: ignore[arg-type]
        assert comes_true(session.is_over)
        session.close()
        assert session.source is None
        if refuses == NO_SESSION:  # the bus lets go of its own handle a moment after it has passed it on
            assert comes_true(lambda: not machine.is_held_up())
        else:
            assert machine.asked == []
        assert not session.is_over()


@needs_a_bus
def test_a_logind_that_comes_later_is_heard(address: str) -> None:
    session = logind.listened(5)
    assert session is not None
    with closing(session):
        assert not session.is_over()
        with closing(Logind(address)) as machine:
            machine.say(*ENDS["it sleeps"])  # type: ignore[arg-type]
            assert comes_true(session.is_over)


def test_no_bus_and_one_that_says_nothing_are_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", "unix:path=/nowhere/bus")
    assert logind.listened(0.1) is None
    for words in ([], [b"OK 1234\r\n"], [b"", b"OK 1\r\n", b"x" * 64]):
        folder = tmp_path / str(len(words))
        folder.mkdir()
        with mute_bus(folder, words) as address:
            monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", address)
            assert logind.listened(0.1) is None


def test_the_real_one_lets_it_hold_up_sleep(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if not Path("/run/dbus/system_bus_socket").exists() or not Path("/run/systemd/inhibit").exists():
        pytest.skip("no logind runs here")
    monkeypatch.delenv("DBUS_SYSTEM_BUS_ADDRESS", raising=False)
    agent.start(place, SEED, 900)
    listed = subprocess.run(["systemd-inhibit", "--list"], capture_output=True, text=True, check=False).stdout
    assert agent.seed(place) == SEED
    assert "coachsync" in listed
    agent.lock(place)
