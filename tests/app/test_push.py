"""What the coach changes here reaches the server under its condition, and nothing of either side is lost."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from coachsync.adapters.memory import MemoryCalendars
from coachsync.app.queueing import queue
from coachsync.errors import Temporary
from events import event
from practice_house import SOURCE, House, session, there


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


def test_both_sides_deleted_the_same_and_nobody_is_asked(synced: House) -> None:
    synced.want("e1", None)
    synced.delete("e1")
    assert synced.sync().exit_code() == 0
    assert synced.edits() == ()


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
