"""Notices on a real session bus, and every way in which there is no desktop."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from coachsync.adapters import desktop
from coachsync.errors import CoachsyncError, Temporary
from desktopbus import Desktop, mute_bus, session_bus

pytestmark = pytest.mark.skipif(shutil.which("dbus-daemon") is None, reason="dbus-daemon is not installed here")

ATTEMPTS: dict[str, Callable[[], None]] = {
    "show": lambda: desktop.show("One thing needs you", "shares.office: old.", critical=True, timeout=0.5),
    "reach": lambda: desktop.reach(timeout=0.5),
}


@pytest.fixture
def address(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A session bus that is the one of this process, without a desktop on it."""
    with session_bus(tmp_path) as found:
        monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", found)
        yield found


def fails(attempt: Callable[[], None]) -> CoachsyncError:
    started = time.monotonic()
    with pytest.raises(CoachsyncError) as caught:
        attempt()
    assert time.monotonic() - started < 10
    assert caught.value.__suppress_context__ or caught.value.__context__ is None
    assert caught.value.hint
    return caught.value


@pytest.mark.parametrize(("critical", "urgency"), [(True, 2), (False, 1)])
def test_notice_is_shown(address: str, critical: bool, urgency: int) -> None:
    with closing(Desktop(address)) as shown:
        desktop.show("Une chose demande votre attention", "shares.office : <trop> vieux & plus", critical=critical)
        (notice,) = shown.notices
    program, replaces, icon, summary, text, actions, hints, expires = notice
    assert (program, replaces, icon, actions, expires) == ("coachsync", 0, "", [], -1)
    assert summary == "Une chose demande votre attention"
    assert text == "shares.office : &lt;trop&gt; vieux &amp; plus"  # the text of a notice is markup
    assert hints == {"urgency": ("y", urgency)}


def test_reaching_shows_nothing(address: str) -> None:
    with closing(Desktop(address)) as shown:
        desktop.reach()
        assert (shown.calls, shown.notices) == (["GetServerInformation"], [])


def test_bus_is_found_at_its_usual_place(address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DBUS_SESSION_BUS_ADDRESS")
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    with closing(Desktop(address)) as shown:
        ATTEMPTS["show"]()
        assert len(shown.notices) == 1


def test_one_notice_after_the_other(address: str) -> None:
    with closing(Desktop(address)) as shown:
        for _ in range(20):
            ATTEMPTS["show"]()
        assert len(shown.notices) == 20


@pytest.mark.parametrize("attempt", ATTEMPTS)
def test_bus_without_a_desktop(address: str, attempt: str) -> None:
    assert fails(ATTEMPTS[attempt]).code == "no-desktop"


@pytest.mark.parametrize("attempt", ATTEMPTS)
def test_desktop_that_refuses(address: str, attempt: str) -> None:
    with closing(Desktop(address, refuses=True)):
        assert fails(ATTEMPTS[attempt]).code == "no-desktop"


@pytest.mark.parametrize("attempt", ATTEMPTS)
def test_desktop_that_does_not_answer_is_left(address: str, attempt: str) -> None:
    with closing(Desktop(address, silent=True)):
        error = fails(ATTEMPTS[attempt])
    assert (error.code, type(error)) == ("desktop-timeout", Temporary)


@pytest.mark.parametrize("words", [[], [b"OK 1234\r\n"], [b"", b"OK 1234\r\n"]], ids=["no word", "one word", "late"])
def test_bus_that_falls_silent_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: list[bytes]) -> None:
    with mute_bus(tmp_path, words) as address:
        monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", address)
        assert fails(ATTEMPTS["show"]).code == "desktop-timeout"


@pytest.mark.parametrize("words", [[b"REJECTED\r\n"], [b"nonsense\r\n"], [b"", b"OK 1\r\n", b"x" * 64]], ids=repr)
def test_bus_that_talks_nonsense(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: list[bytes]) -> None:
    with mute_bus(tmp_path, words) as address:
        monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", address)
        assert fails(ATTEMPTS["show"]).code in {"no-desktop", "desktop-timeout"}


@pytest.mark.parametrize(
    "address", ["", "unix:path=/nowhere/bus", "tcp:host=localhost,port=1", "nonsense", "unix:", "unix:tmpdir=/tmp"]
)
def test_no_bus_at_all(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", address)
    monkeypatch.delenv("XDG_RUNTIME_DIR", raising=False)
    assert fails(ATTEMPTS["show"]).code == "no-desktop"
