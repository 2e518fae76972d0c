"""What becomes of a change that the server would not take, or could not."""

from __future__ import annotations

import pytest

from coachsync.adapters.memory import MemoryCalendars
from coachsync.errors import CoachsyncError, Refused, Stale, Temporary
from practice_house import House, codes, session, there


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


def test_a_new_appointment_that_the_server_has_and_does_not_show_is_told_as_refused(
    synced: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    def taken(*_: object, **__: object) -> None:
        raise Stale("stale", "There is another one.")

    monkeypatch.setattr(MemoryCalendars, "create", taken)
    synced.want("new", session(synced, 9))

    for _ in range(5):
        outcome = synced.sync()
        assert codes(outcome) == ["change-taken"]

    assert (outcome.pushed["coaching"].rejected, outcome.pushed["coaching"].waiting) == (1, 1)
    monkeypatch.undo()
    assert synced.sync().exit_code() == 0
    assert there(synced, "new") == session(synced, 9)
