"""Which software a server is, and whether it writes to people by itself, as it says when an account signs in."""

from __future__ import annotations

import pytest

from accounts import Account
from coachsync.adapters.caldav.software import recognise, unconditional
from coachsync.errors import Temporary
from coachsync.model import Software
from davscript import Connect, Start, collection
from servers import Reply, Request

SCHEDULING = "1, 3, access-control, calendar-access, calendar-auto-schedule"
SAID = {
    "Cyrus": ("/dav/calendars/user/a/", {"Server": "Cyrus-HTTP/3.6.1", "DAV": SCHEDULING}, Software.CYRUS, True),
    "old Cyrus": ("/dav/calendars/a/", {"Server": "Cyrus-HTTP/2.5.10", "DAV": SCHEDULING}, Software.OTHER, True),
    "DAViCal": ("/caldav.php/a/", {"X-DAViCal-Version": "1.1.12", "DAV": SCHEDULING}, Software.DAVICAL, True),
    "SOGo": ("/SOGo/dav/a/Calendar/", {"DAV": SCHEDULING}, Software.SOGO, True),
    "Nextcloud": (
        "/remote.php/dav/calendars/a/",
        {"DAV": f"{SCHEDULING}, nextcloud-checksum-update, nc-calendar-search", "X-Sabre-Version": "4.7.0"},
        Software.NEXTCLOUD,
        True,
    ),
    "Baikal": ("/dav.php/calendars/a/", {"DAV": SCHEDULING, "X-Sabre-Version": "4.7.0"}, Software.SABRE, True),
    "sabre 1.8": ("/calendars/a/", {"DAV": "1, 3, calendar-access", "X-Sabre-Version": "1.8"}, Software.SABRE, False),
    "of a draft": ("/dav/", {"DAV": "1, calendar-schedule"}, Software.OTHER, True),
    "in capitals": ("/dav/", {"DAV": "1, Calendar-Auto-Schedule"}, Software.OTHER, True),
    "of no kind": ("/dav/", {"DAV": "1, calendar-access"}, Software.OTHER, False),
    "silent": ("/dav/", {"Server": "nginx"}, Software.OTHER, True),
}


@pytest.mark.parametrize("server", SAID)
def test_a_server_is_known_by_what_it_says(server: str) -> None:
    home, headers, software, schedules = SAID[server]

    assert recognise(f"https://dav.example{home}", headers) == (software, schedules)


def test_radicale_and_xandikos_are_recognised(radicale: Account, xandikos: Account) -> None:
    for account, software, schedules in ((radicale, Software.RADICALE, False), (xandikos, Software.XANDIKOS, True)):
        client = account.client()
        who = client.whoami()
        client.close()
        assert (who.software, who.schedules) == (software, schedules)


def test_signing_in_asks_once_what_the_server_is(scripted: Start, connect: Connect) -> None:
    def script(request: Request) -> Reply:
        return Reply(200, b"", {"DAV": "1, calendar-access"}) if request.method == "OPTIONS" else collection(request)

    server = scripted(script)
    client = connect(server.url)

    who = client.whoami()
    client.collections()

    assert (who.software, who.schedules) == (Software.OTHER, False)
    asked = [request.path for request in server.requests if request.method == "OPTIONS"]
    assert asked == ["/dav/alice/"]


def test_a_server_can_be_asked_again_what_it_is(scripted: Start, connect: Connect) -> None:
    server = scripted(lambda _: Reply(200, b"", {"DAV": SCHEDULING, "X-Sabre-Version": "4.7.0"}))

    assert connect(server.url).recognised(f"{server.url}dav/alice/") == (Software.SABRE, True)
    assert server.methods == ["OPTIONS"]


@pytest.mark.parametrize("refusal", [Reply(405), Reply(403), Reply(500), Reply(301, b"", {"Location": "http://x/"})])
def test_p06_a_server_that_does_not_say_what_it_is_may_write_to_people(
    scripted: Start, connect: Connect, refusal: Reply
) -> None:
    server = scripted(lambda request: refusal if request.method == "OPTIONS" else collection(request))

    who = connect(server.url).whoami()

    assert (who.software, who.schedules) == (Software.OTHER, True)


def test_a_server_that_is_busy_is_no_unknown_one(scripted: Start, connect: Connect) -> None:
    server = scripted(lambda request: Reply(503) if request.method == "OPTIONS" else collection(request))

    with pytest.raises(Temporary):
        connect(server.url).whoami()


def test_sogo_is_known_by_its_path() -> None:
    assert unconditional("https://mail.example/SOGo/dav/alice/Calendar/personal/one.ics")
    for url in ("https://mail.example/dav/alice/one.ics", "https://mail.example/dav/sogo/one.ics", "https://SOGo/dav/"):
        assert not unconditional(url)
