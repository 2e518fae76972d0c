"""Connections to a server: kept open, several at a time where that is quicker, and never waited on for ever."""

from __future__ import annotations

import gzip
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime

import pytest

import accounts
from coachsync.adapters.caldav import wire
from coachsync.adapters.caldav.lanes import ALONE, MOST
from coachsync.adapters.calendars import CalendarServer
from coachsync.errors import CoachsyncError, NotThere, Refused, Temporary
from davscript import CALENDAR, PASSWORD, Connect, Start, basic, calendar_url, digest, multistatus, unchanged
from events import event
from servers import Recorder, Reply, Request, Scripted

MONDAY = datetime(2026, 1, 5, 9, tzinfo=UTC)


def writes(count: int) -> list[Callable[[CalendarServer], str | None]]:
    """So many objects to be written, each under an address of its own."""
    return [lambda server, n=number: server.create(f"{CALENDAR}{n}.ics", b"text") for number in range(count)]  # type: ignore[misc]


def created(delay: float = 0.02) -> Callable[[Request], Reply]:
    """A server that stores whatever it is given, after the time that a round trip takes."""
    return lambda _: Reply(201, b"", {"ETag": '"1"'}, delay=delay)


# --- kept open ------------------------------------------------------------------------------------------------------


def test_one_connection_serves_all_that_is_asked(
    radicale_url: str, recorder: Callable[[str], Recorder], connect: Connect
) -> None:
    proxy = recorder(radicale_url)
    account = accounts.on_radicale(proxy.url)
    client = connect(proxy.url, account.username, account.password)
    url = account.new_calendar()

    client.whoami()
    client.make(url, "Coaching")
    etag = client.create(f"{url}a.ics", event("u1", MONDAY))
    listing = client.changes(url, None)
    assert len(list(client.fetch(url, listing.etags))) == 1
    client.remove(f"{url}a.ics", etag or "")
    client.changes(url, listing.token)

    assert len(proxy.requests) > 6
    assert proxy.connections == 1


def test_a_login_that_is_negotiated_needs_no_second_connection(scripted: Start, connect: Connect) -> None:
    for ask_for in (basic, digest):
        server = scripted(ask_for(unchanged))
        client = connect(server.url)
        for _ in range(3):
            client.changes(calendar_url(server), "sync:a")
        assert server.connections == 1


def test_a_connection_that_was_closed_meanwhile_is_made_anew_also_for_a_write(
    scripted: Start, connect: Connect
) -> None:
    """A write is never sent twice; that the server hung up is seen before it is sent."""
    server = scripted(lambda _: Reply(201, headers={"ETag": '"1"'}))
    client = connect(server.url)
    client.create(f"{CALENDAR}1.ics", b"text")
    hang_up(server)

    assert client.create(f"{CALENDAR}2.ics", b"text") == '"1"'

    assert server.methods == ["PUT", "PUT"]
    assert server.connections == 2


def hang_up(server: Scripted) -> None:
    """Let the server close what is open, and wait until that has arrived."""
    for connection in list(server.open):
        connection.shutdown(socket.SHUT_RDWR)
    time.sleep(0.1)


def test_after_an_answer_cut_short_the_next_request_has_a_fresh_connection(scripted: Start, connect: Connect) -> None:
    server = scripted(lambda _: Reply(207, b"<multistatus", announced=4000))
    client = connect(server.url)
    with pytest.raises(Temporary):
        client.changes(calendar_url(server), "sync:a")

    server.script = unchanged

    assert client.changes(calendar_url(server), "sync:a").token
    assert server.connections == 2


# --- bounded in time and size -----------------------------------------------------------------------------------------


@contextmanager
def trickling(*parts: bytes, pause: float) -> Iterator[str]:
    """A server that answers with these bytes, one after the other with a pause before each, and never ends."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        over = threading.Event()

        def serve() -> None:
            connection, _ = listening.accept()
            with connection:
                connection.recv(65536)
                connection.sendall(parts[0])
                while not over.wait(pause):
                    try:
                        connection.sendall(parts[1])
                    except OSError:
                        return

        thread = threading.Thread(target=serve)
        thread.start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}/"
        over.set()
        thread.join()


@pytest.mark.parametrize(
    ("head", "more"),
    [
        (b"HTTP/1.1 207 Slow\r\nContent-Length: 100000\r\n\r\n", b"x"),
        (b"HTTP/1.1 207 Slow\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n"),
        (b"HTTP/1.1 207 Slow\r\nX-Endless: ", b"x"),
    ],
    ids=["body", "chunks", "headers"],
)
def test_an_answer_that_trickles_in_does_not_hold_a_pass_for_ever(head: bytes, more: bytes, connect: Connect) -> None:
    with trickling(head, more, pause=0.02) as url:
        begun = time.monotonic()
        with pytest.raises(Temporary) as late:
            connect(url, timeout=0.05).changes(url, "sync:a")

    assert late.value.code == "timeout"
    assert 0.9 < time.monotonic() - begun < 5  # twenty times the timeout


def test_a_compressed_answer_is_read_whole(scripted: Start, connect: Connect) -> None:
    plain = multistatus(token="t").body
    server = scripted(lambda _: Reply(207, gzip.compress(plain), {"Content-Encoding": "gzip"}))

    assert connect(server.url).changes(calendar_url(server), None).token == "sync:t"
    assert server.requests[0].headers["Accept-Encoding"] == "gzip"


@pytest.mark.parametrize("cut", [slice(0, -9), slice(0, 40), slice(3, None)])
def test_a_compressed_answer_that_is_cut_or_damaged_is_no_answer(scripted: Start, connect: Connect, cut: slice) -> None:
    packed = gzip.compress(multistatus(token="t" * 500).body)[cut]
    server = scripted(lambda _: Reply(207, packed, {"Content-Encoding": "gzip"}))

    with pytest.raises(Temporary) as broken:
        connect(server.url).changes(calendar_url(server), None)

    assert broken.value.code == "answer-truncated"


def test_a_header_that_comes_twice_is_read_as_one_list() -> None:
    class Response:
        def getheaders(self) -> list[tuple[str, str]]:
            return [("WWW-Authenticate", "Negotiate"), ("ETag", '"1"'), ("www-authenticate", 'Basic realm="x"')]

    headers = wire.Headers.of(Response())  # type: ignore[arg-type]

    assert headers.get("WWW-Authenticate") == 'Negotiate, Basic realm="x"'
    assert headers.get("etag") == '"1"'
    assert headers.get("Location", "none") == "none"


# --- several at a time ------------------------------------------------------------------------------------------------


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

    with pytest.raises((NotThere, CoachsyncError)) as refused:
        done.extend(connect(server.url).together(writes(40)))

    assert refused.value.code == "not-there"
    assert len(done) >= ALONE
