"""What was overwritten or deleted comes back, what was not sent is taken back, and twice is once."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest

from appointing import Coach, at, changes, there, weekly
from coachsync.adapters.database.removed import keep, of_share
from coachsync.app import jobs
from coachsync.app.appointments.glimpses import glimpse
from coachsync.app.appointments.plans import Action, People
from coachsync.app.conflicts import Keep
from coachsync.app.recording import record, record_changes
from coachsync.app.status import load
from coachsync.errors import CoachsyncError, UsageError
from coachsync.sync.sameness import same
from events import event
from practice_house import SOURCE, House, session
from test_appointments_changing import GUESTS, MARCH, SECOND

OFFICE = "https://calendar.example/alice/office/"


@pytest.fixture
def coach(house: House) -> Coach:
    """Three sessions at ten from 2 March on."""
    house.sessions(3)
    assert house.sync().exit_code() == 0
    return Coach(house)


def hrefs(house: House) -> set[str]:
    return set(house.server.objects(SOURCE))


def test_p04_what_was_deleted_comes_back_under_its_uid_at_a_new_address(coach: Coach) -> None:
    before = there(coach.house, "e1")
    coach.house.delete("e1")
    coach.house.sync()
    [kept] = coach.kept()
    assert (kept.reason, kept.calendar, kept.uid, kept.expired) == ("deleted", "coaching", "uid-1", False)

    plan = coach.restore(kept.id.lower())
    assert (plan.action, changes(coach.house, plan)) == (Action.RESTORE, [("-", "03-03 10:00-11:00")])
    assert coach.house.sync().exit_code() == 0

    assert "/alice/source/e1.ics" not in hrefs(coach.house)
    assert before.encode() in coach.house.server.objects(SOURCE).values()
    assert "20260303T090000Z" in coach.house.starts()


def test_p04_what_was_overwritten_becomes_a_change_of_what_is_there(coach: Coach) -> None:
    before = there(coach.house, "e1")
    coach.move("uid-1", MARCH)
    coach.house.sync()
    [kept] = coach.kept()
    assert kept.reason == "overwritten"
    plan = coach.restore(kept.id)
    assert changes(coach.house, plan) == [("03-03 14:00-15:00", "03-03 10:00-11:00")]
    coach.house.sync()
    assert there(coach.house, "e1") == before
    assert len(hrefs(coach.house)) == 3


@pytest.mark.parametrize("by", ["id", "uid", "appointment"])
@pytest.mark.parametrize("sync", [False, True])
def test_p13_bringing_back_twice_does_nothing_the_second_time(coach: Coach, by: str, sync: bool) -> None:
    coach.delete("uid-1")
    coach.house.sync()
    name = getattr(coach.kept()[0], by)
    assert coach.restore(name).wanted
    if sync:
        coach.house.sync()
    before = coach.house.edits()
    assert coach.restore(name).wanted == ()
    assert coach.house.edits() == before


def test_the_ids_stay_from_run_to_run_and_newest_comes_first(coach: Coach) -> None:
    for hours in (14, 15, 16):
        coach.house.now += timedelta(minutes=1)
        coach.move("uid-1", at(f"03-03 {hours}:00"))
        coach.house.sync()
    first, second = coach.kept(), coach.kept()
    assert [one.id for one in first] == [one.id for one in second]
    assert [b"DTSTART:20260303T140000Z" in one.body for one in first] == [True, False, False]  # 15:00 to 16:00 in Paris
    assert len({one.id for one in first}) == 3
    assert {one.appointment for one in first} == {coach.find("uid-1").id}


def test_a_change_that_was_not_sent_is_taken_back(coach: Coach) -> None:
    coach.move("uid-1", MARCH)
    coach.delete("uid-2")
    new = coach.add(at("03-09 09:00"))
    assert {(one.kind, one.conflict) for one in coach.unsent()} == {
        ("changed", False),
        ("deleted", False),
        ("new", False),
    }
    plan = coach.restore("uid-1")
    assert plan.action is Action.TAKE_BACK
    assert changes(coach.house, plan) == [("03-03 14:00-15:00", "03-03 10:00-11:00")]
    assert changes(coach.house, coach.restore("uid-2")) == [("-", "03-04 10:00-11:00")]
    coach.restore(new.id)
    assert coach.house.edits() == ()
    assert [kept.reason for kept in coach.kept()] == ["taken-back", "taken-back"]
    before = there(coach.house, "e1")
    coach.house.sync()
    assert (there(coach.house, "e1"), len(hrefs(coach.house))) == (before, 3)


def test_p13_taking_back_twice_does_not_bring_the_change_back(coach: Coach) -> None:
    coach.move("uid-1", MARCH)
    assert coach.restore("uid-1").wanted
    assert coach.restore("uid-1").wanted == ()
    assert coach.house.edits() == ()


@pytest.mark.parametrize("half", [0, 1])
def test_of_a_series_that_is_cut_in_two_both_halves_are_taken_back(coach: Coach, half: int) -> None:
    coach.house.put("s", weekly(coach.house))
    coach.house.sync()
    plan = coach.move("weekly", at("03-18 16:00"), date(2026, 3, 17), following=True)
    coach.restore((plan.id, plan.new_id)[half])
    assert coach.house.edits() == ()
    coach.house.sync()
    assert there(coach.house, "s") == weekly(coach.house).decode()


def test_what_has_expired_is_told_so(coach: Coach) -> None:
    coach.house.delete("e1")
    coach.house.sync()
    [kept] = coach.kept()
    coach.house.now += timedelta(days=31)
    with pytest.raises(CoachsyncError) as expired:
        coach.restore(kept.id)
    assert expired.value.code == "expired"
    coach.house.sync()
    with pytest.raises(UsageError) as nothing:
        coach.restore(kept.id)
    assert nothing.value.code == "nothing-kept"
    assert "30 days" in nothing.value.hint


def test_what_is_in_another_calendar_now_is_not_doubled(coach: Coach) -> None:
    url = "https://calendar.example/alice/private/"
    coach.house.text = SECOND
    coach.house.server.add(url, "Private", "alice")
    coach.house.put("moved", event("uid-1", at("03-03 09:00")), url)
    coach.house.delete("e1")
    coach.house.sync()
    [kept] = coach.kept()
    with pytest.raises(CoachsyncError) as elsewhere:
        coach.restore(kept.id)
    assert elsewhere.value.code == "in-another-calendar"
    assert "private" in elsewhere.value.message


def test_what_is_in_conflict_is_decided_first(coach: Coach) -> None:
    coach.move("uid-1", MARCH)
    coach.house.put("e1", event("uid-1", at("03-03 16:00")))
    coach.house.sync()
    for act in (
        lambda: coach.restore("uid-1"),
        lambda: coach.cancel("uid-1"),
        lambda: coach.restore(coach.kept()[0].id),
    ):
        with pytest.raises(CoachsyncError) as undecided:
            act()
        assert undecided.value.code == "conflict-open"


def test_p06_of_an_appointment_that_invites_people_nobody_is_told(coach: Coach) -> None:
    coach.house.put("guests", event("guests", at("03-05 09:00"), extra=GUESTS))
    coach.house.sync()
    coach.house.delete("guests")
    coach.house.sync()
    plan = coach.restore("guests")
    assert (plan.people, plan.notify) == (People(1), False)
    assert [edit.notify for edit in coach.house.edits()] == [False]


# --- conflicts -------------------------------------------------------------------------------------------------------


def test_a_conflict_shows_what_each_side_has(coach: Coach) -> None:
    coach.move("uid-1", MARCH)
    coach.delete("uid-2")
    coach.house.put("e1", event("uid-1", at("03-03 16:00")))
    coach.house.put("e2", event("uid-2", at("03-04 16:00"), title="Autre"))
    assert coach.house.sync().exit_code() == 4
    first, second = coach.disputes()
    assert first.id == coach.find("uid-1").id
    assert first.local is not None
    assert first.local.date is not None
    assert first.local.date.start == datetime.fromisoformat("2026-03-03T13:00Z")
    assert first.server is not None
    assert first.server.date is not None
    assert first.server.date.start == datetime.fromisoformat("2026-03-03T16:00Z")
    assert second.local is None
    assert second.server is not None
    assert second.server.title == "Autre"
    assert second.conflict.edit.clashes == ("deleted-here",)


def test_the_agenda_shows_what_is_in_place_while_there_is_a_conflict(coach: Coach) -> None:
    coach.move("uid-1", MARCH)
    coach.move("uid-2", at("03-04 14:00"))
    coach.house.put("e1", event("uid-1", at("03-03 16:00")))
    coach.house.delete("e2")
    coach.house.sync()
    shown = {(line.uid, line.start.hour, line.unsent) for line in coach.agenda()}
    assert shown == {("uid-0", 9, ""), ("uid-1", 16, "conflict"), ("uid-2", 13, "conflict")}
    coach.house.resolve(Keep.LOCAL)
    shown = {(line.uid, line.start.hour, line.unsent) for line in coach.agenda()}
    assert shown == {("uid-0", 9, ""), ("uid-1", 13, "waiting"), ("uid-2", 13, "waiting")}


def test_p04_the_version_that_was_not_kept_can_be_brought_back(coach: Coach) -> None:
    coach.move("uid-1", MARCH)
    ours = coach.find("uid-1").text
    assert ours is not None
    coach.house.put("e1", event("uid-1", at("03-03 16:00")))
    coach.house.sync()
    coach.house.resolve(Keep.SERVER)
    coach.house.sync()
    kept = next(one for one in coach.kept() if one.reason == "not-kept")
    coach.restore(kept.id)
    coach.house.sync()
    assert same(there(coach.house, "e1"), ours.decode())


def test_an_appointment_is_recognised_by_its_next_date(coach: Coach) -> None:
    series = weekly(coach.house)
    old = event("old", datetime.fromisoformat("2019-05-06T09:00"), title="Jadis")
    with coach.house.apart() as wiring:
        wiring.now = datetime.fromisoformat("2026-03-12T00:00Z")
        seen = glimpse(wiring, "coaching", series)
        assert seen.date is not None
        assert seen.date.start == datetime.fromisoformat("2026-03-17T09:00Z")
        seen = glimpse(wiring, "coaching", old)
        assert seen.date is not None
        assert (seen.date.start, seen.title) == (datetime.fromisoformat("2019-05-06T09:00Z"), "Jadis")
        seen = glimpse(wiring, "coaching", b"BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nSUMMARY:x\r\n")
        assert (seen.date, seen.title) == (None, "x")


@pytest.fixture
def emptied(coach: Coach) -> Coach:
    """A share was made where somebody's own appointments were."""
    coach.house.server.add(OFFICE, "Office two", "alice")
    coach.house.put("mine", event("private", coach.house.now, title="Somebody's own"), OFFICE)
    coach.house.text = coach.house.text.replace('name = "Office"', 'name = "Office two"')
    coach.house.publish(replace_content=True)
    return coach


def test_p04_what_a_share_has_removed_is_listed_and_comes_into_a_calendar_of_the_coachs(emptied: Coach) -> None:
    [kept] = emptied.kept()
    assert (kept.share, kept.calendar, kept.reason, kept.uid) == ("office", "", "replaced", "private")
    with pytest.raises(UsageError) as raised:
        emptied.restore(kept.id)
    assert raised.value.code == "which-calendar"

    emptied.calendar = "coaching"
    assert emptied.kept() == []
    plan = emptied.restore(kept.id)

    assert (plan.action, plan.calendar) == (Action.RESTORE, "coaching")
    assert emptied.house.sync().exit_code() == 0
    assert kept.body in emptied.house.server.objects(SOURCE).values()


def test_what_a_share_has_removed_is_not_an_appointment_of_a_calendar(emptied: Coach) -> None:
    with pytest.raises(UsageError) as raised:
        emptied.restore("private")
    assert raised.value.code == "nothing-kept"


def test_a_file_that_a_share_has_replaced_is_no_appointment(coach: Coach) -> None:
    with coach.house.wiring() as wiring:
        keep(wiring.database, of_share("office"), "replaced", "", b"somebody's own", wiring.now)
    assert coach.kept() == []


def test_what_was_kept_last_is_listed_first(coach: Coach) -> None:
    coach.house.delete("e0")
    coach.house.sync()
    coach.house.delete("e1")
    coach.house.sync()
    coach.house.now += timedelta(minutes=1)
    coach.house.delete("e2")
    coach.house.sync(*["coaching"])
    assert [one.uid for one in coach.kept()] == ["uid-2", "uid-1", "uid-0"]


def test_p04_what_a_share_has_removed_is_there_when_the_share_has_another_name(emptied: Coach) -> None:
    emptied.house.text = emptied.house.text.replace("[shares.office]", "[shares.desk]")
    assert [one.share for one in emptied.kept()] == ["office"]


@pytest.fixture
def renamed(coach: Coach) -> Coach:
    """The calendar is not configured any more; another one is. A deletion of the phone is kept, and a change waits."""
    coach.house.delete("e1")
    coach.house.sync()
    coach.move("uid-2", at("03-04 14:00"))
    coach.house.server.add("https://calendar.example/alice/else/", "Else", "alice")
    text = coach.house.text.replace("[calendars.coaching]", "[calendars.else]").replace('["coaching"]', '["else"]')
    coach.house.text = text.replace('name = "Coaching"', 'name = "Else"')
    coach.house.sync()
    return coach


def test_p04_what_is_kept_of_a_calendar_that_is_no_longer_configured_comes_into_another(renamed: Coach) -> None:
    [kept] = renamed.kept()
    assert (kept.calendar, kept.uid) == ("coaching", "uid-1")
    renamed.calendar = "else"
    renamed.restore(kept.id)
    renamed.house.sync()
    assert kept.body in renamed.house.server.objects("https://calendar.example/alice/else/").values()


@pytest.mark.parametrize("calendar", [None, "coaching"])
def test_what_waits_for_a_calendar_that_is_no_longer_configured_can_be_taken_back(
    renamed: Coach, calendar: str | None
) -> None:
    [unsent] = renamed.unsent()
    assert (unsent.calendar, unsent.kind) == ("coaching", "changed")

    renamed.house.put("twin", session(renamed.house, 2), "https://calendar.example/alice/else/")
    renamed.house.sync()  # a calendar that has the same one is no reason to keep the change
    with renamed.house.wiring() as wiring:
        record(wiring, str, jobs.sync(wiring))
    renamed.calendar = calendar
    plan = renamed.restore(unsent.id)

    assert (plan.action, plan.calendar) == (Action.TAKE_BACK, "coaching")
    renamed.calendar = None
    assert renamed.unsent() == []
    with renamed.house.wiring() as wiring:
        record_changes(wiring)
    assert load(renamed.house.state).left_behind == ()
    assert renamed.house.sync().left_behind == ()
    assert [one.reason for one in renamed.kept()] == ["taken-back", "deleted"]
