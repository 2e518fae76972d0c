"""An edit finds its own appointment, wherever that went, and no other one."""

from __future__ import annotations

from datetime import timedelta

import pytest

from coachsync.app import jobs
from coachsync.app.conflicts import Keep
from coachsync.app.outcome import Outcome
from coachsync.app.queueing import queue
from events import event
from practice_house import OTHER, SOURCE, House, codes, session, there

NEW = "https://calendar.example/alice/new/"


def moved_to_a_new_collection(house: House) -> None:
    house.server.drop(SOURCE)
    house.server.add(NEW, "Coaching", "alice")
    for number in range(5):
        house.put(f"e{number}", session(house, number), NEW)
    house.sync()


def test_p04_an_event_without_uid_is_never_taken_for_another_one(synced: House) -> None:
    def nameless(title: str, extra: str = "") -> bytes:
        return event("X", synced.now, title=title, extra=extra).replace(b"UID:X\r\n", b"")

    synced.put("anna", nameless("Anna"))
    synced.put("bert", nameless("Bert"))
    synced.sync()
    synced.want("anna", nameless("Anna", "LOCATION:Paris\r\n"))
    synced.delete("anna")

    assert synced.sync().exit_code() == 4
    assert synced.server.objects(SOURCE)["/alice/source/bert.ics"] == nameless("Bert")
    assert [edit.href for edit in synced.edits()] == ["/alice/source/anna.ics"]


def test_p05_an_accepted_change_does_not_take_the_place_of_one_made_since(synced: House) -> None:
    synced.want("e1", session(synced, 1, hours=3))
    moved_to_a_new_collection(synced)
    with synced.wiring() as wiring:
        queue(wiring, "coaching", "/alice/new/e1.ics", "uid-1", session(synced, 1, extra="LOCATION:Lyon\r\n"))

    for _ in range(2):
        outcome = synced.sync("coaching")

    assert outcome.exit_code() == 0
    assert synced.server.objects(NEW)["/alice/new/e1.ics"] == session(synced, 1, hours=3, extra="LOCATION:Lyon\r\n")


def test_a_name_with_a_colon_stays_whole_in_another_collection(synced: House) -> None:
    synced.want("a:b", session(synced, 9))
    moved_to_a_new_collection(synced)
    assert synced.sync("coaching").exit_code() == 0
    assert "/alice/new/a:b.ics" in synced.server.objects(NEW)


def test_an_edit_waits_while_another_one_is_of_its_object(synced: House) -> None:
    synced.want("e1", session(synced, 1, hours=3))
    with synced.wiring() as wiring:
        queue(wiring, "coaching", "/alice/source/renamed.ics", "uid-1", session(synced, 1, extra="LOCATION:Lyon\r\n"))
    synced.delete("e1")
    synced.put("renamed", session(synced, 1, extra="LOCATION:Lyon\r\n"))

    for _ in range(2):
        outcome = synced.sync()

    assert outcome.exit_code() == 0
    wanted = session(synced, 1, hours=3, extra="LOCATION:Lyon\r\n")
    assert synced.server.objects(SOURCE)["/alice/source/renamed.ics"] == wanted
    assert synced.edits() == ()


@pytest.mark.parametrize("text", [None, "moved"])
def test_p04_what_was_in_two_calendars_before_is_not_changed_in_the_other_one(
    two_calendars: House, text: str | None
) -> None:
    house = two_calendars
    house.put("e1", session(house, 1), OTHER)
    house.sync()
    house.want("e1", session(house, 1, hours=3) if text else None)
    house.delete("e1")

    outcome = house.sync()

    assert outcome.exit_code() == (4 if text else 0)
    assert house.server.objects(OTHER) == {"/alice/other/e1.ics": session(house, 1)}


def test_what_is_to_be_made_after_an_edit_follows_it_into_another_calendar(two_calendars: House) -> None:
    house = two_calendars
    with house.wiring() as wiring:
        first = queue(wiring, "coaching", "/alice/source/e1.ics", "uid-1", session(house, 1, hours=3))
        queue(wiring, "coaching", "/alice/source/rest.ics", "uid-8", session(house, 8), after=first)
    house.delete("e1")
    house.put("e1", session(house, 1), OTHER)

    for _ in range(2):
        outcome = house.sync()

    assert outcome.exit_code() == 0
    held = house.server.objects(OTHER)
    assert held == {"/alice/other/e1.ics": session(house, 1, hours=3), "/alice/other/rest.ics": session(house, 8)}


def test_nobody_is_asked_before_the_other_calendars_were_looked_at(two_calendars: House) -> None:
    """The daemon looks at one calendar after the other, each at its own time."""
    house = two_calendars
    house.want("e1", session(house, 1, hours=3))
    moved = session(house, 1, hours=3)
    house.delete("e1")
    house.put("e1", session(house, 1), OTHER)
    house.now += timedelta(minutes=5)

    assert alone(house, "coaching").conflicts == 0
    assert house.edits()[0].clashes == ()
    for name in ("other", "coaching", "other"):
        assert alone(house, name).conflicts == 0
    assert house.server.objects(OTHER) == {"/alice/other/e1.ics": moved}


def test_a_calendar_that_cannot_be_looked_at_is_waited_for_for_a_day(two_calendars: House) -> None:
    house = two_calendars
    house.want("e1", session(house, 1, hours=3))
    house.delete("e1")
    for hours, conflicts in ((23, 0), (2, 1)):
        house.now += timedelta(hours=hours)
        assert alone(house, "coaching").conflicts == conflicts


def alone(house: House, calendar: str) -> Outcome:
    outcome = Outcome()
    with house.wiring() as wiring:
        jobs.take_in(wiring, outcome, [calendar])
    return outcome


def test_an_edit_follows_its_appointment_to_another_name_on_the_server(synced: House) -> None:
    synced.want("e1", session(synced, 1, hours=3))
    synced.delete("e1")
    synced.put("renamed", session(synced, 1))
    assert synced.sync().exit_code() == 0
    assert there(synced, "renamed") == session(synced, 1, hours=3)


@pytest.mark.parametrize("deleted", [False, True])
def test_p04_a_change_follows_its_appointment_into_another_calendar(two_calendars: House, deleted: bool) -> None:
    house = two_calendars
    house.want("e1", None if deleted else session(house, 1, hours=3))
    house.delete("e1")
    house.put("e1", session(house, 1), OTHER)

    for _ in range(2):  # the calendar that it went to may have been sent to before
        outcome = house.sync()

    assert outcome.exit_code() == 0
    moved = {} if deleted else {"/alice/other/e1.ics": session(house, 1, hours=3)}
    assert house.server.objects(OTHER) == moved
    assert house.edits() == house.edits("other") == ()


def test_p04_what_is_another_appointment_elsewhere_is_left_alone(two_calendars: House) -> None:
    house = two_calendars
    house.want("e1", session(house, 1, hours=3))
    house.delete("e1")
    house.put("e1", session(house, 4, hours=9), OTHER)

    assert house.sync().exit_code() == 4
    assert house.server.objects(OTHER) == {"/alice/other/e1.ics": session(house, 4, hours=9)}


@pytest.mark.parametrize("decided", ["kept", "restored"])
def test_p04_what_the_phone_has_moved_to_another_calendar_is_not_made_here_too(
    two_calendars: House, decided: str
) -> None:
    house = two_calendars
    if decided == "kept":
        house.want("e1", session(house, 1, hours=3))
    house.delete("e1")
    house.sync()
    house.put("moved", session(house, 1), OTHER)
    if decided == "kept":
        house.resolve(Keep.LOCAL)
    else:
        house.want("back", session(house, 1))

    for _ in range(6):
        assert codes(house.sync()) == ["change-in-another-calendar"]
    assert [edit.refusals for edit in house.edits()] == [0]

    house.delete("moved", OTHER)
    assert house.sync().exit_code() == 0
    assert len(house.server.objects(SOURCE)) == 5


def test_p04_what_was_changed_here_and_moved_and_changed_there_is_a_conflict(two_calendars: House) -> None:
    house = two_calendars
    house.want("e1", session(house, 1, hours=3))
    house.delete("e1")
    house.put("moved", session(house, 1, hours=5), OTHER)
    assert house.sync().exit_code() == 4
    assert [edit.clashes for edit in house.edits()] == [("deleted-there",)]
