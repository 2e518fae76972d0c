"""What goes wrong on the way: busy, silent, absent and endless servers, and what is sent again."""

from __future__ import annotations

import gzip
import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace

import pytest

import servers
from coachsync.adapters.caldav import transport
from coachsync.errors import CoachsyncError, Temporary
from davscript import CALENDAR, Connect, Start, calendar_url, unchanged
from servers import Reply, Request


@pytest.mark.parametrize(
    ("reply", "code"),
    [
        (Reply(429, b"", {"Retry-After": "120"}), "too-many-requests"),
        (Reply(503, b"", {"Retry-After": "120"}), "server-unavailable"),
    ],
)
def test_a_busy_server_says_when_to_come_back(scripted: Start, connect: Connect, reply: Reply, code: str) -> None:
    server = scripted(lambda _: reply)

    with pytest.raises(Temporary) as busy:
        connect(server.url).changes(server.url, "sync:a")

    assert (busy.value.code, busy.value.retry_after) == (code, 120)
    assert len(server.requests) == 1


def test_a_busy_server_that_does_not_say_when(scripted: Start, connect: Connect) -> None:
    server = scripted(lambda _: Reply(503))

    with pytest.raises(Temporary) as busy:
        connect(server.url).changes(server.url, "sync:a")

    assert busy.value.retry_after is None


def test_a_server_that_does_not_answer_is_given_up(scripted: Start, connect: Connect) -> None:
    server = scripted(lambda _: Reply(delay=3))

    with pytest.raises(Temporary) as late:
        connect(server.url, timeout=0.3).changes(server.url, "sync:a")

    assert late.value.code == "timeout"


def test_a_server_may_take_ten_times_as_long_before_it_lists_everything(scripted: Start, connect: Connect) -> None:
    server = scripted(lambda request: replace(unchanged(request), delay=1))

    assert connect(server.url, timeout=0.3).changes(server.url, None).complete

    server.script = lambda _: Reply(delay=3)
    with pytest.raises(Temporary):
        connect(server.url, timeout=0.1).changes(server.url, None)


def test_a_host_that_does_not_exist(connect: Connect) -> None:
    with pytest.raises(Temporary) as unknown:
        connect("https://no-such-host.invalid/dav/").changes("https://no-such-host.invalid/dav/", None)

    assert unknown.value.code == "host-unknown"


def test_a_port_where_nobody_listens(connect: Connect) -> None:
    url = f"http://127.0.0.1:{servers.free_port()}/dav/"

    with pytest.raises(Temporary) as refused:
        connect(url).changes(url, None)

    assert refused.value.code == "no-connection"


def test_p12_a_server_that_cannot_be_reached_is_told_without_its_address(connect: Connect) -> None:
    url = f"http://127.0.0.1:{servers.free_port()}/Marguerite/"

    with pytest.raises(Temporary) as refused:
        connect(url).changes(url, None)

    assert refused.value.code == "no-connection"
    assert "Marguerite" not in refused.value.message + refused.value.hint


@pytest.mark.parametrize("status", [500, 502, 503])
def test_p12_what_a_failing_server_says_is_not_repeated(scripted: Start, connect: Connect, status: int) -> None:
    server = scripted(lambda _: Reply(status, b"Marguerite"))

    with pytest.raises(Temporary) as failing:
        connect(server.url).changes(server.url, None)

    assert "Marguerite" not in failing.value.message + failing.value.hint


def test_a_port_that_speaks_no_tls(scripted: Start, connect: Connect) -> None:
    url = scripted(unchanged).url.replace("http:", "https:") + "dav/"

    with pytest.raises(Temporary) as refused:
        connect(url, timeout=2).changes(url, None)

    assert refused.value.code == "tls-failed"


def test_a_read_whose_connection_is_dropped_is_sent_again_but_not_a_write(scripted: Start, connect: Connect) -> None:
    def script(request: Request) -> Reply:
        return Reply(raw=b"") if len(server.requests) % 2 else unchanged(request)

    server = scripted(script)
    client = connect(server.url)

    client.changes(calendar_url(server), None)
    assert server.methods == ["REPORT", "REPORT"]
    with pytest.raises(Temporary) as lost:
        client.create(CALENDAR + "a.ics", b"text")
    assert lost.value.code == "no-connection"
    assert server.methods == ["REPORT", "REPORT", "PUT"]


def test_an_answer_without_end_is_not_read(scripted: Start, connect: Connect) -> None:
    bomb = gzip.compress(b" " * (transport.ANSWER_LIMIT + 1))
    server = scripted(lambda _: Reply(207, bomb, {"Content-Encoding": "gzip"}))

    with pytest.raises(CoachsyncError) as refused:
        connect(server.url).changes(server.url, None)

    assert refused.value.code == "answer-too-large"


def trickling(octets_every: float) -> tuple[str, Callable[[], None]]:
    """The URL of a server that answers one octet at a time, without end; and how to stop it."""
    listener = socket.create_server(("127.0.0.1", 0))
    ended = threading.Event()

    def serve() -> None:
        connection, _ = listener.accept()
        with connection, suppress(OSError):
            connection.recv(65536)
            connection.sendall(b"HTTP/1.1 207 Multi-Status\r\nContent-Length: 1000000\r\n\r\n")
            while not ended.wait(octets_every):
                connection.sendall(b" ")

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()

    def stop() -> None:
        ended.set()
        thread.join()
        listener.close()

    return f"http://127.0.0.1:{listener.getsockname()[1]}/", stop


def test_an_answer_that_trickles_in_has_an_end(connect: Connect) -> None:
    url, stop = trickling(0.02)
    try:
        client = connect(url, timeout=0.25)  # no pause is longer: the whole answer has five seconds
        begun = time.monotonic()
        with pytest.raises(Temporary) as slow:
            client.changes(url + "dav/", "sync:1")
        assert slow.value.code == "timeout"
        assert 4 < time.monotonic() - begun < 20
    finally:
        stop()


def test_one_connection_serves_all_requests_where_it_is_kept_open(scripted: Start, connect: Connect) -> None:
    server = scripted(unchanged)
    client = connect(server.url)
    for _ in range(5):
        client.changes(calendar_url(server), "sync:1")
    assert (len(server.requests), server.connections) == (5, 1)
