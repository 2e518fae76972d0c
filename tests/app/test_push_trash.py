"""An appointment that is made again while its server still has it in a trash of its own, as a Nextcloud does."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from coachsync.errors import CoachsyncError, Refused, Temporary
from events import event
from practice_house import OTHER, SOURCE, House

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


def in_trash(house: House, uid: str = "uid-1") -> int:
    return len(house.server.trashed(SOURCE, uid))


def test_p04_what_the_trash_gives_up_is_kept_here(trashed: House) -> None:
    trashed.delete("e2")
    trashed.want("new", again(trashed))

    outcome = trashed.sync()

    assert (outcome.exit_code(), outcome.pushed["coaching"].added) == (0, 1)
    assert trashed.server.objects(SOURCE)["/alice/source/new.ics"] == again(trashed)
    assert ("deleted", LAST) in trashed.trash()
    assert (in_trash(trashed), in_trash(trashed, "uid-2")) == (0, 1)


def test_what_is_kept_here_already_is_not_kept_twice(house: House) -> None:
    house.server.has_trash = True
    house.sessions(3)
    house.sync()
    house.delete("e1")
    house.sync()
    house.want("new", again(house))

    assert house.sync().exit_code() == 0
    assert house.trash() == [("deleted", again(house))]


def test_p04_what_was_in_another_calendar_stays_in_the_trash(two_calendars: House) -> None:
    two_calendars.server.has_trash = True
    two_calendars.put("e9", event("uid-9", WHEN), url=OTHER)
    two_calendars.delete("e9", url=OTHER)
    two_calendars.sync()
    two_calendars.want("new", event("uid-9", WHEN))

    assert two_calendars.sync().exit_code() == 0
    assert len(two_calendars.server.trashed(OTHER, "uid-9")) == 1


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


def test_a_slot_that_lies_in_the_trash_is_served_again_as_another_one(house: House) -> None:
    house.server.has_trash = True
    house.sessions(3)
    house.sync()
    starts, last = house.starts(), max(house.served(), key=lambda href: house.served()[href])
    house.server.delete(house.share_url(), last)
    house.now += timedelta(days=1)  # what a share serves is looked at daily

    for _ in range(3):
        outcome = house.sync()

    assert outcome.exit_code() == 0
    assert starts[-1] in house.starts()
    assert last not in house.served()
