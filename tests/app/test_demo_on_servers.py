"""Real servers take the invented practice, and what they serve is read as what was sent."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path
from urllib.parse import quote

import pytest

from accounts import Account, on_demonstration
from coachsync.app.demo import practice
from coachsync.app.demo.practice import Event, shown_monday
from coachsync.app.demo.server import RadicaleServer
from demo_reader import ALL, TODAY, seen
from web import Web

pytestmark = pytest.mark.servers

LAST = {event.name: event for event in ALL}.values()  # what is there once all were put


def served_equals_sent(web: Web, calendar: str, events: Iterable[Event]) -> None:
    start = shown_monday(TODAY) - timedelta(days=40)
    for event in events:
        served = web.ask("GET", f"{calendar}{quote(event.name)}").body
        assert seen([served], start, 110) == seen([event.text], start, 110)


def coach(server: RadicaleServer) -> Web:
    return Web(on_demonstration(server, server.password))


def test_radicale_takes_every_object_and_reads_it_alike(tmp_path: Path) -> None:
    server = RadicaleServer(tmp_path)
    server.fill((), "coaching", "Coaching")
    with server:
        for event in ALL:
            server.put(event, "coaching")
        served_equals_sent(coach(server), server.collection("coaching"), LAST)


def test_radicale_reads_a_filled_folder_alike(tmp_path: Path) -> None:
    server = RadicaleServer(tmp_path)
    server.fill(practice.practice(TODAY), "coaching", "Coaching")
    with server:
        served_equals_sent(coach(server), server.collection("coaching"), practice.practice(TODAY))


def test_xandikos_takes_every_object_and_reads_it_alike(xandikos: Account) -> None:
    web = Web(xandikos)
    calendar = web.make(xandikos.new_calendar())
    for event in ALL:
        assert web.put(f"{calendar}{quote(event.name)}", event.text).status in {201, 204}
    served_equals_sent(web, calendar, LAST)
