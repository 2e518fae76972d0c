"""The coach moves, cancels and deletes appointments: without a server, and only those dates that are meant."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest

from appointing import Coach, at, changes, there, wanted, weekly
from coachsync.app.appointments import planning
from coachsync.app.appointments.plans import Action, People
from coachsync.editing.target import Edited
from coachsync.errors import CoachsyncError, NotEditable, NotInitialised, UsageError
from events import event
from practice_house import CONFIG, House

MARCH = at("03-03 14:00")


@pytest.fixture
def coach(house: House) -> Coach:
    """Three sessions at ten from 2 March on, and a series on Tuesdays at ten from 3 March on, ten times: 12 slots."""
    house.sessions(3)
    house.put("s", weekly(house))
    assert house.sync().exit_code() == 0
    house.server.requests.clear()
    return Coach(house)


def test_an_appointment_is_moved_and_only_its_times_change(coach: Coach) -> None:
    before = there(coach.house, "e1")
    plan = coach.move("uid-1", MARCH)
    assert (plan.action, plan.calendar, plan.shares) == (Action.MOVE, "coaching", ("office",))
    assert changes(coach.house, plan) == [("03-03 10:00-11:00", "03-03 14:00-15:00")]
    assert (plan.series, plan.more, plan.past, plan.new_id) == (False, False, False, "")
    assert not coach.house.server.requests  # nobody was asked for anything

    assert coach.house.sync().exit_code() == 0
    after = there(coach.house, "e1")
    different = [pair for pair in zip(before.split("\r\n"), after.split("\r\n"), strict=True) if pair[0] != pair[1]]
    assert different == [
        ("DTSTAMP:20260101T000000Z", "DTSTAMP:20260302T080000Z"),
        ("DTSTART:20260303T090000Z", "DTSTART:20260303T130000Z"),
        ("DTEND:20260303T100000Z", "DTEND:20260303T140000Z"),
    ]


def test_the_short_id_names_it_in_small_letters_too_and_stays(coach: Coach) -> None:
    short = next(line.id for line in coach.agenda() if line.uid == "uid-1")
    assert coach.move(short.lower(), MARCH).id == short
    assert coach.move(short, MARCH + timedelta(hours=1)).id == short
    assert {line.id for line in coach.agenda() if line.uid == "uid-1"} == {short}


def test_a_day_alone_keeps_the_time_of_day_across_a_change_of_the_clocks(coach: Coach) -> None:
    plan = coach.move("uid-1", date(2026, 4, 7))
    assert changes(coach.house, plan) == [("03-03 10:00-11:00", "04-07 10:00-11:00")]
    assert "DTSTART:20260407T080000Z" in wanted(plan)


def test_a_time_may_have_an_offset_and_a_length(coach: Coach) -> None:
    plan = coach.move("uid-1", datetime.fromisoformat("2026-03-03T14:00:00-05:00"), lasting=timedelta(minutes=90))
    assert changes(coach.house, plan) == [("03-03 10:00-11:00", "03-03 20:00-21:30")]


def test_a_time_that_the_clocks_leave_out_is_refused(coach: Coach) -> None:
    with pytest.raises(UsageError) as refused:
        coach.move("uid-1", at("03-29 02:30"))
    assert refused.value.code == "no-such-time"


def test_p13_what_is_so_already_needs_no_change(coach: Coach) -> None:
    plan = coach.move("uid-1", at("03-03 10:00"))
    assert (plan.wanted, plan.changes) == ((), ())
    coach.cancel("uid-2")
    assert coach.cancel("uid-2").wanted == ()
    assert len(coach.house.edits()) == 1


def test_what_is_moved_back_before_it_was_sent_is_not_sent(coach: Coach) -> None:
    coach.move("uid-1", MARCH)
    assert coach.house.edits()
    coach.move("uid-1", at("03-03 10:00"))
    assert coach.house.edits() == ()


# --- series ----------------------------------------------------------------------------------------------------------


def test_of_a_series_it_must_be_said_which_date_is_meant(coach: Coach) -> None:
    for change in (lambda: coach.move("weekly", MARCH), lambda: coach.cancel("weekly"), lambda: coach.delete("weekly")):
        with pytest.raises(UsageError) as unsaid:
            change()
        assert unsaid.value.code == "which-date"
        for option in ("--on", "--following", "--series", "2026-03-03, 2026-03-10, 2026-03-17"):
            assert option in unsaid.value.hint
    with pytest.raises(UsageError) as following:
        coach.cancel("weekly", following=True)
    assert "--on" in following.value.hint
    assert coach.house.edits() == ()


def test_one_date_of_a_series_moves_and_no_other(coach: Coach) -> None:
    plan = coach.move("weekly", at("03-11 14:00"), date(2026, 3, 10))
    assert changes(coach.house, plan) == [("03-10 10:00-11:00", "03-11 14:00-15:00")]
    assert plan.series
    assert wanted(plan).count("BEGIN:VEVENT") == 2
    assert coach.house.sync().exit_code() == 0
    assert "20260311T130000Z" in coach.house.starts()
    assert len(coach.house.starts()) == 12


def test_a_date_that_was_moved_is_named_by_the_day_where_agenda_shows_it(coach: Coach) -> None:
    coach.move("weekly", at("03-11 14:00"), date(2026, 3, 10))
    with pytest.raises(UsageError) as gone:
        coach.move("weekly", MARCH, date(2026, 3, 10))
    assert gone.value.code == "no-such-date"
    plan = coach.move("weekly", at("03-12 09:00"), date(2026, 3, 11))
    assert changes(coach.house, plan) == [("03-11 14:00-15:00", "03-12 09:00-10:00")]


def test_two_dates_on_one_day_are_told_apart_by_their_time(coach: Coach) -> None:
    coach.move("weekly", at("03-17 14:00"), date(2026, 3, 10))
    with pytest.raises(UsageError) as two:
        coach.cancel("weekly", date(2026, 3, 17))
    assert two.value.code == "which-time"
    assert "10:00, 14:00" in two.value.message
    plan = coach.cancel("weekly", at("03-17 14:00"))
    assert changes(coach.house, plan) == [("03-17 14:00-15:00", "03-17 14:00-15:00")]


def test_this_and_those_that_follow_become_an_appointment_of_their_own(coach: Coach) -> None:
    plan = coach.move("weekly", at("03-18 16:00"), date(2026, 3, 17), following=True)
    assert changes(coach.house, plan)[0][0] == "03-17 10:00-11:00"
    assert len(plan.changes) == 8
    assert plan.new_id
    assert plan.new_id != plan.id
    first, second = coach.house.edits()
    assert second.after == first.row
    assert coach.house.sync().exit_code() == 0
    assert coach.house.edits() == ()
    starts = coach.house.starts()
    assert len(starts) == 12
    assert starts.count("20260318T150000Z") == 1
    assert starts.count("20260401T140000Z") == 1  # summer time


def test_the_whole_series_moves_by_what_the_nearest_date_does(coach: Coach) -> None:
    plan = coach.move("weekly", at("03-25 15:00"), series=True)
    moved = changes(coach.house, plan)
    assert moved[0] == ("03-03 10:00-11:00", "03-04 15:00-16:00")
    assert moved[3] == ("03-24 10:00-11:00", "03-25 15:00-16:00")
    assert moved[4] == ("03-31 10:00-11:00", "04-01 15:00-16:00")
    assert len(moved) == 10
    assert not plan.past


def test_that_dates_are_over_which_change_too_is_noticed(coach: Coach) -> None:
    coach.house.now += timedelta(days=20)
    assert coach.move("weekly", at("03-25 15:00"), series=True).past
    plan = coach.move("weekly", at("03-26 15:00"), date(2026, 3, 25), following=True)
    assert not plan.past


def test_an_endless_series_says_that_it_goes_on(coach: Coach) -> None:
    coach.house.put("endless", weekly(coach.house, "FREQ=WEEKLY").replace(b"UID:weekly", b"UID:endless"))
    coach.house.sync()
    assert coach.cancel("endless", series=True).more
    assert not coach.cancel("weekly", series=True).more


def test_a_cancelled_date_stays_as_cancelled_and_is_not_shared(coach: Coach) -> None:
    plan = coach.cancel("weekly", date(2026, 3, 10))
    assert [one.after.stand.value for one in plan.changes if one.after] == ["cancelled"]
    assert [line.stand for line in coach.agenda() if line.start == datetime.fromisoformat("2026-03-10T09:00Z")] == [
        "cancelled"
    ]
    coach.house.sync()
    assert "20260310T090000Z" not in coach.house.starts()
    assert len(coach.house.starts()) == 11


def test_deleted_dates_are_gone(coach: Coach) -> None:
    assert changes(coach.house, coach.delete("weekly", date(2026, 3, 10))) == [("03-10 10:00-11:00", "-")]
    assert len(coach.delete("weekly", date(2026, 4, 28), following=True).changes) == 2
    coach.house.sync()
    assert len(coach.house.starts()) == 9
    assert "EXDATE;TZID=Europe/Paris:20260310T100000" in there(coach.house, "s")
    coach.delete("weekly", series=True)
    coach.delete("uid-1")
    assert "weekly" not in {line.uid for line in coach.agenda()}
    assert coach.house.sync().exit_code() == 0
    assert len(coach.house.starts()) == 2


def test_the_last_date_of_a_series_takes_the_series_with_it(coach: Coach) -> None:
    coach.delete("weekly", date(2026, 3, 10), following=True)
    plan = coach.delete("weekly", date(2026, 3, 3))
    assert plan.wanted[0].text is None


# --- what is refused -------------------------------------------------------------------------------------------------


def test_p04_an_edit_that_does_anything_else_is_not_queued(coach: Coach, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the editor may get wrong: a date too many, one that is lost, another length, a text nobody can read."""
    right = planning.move

    def wrong(old: str, new: str) -> None:
        def move(text: str, *arguments: object, **more: object) -> Edited:
            edited = right(text, *arguments, **more)  # type: ignore[arg-type]
            assert edited.text is not None
            assert old in edited.text
            return Edited(edited.text.replace(old, new, 1))

        monkeypatch.setattr(planning, "move", move)

    for old, new in (
        ("COUNT=10", "COUNT=11"),
        ("COUNT=10", "COUNT=9"),
        ("DTEND;TZID=Europe/Paris:20260311T150000", "DTEND;TZID=Europe/Paris:20260311T160000"),
        ("FREQ=WEEKLY", "FREQ=WOCHE"),
        ("DTSTART;TZID=Europe/Paris:20260311T140000", "DTSTART;TZID=Europe/Paris:20260311T130000"),
        ("SUMMARY", "TRANSP:TRANSPARENT\r\nSUMMARY"),
    ):
        wrong(old, new)
        with pytest.raises(CoachsyncError) as refused:
            coach.move("weekly", at("03-11 14:00"), date(2026, 3, 10))
        assert refused.value.code == "not-as-meant"
    assert coach.house.edits() == ()


def test_what_cannot_be_read_is_not_changed_and_can_be_deleted(coach: Coach) -> None:
    broken = weekly(coach.house, "FREQ=FORTNIGHTLY").replace(b"UID:weekly", b"UID:broken")
    coach.house.put("broken", broken)
    coach.house.sync()
    with pytest.raises(NotEditable):
        coach.move("broken", MARCH, date(2026, 3, 3))
    with pytest.raises(NotEditable):
        coach.delete("broken", date(2026, 3, 3))
    plan = coach.delete("broken")
    assert plan.changes == ()
    assert plan.wanted[0].text is None


def test_an_id_that_is_nowhere_is_told(coach: Coach) -> None:
    with pytest.raises(UsageError) as nowhere:
        coach.find("uid-9")
    assert nowhere.value.code == "no-such-appointment"


def test_before_the_first_sync_there_is_nothing_to_change(house: House) -> None:
    for act in (lambda: Coach(house).find("uid-1"), lambda: Coach(house).add(MARCH)):
        with pytest.raises(NotInitialised):
            act()


def test_what_was_deleted_here_is_told_to_be(coach: Coach) -> None:
    coach.delete("uid-1")
    with pytest.raises(UsageError) as deleted:
        coach.move("uid-1", MARCH)
    assert deleted.value.code == "deleted-already"
    assert "appointment restore" in deleted.value.hint


SECOND = CONFIG.replace("[shares.office]", '[calendars.private]\naccount = "cloud"\nname = "Private"\n[shares.office]')


def test_an_appointment_in_two_calendars_needs_the_calendar(coach: Coach) -> None:
    url = "https://calendar.example/alice/private/"
    coach.house.text = SECOND
    coach.house.server.add(url, "Private", "alice")
    coach.house.put("copy", event("uid-1", coach.house.now + timedelta(days=1)), url)
    assert coach.house.sync().exit_code() == 0
    short = next(line.id for line in coach.agenda() if line.uid == "uid-1")
    for name in ("uid-1", short):
        with pytest.raises(UsageError) as both:
            coach.find(name)
        assert both.value.code == "which-calendar"
        assert "coaching, private" in both.value.message
    coach.calendar = "private"
    assert coach.find(short).calendar == "private"
    assert coach.move("uid-1", MARCH).shares == ()  # none is made from that calendar
    coach.calendar = "nowhere"
    with pytest.raises(UsageError) as unknown:
        coach.find("uid-1")
    assert unknown.value.code == "no-such-calendar"


# --- people ----------------------------------------------------------------------------------------------------------

GUESTS = "ORGANIZER:mailto:alice@calendar.example\r\nATTENDEE:mailto:m@x.example\r\nATTENDEE:MAILTO:m@x.example\r\n"


@pytest.mark.parametrize("notify", [False, True])
def test_p06_who_is_invited_and_what_they_are_told_stands_in_the_plan(coach: Coach, notify: bool) -> None:
    coach.house.put("guests", event("guests", at("03-05 09:00"), extra=GUESTS))
    coach.house.put("hosted", event("hosted", at("03-05 09:00"), extra=GUESTS.replace("alice", "boss")))
    coach.house.sync()
    assert coach.move("guests", MARCH, notify=notify).people == People(1)
    assert coach.move("hosted", MARCH, notify=notify).people == People(1, hosted=True)
    assert coach.move("uid-1", MARCH, notify=notify).people == People()
    assert {edit.notify for edit in coach.house.edits()} == {notify}
