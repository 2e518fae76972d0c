"""What disappears at the source and is kept until a person says so (promise 5)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import timedelta

import pytest

from coachsync.adapters.memory import MemoryCalendars
from coachsync.errors import ObjectsRefused
from coachsync.model import Item
from events import event
from practice_house import SOURCE, House, codes, session


@pytest.mark.parametrize("fault", ["emptied", "vanished", "half"])
def test_p05_what_looks_like_an_accident_empties_neither_copies_nor_share(house: House, fault: str) -> None:
    house.sessions(30)
    house.sync()
    served, stored = house.served(), house.copies()
    if fault == "emptied":
        house.server.empty(SOURCE)
    elif fault == "vanished":
        house.server.drop(SOURCE)
    else:
        house.server.forget_history(SOURCE)
        house.server.show_half(SOURCE, list(house.server.objects(SOURCE))[::2])
    gone = 15 if fault == "half" else 30
    for _ in range(3):  # however often it runs
        outcome = house.sync()
        assert outcome.exit_code() == 5
        assert outcome.calendars["coaching"].held == gone
        assert outcome.shares["office"].held_back == gone
        assert (house.served(), house.copies()) == (served, stored)
        house.now += timedelta(minutes=5)
    accepted = house.sync("coaching")
    assert accepted.calendars["coaching"].removed == gone
    assert len(house.served()) == 30 - gone
    assert house.sync().exit_code() == (78 if fault == "vanished" else 0)


def test_p05_new_appointments_come_in_while_deletions_are_held(house: House) -> None:
    house.sessions(30)
    house.sync()
    house.server.empty(SOURCE)
    house.put("new", event("uid-new", house.now + timedelta(hours=7)))
    assert house.sync().exit_code() == 5
    assert len(house.served()) == 31
    house.sync("coaching")
    assert len(house.served()) == 1


def test_p05_what_comes_back_is_no_longer_held(house: House) -> None:
    house.sessions(30)
    house.sync()
    objects = house.server.objects(SOURCE)
    house.server.empty(SOURCE)
    assert house.sync().exit_code() == 5
    for href, body in objects.items():
        house.server.store(SOURCE, href, body)
    outcome = house.sync()
    assert (outcome.exit_code(), outcome.calendars["coaching"].held) == (0, 0)
    assert len(house.served()) == 30


def test_a_small_calendar_may_be_emptied_by_its_owner(house: House) -> None:
    house.sessions(3)
    house.sync()
    house.server.empty(SOURCE)
    assert house.sync().exit_code() == 0
    assert house.served() == {}


def test_p05_a_replaced_collection_adds_and_removes_nothing(house: House) -> None:
    house.sessions(4)
    house.sync()
    house.server.drop(SOURCE)
    house.server.add(SOURCE, "Coaching", "alice")
    house.put("e0", event("uid-0", house.now + timedelta(hours=3)))  # the same appointment, moved
    house.put("x", event("uid-x", house.now + timedelta(hours=9)))
    outcome = house.sync()
    assert codes(outcome) == ["collection-replaced"]
    assert (outcome.exit_code(), outcome.calendars["coaching"].held) == (5, 3)
    assert len(house.served()) == 5
    assert house.sync().exit_code() == 5
    house.sync("coaching")
    assert house.copies() == house.server.objects(SOURCE)
    assert len(house.served()) == 2
    assert house.sync().exit_code() == 0


def test_a_calendar_moved_to_another_address_with_all_its_appointments_is_no_finding(house: House) -> None:
    house.sessions(6)
    house.sync()
    served = house.served()
    elsewhere = "https://calendar.example/alice/elsewhere/"
    objects = house.server.objects(SOURCE)
    house.server.drop(SOURCE)
    house.server.add(elsewhere, "Coaching", "alice")
    for href, body in objects.items():
        house.put(href.rpartition("/")[2].removesuffix(".ics"), body, elsewhere)
    assert house.sync().exit_code() == 0
    assert house.served() == served


def test_p05_what_is_held_stays_held_however_the_calendar_grows(house: House) -> None:
    house.sessions(50)
    house.sync()
    for number in range(12):
        house.delete(f"e{number}")
    assert house.sync().exit_code() == 5
    for number in range(15):
        house.put(f"new{number}", event(f"uid-new{number}", house.now + timedelta(days=number, hours=6)))
    for gone_by in (0, 2):  # sessions of today that the window has left behind
        outcome = house.sync()
        assert (outcome.exit_code(), outcome.calendars["coaching"].held) == (5, 12)
        assert len(house.served()) == 65 - gone_by
        house.now += timedelta(days=1)  # the daily listing changes nothing about it
    assert house.sync("coaching").calendars["coaching"].removed == 12


def test_p05_a_held_deletion_is_told_until_the_objects_are_back(house: House) -> None:
    house.sessions(30)
    house.sync()
    house.now += timedelta(days=1)
    hidden = list(house.server.objects(SOURCE))[:20]
    house.server.show_half(SOURCE, hidden)
    assert house.sync().exit_code() == 5
    outcome = house.sync()
    assert (outcome.exit_code(), outcome.calendars["coaching"].held) == (5, 20)
    house.server.show_half(SOURCE)
    assert house.sync().exit_code() == 0


def test_objects_that_only_change_their_address_are_no_deletion(house: House) -> None:
    house.sessions(30)
    house.sync()
    served = house.served()
    for number in range(30):
        (body,) = [body for href, body in house.server.objects(SOURCE).items() if href.endswith(f"/e{number}.ics")]
        house.delete(f"e{number}")
        house.put(f"renamed{number}", body)
    assert house.sync().exit_code() == 0
    assert house.served() == served
    assert house.copies() == house.server.objects(SOURCE)


@pytest.fixture
def nameless(house: House) -> House:
    """Twelve sessions on a server that does not tell one collection of an owner from another."""
    house.server.has_ids = False
    house.server.drop(SOURCE)
    house.server.add(SOURCE, "Coaching", "alice")
    house.sessions(12)
    assert house.sync().exit_code() == 0
    return house


@pytest.mark.parametrize("hours", [1, 25])
def test_p05_part_of_a_calendar_that_was_made_anew_at_the_same_address_is_no_deletion(
    nameless: House, hours: int
) -> None:
    """Seven of twelve are below the threshold: that the history is another one's tells."""
    there = nameless.server.objects(SOURCE)
    nameless.server.drop(SOURCE)
    nameless.server.add(SOURCE, "Coaching", "alice")
    for href in sorted(there)[:5]:
        nameless.server.store(SOURCE, href, there[href])
    nameless.now += timedelta(hours=hours)
    nameless.want("new", session(nameless, 30))

    for _ in range(2):
        outcome = nameless.sync()
        assert (outcome.exit_code(), codes(outcome)) == (5, ["collection-replaced"])
        assert (outcome.calendars["coaching"].held, len(nameless.edits())) == (7, 1)
    assert len(nameless.server.objects(SOURCE)) == 5

    assert nameless.sync("coaching").exit_code() == 0
    assert nameless.copies() == nameless.server.objects(SOURCE)
    assert len(nameless.copies()) == 6


def test_what_comes_back_with_another_history_needs_nobody(nameless: House) -> None:
    there = nameless.server.objects(SOURCE)
    nameless.server.show_half(SOURCE, sorted(there)[:2])
    nameless.server.forget_history(SOURCE)
    nameless.want("e5", session(nameless, 5, hours=3))
    assert nameless.sync().exit_code() == 5
    nameless.server.show_half(SOURCE)

    assert nameless.sync().exit_code() == 0
    assert nameless.edits() == ()


def test_a_token_that_is_too_old_is_no_finding(nameless: House) -> None:
    nameless.put("e3", session(nameless, 3, hours=2))
    nameless.server.forget_history(SOURCE)
    nameless.want("e5", session(nameless, 5, hours=3))
    assert nameless.sync().exit_code() == 0
    assert nameless.edits() == ()


def test_a_deletion_that_the_calendars_own_history_tells_is_one(nameless: House) -> None:
    nameless.delete("e3")
    nameless.now += timedelta(hours=25)
    assert nameless.sync().exit_code() == 0
    assert len(nameless.copies()) == 11


def test_p05_what_is_listed_and_not_given_has_not_disappeared(nameless: House, monkeypatch: pytest.MonkeyPatch) -> None:
    place = "/alice/source/e3.ics"
    fetch = MemoryCalendars.fetch

    def partly(calendars: MemoryCalendars, url: str, hrefs: Iterable[str]) -> Iterator[Item]:
        yield from fetch(calendars, url, (href for href in hrefs if href != place))
        if place in hrefs:
            raise ObjectsRefused("forbidden", "No.", hrefs=(place,))

    monkeypatch.setattr(MemoryCalendars, "fetch", partly)
    nameless.put("e3", session(nameless, 3, hours=2))
    last = nameless.server.objects(SOURCE)["/alice/source/e5.ics"]
    nameless.delete("e5")
    nameless.server.forget_history(SOURCE)
    assert nameless.sync().calendars["coaching"].held == 1
    nameless.put("e5", last)
    nameless.want("new", session(nameless, 30))

    outcome = nameless.sync()

    assert (outcome.calendars["coaching"].held, outcome.pushed["coaching"].added) == (0, 1)
    nameless.sync("coaching")
    assert place in nameless.copies()
    assert len(nameless.server.objects(SOURCE)) == 13
