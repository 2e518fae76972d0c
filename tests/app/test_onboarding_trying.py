"""Each answer is tried at once, on real servers and on stand-ins of those that cannot run here."""

from __future__ import annotations

from contextlib import closing

import pytest

from accounts import Account
from certificates import Authority
from coachsync.app.onboarding import trying
from coachsync.app.onboarding.address import understand
from coachsync.app.onboarding.providers import NEXTCLOUD, OTHER, RADICALE, SOGO
from coachsync.errors import CoachsyncError, Refused
from davscript import PASSWORD, USER, Start, always, basic, collection
from nextcloudscript import APP_PASSWORD, LOGIN, NextcloudScript
from servers import Reply, Request
from web import Web


def found(url: str) -> trying.Place:
    return trying.find(understand(url))


def test_a_service_that_asks_for_a_login_is_found(radicale: Account) -> None:
    assert found(radicale.url) == trying.Place(radicale.url, RADICALE)
    assert found(radicale.url).provider == RADICALE  # a refused credential is not asked about twice


def test_a_service_with_a_realm_of_its_own_is_nobodys(scripted: Start) -> None:
    assert found(scripted(basic(collection)).url).provider in (OTHER, SOGO)


def test_a_service_that_asks_nobody_is_known_as_open(xandikos: Account) -> None:
    assert found(xandikos.url).open


def test_the_right_login_lists_the_calendars_by_name(radicale: Account) -> None:
    web = Web(radicale)
    for name in ("Privé", "coaching", "Agenda"):
        web.make(radicale.new_calendar(), name)
    with closing(trying.enter(found(radicale.url), radicale.username, radicale.password).server):
        login = trying.enter(found(radicale.url), radicale.username, radicale.password)
    with closing(login.server):
        assert [calendar.name for calendar in login.calendars] == ["Agenda", "coaching", "Privé"]
        assert sorted(login.names) == ["Agenda", "Privé", "coaching"]
    assert radicale.password not in repr(login)
    assert radicale.username not in repr(login)


def test_a_calendar_that_holds_something_is_taken_and_so_are_twins(radicale: Account) -> None:
    web = Web(radicale)
    for name in ("Empty", "Twin", "Twin"):
        web.make(radicale.new_calendar(), name)
    full = web.make(radicale.new_calendar(), "Full")
    web.put(f"{full}1.ics", b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nBEGIN:VEVENT\r\nUID:1\r\n"
            b"DTSTAMP:20260101T000000Z\r\nDTSTART:20260101T000000Z\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n")  # fmt: skip
    login = trying.enter(found(radicale.url), radicale.username, radicale.password)
    with closing(login.server):
        assert [trying.taken(login, name) for name in ("New", "Empty", "Full", "Twin")] == [False, False, True, True]


def test_a_wrong_password_says_what_counts(radicale: Account) -> None:
    with pytest.raises(Refused) as caught:
        trying.enter(found(radicale.url), radicale.username, "wrong-canary")
    assert "capitals and spaces count" in caught.value.hint
    assert "wrong-canary" not in caught.value.message + caught.value.hint


def test_a_user_without_calendars_is_told_so(radicale: Account) -> None:
    with pytest.raises(CoachsyncError) as caught:
        trying.enter(found(radicale.url), radicale.username, radicale.password)
    assert caught.value.code == "no-calendars"
    assert caught.value.hint == "Create a calendar in your calendar program, or type another user name."


def test_nextcloud_is_known_under_whatever_name_and_in_whatever_folder(scripted: Start) -> None:
    base = f"{scripted(NextcloudScript('/wolke/')).url}wolke/"
    place = found(f"{base}index.php/apps/calendar/")
    assert place == trying.Place(f"{base}remote.php/dav/", NEXTCLOUD, base)
    with closing(trying.enter(place, LOGIN, APP_PASSWORD).server):
        pass
    with pytest.raises(Refused) as caught:
        trying.enter(place, LOGIN, "wrong")
    assert "app password" in caught.value.hint


def test_sogo_is_found_behind_a_website(scripted: Start) -> None:
    guarded = basic(collection)
    server = scripted(lambda asked: guarded(asked) if "/dav" in asked.path else Reply(405))
    place = found(server.url)
    assert place == trying.Place(f"{server.url}SOGo/dav/", SOGO)
    with closing(trying.enter(place, USER, PASSWORD).server):
        pass


@pytest.mark.parametrize(
    "reply",
    [Reply(404), Reply(405), Reply(403), Reply(200, b"<html>"), Reply(301, headers={"Location": "/"})],
    ids=repr,
)
def test_a_website_is_no_calendar_service(scripted: Start, reply: Reply) -> None:
    with pytest.raises(CoachsyncError) as caught:
        found(scripted(always(reply)).url)
    assert caught.value.code in ("no-calendar-service", "too-many-redirects")
    assert caught.value.hint


def test_a_website_that_moved_is_told(scripted: Start) -> None:
    elsewhere = scripted(always(Reply(404)))
    server = scripted(always(Reply(301, headers={"Location": elsewhere.url})))
    with pytest.raises(CoachsyncError) as caught:
        found(server.url)
    assert (caught.value.code, "browser" in caught.value.hint) == ("redirect-elsewhere", True)
    assert elsewhere.requests == []


def test_nobody_there_is_told_in_the_words_of_a_first_conversation(scripted: Start) -> None:
    with pytest.raises(CoachsyncError) as caught:
        found("http://127.0.0.1:1/")
    assert (caught.value.code, "online" in caught.value.hint) == ("no-connection", True)


def test_a_certificate_of_ones_own_needs_an_option(scripted: Start, authority: Authority) -> None:
    server = scripted(basic(collection), authority.context("127.0.0.1"))
    with pytest.raises(CoachsyncError) as caught:
        found(server.url)
    assert (caught.value.code, "--ca-file" in caught.value.hint) == ("certificate-not-trusted", True)
    place = trying.find(understand(server.url), authority.file)
    with closing(trying.enter(place, USER, PASSWORD, authority.file).server):
        pass


def test_the_address_is_tried_without_any_login(scripted: Start) -> None:
    server = scripted(basic(collection))
    place = found(server.url)
    assert [asked for asked in server.requests if PASSWORD in str(asked) or "Bearer" in str(asked.headers)] == []
    server.clear()
    with closing(trying.enter(place, USER, PASSWORD).server):
        assert any("Authorization" in asked.headers for asked in server.requests)


def test_a_refused_password_is_not_sent_twice(scripted: Start) -> None:
    tried: list[str] = []

    def script(asked: Request) -> Reply:
        tried.append(asked.headers.get("Authorization", ""))
        return Reply(401, b"", {"WWW-Authenticate": "Basic realm=x"})

    place = found(scripted(script).url)
    for _ in range(2):
        with pytest.raises(Refused):
            trying.enter(place, USER, "wrong")
    assert len([login for login in tried if login.startswith("Basic")]) == 1
