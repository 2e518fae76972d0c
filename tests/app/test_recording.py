"""What commands and passes leave in the status."""

from __future__ import annotations

from pathlib import Path

from coachsync.app import jobs, status
from coachsync.app.conflicts import Keep
from coachsync.app.recording import record, record_changes
from coachsync.app.verify import verify
from coachsync.errors import CoachsyncError, Refused, Temporary
from coachsync.phrases import Phrase
from events import event
from practice_house import SOURCE, House, session


def shouted(text: str) -> str:
    """A language in which every sentence is written large, so that one which was forgotten shows."""
    return text.pattern.upper() if isinstance(text, Phrase) else text


def ran(house: House) -> status.Status:
    with house.wiring() as wiring:
        record(wiring, shouted, jobs.sync(wiring))
    return status.load(house.state)


def test_a_run_that_went_well_leaves_times_and_no_trouble(tmp_path: Path) -> None:
    house = House(tmp_path)
    house.sessions(3)
    known, now = ran(house), int(house.now.timestamp())
    calendar, share = known.calendar("coaching"), known.share("office")
    assert (calendar.tried, calendar.succeeded, calendar.trouble) == (now, now, None)
    assert (share.tried, share.as_of, share.trouble) == (now, now, None)


def test_a_run_that_failed_keeps_when_it_last_went_well(tmp_path: Path) -> None:
    house = House(tmp_path)
    before = ran(house).calendar("coaching").succeeded
    house.now = house.now.replace(hour=12)
    house.server.fail("changes", Temporary("timeout", "It did not answer."))
    calendar = ran(house).calendar("coaching")
    assert calendar.succeeded == before
    assert calendar.tried == int(house.now.timestamp())
    assert calendar.trouble is not None
    assert (calendar.trouble.code, calendar.trouble.where) == ("timeout", "calendars.coaching")


def test_a_share_is_as_old_as_the_oldest_of_its_calendars(tmp_path: Path) -> None:
    house = House(tmp_path)
    house.sessions(1)
    before = ran(house).share("office").as_of
    house.now = house.now.replace(hour=12)
    house.server.fail("changes", Temporary("timeout", "It did not answer."))
    assert ran(house).share("office").as_of == before


def test_what_waits_for_a_person_is_counted_and_said(tmp_path: Path) -> None:
    house = House(tmp_path)
    house.sessions(6)
    ran(house)
    house.server.empty(SOURCE)
    calendar = ran(house).calendar("coaching")
    assert calendar.waiting == 6
    assert calendar.trouble is not None
    assert calendar.trouble.code == "mass-deletion"


def test_a_refusal_is_kept_as_a_fingerprint_until_the_account_works(tmp_path: Path) -> None:
    house = House(tmp_path)
    house.server.fail("whoami", Refused("login-refused", "The server refuses the password."))
    known = ran(house)
    assert list(known.refused) == ["cloud"]
    assert len(known.refused["cloud"]) == 32
    assert ran(house).refused == {}


def test_a_check_replaces_what_was_found_before(tmp_path: Path) -> None:
    house = House(tmp_path)
    house.sessions(1)
    ran(house)
    house.put("foreign", event("foreign", house.now), house.share_url())
    for expected in (True, False):
        with house.wiring() as wiring:
            record(wiring, shouted, checked=verify(wiring, [wiring.config.shares["office"]]))
        share = status.load(house.state).share("office")
        assert bool(share.findings) is expected
        assert share.verified == int(house.now.timestamp())
        if expected:
            house.delete("foreign", house.share_url())


def test_a_check_that_could_not_be_made_leaves_what_is_known(tmp_path: Path) -> None:
    house = House(tmp_path)
    house.sessions(1)
    ran(house)
    house.server.fail("collection", Temporary("timeout", "It did not answer."))
    with house.wiring() as wiring:
        record(wiring, shouted, checked=verify(wiring, [wiring.config.shares["office"]]))
    assert status.load(house.state).share("office").verified is None


def test_a_state_without_room_for_it_does_not_fail_the_command(tmp_path: Path) -> None:
    house = House(tmp_path)
    (house.state / "status.json").mkdir()
    with house.wiring() as wiring:
        record(wiring, shouted, jobs.sync(wiring))


def test_nothing_that_only_a_terminal_may_show_is_kept(tmp_path: Path) -> None:
    house = House(tmp_path)
    house.text = house.text.replace('name = "Coaching"', 'name = "Elsewhere"')
    house.server.add("https://calendar.example/alice/x/", "Marguerite-Canari", "alice")
    ran(house)
    assert "Canari" not in (house.state / "status.json").read_text()


def test_changes_that_wait_are_counted_and_a_conflict_is_said(tmp_path: Path) -> None:
    house = House(tmp_path)
    house.sessions(3)
    ran(house)
    house.want("e1", event("uid-1", house.now.replace(hour=15)))
    house.want("e2", event("uid-2", house.now.replace(hour=16)))
    house.put("e1", event("uid-1", house.now.replace(hour=17)))
    house.server.fail("update", Temporary("server-error", "It failed."))

    calendar = ran(house).calendar("coaching")

    assert (calendar.unsent, calendar.conflicts, calendar.withheld) == (2, 1, 0)
    assert calendar.trouble is not None
    assert (calendar.trouble.code, calendar.trouble.message[:3]) == ("conflict", "{NU")
    assert ran(house).calendar("coaching").unsent == 1


def test_all_that_is_wrong_with_a_calendar_is_kept_and_a_decision_takes_its_own_part_away(tmp_path: Path) -> None:
    house = House(tmp_path)
    house.sessions(6)
    ran(house)
    for number in (1, 2, 3):
        house.want(f"e{number}", session(house, number, hours=3))
    house.put("e1", session(house, 1, hours=5))
    house.server.fail("update", CoachsyncError("forbidden", "No."), times=2)

    calendar = ran(house).calendar("coaching")

    assert [one.code for one in calendar.troubles()] == ["conflict", "change-forbidden", "change-forbidden"]
    house.resolve(Keep.SERVER)
    with house.wiring() as wiring:
        record_changes(wiring)
    left = status.load(house.state).calendar("coaching")
    assert [one.code for one in left.troubles()] == ["change-forbidden"] * 2


def test_a_conflict_is_told_beside_what_keeps_its_calendar_from_being_read(tmp_path: Path) -> None:
    house = House(tmp_path)
    house.sessions(6)
    ran(house)
    house.want("e1", session(house, 1, hours=3))
    house.put("e1", session(house, 1, hours=5))
    ran(house)
    house.server.fail("changes", Temporary("timeout", "It did not answer."))
    assert [one.code for one in ran(house).calendar("coaching").troubles()] == ["timeout", "conflict"]


def test_of_many_troubles_the_first_ones_are_kept(tmp_path: Path) -> None:
    house = House(tmp_path)
    house.sessions(15)
    ran(house)
    for number in range(15):
        house.want(f"e{number}", session(house, number, hours=3))
    house.server.fail("update", CoachsyncError("forbidden", "No."), times=15)
    assert len(ran(house).calendar("coaching").troubles()) == 10


def test_a_server_that_fails_while_it_is_written_to_hides_nothing_of_what_was_found_before(tmp_path: Path) -> None:
    house = House(tmp_path)
    house.sessions(6)
    ran(house)
    house.want("e1", session(house, 1, hours=3))
    house.put("e1", session(house, 1, hours=5))
    house.want("e2", session(house, 2, hours=3))
    ran(house)
    house.want("e3", session(house, 3, hours=3))
    house.server.fail("update", Temporary("timeout", "It did not answer."))
    assert [one.code for one in ran(house).calendar("coaching").troubles()] == ["timeout", "conflict"]
    assert [one.code for one in ran(house).calendar("coaching").troubles()] == ["conflict"]
