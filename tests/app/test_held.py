"""How much may disappear before a person is asked, and for which calendar the person has answered."""

from collections.abc import Iterable
from datetime import timedelta

import pytest

from events import event
from practice_house import SOURCE, House

OTHER = "https://calendar.example/alice/other/"
GARBLED = b"not a calendar"


@pytest.fixture
def house_of_two(house: House) -> House:
    """A practice whose share is made from two calendars; twelve sessions are in `coaching`, one is in `other`."""
    house.server.add(OTHER, "Other", "alice")
    house.text = house.text.replace('from = ["coaching"]', 'from = ["coaching", "other"]')
    house.text += '[calendars.other]\naccount = "cloud"\nname = "Other"\n'
    house.sessions(12)
    house.put("elsewhere", event("uid-elsewhere", house.now + timedelta(hours=8)), OTHER)
    house.sync()
    assert len(house.served()) == 13
    return house


def put_sessions(house: House, numbers: Iterable[int]) -> None:
    """These of the sessions of `House.sessions`, as they were."""
    for number in numbers:
        house.put(f"e{number}", event(f"uid-{number}", house.now + timedelta(days=number, hours=1)))


def garble(house: House, numbers: Iterable[int]) -> None:
    for number in numbers:
        house.put(f"e{number}", GARBLED)


def test_p05_accepting_the_deletions_of_one_calendar_drops_no_copy_of_another(house_of_two: House) -> None:
    house_of_two.server.empty(SOURCE)
    outcome = house_of_two.sync("other")
    assert (outcome.exit_code(), outcome.calendars["coaching"].held) == (5, 12)
    assert len(house_of_two.served()) == 13


def test_p05_accepting_the_deletions_of_one_calendar_drops_no_reading_of_another(house_of_two: House) -> None:
    garble(house_of_two, range(12))
    assert house_of_two.sync().exit_code() == 5
    outcome = house_of_two.sync("other")
    assert (outcome.exit_code(), outcome.calendars["coaching"].held) == (5, 12)
    assert len(house_of_two.served()) == 13


def test_p05_events_long_past_do_not_make_losing_every_upcoming_one_look_small(house: House) -> None:
    for number in range(30):
        house.put(f"old{number}", event(f"uid-old{number}", house.now - timedelta(days=2000 + number)))
    house.sessions(4)
    house.sync()
    garble(house, range(4))
    outcome = house.sync()
    assert (outcome.exit_code(), outcome.calendars["coaching"].held) == (5, 4)
    assert len(house.served()) == 4


def test_p05_what_became_unreadable_stays_held_while_the_others_are_mended(house: House) -> None:
    house.sessions(40)
    house.sync()
    garble(house, range(15))
    assert house.sync().calendars["coaching"].held == 15
    put_sessions(house, range(13))
    assert house.sync().calendars["coaching"].held == 2
    house.text = house.text.replace("Europe/Paris", "Europe/Rome")  # everything is read again
    outcome = house.sync()
    assert (outcome.exit_code(), outcome.calendars["coaching"].held) == (5, 2)
    assert len(house.served()) == 40


def test_p05_a_small_calendar_that_vanishes_is_held_too(house: House) -> None:
    house.sessions(3)
    house.sync()
    house.server.drop(SOURCE)
    outcome = house.sync()
    pulled = outcome.calendars["coaching"]
    assert (outcome.exit_code(), pulled.held, pulled.why) == (5, 3, "calendar-vanished")
    assert len(house.served()) == 3


def test_p05_deletions_that_come_while_others_wait_wait_with_them(house: House) -> None:
    house.sessions(24)
    house.sync()
    for number in range(12):
        house.delete(f"e{number}")
    assert house.sync().calendars["coaching"].held == 12
    for number in range(12, 15):
        house.delete(f"e{number}")
    assert house.sync().calendars["coaching"].held == 15
    assert len(house.served()) == 24


def test_p05_objects_without_a_uid_are_not_taken_for_one_that_came_without_a_uid(house: House) -> None:
    def put(name: str, days: int) -> None:
        body = event("x", house.now + timedelta(days=days, hours=1))
        house.put(name, body.replace(b"UID:x\r\n", b""))

    for number in range(12):
        put(f"e{number}", number)
    house.sync()
    for number in range(12):
        house.delete(f"e{number}")
    put("new", 12)
    outcome = house.sync()
    assert (outcome.exit_code(), outcome.calendars["coaching"].held) == (5, 12)
    assert len(house.served()) == 13
