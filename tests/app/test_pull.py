"""None"""

from __future__ import annotations

from datetime import timedelta

import pytest

from coachsync.adapters.database.removed import kept
from coachsync.errors import CoachsyncError, NotThere, Refused, Temporary
from events import event
from practice_house import SOURCE, House, codes


def test_copies_follow_the_server(house: House) -> None:
    house.sessions(3)
    first = house.sync()
    assert (first.calendars["coaching"].added, first.exit_code()) == (3, 0)
    house.put("e1", event("uid-1", house.now + timedelta(hours=5)))
    house.put("new", event("uid-new", house.now + timedelta(hours=7)))
    house.delete("e2")
    pulled = house.sync().calendars["coaching"]
    assert (pulled.added, pulled.changed, pulled.removed) == (1, 1, 1)
    assert house.copies() == house.server.objects(SOURCE)


def test_p13_a_second_sync_asks_one_question_and_writes_nothing(house: House) -> None:
    house.sessions(5)
    house.sync()
    before = house.served()
    house.server.requests.clear()
    outcome = house.sync()
    assert dict(house.server.requests) == {"changes": 1}
    assert (outcome.exit_code(), house.served()) == (0, before)


def test_a_full_listing_is_taken_once_a_day(house: House) -> None:
    house.sessions(2)
    house.sync()
    house.server.show_half(SOURCE, list(house.server.objects(SOURCE))[:1])
    assert house.sync().calendars["coaching"].removed == 0
    house.now += timedelta(days=1)
    assert house.sync().calendars["coaching"].removed == 1


@pytest.mark.parametrize(
    ("failure", "code"),
    [(Refused("login-refused", "No."), 77), (Temporary("timeout", "Late."), 75), (CoachsyncError("odd", "Odd."), 3)],
)
def test_a_failing_server_changes_nothing(house: House, failure: CoachsyncError, code: int) -> None:
    house.sessions(5)
    house.sync()
    served = house.served()
    house.server.fail("changes", failure)
    outcome = house.sync()
    assert (codes(outcome), outcome.exit_code(), house.served()) == ([failure.code], code, served)


def test_a_first_sync_and_a_first_publishing_say_why_they_failed(house: House) -> None:
    house.sessions(2)
    house.server.fail("whoami", Refused("login-refused", "No."), times=2)
    assert house.sync().exit_code() == 77
    with pytest.raises(Refused):
        house.publish()
    assert house.publish().exit_code() == 0


def test_p04_what_a_pull_overwrites_or_drops_is_kept(house: House) -> None:
    house.sessions(2)
    old = house.server.objects(SOURCE)
    house.sync()
    house.put("e0", event("uid-0", house.now + timedelta(hours=4)))
    house.delete("e1")
    house.sync()
    with house.wiring() as wiring:
        assert [one.body for one in kept(wiring.database, "calendar coaching")] == list(old.values())


def test_p04_what_was_removed_is_kept_for_thirty_days_and_no_longer(house: House) -> None:
    house.sessions(3)
    old = house.server.objects(SOURCE)
    house.sync()
    house.delete("e0")
    house.sync()
    for days, still in ((29, 1), (2, 0)):
        house.now += timedelta(days=days)
        house.sync()
        with house.wiring() as wiring:
            assert [one.body for one in kept(wiring.database, "calendar coaching")] == list(old.values())[:still]


def test_p04_an_object_that_changes_its_address_and_its_text_leaves_its_old_text(house: House) -> None:
    house.sessions(1)
    (old,) = house.server.objects(SOURCE).values()
    house.sync()
    house.delete("e0")
    house.put("elsewhere", event("uid-0", house.now + timedelta(hours=1), title="Suite"))
    assert house.sync().calendars["coaching"].removed == 0
    with house.wiring() as wiring:
        assert [one.body for one in kept(wiring.database, "calendar coaching")] == [old]
    assert house.copies() == house.server.objects(SOURCE)


def test_a_calendar_that_is_not_there_is_answered_with_those_that_are(house: House) -> None:
    house.server.drop(SOURCE)
    house.server.add("https://calendar.example/alice/other/", "Séances", "alice")
    outcome = house.sync()
    (problem,) = [one for one in outcome.problems() if one.where == "calendars.coaching.name"]
    assert problem.code == "calendar-not-found"
    assert '"Séances"' in problem.aside
    assert "Séances" not in problem.hint


def test_p12_two_calendars_of_one_name_are_no_reason_to_name_the_others(house: House) -> None:
    house.server.add("https://calendar.example/alice/second/", "Coaching", "alice")
    house.server.add("https://calendar.example/alice/client/", "Anna Martin", "alice")
    outcome = house.sync()
    assert "calendar-ambiguous" in codes(outcome)
    assert "Anna" not in repr(outcome.problems())


def test_one_broken_calendar_does_not_stop_another(house: House) -> None:
    house.text += '[calendars.second]\naccount = "cloud"\nname = "Second"\n'
    house.server.add("https://calendar.example/alice/second/", "Second", "alice")
    house.put("s", event("uid-s", house.now), "https://calendar.example/alice/second/")
    house.sessions(2)
    house.server.fail("changes", NotThere("not-there", "Gone."))
    outcome = house.sync()
    assert outcome.exit_code() == 3
    assert outcome.calendars["second"].added == 1


def test_p04_strays_without_a_uid_are_neither_taken_for_another_nor_lost(house: House) -> None:
    for number in range(20):
        body = event("x", house.now + timedelta(days=number)).replace(b"UID:x\r\n", b"")
        house.put(f"e{number}", body)
    house.sync()
    house.server.drop(SOURCE)
    house.server.add(SOURCE, "Coaching", "alice")
    house.put("only", event("x", house.now + timedelta(hours=5)).replace(b"UID:x\r\n", b""))
    outcome = house.sync()
    assert (outcome.exit_code(), outcome.calendars["coaching"].held, len(house.served())) == (5, 20, 21)


def test_p04_a_copy_that_gives_way_to_its_new_self_is_kept(house: House) -> None:
    house.sessions(1)
    (old,) = house.server.objects(SOURCE).values()
    house.sync()
    house.server.drop(SOURCE)
    house.server.add(SOURCE, "Coaching", "alice")
    house.put("elsewhere", event("uid-0", house.now + timedelta(hours=5)))
    house.sync()
    with house.wiring() as wiring:
        assert [one.body for one in kept(wiring.database, "calendar coaching")] == [old]


@pytest.mark.parametrize("jump", [timedelta(days=1), timedelta(days=-1)])
def test_p04_a_clock_that_is_a_day_wrong_for_a_while_takes_nothing_from_what_is_kept(
    house: House, jump: timedelta
) -> None:
    house.sessions(3)
    house.sync()
    house.delete("e0")
    house.sync()
    for wrong in (jump, -jump):
        house.now += wrong
        house.sync()
    house.now += timedelta(days=28)
    house.sync()
    with house.wiring() as wiring:
        assert len(kept(wiring.database, "calendar coaching")) == 1
