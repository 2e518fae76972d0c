"""What is not sent until a person says so (promise 5)."""

from __future__ import annotations

from datetime import timedelta

from coachsync.app.queueing import queue
from events import event
from practice_house import SOURCE, House, codes, session, there


def test_p05_what_disappeared_and_waits_for_a_person_is_not_written_to(house: House) -> None:
    house.sessions(5)
    house.sync()
    house.want("e1", session(house, 1, hours=3))
    house.server.empty(SOURCE)
    house.server.requests.clear()
    assert house.sync().exit_code() == 5
    assert not {"create", "update", "remove"} & house.server.requests.keys()


def test_p05_many_deletions_from_here_wait_until_a_person_says_so(house: House) -> None:
    house.sessions(30)
    house.sync()
    for number in range(11):
        house.want(f"e{number}", None)
    house.want("e20", session(house, 20, hours=3))
    for _ in range(2):
        outcome = house.sync()
        assert (outcome.exit_code(), codes(outcome)) == (5, ["changes-held-mass-deletion"])
        assert len(house.server.objects(SOURCE)) == 30
    assert there(house, "e20") == session(house, 20, hours=3)

    assert house.sync("coaching").exit_code() == 0

    assert len(house.server.objects(SOURCE)) == 19
    assert house.sync().exit_code() == 0


def test_p05_deletions_that_wait_for_others_count_with_them(house: House) -> None:
    house.sessions(30)
    house.sync()
    with house.wiring() as wiring:
        places = [f"/alice/source/e{number}.ics" for number in range(12)]
        first = [queue(wiring, "coaching", place, f"uid-{n}", None) for n, place in enumerate(places[:6])]
        for number, place in enumerate(places[6:]):
            queue(wiring, "coaching", place, f"uid-{number + 6}", None, after=first[number])
    assert house.sync().exit_code() == 5
    assert len(house.server.objects(SOURCE)) == 24


def test_p05_nothing_is_sent_into_a_collection_that_took_the_place_of_the_calendar(synced: House) -> None:
    synced.want("e1", session(synced, 1, hours=3))
    synced.want("new", session(synced, 9))
    synced.server.drop(SOURCE)
    synced.server.add(SOURCE, "Coaching", "bob")
    synced.put("his", event("uid-his", synced.now + timedelta(hours=9)))
    for _ in range(2):
        outcome = synced.sync()
        assert outcome.exit_code() == 5
        assert "changes-held-collection-replaced" in codes(outcome)
        assert list(synced.server.objects(SOURCE)) == ["/alice/source/his.ics"]

    accepted = synced.sync("coaching")

    assert accepted.exit_code() == 4  # what was changed here is not there: that is for a person to decide
    assert there(synced, "new") == session(synced, 9)
    assert len(synced.edits()) == 1


def test_p05_a_calendar_that_vanished_is_not_written_to(synced: House) -> None:
    synced.want("e1", session(synced, 1, hours=3))
    synced.server.drop(SOURCE)
    outcome = synced.sync()
    assert (outcome.exit_code(), codes(outcome)) == (5, ["calendar-vanished"])
    assert len(synced.edits()) == 1


def test_p05_nothing_new_is_sent_into_a_calendar_that_may_be_somebody_elses(house: House) -> None:
    house.sessions(12)
    house.sync()
    house.server.empty(SOURCE)
    house.want("new", session(house, 30))
    assert house.sync().exit_code() == 5
    assert house.server.objects(SOURCE) == {}
    assert house.sync("coaching").exit_code() == 0
    assert len(house.server.objects(SOURCE)) == 1


def test_p05_deletions_of_ones_own_are_told_beside_those_of_the_phone_before_both_are_agreed_to(house: House) -> None:
    house.sessions(20)
    house.sync()
    for number in range(12):
        house.delete(f"e{number}")
    for number in range(12, 20):
        house.want(f"e{number}", None)

    assert codes(house.sync()) == ["mass-deletion", "changes-held-mass-deletion"]
    assert len(house.server.objects(SOURCE)) == 8

    assert house.sync("coaching").exit_code() == 0
    assert house.server.objects(SOURCE) == {}
