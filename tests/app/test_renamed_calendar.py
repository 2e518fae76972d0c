"""A calendar gets another name in the configuration, or goes from it: what was not sent is not forgotten."""

from __future__ import annotations

import pytest

from coachsync.app.outcome import Outcome
from coachsync.app.recording import record
from coachsync.app.standing import standing
from coachsync.app.status import Status, load
from practice_house import SOURCE, House, session


@pytest.fixture
def waiting(house: House) -> House:
    """Five sessions on both sides, one of which was moved here and one of which was deleted on the phone."""
    house.sessions(5)
    house.sync()
    house.delete("e2")
    house.sync()
    house.want("e1", session(house, 1, hours=3))
    return house


def renamed(house: House) -> None:
    house.text = house.text.replace("[calendars.coaching]", "[calendars.clients]").replace(
        '["coaching"]', '["clients"]'
    )


def test_p04_under_another_name_a_calendar_keeps_its_copies_its_changes_and_what_was_removed(waiting: House) -> None:
    renamed(waiting)
    waiting.server.requests.clear()

    outcome = waiting.sync()

    assert outcome.exit_code() == 0
    assert waiting.server.objects(SOURCE)["/alice/source/e1.ics"] == session(waiting, 1, hours=3)
    assert waiting.copies("clients") == waiting.server.objects(SOURCE)
    assert sorted(reason for reason, _ in waiting.trash("clients")) == ["deleted", "overwritten"]
    assert waiting.server.requests["fetch"] == 0


def test_p05_another_collection_inherits_nothing(waiting: House) -> None:
    renamed(waiting)
    waiting.server.add("https://calendar.example/alice/else/", "Else", "alice")
    waiting.text = waiting.text.replace('name = "Coaching"', 'name = "Else"')

    outcome = waiting.sync()

    assert waiting.copies("clients") == {}
    assert waiting.server.objects("https://calendar.example/alice/else/") == {}
    assert outcome.exit_code() == 3


def test_p04_changes_for_a_calendar_that_is_no_longer_configured_are_told_and_wait(waiting: House) -> None:
    renamed(waiting)
    waiting.server.add("https://calendar.example/alice/else/", "Else", "alice")
    before = waiting.text
    waiting.text = waiting.text.replace('name = "Coaching"', 'name = "Else"')
    for _ in range(2):
        [problem] = waiting.sync().problems()
        assert (problem.code, problem.where) == ("changes-left-behind", "calendars.coaching")
    assert [one.code for one in standing(left(waiting, waiting.sync()))] == ["changes-left-behind"]

    waiting.text = before.replace("clients", "coaching")
    outcome = waiting.sync()
    assert outcome.exit_code() == 0
    assert left(waiting, outcome).left_behind == ()
    assert waiting.server.objects(SOURCE)["/alice/source/e1.ics"] == session(waiting, 1, hours=3)


def left(house: House, outcome: Outcome) -> Status:
    """The status that a run leaves, as it is read again."""
    with house.wiring() as wiring:
        record(wiring, str, outcome)
    return load(house.state)


def test_p13_a_calendar_that_two_names_mean_is_not_taken_from_the_one_that_stays(waiting: House) -> None:
    waiting.text = waiting.text.replace(
        "[shares.office]", '[calendars.again]\naccount = "cloud"\nname = "Coaching"\n[shares.office]'
    )
    waiting.sync()
    assert waiting.copies("coaching") == waiting.server.objects(SOURCE)
    assert waiting.copies("again").keys() == waiting.copies("coaching").keys()
