"""Several requests at a time to one server: logins, redirects and errors are kept as with one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from coachsync.adapters.caldav.lanes import ALONE, MOST
from coachsync.adapters.calendars import CalendarServer
from coachsync.errors import NotThere, Refused, Temporary
from davscript import CALENDAR, PASSWORD, Connect, Start, basic, calendar_url, digest, multistatus
from servers import Reply, Request


def writes(count: int) -> list[Callable[[CalendarServer], str | None]]:
    """So many objects to be written, each under an address of its own."""
    return [lambda server, n=number: server.create(f"{CALENDAR}{n}.ics", b"text") for number in range(count)]  # type: ignore[misc]


def created(delay: float = 0.02) -> Callable[[Request], Reply]:
    """A server that stores whatever it is given, after the time that a round trip takes."""
    return lambda _: Reply(201, b"", {"ETag": '"1"'}, delay=delay)


@pytest.mark.parametrize("ask_for", [basic, digest])
def test_writes_that_wait_share_several_connections(
    scripted: Start, connect: Connect, ask_for: Callable[..., Callable[[Request], Reply]]
) -> None:
    server = scripted(ask_for(created()))
    client = connect(server.url)

    assert list(client.together(writes(40))) == ['"1"'] * 40

    put = [request.path for request in server.requests if "Authorization" in request.headers]
    assert sorted({*put}) == sorted(f"{CALENDAR}{number}.ics" for number in range(40))
    assert 2 < server.connections <= 1 + MOST


def test_a_refused_password_is_sent_once_however_much_there_is_to_do(scripted: Start, connect: Connect) -> None:
    server = scripted(basic(created(), "the right one"))

    with pytest.raises(Refused):
        list(connect(server.url, password=PASSWORD).together(writes(40)))

    assert len([request for request in server.requests if "Authorization" in request.headers]) == 1


def test_a_server_that_has_enough_is_left_alone_and_what_it_took_is_told(scripted: Start, connect: Connect) -> None:
    def script(request: Request) -> Reply:
        if len(server.requests) > 10:
            return Reply(429, b"", {"Retry-After": "120"}, delay=0.02)
        return created()(request)

    server = scripted(script)
    taken: list[str | None] = []

    with pytest.raises(Temporary) as busy:
        taken.extend(connect(server.url).together(writes(60)))

    assert (busy.value.code, busy.value.retry_after) == ("too-many-requests", 120)
    assert len(taken) == 10
    assert len(server.requests) <= 10 + MOST


def test_a_redirect_is_followed_on_every_connection(scripted: Start, connect: Connect) -> None:
    def script(request: Request) -> Reply:
        if request.path.startswith(CALENDAR):
            return Reply(308, b"", {"Location": f"/moved/{request.path.rpartition('/')[2]}"}, delay=0.01)
        return created()(request)

    server = scripted(script)

    assert len(list(connect(server.url).together(writes(30)))) == 30

    moved = [request for request in server.requests if request.path.startswith("/moved/")]
    assert {request.body for request in moved} == {b"text"}
    assert len({request.path for request in moved}) == 30


def test_texts_are_read_over_several_connections_and_come_in_order(scripted: Start, connect: Connect) -> None:
    def script(request: Request) -> Reply:
        hrefs = [part.split(b"<")[0].decode() for part in request.body.split(b"href>")[1::2]]
        member = '<response><href>{}</href><propstat><prop><getetag>"1"</getetag><C:calendar-data>x</C:calendar-data>'
        end = "</prop><status>HTTP/1.1 200 OK</status></propstat></response>"
        return replace(multistatus(*(member.format(href) + end for href in hrefs)), delay=0.05)

    server = scripted(script)
    wanted = [f"{CALENDAR}{number}.ics" for number in range(2000)]

    assert [item.href for item in connect(server.url).fetch(calendar_url(server), wanted)] == wanted

    assert len(server.requests) == 10
    assert server.connections > 2


def test_an_error_in_a_task_is_the_callers(scripted: Start, connect: Connect) -> None:
    server = scripted(lambda request: Reply(404) if request.path.endswith(f"/{ALONE}.ics") else created()(request))
    done: list[str | None] = []

    with pytest.raises(NotThere) as refused:
        done.extend(connect(server.url).together(writes(40)))

    assert refused.value.code == "not-there"
    assert len(done) >= ALONE
