"""What tests can ask of the calendar server in memory besides what the contract suite holds it to."""

from __future__ import annotations

import pytest

from coachsync.adapters.memory import MemoryServer
from coachsync.errors import NotThere, Refused, Temporary

HREF = "/coach/desk/a.ics"


@pytest.fixture
def server() -> MemoryServer:
    server = MemoryServer()
    server.add(URL, "Coaching")
    server.store(URL, HREF, b"one")
    server.store(URL, "/coach/desk/b.ics", b"two")
    return server


URL = "https://calendar.example/coach/desk/"


def test_another_client_can_change_and_empty_a_calendar(server: MemoryServer) -> None:
    account = server.account("coach")
    token = account.changes(URL, None).token

    server.store(URL, HREF, b"changed")
    assert account.changes(URL, token).etags == {HREF: account.etag(HREF)}
    server.empty(URL)

    listing = account.changes(URL, None)
    assert (listing.complete, dict(listing.etags)) == (True, {})
    assert account.changes(URL, token).gone == {HREF, "/coach/desk/b.ics"}
    assert server.objects(URL) == {}


def test_a_dropped_calendar_is_not_there_and_a_new_one_is_another(server: MemoryServer) -> None:
    account = server.account("coach")
    before, token = account.collection(URL), account.changes(URL, None).token

    server.drop(URL)
    with pytest.raises(NotThere):
        account.changes(URL, token)
    server.add(URL, "Coaching")

    assert account.collection(URL).identity != before.identity
    assert account.changes(URL, token).complete


def test_a_forgotten_history_refuses_its_tokens(server: MemoryServer) -> None:
    account = server.account("coach")
    token = account.changes(URL, None).token

    server.forget_history(URL)

    listing = account.changes(URL, token)
    assert (listing.complete, len(listing.etags)) == (True, 2)
    assert not account.changes(URL, listing.token).complete


def test_a_half_shown_calendar_claims_to_be_complete(server: MemoryServer) -> None:
    account = server.account("coach")

    server.show_half(URL, [HREF])
    assert account.changes(URL, None).etags.keys() == {"/coach/desk/b.ics"}
    server.show_half(URL)

    assert len(account.changes(URL, None).etags) == 2


def test_a_method_fails_as_often_as_asked_and_is_counted(server: MemoryServer) -> None:
    account = server.account("coach")
    server.fail("changes", Temporary("timeout", "x"), times=2)

    for _ in range(2):
        with pytest.raises(Temporary):
            account.changes(URL, None)
    account.changes(URL, None)

    assert server.requests == {"changes": 3}


def test_nobody_is_refused(server: MemoryServer) -> None:
    with pytest.raises(Refused):
        server.account("").whoami()
