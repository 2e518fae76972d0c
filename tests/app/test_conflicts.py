"""Deciding between two versions, and taking back what was not sent."""

from __future__ import annotations

import pytest

from coachsync.adapters.database import Edits
from coachsync.app.conflicts import Keep, conflicts, take_back
from coachsync.app.queueing import queue
from coachsync.errors import CoachsyncError
from practice_house import SOURCE, House, session


@pytest.fixture
def house_in_conflict(house: House) -> House:
    """Session e1 was moved here to three hours from now, and on the phone to five."""
    house.sessions(3)
    house.sync()
    house.want("e1", session(house, 1, 3))
    house.put("e1", session(house, 1, 5))
    house.sync()
    return house


@pytest.fixture
def cut(house: House) -> House:
    """A series that was cut in two here: e1 is its first half, and the rest is made once that is sent."""
    house.sessions(3)
    house.sync()
    with house.wiring() as wiring:
        first = queue(wiring, "coaching", "/alice/source/e1.ics", "uid-1", session(house, 1, 3))
        queue(wiring, "coaching", "/alice/source/rest.ics", "uid-rest", session(house, 8, 3), after=first)
    return house


def test_both_versions_are_shown(house_in_conflict: House) -> None:
    with house_in_conflict.wiring() as wiring:
        [conflict] = conflicts(wiring)
    assert conflict.calendar == "coaching"
    assert conflict.local == session(house_in_conflict, 1, 3)
    assert conflict.server == session(house_in_conflict, 1, 5)
    assert conflict.edit.clashes == ("times",)


def test_a_version_that_was_deleted_is_shown_as_none(house: House) -> None:
    house.sessions(3)
    house.sync()
    house.want("e1", session(house, 1, 3))
    house.delete("e1")
    house.sync()
    with house.wiring() as wiring:
        [conflict] = conflicts(wiring)
    assert (conflict.server, conflict.edit.clashes) == (None, ("deleted-there",))


def test_a_decision_is_for_what_was_compared(house_in_conflict: House) -> None:
    """What the phone changes after the decision is merged, or asked about anew: it is not written over."""
    house_in_conflict.resolve(Keep.LOCAL)
    house_in_conflict.put("e1", session(house_in_conflict, 1, 7))
    assert house_in_conflict.sync().exit_code() == 4
    assert house_in_conflict.server.objects(SOURCE)["/alice/source/e1.ics"] == session(house_in_conflict, 1, 7)


def test_a_conflict_is_over_when_the_phone_takes_its_change_back(house_in_conflict: House) -> None:
    house_in_conflict.put("e1", session(house_in_conflict, 1, 1))
    assert house_in_conflict.sync().exit_code() == 0
    assert house_in_conflict.server.objects(SOURCE)["/alice/source/e1.ics"] == session(house_in_conflict, 1, 3)


def test_what_waits_for_a_change_waits_for_its_conflict_too_and_goes_with_it(cut: House) -> None:
    cut.put("e1", session(cut, 1, 5))
    assert cut.sync().exit_code() == 4
    assert "/alice/source/rest.ics" not in cut.server.objects(SOURCE)

    cut.resolve(Keep.SERVER)

    assert cut.edits() == ()
    assert {session(cut, 1, 3), session(cut, 8, 3)} <= {body for _, body in cut.trash()}
    assert cut.sync().exit_code() == 0


def test_the_second_of_two_is_sent_once_the_first_is_there(cut: House) -> None:
    assert cut.sync().exit_code() == 0
    held = cut.server.objects(SOURCE)
    assert (held["/alice/source/e1.ics"], held["/alice/source/rest.ics"]) == (
        session(cut, 1, 3),
        session(cut, 8, 3),
    )


def test_p13_the_second_of_two_is_sent_at_once_when_the_first_needs_no_sending(cut: House) -> None:
    cut.put("e1", session(cut, 1, 3))

    cut.sync()

    assert cut.edits() == ()
    assert "/alice/source/rest.ics" in cut.server.objects(SOURCE)


def test_what_was_to_come_of_a_change_goes_when_the_change_is_undone(cut: House) -> None:
    cut.want("e1", session(cut, 1, 1))
    assert cut.edits() == ()
    assert cut.trash() == [("taken-back", session(cut, 8, 3))]


def test_a_conflict_that_is_over_is_not_shown_while_the_change_cannot_be_sent(house_in_conflict: House) -> None:
    house_in_conflict.put("e1", session(house_in_conflict, 1, 1))
    house_in_conflict.server.fail("update", CoachsyncError("forbidden", "The server does not allow this."))
    assert house_in_conflict.sync().exit_code() == 3
    assert [edit.clashes for edit in house_in_conflict.edits()] == [()]


def test_what_was_not_sent_can_be_taken_back_and_is_kept(house: House) -> None:
    house.sessions(3)
    house.sync()
    house.want("e1", session(house, 1, 3))
    with house.wiring() as wiring:
        [edit] = Edits(wiring.database, "coaching").all()
        take_back(wiring, "coaching", edit, "taken-back")
    assert house.trash() == [("taken-back", session(house, 1, 3))]
    assert house.sync().pushed["coaching"].changed == 0
