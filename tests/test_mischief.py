"""The faults that other suites rely on do what they say, and the same seed does the same again."""

from __future__ import annotations

import http.client
from collections.abc import Callable, Iterator
from contextlib import closing

import pytest

from coachsync.adapters.caldav.client import CalDav
from davscript import Start
from faults import Saboteur
from mischief import Mischief
from servers import Reply, Request, Scripted

BODY = b"0123456789" * 10
Front = tuple[Scripted, Saboteur]


def answer(request: Request) -> Reply:
    """What says which request it belongs to."""
    return Reply(200, request.path.encode() + BODY, {"ETag": f'"{request.path}"', "Content-Type": "text/calendar"})


@pytest.fixture
def front(scripted: Start) -> Iterator[Front]:
    server = scripted(answer)
    with closing(Saboteur(server.url)) as saboteur:
        yield server, saboteur


def ask(front: Front, kind: str) -> tuple[int, bytes, bool]:
    """Status and body of one request spoilt in this way, and whether the server has seen it."""
    server, saboteur = front
    saboteur.fault = Mischief(1, patience=0.2).kinds[kind]
    server.clear()
    with closing(http.client.HTTPConnection("127.0.0.1", saboteur.port, timeout=5)) as connection:
        connection.request("GET", "/a")
        told = connection.getresponse()
        return told.status, told.read(), bool(server.requests)


@pytest.mark.parametrize("kind", ["401", "403", "404", "409", "412", "413", "423", "429", "500", "503", "507"])
def test_a_status_is_said_in_the_servers_place(front: Front, kind: str) -> None:
    assert ask(front, kind) == (int(kind), b"no", False)


def test_other_answers_are_spoilt_as_they_are_called(front: Front) -> None:
    assert ask(front, "500 after") == (500, b"no", True)
    assert ask(front, "circle")[0] == 307
    assert ask(front, "elsewhere")[0] == 302
    status, body, seen = ask(front, "cut short")
    assert (status, len(body) < 102, seen) == (200, True, True)
    assert ask(front, "late") == (200, b"/a" + BODY, True)


@pytest.mark.parametrize(
    ("kind", "error"),
    [
        ("lost before", http.client.RemoteDisconnected),
        ("lost after", http.client.RemoteDisconnected),
        ("torn", http.client.IncompleteRead),
    ],
)
def test_a_connection_is_lost_before_or_after_the_server_has_acted(
    front: Front, kind: str, error: type[Exception]
) -> None:
    with pytest.raises(error):
        ask(front, kind)
    assert bool(front[0].requests) is (kind != "lost before")


@pytest.mark.parametrize("method", ["fetch", "create"])
def test_an_answer_that_comes_twice_is_never_taken_for_the_next_ones(front: Front, method: str) -> None:
    _, saboteur = front
    saboteur.fault = Mischief(1).kinds["twice"]
    ask_for: dict[str, Callable[[CalDav, str], object]] = {
        "fetch": lambda client, href: [item.etag for item in client.fetch(f"{saboteur.url}c/", [href])],
        "create": lambda client, href: [client.create(f"{saboteur.url}{href[1:]}", BODY)],
    }
    with closing(CalDav(saboteur.url, "alice", "secret")) as client:
        for number in range(10):
            href = f"/c/{number}.ics"
            assert ask_for[method](client, href) == [f'"{href}"']


def drawn(seed: int, count: int = 200) -> list[str | None]:
    mischief = Mischief(seed, rate=0.5)
    return [mischief._chosen() for _ in range(count)]


def test_one_seed_draws_the_same_faults_again_and_another_does_not() -> None:
    assert drawn(1) == drawn(1) != drawn(2)
    assert set(drawn(1, 2000)) == {None, *Mischief(1).kinds}


def test_an_outage_drops_everything_until_it_is_healed() -> None:
    mischief = Mischief(1, rate=0)
    mischief.outage(60)
    assert {mischief._chosen() for _ in range(10)} == {"lost before"}
    mischief.heal()
    assert {mischief._chosen() for _ in range(10)} == {None}
    assert (mischief.done["outage"], mischief.passed) == (10, 10)
