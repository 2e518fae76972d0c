"""What a service manager is told, on a real datagram socket."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from coachsync.adapters.systemd import ServiceManager


@pytest.fixture(params=["path", "abstract"])
def listener(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[str, socket.socket]]:
    name = str(tmp_path / "notify") if request.param == "path" else f"@coachsync-test-{tmp_path.name}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as bound:
        bound.bind("\0" + name[1:] if name.startswith("@") else name)
        bound.settimeout(2)
        yield name, bound


def test_lines_arrive_in_one_datagram(listener: tuple[str, socket.socket]) -> None:
    name, bound = listener
    ServiceManager({"NOTIFY_SOCKET": name}).tell("READY=1", "STATUS=2 calendars")
    assert bound.recv(1000) == b"READY=1\nSTATUS=2 calendars"


@pytest.mark.parametrize("name", ["", "/nowhere/notify", "@coachsync-nobody"])
def test_nobody_to_tell_is_no_error(name: str) -> None:
    ServiceManager({"NOTIFY_SOCKET": name}).tell("READY=1")
    ServiceManager({}).tell("READY=1")


@pytest.mark.parametrize(
    ("given", "seconds"), [("120000000", 120.0), ("500000", 0.5), ("", None), ("0", None), ("x", None), ("-1", None)]
)
def test_the_watchdog_says_how_often_it_wants_a_sign(given: str, seconds: float | None) -> None:
    assert ServiceManager({"WATCHDOG_USEC": given}).watchdog == seconds
