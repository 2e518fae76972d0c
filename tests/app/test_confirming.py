"""What a server says of a write is believed once it lists the same: shares heal from answers that were not true."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest

from coachsync.adapters.memory import MemoryCalendars
from coachsync.errors import Stale
from practice_house import SOURCE, House

DAY = timedelta(days=1)


@pytest.fixture
def house(house: House) -> House:
    house.text = house.text.replace('profile = "session"', 'profile = "session"\npublish = "now"')
    house.sessions(4)
    return house


def codes(house: House) -> list[str]:
    return [problem.code for problem in house.sync().problems()]


def lies(monkeypatch: pytest.MonkeyPatch, method: str, answer: object) -> None:
    """Something in front of the server answers its next request of this kind in its place."""
    real, told = getattr(MemoryCalendars, method), [answer]

    def instead(self: MemoryCalendars, href: str, what: object) -> object:
        if not told or SOURCE in href:
            return real(self, href, what)
        said = told.pop()
        if isinstance(said, Exception):
            raise said
        return said

    monkeypatch.setattr(MemoryCalendars, method, instead)


def take_out(house: House, days: int) -> None:
    """Somebody deletes from the share what takes place in so many days."""
    (there,) = [href for href, body in house.served().items() if f":{house.now + days * DAY:%Y%m%d}T".encode() in body]
    house.server.delete(house.share_url(), there)


@contextmanager
def served_as_before(house: House) -> Iterator[None]:
    """What the share serves afterwards is what its calendar holds, each slot once, and a second run finds no work."""
    yield
    assert codes(house) == []
    assert len(house.served()) == len(house.server.objects(SOURCE)) == len(set(house.starts()))
    assert house.verify() == ()
    house.server.requests.clear()
    assert codes(house) == []
    assert not house.server.requests.keys() & {"create", "remove"}


@pytest.mark.parametrize("answer", [Stale("stale", "No."), '"77"', None], ids=["412", "201", "201-without-etag"])
def test_an_object_that_was_not_written_whatever_was_said_is_written_next(
    house: House, monkeypatch: pytest.MonkeyPatch, answer: object
) -> None:
    with served_as_before(house):
        lies(monkeypatch, "create", answer)
        assert codes(house) == ["share-not-confirmed"]
        assert len(house.served()) == 3


@pytest.mark.parametrize("answer", [False, True], ids=["404", "204"])
def test_an_object_that_was_not_deleted_whatever_was_said_is_deleted_next(
    house: House, monkeypatch: pytest.MonkeyPatch, answer: object
) -> None:
    assert codes(house) == []
    house.delete("e1")
    with served_as_before(house):
        lies(monkeypatch, "remove", answer)
        assert codes(house) == ["share-not-confirmed"]
        assert len(house.served()) == 4


def test_an_object_that_somebody_else_has_deleted_needs_no_deleting(house: House) -> None:
    assert codes(house) == []
    take_out(house, 1)
    house.delete("e1")
    with served_as_before(house):
        assert codes(house) == []


def test_what_somebody_took_out_of_a_share_is_back_within_a_day(house: House) -> None:
    assert codes(house) == []
    take_out(house, 3)
    house.now += timedelta(hours=1)
    assert codes(house) == []
    assert len(house.served()) == 3
    house.now += DAY
    assert "share-not-confirmed" in codes(house)
    assert codes(house) == []
    assert house.verify() == ()


def test_a_share_in_order_is_compared_once_a_day_by_its_changes_alone(house: House) -> None:
    assert codes(house) == []
    looked = []
    for _ in range(24):
        house.now += timedelta(hours=2)
        house.server.requests.clear()
        assert codes(house) == []
        looked.append(house.server.requests["changes"] - 1)  # one is for the calendar, and one more of it once a day
    assert sum(looked) == 2 + 2


@pytest.mark.parametrize("jump", [DAY, -DAY])
def test_a_clock_that_was_set_makes_it_compared_once_and_no_more(house: House, jump: timedelta) -> None:
    assert codes(house) == []
    house.now += jump
    looked = []
    for _ in range(4):
        house.server.requests.clear()
        assert codes(house) == []
        looked.append(house.server.requests["changes"])
    assert looked[1:] == [1, 1, 1]


def test_a_calendar_made_anew_is_not_asked_by_the_token_of_the_old_one(house: House) -> None:
    assert codes(house) == []
    house.server.drop(house.share_url())
    house.publish(replace_content=True)
    with served_as_before(house):
        assert len(house.served()) == 4
