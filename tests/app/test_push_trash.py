"""An appointment that is made again while its server still has it in a trash of its own, as a Nextcloud does."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from coachsync.adapters.database.removed import kept
from coachsync.adapters.memory import MemoryCalendars
from coachsync.errors import CoachsyncError, NotThere, Refused, Temporary
from events import event
from practice_house import OTHER, SOURCE, House, codes, session

WHEN = datetime(2026, 3, 9, 9, tzinfo=UTC)
LAST = event("uid-1", WHEN, title="as only the server had it")


@pytest.fixture
def trashed(house: House) -> House:
    """Three sessions on both sides; the trash has a version of e1 that was never seen here."""
    house.server.has_trash = True
    house.sessions(3)
    assert house.sync().exit_code() == 0
    house.put("e1", LAST)
    house.delete("e1")
    assert house.sync().exit_code() == 0
    return house


def again(house: House) -> bytes:
    return event("uid-1", house.now + timedelta(days=1, hours=1))


def in_trash(house: House, uid: str = "uid-1", url: str = SOURCE) -> int:
    return len(house.server.trashed(url, {uid}))


def test_p04_what_the_trash_gives_up_is_kept_here(trashed: House) -> None:
    trashed.delete("e2")
    trashed.want("new", again(trashed))

    outcome = trashed.sync()

    assert (outcome.exit_code(), outcome.pushed["coaching"].added) == (0, 1)
    assert trashed.server.objects(SOURCE)["/alice/source/new.ics"] == again(trashed)
    assert ("deleted", LAST) in trashed.trash()
    assert (in_trash(trashed), in_trash(trashed, "uid-2")) == (0, 1)
    assert trashed.server.letters == 0
    assert trashed.server.requests["in_trash"] == 1


@pytest.mark.parametrize("days", [0, 29, 31])
def test_p04_what_is_kept_here_already_is_kept_for_thirty_days_from_now_on(house: House, days: int) -> None:
    house.server.has_trash = True
    house.sessions(40)
    house.sync()
    house.put("e39", session(house, 39, hours=5))
    house.sync()
    house.delete("e39")
    house.sync()
    text = session(house, 39, hours=5)
    house.now += timedelta(days=days)
    house.want("new", event("uid-39", WHEN))

    assert house.sync().exit_code() == 0
    assert in_trash(house, "uid-39") == 0
    house.now += timedelta(days=29)
    house.sync()

    assert [body for _, body in house.trash()].count(text) == 1


@pytest.mark.parametrize("after", [False, True])
def test_p04_it_is_kept_before_it_is_taken_out(trashed: House, monkeypatch: pytest.MonkeyPatch, after: bool) -> None:
    """So that nothing is lost, and nothing is there twice, when the run ends between the two or after both."""
    remove = MemoryCalendars.remove

    def killed(calendars: MemoryCalendars, href: str, etag: str, **notify: bool) -> bool:
        assert ("deleted", LAST) in trashed.trash()
        if after:
            remove(calendars, href, etag, **notify)
        raise KeyboardInterrupt

    trashed.want("new", again(trashed))
    monkeypatch.setattr(MemoryCalendars, "remove", killed)
    with pytest.raises(KeyboardInterrupt):
        trashed.sync()
    monkeypatch.undo()
    assert in_trash(trashed) == (not after)

    assert trashed.sync().pushed["coaching"].added == 1
    assert trashed.trash().count(("deleted", LAST)) == 1


def test_p04_of_two_versions_in_the_trash_both_are_kept(trashed: House) -> None:
    trashed.server.has_trash = False
    other = event("uid-1", WHEN, title="an earlier one")
    trashed.put("e1-before", other)
    trashed.server.has_trash = True
    trashed.delete("e1-before")
    trashed.want("new", again(trashed))

    assert trashed.sync().exit_code() == 0
    assert {("deleted", LAST), ("deleted", other)} <= set(trashed.trash())
    assert in_trash(trashed) == 0
    with trashed.wiring() as wiring:
        assert {one.href for one in kept(wiring.database, "calendar coaching") if one.body == LAST} == {
            "/alice/source/new.ics"
        }


@pytest.mark.parametrize("code", ["too-large", "storage-full", "forbidden"])
def test_p04_what_is_refused_for_another_reason_takes_nothing_out(trashed: House, code: str) -> None:
    trashed.want("new", again(trashed))
    trashed.server.fail("create", CoachsyncError(code, "No."))

    assert codes(trashed.sync()) == [f"change-{code}"]
    assert in_trash(trashed) == 1


@pytest.mark.parametrize("wanted", [None, "changed"])
def test_p04_a_change_or_a_deletion_looks_at_no_trash(trashed: House, wanted: str | None) -> None:
    trashed.want("e2", session(trashed, 2, hours=4) if wanted else None)
    trashed.server.fail("update" if wanted else "remove", Temporary("server-error", "Status 500."))
    trashed.sync()
    assert "in_trash" not in trashed.server.requests


def test_p06_what_has_guests_is_not_taken_out_where_that_might_be_told(house: House) -> None:
    house.server.has_trash = house.server.schedules = True
    guests = "ORGANIZER:mailto:alice@calendar.example\r\nATTENDEE:mailto:client@elsewhere.example\r\n"
    house.sessions(3)
    house.put("e1", event("uid-1", WHEN, extra=guests))
    house.sync()
    house.delete("e1")
    house.sync()
    house.want("new", again(house))

    [problem] = house.sync().pushed["coaching"].problems

    assert (problem.code, "trash" in problem.hint) == ("change-would-notify", True)
    assert (in_trash(house), house.server.letters) == (1, 0)


def test_a_trash_that_only_says_that_it_gave_something_up_is_not_asked_again_in_the_run(
    trashed: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(MemoryCalendars, "remove", lambda *_, **__: False)
    trashed.want("new", again(trashed))

    for tried in (1, 2):
        assert codes(trashed.sync()) == ["change-server-error"]
        assert [edit.refusals for edit in trashed.edits()] == [tried]
    assert trashed.server.requests["create"] - trashed.server.requests["in_trash"] <= 4


def test_p04_what_was_in_another_calendar_stays_in_the_trash(two_calendars: House) -> None:
    two_calendars.server.has_trash = True
    two_calendars.put("e9", event("uid-9", WHEN), url=OTHER)
    two_calendars.delete("e9", url=OTHER)
    two_calendars.sync()
    two_calendars.want("new", event("uid-9", WHEN))

    assert two_calendars.sync().exit_code() == 0
    assert in_trash(two_calendars, "uid-9", OTHER) == 1


def test_a_trash_that_gives_nothing_up_leaves_the_change_here_and_keeps_its_text(trashed: House) -> None:
    trashed.want("new", again(trashed))
    trashed.server.fail("remove", CoachsyncError("forbidden", "The server forbids it."))

    outcome = trashed.sync()

    [problem] = outcome.pushed["coaching"].problems
    assert (problem.code, outcome.pushed["coaching"].waiting) == ("change-forbidden", 1)
    assert ("deleted", LAST) in trashed.trash()
    assert trashed.sync().pushed["coaching"].added == 1


def test_a_trash_that_cannot_be_looked_at_is_no_trouble_of_its_own(trashed: House) -> None:
    trashed.want("new", again(trashed))
    trashed.server.fail("in_trash", CoachsyncError("forbidden", "The server forbids it."))
    [problem] = trashed.sync().pushed["coaching"].problems
    assert problem.code == "change-server-error"


@pytest.mark.parametrize("trouble", [Temporary("timeout", "No answer."), Refused("login-refused", "Refused.")])
def test_a_server_that_fails_while_its_trash_is_cleared_fails_as_a_whole(
    trashed: House, trouble: CoachsyncError
) -> None:
    trashed.want("new", again(trashed))
    trashed.server.fail("remove", trouble)

    outcome = trashed.sync()

    assert outcome.failures == [("calendars.coaching", trouble)]
    assert len(trashed.edits()) == 1
    assert trashed.sync().pushed["coaching"].added == 1


def last_slot(house: House) -> str:
    served = house.served()
    return max(served, key=lambda href: served[href].partition(b"DTSTART")[2])


def lose_a_slot(house: House) -> None:
    """A day later it is noticed that somebody has deleted the last slot of the share."""
    house.server.has_trash = True
    house.sessions(3)
    house.sync()
    house.server.delete(house.share_url(), last_slot(house))
    house.now += timedelta(days=1)
    house.sync()


def test_a_slot_that_lies_in_the_trash_is_served_again_as_another_one(house: House) -> None:
    house.server.has_trash = True
    house.sessions(3)
    house.sync()
    starts, last = house.starts(), last_slot(house)
    house.server.delete(house.share_url(), last)
    house.now += timedelta(days=1)  # what a share serves is looked at daily

    assert codes(house.sync()) == ["share-not-confirmed"]  # it is noticed that the slot is not there
    house.server.requests.clear()

    assert house.sync().exit_code() == 0
    assert starts[-1] in house.starts()
    assert last not in house.served()
    assert house.server.requests["in_trash"] == 1
    assert house.sync().exit_code() == 0


@pytest.mark.parametrize(
    "trouble", [Temporary("timeout", "No answer."), Refused("login-refused", "No."), NotThere("not-there", "No.")]
)
def test_what_else_a_share_is_refused_for_is_said_as_it_is(house: House, trouble: CoachsyncError) -> None:
    lose_a_slot(house)
    house.server.requests.clear()
    house.server.fail("create", trouble)

    outcome = house.sync()

    assert codes(outcome) == ["target-missing" if isinstance(trouble, NotThere) else trouble.code]
    assert "in_trash" not in house.server.requests


def test_a_share_that_somebody_emptied_looks_into_the_trash_once(house: House) -> None:
    house.server.has_trash = True
    house.sessions(9)
    house.sync()
    house.now += timedelta(days=1)
    house.server.empty(house.share_url())
    house.sync()
    house.server.requests.clear()

    assert house.sync().exit_code() == 0
    assert len(house.served()) == 8
    assert house.server.requests["in_trash"] == 1


def test_a_share_that_is_refused_for_another_reason_says_so(house: House) -> None:
    lose_a_slot(house)
    house.server._trash.clear()
    house.server.fail("create", Temporary("server-error", "Status 500."))
    assert codes(house.sync()) == ["server-error"]
    assert house.sync().exit_code() == 0
    assert len(house.served()) == 2
