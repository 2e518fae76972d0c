"""Which alarms a status holds."""

from __future__ import annotations

from coachsync.app.standing import standing
from coachsync.app.status import CalendarStatus, Found, ShareStatus, Status

QUIET = Status(calendars={"coaching": CalendarStatus(succeeded=1)}, shares={"office": ShareStatus(as_of=1)})


def keys(known: Status, *stale: str) -> list[str]:
    return [alarm.key for alarm in standing(known, stale)]


def test_nothing_stands_where_all_is_well() -> None:
    assert keys(Status()) == keys(QUIET) == []


def test_refused_account() -> None:
    (alarm,) = standing(Status(refused={"cloud": "0123"}))
    assert (alarm.key, alarm.where) == ("refused/accounts.cloud", "accounts.cloud")
    assert "0123" not in repr(alarm)
    assert alarm.hint


def test_findings_of_shares_and_of_calendars_that_others_see() -> None:
    found = Found("unknown-property", "shares.office", "It holds a property."), Found("people", "shares.office", "Who.")
    known = Status(
        shares={"office": ShareStatus(findings=found)},
        exposed=(Found("source-shared", "calendars.coaching", "Others see it."),),
    )
    assert keys(known) == [
        "finding/shares.office/unknown-property",
        "finding/shares.office/people",
        "finding/calendars.coaching/source-shared",
    ]
    assert [alarm.message for alarm in standing(known)] == ["It holds a property.", "Who.", "Others see it."]


def test_appointments_that_wait() -> None:
    (alarm,) = standing(Status(calendars={"coaching": CalendarStatus(waiting=3), "other": CalendarStatus()}))
    assert alarm.key == "held/calendars.coaching"
    assert "3 appointments" in alarm.message
    assert alarm.hint.endswith("coachsync sync --accept-deletions coaching")


def test_changes_that_wait() -> None:
    held, conflict = standing(Status(calendars={"coaching": CalendarStatus(unsent=4, withheld=1, conflicts=2)}))
    assert (held.key, conflict.key) == ("held/calendars.coaching", "conflict/calendars.coaching")
    assert conflict.message.startswith("2 appointments were changed both here")
    assert held.hint.endswith("coachsync sync --accept-deletions coaching")
    assert standing(Status(calendars={"coaching": CalendarStatus(unsent=4)})) == ()


def test_old_shares() -> None:
    assert keys(QUIET, "office") == ["stale/shares.office"]
