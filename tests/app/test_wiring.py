"""Accounts whose discovery leads nowhere, and calendars that are found or not found at their URL."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from coachsync.adapters.database import SignIn, SignIns
from coachsync.app import locating
from coachsync.app.wiring import open_wiring
from coachsync.errors import CoachsyncError, NotThere, Refused, Temporary
from coachsync.model import Software
from practice_house import SOURCE, House

BY_URL = 'url = "/alice/source/"'


@pytest.fixture
def by_url(house: House) -> House:
    house.text = house.text.replace('name = "Coaching"', BY_URL)
    return house


@pytest.mark.parametrize(
    "failure",
    [
        NotThere("not-there", "Nothing."),
        CoachsyncError("no-calendar-home", "No calendars."),
        CoachsyncError("refused", "Status 405."),
        CoachsyncError("forbidden", "Not allowed."),
        Temporary("not-caldav", "A web page."),
    ],
    ids=lambda failure: failure.code,
)
def test_a_calendar_given_by_url_does_not_depend_on_discovery(by_url: House, failure: CoachsyncError) -> None:
    by_url.server.fail("whoami", failure)
    with by_url.wiring() as wiring:
        assert locating.source(wiring, "coaching").url == SOURCE
        assert wiring.signin("cloud").homes == ()
    assert by_url.server.requests["whoami"] == 1


def test_a_discovery_that_failed_is_tried_again_in_the_next_run(by_url: House) -> None:
    by_url.server.fail("whoami", Temporary("not-caldav", "A login page of the network."))
    for known in ({"alice"}, {"alice@calendar.example"}):
        with by_url.wiring() as wiring:
            wiring.server("cloud")
            assert wiring.addresses("cloud") == known


def remembered(house: House, **changes: object) -> SignIn:
    """What an earlier version kept of the account: it did not ask which software the server is."""
    with house.wiring() as wiring:
        known = replace(wiring.signin("cloud"), software=None, schedules=True, **changes)  # type: ignore[arg-type]
        SignIns(wiring.database).remember("cloud", known)
    house.server.requests.clear()
    return known


def test_what_was_remembered_without_the_software_is_asked_again_once(house: House) -> None:
    remembered(house)
    house.server.software, house.server.schedules = Software.SOGO, True

    for _ in range(2):
        with house.wiring() as wiring:
            known = wiring.signin("cloud")
            assert (known.software, known.schedules) == (Software.SOGO, True)

    assert house.server.requests["whoami"] == 1


@pytest.mark.parametrize(
    "failure",
    [NotThere("not-there", "Nothing."), CoachsyncError("forbidden", "Not allowed.")],
    ids=lambda one: one.code,
)
def test_p06_what_was_remembered_stays_when_the_server_does_not_say_more(house: House, failure: CoachsyncError) -> None:
    old = remembered(house)
    house.server.fail("whoami", failure)

    with house.wiring() as wiring:
        known = wiring.signin("cloud")
        assert (known.homes, known.addresses) == (old.homes, old.addresses)
        assert (known.software, known.schedules) == (Software.OTHER, True)
        assert wiring.signin("cloud") == known
    assert house.server.requests["whoami"] == 1
    with house.wiring() as wiring:
        assert wiring.signin("cloud").schedules is False


@pytest.mark.parametrize("software", Software)
@pytest.mark.parametrize("schedules", [True, False])
def test_the_server_in_memory_plays_every_server(house: House, software: Software, schedules: bool) -> None:
    house.server.software, house.server.schedules = software, schedules

    for _ in range(2):
        with house.wiring() as wiring:
            known = wiring.signin("cloud")
            assert (known.software, known.schedules) == (software, schedules)


def test_reading_what_is_here_asks_no_server(by_url: House) -> None:
    with by_url.wiring() as wiring:
        assert wiring.addresses("cloud") == {"alice"}
    assert not by_url.server.requests


@pytest.mark.parametrize(
    "failure", [Refused("login-refused", "No."), Temporary("timeout", "Slow.")], ids=lambda failure: failure.code
)
def test_an_account_that_cannot_be_used_is_no_missing_discovery(by_url: House, failure: CoachsyncError) -> None:
    by_url.server.fail("whoami", failure)
    with by_url.wiring() as wiring, pytest.raises(type(failure)):
        wiring.signin("cloud")


def test_a_url_that_is_no_calendar_is_answered_with_those_that_are(by_url: House) -> None:
    by_url.text = by_url.text.replace("/alice/source/", "/alice/sauce/")
    by_url.server.add("https://calendar.example/alice/evil/", "evil\u202egnp\x9b2J", "alice")
    with by_url.wiring() as wiring, pytest.raises(NotThere) as told:
        locating.source(wiring, "coaching")
    assert told.value.where == "calendars.coaching.url"
    assert told.value.aside == 'Calendars that are there: "Coaching", "evilgnp2J".'


def test_a_server_that_does_not_list_its_calendars_is_quoted_all_the_same(by_url: House) -> None:
    by_url.text = by_url.text.replace("/alice/source/", "/alice/sauce/")
    by_url.server.fail("collections", CoachsyncError("no-calendar-home", "No calendars."))
    with by_url.wiring() as wiring, pytest.raises(NotThere) as told:
        locating.source(wiring, "coaching")
    assert told.value.aside == ""


def test_a_state_folder_that_cannot_be_made_is_named_by_its_key(house: House) -> None:
    with house.wiring() as wiring:
        settings, now = wiring.config, wiring.now
    for file in sorted(house.state.rglob("*"), reverse=True):
        file.rmdir() if file.is_dir() else file.unlink()
    house.state.rmdir()
    house.state.write_text("a file")
    with pytest.raises(CoachsyncError) as told, open_wiring(settings, "sync", now):
        pass
    assert (told.value.code, told.value.where) == ("folder-not-writable", "practice.state")


def test_a_server_that_knew_nothing_of_the_account_is_asked_again_where_a_new_calendar_must_go(by_url: House) -> None:
    by_url.sessions(1)
    by_url.server.fail("whoami", NotThere("not-there", "No CalDAV service was found."))
    assert by_url.sync().exit_code() == 0
    assert len(by_url.served()) == 1


def test_a_server_that_knew_nothing_of_the_account_is_asked_again_with_the_daily_listing(by_url: House) -> None:
    by_url.text = by_url.text.partition("[shares.office]")[0]
    by_url.server.fail("whoami", NotThere("not-there", "No CalDAV service was found."))
    for known in ({"alice"}, {"alice@calendar.example"}):
        by_url.sync()
        with by_url.wiring() as wiring:
            assert wiring.addresses("cloud") == known
        by_url.now += timedelta(days=1)
    assert by_url.sync().exit_code() == 0
