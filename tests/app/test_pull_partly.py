"""A calendar of which only a part comes in."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import timedelta
from itertools import islice

import pytest

from coachsync.adapters.ical.reader import Reader
from coachsync.adapters.memory import MemoryCalendars
from coachsync.errors import CoachsyncError, ObjectsRefused, Temporary
from coachsync.model import Item
from events import event
from practice_house import SOURCE, House, codes


def break_off(monkeypatch: pytest.MonkeyPatch, after: int, failure: CoachsyncError) -> None:
    """The next fetch gives `after` objects and then fails."""
    whole = MemoryCalendars.fetch

    def broken(self: MemoryCalendars, url: str, hrefs: Iterable[str]) -> Iterator[Item]:
        monkeypatch.setattr(MemoryCalendars, "fetch", whole)
        yield from islice(whole(self, url, hrefs), after)
        raise failure

    monkeypatch.setattr(MemoryCalendars, "fetch", broken)


def test_p13_a_first_sync_cut_short_is_finished_by_the_next(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    house.sessions(450)
    break_off(monkeypatch, 250, Temporary("timeout", "Late."))
    first = house.sync()
    assert first.exit_code() == 75
    assert codes(first) == ["timeout"]
    assert len(house.copies()) == 250
    assert [about.name for about in house.server.calendars("https://calendar.example/")] == ["Coaching"]
    second = house.sync()
    assert (second.exit_code(), second.calendars["coaching"].added) == (0, 200)
    assert house.copies() == house.server.objects(SOURCE)


def test_an_object_that_the_server_does_not_give_stops_no_other(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    house.sessions(5)
    refused = tuple(house.server.objects(SOURCE))[4:]
    break_off(monkeypatch, 4, ObjectsRefused("forbidden", "The server forbids it.", hrefs=refused))
    outcome = house.sync()
    assert (codes(outcome), outcome.exit_code(), len(house.served())) == (["object-forbidden"], 3, 4)
    assert house.sync().exit_code() == 0
    assert len(house.served()) == 5


def test_p12_an_object_that_the_server_does_not_give_is_counted_and_not_named(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.sessions(2)
    house.put("Marguerite", event("uid-m", house.now))
    break_off(monkeypatch, 2, ObjectsRefused("forbidden", "No.", hrefs=("/alice/source/Marguerite.ics",)))
    outcome = house.sync()
    assert codes(outcome) == ["object-forbidden"]
    assert "Marguerite" not in repr(outcome.problems())


@pytest.mark.parametrize("given", [0, 5])
def test_p05_a_first_sync_that_brings_little_is_not_taken_for_the_calendar(
    house: House, monkeypatch: pytest.MonkeyPatch, given: int
) -> None:
    house.sessions(20)
    refused = tuple(house.server.objects(SOURCE))[given:]
    break_off(monkeypatch, given, ObjectsRefused("forbidden", "No.", hrefs=refused))
    outcome = house.sync()
    assert (outcome.exit_code(), outcome.calendars["coaching"].added, outcome.shares) == (3, given, {})
    assert house.sync().exit_code() == 0
    assert len(house.served()) == 20


def test_p05_objects_that_are_listed_and_silently_not_given_are_asked_for_again(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.sessions(20)
    whole = MemoryCalendars.fetch
    monkeypatch.setattr(MemoryCalendars, "fetch", lambda *_: iter(()))
    outcome = house.sync()
    assert (codes(outcome)[0], outcome.exit_code(), outcome.shares) == ("calendar-never-synced", 3, {})
    assert "object-not-given" in codes(outcome)
    monkeypatch.setattr(MemoryCalendars, "fetch", whole)
    assert house.sync().exit_code() == 0
    assert len(house.served()) == 20


def test_p05_a_share_made_during_an_outage_from_copies_that_nobody_read_yet_is_whole(house: House) -> None:
    share = house.text[house.text.index("[shares") :]
    house.text = house.text.replace(share, "")
    house.sessions(6)
    house.sync()
    house.text += share
    house.server.fail("changes", Temporary("timeout", "Late."))
    outcome = house.sync()
    assert outcome.shares["office"].created == 6
    assert len(house.served()) == 6


def test_p05_a_share_is_not_made_from_copies_that_could_not_be_read(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise CoachsyncError("reader-does-not-start", "No process can be started.")

    house.sessions(6)
    real = Reader.read
    monkeypatch.setattr(Reader, "read", broken)
    outcome = house.sync()
    assert (outcome.exit_code(), outcome.shares) == (3, {})
    monkeypatch.setattr(Reader, "read", real)
    assert house.sync().exit_code() == 0
    assert len(house.served()) == 6


def test_an_object_that_is_only_said_to_be_gone_comes_in_with_the_next_sync(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.sessions(2)
    house.sync()
    house.put("new", event("uid-new", house.now + timedelta(days=3)))
    with monkeypatch.context() as patch:
        patch.setattr(MemoryCalendars, "fetch", lambda *_: iter(()))
        patch.setattr(MemoryCalendars, "etag", lambda *_: None)
        outcome = house.sync()
    assert (outcome.exit_code(), outcome.calendars["coaching"].added) == (0, 0)
    assert house.sync().calendars["coaching"].added == 1
    assert house.copies() == house.server.objects(SOURCE)
