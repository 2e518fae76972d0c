"""What the coach changes here reaches the server under its condition, and nothing of either side is lost."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from coachsync.adapters.memory import MemoryCalendars
from coachsync.app.conflicts import Keep
from coachsync.app.queueing import queue
from coachsync.errors import CoachsyncError, Refused, Temporary
from events import event
from practice_house import SOURCE, House

OTHER = "https://calendar.example/alice/other/"


def codes(outcome: object) -> list[str]:
    return [problem.code for problem in outcome.problems()]  # type: ignore[attr-defined]


def session(house: House, number: int, hours: int = 1, title: str = "Marguerite", extra: str = "") -> bytes:
    return event(f"uid-{number}", house.now + timedelta(days=number, hours=hours), title=title, extra=extra)


def there(house: House, name: str) -> bytes:
    return house.server.objects(SOURCE)[f"/alice/source/{name}.ics"]


@pytest.fixture
def synced(house: House) -> House:
    """Five sessions, e0 to e4, on both sides."""
    house.sessions(5)
    assert house.sync().exit_code() == 0
    house.server.requests.clear()
    return house


def test_a_change_a_new_appointment_and_a_deletion_reach_the_server(synced: House) -> None:
    synced.want("e1", session(synced, 1, hours=3))
    synced.want("new", session(synced, 9))
    synced.want("e2", None)

    outcome = synced.sync()

    pushed = outcome.pushed["coaching"]
    assert (pushed.added, pushed.changed, pushed.removed, pushed.waiting) == (1, 1, 1, 0)
    assert outcome.exit_code() == 0
    assert there(synced, "e1") == session(synced, 1, hours=3)
    assert there(synced, "new") == session(synced, 9)
    assert synced.copies() == synced.server.objects(SOURCE)
    assert "/alice/source/e2.ics" not in synced.copies()
    assert len(synced.starts()) == 5  # the share is made from what the server has now
    assert synced.edits() == ()


def test_p13_what_was_sent_is_not_sent_again(synced: House) -> None:
    synced.want("e1", session(synced, 1, hours=3))
    synced.sync()
    synced.server.requests.clear()

    outcome = synced.sync()

    assert dict(synced.server.requests) == {"changes": 1}
    assert outcome.pushed["coaching"].changed == 0


def test_ten_changes_are_ten_conditional_writes_and_no_reading(house: House) -> None:
    house.sessions(12)
    house.sync()
    house.server.requests.clear()
    for number in range(10):
        house.want(f"e{number}", session(house, number, hours=2))

    house.sync()

    assert house.server.requests["update"] == 10
    assert "fetch" not in house.server.requests


def test_p04_what_is_overwritten_or_deleted_from_here_is_kept(synced: House) -> None:
    synced.want("e1", session(synced, 1, hours=3))
    synced.want("e2", None)
    synced.sync()
    assert sorted(synced.trash()) == [("deleted", session(synced, 2)), ("overwritten", session(synced, 1))]


def test_changes_to_different_things_of_one_appointment_merge(synced: House) -> None:
    synced.want("e1", session(synced, 1, hours=3))
    synced.put("e1", session(synced, 1, title="Marguerite D.", extra="LOCATION:Paris\r\n"))

    outcome = synced.sync()

    assert outcome.exit_code() == 0
    merged = there(synced, "e1").decode()
    assert "SUMMARY:Marguerite D.\r\nLOCATION:Paris\r\n" in merged
    assert session(synced, 1, hours=3).decode().split("DTSTART:")[1][:16] in merged
    assert synced.copies() == synced.server.objects(SOURCE)


def test_p04_a_real_conflict_keeps_both_and_says_so_until_it_is_decided(synced: House) -> None:
    synced.want("e1", session(synced, 1, hours=3))
    synced.put("e1", session(synced, 1, hours=5))
    for _ in range(3):
        outcome = synced.sync()
        assert (outcome.exit_code(), codes(outcome)) == (4, ["conflict"])
        assert there(synced, "e1") == session(synced, 1, hours=5)
        [edit] = synced.edits()
        assert edit.text == session(synced, 1, hours=3)
        assert edit.clashes


@pytest.mark.parametrize(("which", "hours"), [(Keep.LOCAL, 3), (Keep.SERVER, 5)])
def test_p04_a_decided_conflict_keeps_the_other_version_among_what_was_removed(
    synced: House, which: Keep, hours: int
) -> None:
    synced.want("e1", session(synced, 1, hours=3))
    synced.put("e1", session(synced, 1, hours=5))
    synced.sync()

    synced.resolve(which)
    outcome = synced.sync()

    assert outcome.exit_code() == 0
    assert there(synced, "e1") == session(synced, 1, hours=hours)
    assert session(synced, 1, hours=8 - hours) in [body for _, body in synced.trash()]
    assert synced.edits() == ()


@pytest.mark.parametrize("which", list(Keep))
def test_p04_an_edit_of_what_the_phone_deleted_waits_for_a_decision(synced: House, which: Keep) -> None:
    synced.want("e1", session(synced, 1, hours=3))
    synced.delete("e1")
    assert synced.sync().exit_code() == 4

    synced.resolve(which)
    assert synced.sync().exit_code() == 0

    held = synced.server.objects(SOURCE)
    assert ("/alice/source/e1.ics" in held) is (which is Keep.LOCAL)
    assert which is Keep.LOCAL or session(synced, 1, hours=3) in [body for _, body in synced.trash()]


@pytest.mark.parametrize("which", list(Keep))
def test_p04_a_deletion_of_what_the_phone_changed_waits_for_a_decision(synced: House, which: Keep) -> None:
    synced.want("e1", None)
    synced.put("e1", session(synced, 1, hours=5))
    assert synced.sync().exit_code() == 4
    assert there(synced, "e1") == session(synced, 1, hours=5)

    synced.resolve(which)
    assert synced.sync().exit_code() == 0

    assert ("/alice/source/e1.ics" in synced.server.objects(SOURCE)) is (which is Keep.SERVER)
    assert which is Keep.SERVER or session(synced, 1, hours=5) in [body for _, body in synced.trash()]


def test_both_sides_deleted_the_same_and_nobody_is_asked(synced: House) -> None:
    synced.want("e1", None)
    synced.delete("e1")
    assert synced.sync().exit_code() == 0
    assert synced.edits() == ()


class Meanwhile:
    """Somebody who does something on the server just before coachsync writes, once."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, method: str, act: Callable[[], object]) -> None:
        original = getattr(MemoryCalendars, method)
        acts = [act]

        def disturbed(calendars: MemoryCalendars, *args: object, **kwargs: object) -> object:
            if acts:
                acts.pop()()
            return original(calendars, *args, **kwargs)

        monkeypatch.setattr(MemoryCalendars, method, disturbed)


def test_p04_a_412_in_the_middle_is_decided_again_and_merged(synced: House, monkeypatch: pytest.MonkeyPatch) -> None:
    synced.want("e1", session(synced, 1, hours=3))
    Meanwhile(monkeypatch, "update", lambda: synced.put("e1", session(synced, 1, title="Marguerite D.")))

    outcome = synced.sync()

    assert outcome.exit_code() == 0
    assert there(synced, "e1") == session(synced, 1, hours=3, title="Marguerite D.")
    assert session(synced, 1, title="Marguerite D.") in [body for _, body in synced.trash()]


def test_p04_what_was_changed_before_the_first_write_is_not_written_over(
    synced: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The condition of a write is the version that it was merged from, not the newest one that can be asked for."""
    synced.want("e1", session(synced, 1, hours=3))
    Meanwhile(monkeypatch, "together", lambda: synced.put("e1", session(synced, 1, hours=5)))
    assert synced.sync().exit_code() == 4
    assert there(synced, "e1") == session(synced, 1, hours=5)


def test_p04_what_was_made_differently_on_both_sides_is_for_a_person_to_decide(synced: House) -> None:
    synced.want("mine", session(synced, 9))
    synced.put("theirs", session(synced, 9, hours=5))
    assert synced.sync().exit_code() == 4
    assert there(synced, "theirs") == session(synced, 9, hours=5)
    assert [edit.clashes for edit in synced.edits()] == [("created-twice",)]


def test_p05_what_disappeared_and_waits_for_a_person_is_not_written_to(house: House) -> None:
    house.sessions(5)
    house.sync()
    house.want("e1", session(house, 1, hours=3))
    house.server.empty(SOURCE)
    house.server.requests.clear()
    assert house.sync().exit_code() == 5
    assert not {"create", "update", "remove"} & house.server.requests.keys()


def test_p04_a_412_that_is_a_conflict_overwrites_nothing(synced: House, monkeypatch: pytest.MonkeyPatch) -> None:
    synced.want("e1", session(synced, 1, hours=3))
    Meanwhile(monkeypatch, "update", lambda: synced.put("e1", session(synced, 1, hours=5)))
    assert synced.sync().exit_code() == 4
    assert there(synced, "e1") == session(synced, 1, hours=5)


def test_p04_what_is_changed_just_before_it_is_deleted_stays(synced: House, monkeypatch: pytest.MonkeyPatch) -> None:
    synced.want("e1", None)
    Meanwhile(monkeypatch, "remove", lambda: synced.put("e1", session(synced, 1, hours=5)))
    assert synced.sync().exit_code() == 4
    assert there(synced, "e1") == session(synced, 1, hours=5)


def test_p05_what_is_gone_just_before_it_is_written_is_left_to_the_next_listing(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.sessions(5)
    house.sync()
    house.want("e1", session(house, 1, hours=3))
    Meanwhile(monkeypatch, "update", lambda: house.server.empty(SOURCE))

    first = house.sync()
    assert first.exit_code() == 3
    assert len(house.copies()) == 5
    second = house.sync()

    assert (second.exit_code(), second.calendars["coaching"].held) == (5, 5)
    assert len(house.copies()) == 5
    assert len(house.edits()) == 1


def test_p13_a_run_that_is_cut_short_after_the_server_accepted_ends_in_the_same_state(
    synced: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced.want("e1", session(synced, 1, hours=3))
    synced.want("e2", None)
    synced.want("new", session(synced, 9))
    for method in ("update", "remove", "create"):
        original = getattr(MemoryCalendars, method)

        def cut(
            calendars: MemoryCalendars, *args: object, original: Callable[..., object] = original, **kw: object
        ) -> None:
            original(calendars, *args, **kw)
            raise Temporary("connection-lost", "The connection was lost.")

        monkeypatch.setattr(MemoryCalendars, method, cut)
    for _ in range(3):
        synced.sync()
    monkeypatch.undo()
    synced.server.requests.clear()

    outcome = synced.sync()

    assert outcome.exit_code() == 0
    assert synced.edits() == ()
    assert synced.copies() == synced.server.objects(SOURCE)
    assert there(synced, "e1") == session(synced, 1, hours=3)


def test_p04_a_change_of_a_calendar_that_cannot_be_reached_waits(synced: House) -> None:
    synced.want("e1", session(synced, 1, hours=3))
    synced.server.fail("changes", Temporary("timeout", "The server does not answer."))
    assert synced.sync().exit_code() == 75
    assert len(synced.edits()) == 1
    assert synced.sync().exit_code() == 0
    assert there(synced, "e1") == session(synced, 1, hours=3)


def test_one_change_that_the_server_refuses_stops_no_other(synced: House) -> None:
    synced.want("e1", session(synced, 1, hours=3))
    synced.want("e2", session(synced, 2, hours=3))
    synced.server.fail("update", CoachsyncError("too-large", "The entry is larger than the server accepts."))

    outcome = synced.sync()

    assert (outcome.exit_code(), codes(outcome)) == (3, ["change-too-large"])
    assert [there(synced, f"e{n}") == session(synced, n, hours=3) for n in (1, 2)] == [False, True]
    assert synced.sync().exit_code() == 0
    assert there(synced, "e1") == session(synced, 1, hours=3)


def test_what_a_server_locks_while_it_takes_other_changes_is_sent_again_in_the_same_run(synced: House) -> None:
    for number in range(4):
        synced.want(f"e{number}", session(synced, number, hours=3))
    synced.server.fail("update", Temporary("locked", "The entry is locked on the server."), times=3)

    outcome = synced.sync()

    assert (outcome.exit_code(), codes(outcome)) == (0, [])
    assert all(there(synced, f"e{number}") == session(synced, number, hours=3) for number in range(4))
    assert synced.server.requests["update"] == 7


def test_what_stays_locked_is_told_and_sent_at_the_next_sync(synced: House) -> None:
    synced.want("e1", session(synced, 1, hours=3))
    synced.want("e2", session(synced, 2, hours=3))
    synced.server.fail("update", Temporary("locked", "The entry is locked on the server."), times=4)

    outcome = synced.sync()

    assert (outcome.exit_code(), codes(outcome)) == (3, ["change-locked", "change-locked"])
    assert synced.server.requests["update"] == 4
    assert synced.sync().exit_code() == 0
    assert there(synced, "e1") == session(synced, 1, hours=3)


def test_a_refused_login_in_the_middle_of_sending_is_told_as_such(synced: House) -> None:
    synced.want("e1", session(synced, 1, hours=3))
    synced.server.fail("update", Refused("login-refused", "The server refuses the user name or password."))
    outcome = synced.sync()
    assert codes(outcome) == ["login-refused"]
    assert len(synced.edits()) == 1


def test_a_conflict_stays_open_while_its_calendar_cannot_be_reached(two_calendars: House) -> None:
    house = two_calendars
    house.want("e1", session(house, 1, hours=3))
    house.put("e1", session(house, 1, hours=5))
    house.sync()
    house.server.fail("changes", Temporary("timeout", "The server does not answer."))

    outcome = house.sync()

    assert (outcome.exit_code(), outcome.conflicts) == (4, 1)
    assert codes(outcome) == ["timeout", "conflict"]


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


def test_an_edit_follows_its_appointment_to_another_name_on_the_server(synced: House) -> None:
    synced.want("e1", session(synced, 1, hours=3))
    synced.delete("e1")
    synced.put("renamed", session(synced, 1))
    assert synced.sync().exit_code() == 0
    assert there(synced, "renamed") == session(synced, 1, hours=3)


def test_a_new_appointment_that_is_there_already_is_not_made_twice(synced: House) -> None:
    synced.want("mine", session(synced, 9))
    synced.put("theirs", session(synced, 9))
    assert synced.sync().exit_code() == 0
    assert len(synced.server.objects(SOURCE)) == 6


def test_a_dry_run_says_what_would_be_sent_and_sends_nothing(synced: House) -> None:
    synced.want("e1", session(synced, 1, hours=3))
    synced.want("e2", None)
    before = synced.server.objects(SOURCE)

    pushed = synced.sync(dry_run=True).pushed["coaching"]

    assert (pushed.changed, pushed.removed) == (1, 1)
    assert synced.server.objects(SOURCE) == before
    assert len(synced.edits()) == 2


def test_p13_a_dry_run_says_all_that_the_run_then_does(synced: House) -> None:
    """Also what goes out only once something else is there, and what the shares show then."""
    synced.want("e1", None)
    with synced.wiring() as wiring:
        first = queue(wiring, "coaching", "/alice/source/e2.ics", "uid-2", session(synced, 2, hours=3))
        queue(wiring, "coaching", "/alice/source/half.ics", "half", event("half", synced.now), after=first)

    rehearsed = synced.sync(dry_run=True)

    assert len(synced.edits()) == 3
    assert (rehearsed.pushed, rehearsed.shares) == ((done := synced.sync()).pushed, done.shares)
    assert (done.pushed["coaching"].added, done.shares["office"].created) == (1, 2)


def test_what_ends_where_it_began_is_not_sent(synced: House) -> None:
    synced.want("e1", session(synced, 1, hours=3))
    synced.want("e1", session(synced, 1))
    assert synced.edits() == ()


def test_a_second_change_is_made_from_the_first(synced: House) -> None:
    synced.want("e1", session(synced, 1, hours=3))
    synced.want("e1", session(synced, 1, hours=4))
    synced.put("e1", session(synced, 1, title="Marguerite D."))
    assert synced.sync().exit_code() == 0
    assert there(synced, "e1") == session(synced, 1, hours=4, title="Marguerite D.")


def test_what_is_in_conflict_is_not_changed_further_before_it_is_decided(synced: House) -> None:
    synced.want("e1", session(synced, 1, hours=3))
    synced.put("e1", session(synced, 1, hours=5))
    synced.sync()
    with pytest.raises(CoachsyncError) as raised:
        synced.want("e1", session(synced, 1, hours=4))
    assert raised.value.code == "conflict-open"


def test_a_server_that_tells_no_version_after_writing_is_asked_for_it(
    synced: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = MemoryCalendars.update

    def silent(calendars: MemoryCalendars, *args: object, **kw: object) -> None:
        original(calendars, *args, **kw)  # type: ignore[arg-type]

    monkeypatch.setattr(MemoryCalendars, "update", silent)
    synced.want("e1", session(synced, 1, hours=3))
    assert synced.sync().exit_code() == 0
    assert synced.server.requests["fetch"] == 1
    synced.server.requests.clear()
    assert synced.sync().exit_code() == 0
    assert dict(synced.server.requests) == {"changes": 1}


@pytest.fixture
def two_calendars(synced: House) -> House:
    synced.server.add(OTHER, "Other", "alice")
    synced.text = synced.text.replace(
        "[shares.office]", '[calendars.other]\naccount = "cloud"\nname = "Other"\n[shares.office]'
    )
    synced.sync()
    return synced


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
