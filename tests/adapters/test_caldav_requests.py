"""How many requests each piece of work costs on real servers, counted by a proxy between."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime

import pytest

import accounts
from accounts import Account
from coachsync.adapters.caldav.hrefs import path
from davscript import Connect
from events import event
from servers import Recorder

MONDAY = datetime(2026, 1, 5, 9, tzinfo=UTC)


@pytest.fixture(params=["radicale", "xandikos"])
def counted(request: pytest.FixtureRequest, recorder: Callable[[str], Recorder]) -> tuple[Account, Recorder]:
    proxy = recorder(request.getfixturevalue(f"{request.param}_url"))
    return (accounts.on_radicale if request.param == "radicale" else accounts.on_xandikos)(proxy.url), proxy


def test_p13_a_poll_without_change_costs_one_small_request(counted: tuple[Account, Recorder], connect: Connect) -> None:
    account, proxy = counted
    first = connect(account.url, account.username, account.password)
    url = account.new_calendar()
    first.make(url, "Coaching")
    for number in range(20):
        first.create(f"{path(url)}{number}.ics", event(f"u{number}", MONDAY))
    token = first.changes(url, None).token
    later = connect(account.url, account.username, account.password, scheme=first.scheme)
    proxy.clear()

    later.changes(url, token)

    assert proxy.methods == ["REPORT"]
    assert proxy.requests[0].size < 1024
    assert proxy.replies[0][1] < 1024


def test_work_costs_as_many_requests_as_there_is_work(counted: tuple[Account, Recorder], connect: Connect) -> None:
    account, proxy = counted
    client = connect(account.url, account.username, account.password)
    url = account.new_calendar()
    client.make(url, "Coaching")
    token = client.changes(url, None).token

    proxy.clear()
    etags = {f"{path(url)}{n}.ics": client.create(f"{path(url)}{n}.ics", event(f"u{n}", MONDAY)) for n in range(10)}
    assert proxy.count == Counter(PUT=10)

    proxy.clear()
    delta = client.changes(url, token)
    assert len(list(client.fetch(url, delta.etags))) == 10
    assert proxy.count == Counter(REPORT=2)

    proxy.clear()
    for href, etag in etags.items():
        client.remove(href, etag or "")
    assert proxy.count == Counter(DELETE=10)


def test_a_name_with_a_colon_survives_xandikos(xandikos: Account, connect: Connect) -> None:
    client = connect(xandikos.url, xandikos.username, xandikos.password)
    url = xandikos.new_calendar()
    client.make(url, "Coaching")
    client.create(f"{path(url)}a:b.ics", event("u1", MONDAY))

    listing = client.changes(url, None)

    assert list(listing.etags) == [f"{path(url)}a:b.ics"]
    [item] = client.fetch(url, listing.etags)
    assert b"UID:u1" in item.body
