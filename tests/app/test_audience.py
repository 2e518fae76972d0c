"""A share that its audience finds elsewhere than where it was published, as on Nextcloud and Cyrus."""

from __future__ import annotations

from dataclasses import replace

import pytest

from coachsync.adapters.database import Shares
from coachsync.adapters.memory import MemoryCalendars
from coachsync.errors import CoachsyncError, NotThere, Temporary
from coachsync.model import Collection
from events import event
from practice_house import House

BOBS = "https://calendar.example/bob/office_shared_by_alice/"


@pytest.fixture
def seen(house: House, monkeypatch: pytest.MonkeyPatch) -> House:
    """Bob has what Alice shares in a place of his own, under her name, and gets nothing at its own address."""
    house.sessions(3)
    house.sync()
    house.text = house.text.replace('profile = "session"', 'profile = "session"\naudience = { account = "assistant" }')
    house.text += '[accounts.assistant]\nurl = "https://calendar.example/"\nusername = "bob"\n'
    house.server.add("https://calendar.example/bob/own/", "Own")
    house.server.add(BOBS, "Office (alice)")
    shared, real = house.share_url(), MemoryCalendars.collection
    for href, body in house.served().items():
        house.server.store(BOBS, f"/bob/office_shared_by_alice/{href.rpartition('/')[2]}", body)

    def collection(self: MemoryCalendars, url: str) -> Collection:
        if url == shared:
            raise NotThere("not-there", "It is not there.")
        return real(self, url)

    monkeypatch.setattr(MemoryCalendars, "collection", collection)
    return house


def codes(house: House, where: str = "") -> set[str]:
    return {str(finding.code) for finding in house.verify() if finding.where.startswith(where)}


def test_p03_a_share_is_found_where_its_audience_has_it(seen: House) -> None:
    assert seen.verify() == ()
    href = next(iter(seen.server.objects(BOBS)))
    seen.server.store(BOBS, href, seen.server.objects(BOBS)[href].replace(b"TRANSP", b"COMMENT:Marguerite\r\nTRANSP"))
    assert codes(seen, "edited object") == {"edited-object", "property", "source-word"}
    seen.server.store(BOBS, "/bob/office_shared_by_alice/x.ics", event("x", seen.now))
    assert "foreign-object" in codes(seen, "foreign object")
    seen.server.delete(BOBS, href)
    assert "missing-object" in codes(seen, "collection")


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("Office (alice)", set()),
        ("Office (Marguerite)", {"answer"}),
        ("Marguerite (alice)", {"display-name"}),
        ("Office", set()),
    ],
)
def test_p03_what_the_server_calls_it_there_is_looked_at(seen: House, name: str, found: set[str]) -> None:
    calendar = seen.server.calendar(BOBS)
    calendar.about = replace(calendar.about, name=name)
    assert codes(seen) == found


def decoy(house: House, name: str, number: int) -> None:
    """Somebody lets Bob into a calendar with some objects of the share's names; it comes first."""
    url = f"https://calendar.example/bob/{name}/"
    house.server._calendars = {url: house.server._calendars.pop(url)} | house.server._calendars
    for href in sorted(house.server.objects(BOBS))[:number]:
        house.server.store(url, f"/bob/{name}/{href.rpartition('/')[2]}", b"BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n")


@pytest.mark.parametrize("number", [1, 2])
def test_p03_a_calendar_with_a_part_of_the_objects_is_not_taken_for_the_share(seen: House, number: int) -> None:
    seen.server.add("https://calendar.example/bob/decoy/", "Office", "mallory")
    decoy(seen, "decoy", number)
    assert seen.verify() == ()
    href = next(iter(seen.server.objects(BOBS)))
    seen.server.store(BOBS, href, seen.server.objects(BOBS)[href].replace(b"TRANSP", b"COMMENT:Marguerite\r\nTRANSP"))
    assert codes(seen, "edited object") == {"edited-object", "property", "source-word"}


def test_half_of_the_objects_are_not_the_share(seen: House) -> None:
    seen.server.add("https://calendar.example/bob/decoy/", "Office", "mallory")
    decoy(seen, "decoy", 1)
    seen.server.drop(BOBS)
    assert codes(seen) == {"target-missing"}


def test_what_was_planned_and_never_written_does_not_count_for_most(seen: House) -> None:
    with seen.wiring() as wiring:
        journal = Shares(wiring.database, "office")
        (entry, *_) = journal.entries()
        journal.write(
            replace(entry, tag=bytes([number] * 16), href=f"/alice/x/{number}.ics", live=False) for number in range(9)
        )
    assert seen.verify() == ()


@pytest.mark.parametrize("method", ["collections", "changes"])
def test_a_share_that_cannot_be_looked_for_now_is_not_called_missing(seen: House, method: str) -> None:
    seen.server.fail(method, Temporary("timeout", "Late."))
    before = seen.server.requests[method]
    result = seen.verification()
    assert [failure.code for _, failure in result.failures] == ["timeout"]
    assert result.findings == []
    assert seen.server.requests[method] == before + 1  # nor is the server asked for its other calendars


def test_a_calendar_that_cannot_be_listed_hides_no_other_and_may_be_the_share(seen: House) -> None:
    failing = Temporary("server-error", "500"), CoachsyncError("forbidden", "No.")
    for failure in failing:
        seen.server.fail("changes", failure)  # of the one that comes first
        assert seen.verify() == ()
    seen.server.drop(BOBS)
    for failure, found in zip(failing, ([], ["target-missing"]), strict=True):
        seen.server.fail("changes", failure)
        assert [finding.code for _, finding in seen.verification().findings] == found


def test_a_share_that_is_shown_to_nobody_else_is_missing(seen: House) -> None:
    seen.server.drop(BOBS)
    assert codes(seen) == {"target-missing"}


@pytest.mark.parametrize("problem", [CoachsyncError("forbidden", "No."), Temporary("timeout", "Late.")])
def test_what_keeps_the_audience_out_is_said(
    seen: House, problem: CoachsyncError, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(self: MemoryCalendars, url: str) -> Collection:
        raise problem

    monkeypatch.setattr(MemoryCalendars, "collection", refused)
    if not isinstance(problem, Temporary):
        assert seen.verify() == ()  # it is shown elsewhere
        seen.server.drop(BOBS)
    result = seen.verification()
    assert [(where, failure.code) for where, failure in result.failures] == [("shares.office", problem.code)]
    assert result.failures[0][1].where == "shares.office.audience"


def test_the_account_that_publishes_is_not_asked_for_other_calendars(seen: House) -> None:
    seen.text = seen.text.replace('\naudience = { account = "assistant" }', "")
    asked = seen.server.requests["collections"]
    assert codes(seen) == {"target-missing"}
    assert seen.server.requests["collections"] == asked
