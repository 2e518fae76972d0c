"""An appointment that comes back while the trash of a Nextcloud still has it. Over a scripted server."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from coachsync.errors import CoachsyncError, Temporary
from davscript import Connect, Start, multistatus
from servers import Reply, Request

HOME = "/remote.php/dav/calendars/alice/"
HREF = f"{HOME}coaching/a.ics"
TRASHED = f"{HOME}trashbin/objects/17-a.ics"
BODY = b"BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nDTSTART:20260302T090000Z\r\nUID:uid-1\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"


def in_trash(calendar: str, href: str = TRASHED) -> str:
    uri = f'<n:calendar-uri xmlns:n="http://nextcloud.com/ns">{calendar}</n:calendar-uri>'
    props = f"<prop><getetag>&quot;1&quot;</getetag>{uri}</prop>"
    return f"<response><href>{href}</href><propstat>{props}<status>HTTP/1.1 200 OK</status></propstat></response>"


def nextcloud(*trash: str, refusal: int = 500) -> Callable[[Request], Reply]:
    """A server that refuses the UID until everything of that calendar is out of its trash."""
    gone: list[str] = []

    def script(request: Request) -> Reply:
        if request.method == "REPORT":
            assert request.path == f"{HOME}trashbin/objects/"
            assert b">uid-1<" in request.body
            return multistatus(*trash)
        if request.method == "DELETE":
            gone.append(request.path)
            return Reply(204)
        return Reply(201, b"", {"ETag": '"2"'}) if gone else Reply(refusal)

    return script


def test_what_lies_in_the_trash_makes_room_for_what_comes_back(scripted: Start, connect: Connect) -> None:
    server = scripted(nextcloud(in_trash("coaching")))

    assert connect(f"{server.url}remote.php/dav/").create(HREF, BODY) == '"2"'

    assert [(one.method, one.path) for one in server.requests] == [
        ("PUT", HREF),
        ("REPORT", f"{HOME}trashbin/objects/"),
        ("DELETE", TRASHED),
        ("PUT", HREF),
    ]
    assert server.requests[-1].headers["If-None-Match"] == "*"


def test_p04_what_was_in_another_calendar_stays_in_the_trash(scripted: Start, connect: Connect) -> None:
    server = scripted(nextcloud(in_trash("family")))

    with pytest.raises(Temporary) as raised:
        connect(f"{server.url}remote.php/dav/").create(HREF, BODY)

    assert raised.value.code == "server-error"
    assert server.methods == ["PUT", "REPORT"]


def test_the_server_is_not_asked_twice_when_its_trash_is_empty(scripted: Start, connect: Connect) -> None:
    server = scripted(nextcloud())
    with pytest.raises(Temporary):
        connect(f"{server.url}remote.php/dav/").create(HREF, BODY)
    assert server.methods == ["PUT", "REPORT"]


@pytest.mark.parametrize(("status", "code"), [(500, "server-error"), (400, "refused")])
def test_no_other_server_is_asked_for_a_trash(scripted: Start, connect: Connect, status: int, code: str) -> None:
    server = scripted(lambda request: Reply(status))
    with pytest.raises(CoachsyncError) as raised:
        connect(server.url).create("/dav/alice/coaching/a.ics", BODY)
    assert raised.value.code == code
    assert "REPORT" not in server.methods


def test_a_trash_that_cannot_be_looked_at_hides_nothing(scripted: Start, connect: Connect) -> None:
    server = scripted(lambda request: Reply(500))
    with pytest.raises(Temporary) as raised:
        connect(f"{server.url}remote.php/dav/").create(HREF, BODY)
    assert raised.value.code == "server-error"
