"""Somebody changes the calendar while it is written to."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from coachsync.adapters.memory import MemoryCalendars
from practice_house import SOURCE, House, codes, session, there


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
    assert (first.exit_code(), codes(first)) == (3, ["change-unsettled"])
    assert len(house.copies()) == 5
    second = house.sync()

    assert (second.exit_code(), second.calendars["coaching"].held) == (5, 5)
    assert len(house.copies()) == 5
    assert len(house.edits()) == 1
