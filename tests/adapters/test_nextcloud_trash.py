"""What a Nextcloud has in its trash. Over a scripted server that answers as its source does: whatever is asked of the
trash, it lists everything."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from coachsync.errors import CoachsyncError, Temporary
from davscript import Connect, Start, member, multistatus
from servers import Reply, Request

HOME = "/remote.php/dav/calendars/alice/"
HREF = f"{HOME}coaching/a.ics"
CALENDAR = "remote.php/dav/calendars/alice/coaching/"  # below the server's root
TRASH = f"{HOME}trashbin/objects/"


def text(uid: str) -> str:
    event = f"BEGIN:VEVENT\r\nDTSTART:20260302T090000Z\r\nUID:{uid}\r\nEND:VEVENT"
    return f"BEGIN:VCALENDAR\r\n{event}\r\nEND:VCALENDAR\r\n"


def listed(number: int, calendar: str) -> str:
    uri = f'<n:calendar-uri xmlns:n="http://nextcloud.com/ns">{calendar}</n:calendar-uri>'
    props = f"<prop><getetag>&quot;{number}&quot;</getetag>{uri}</prop>"
    propstat = f"<propstat>{props}<status>HTTP/1.1 200 OK</status></propstat>"
    return f"<response><href>{TRASH}{number}.ics</href>{propstat}</response>"


def nextcloud(*trash: tuple[str, str]) -> Callable[[Request], Reply]:
    """A server with these calendars and UIDs in its trash, numbered from one."""
    numbered = dict(enumerate(trash, 1))

    def script(request: Request) -> Reply:
        if request.method == "REPORT":
            assert request.path == TRASH
            if b"calendar-query" in request.body:
                return multistatus(*(listed(number, calendar) for number, (calendar, _) in numbered.items()))
            asked = [int(found) for found in re.findall(rb"objects/(\d+)\.ics", request.body)]
            return multistatus(
                *(member(f"{TRASH}{number}.ics", f'"{number}"', data=text(numbered[number][1])) for number in asked)
            )
        if request.method == "GET":
            number = int(request.path.rpartition("/")[2].removesuffix(".ics"))
            return Reply(200, text(numbered[number][1]).encode(), {"ETag": f'"{number}"'})
        return Reply(204 if request.method == "DELETE" else 500)

    return script


def test_p04_only_the_same_appointment_is_found_in_a_full_trash(scripted: Start, connect: Connect) -> None:
    others = [("coaching", f"uid-{number}") for number in range(2, 6)]
    server = scripted(nextcloud(*others, ("coaching", "uid-1"), ("family", "uid-1"), ("coaching", "UID-1")))

    [found] = connect(f"{server.url}remote.php/dav/").in_trash(server.url + CALENDAR, {"uid-1"})

    assert (found.href, found.etag, found.body) == (f"{TRASH}5.ics", '"5"', text("uid-1").encode())
    assert set(server.methods) == {"REPORT"}


def test_p06_what_is_found_is_deleted_under_its_version_and_without_mail(scripted: Start, connect: Connect) -> None:
    server = scripted(nextcloud(("coaching", "uid-1")))
    client = connect(f"{server.url}remote.php/dav/")

    [found] = client.in_trash(server.url + CALENDAR, {"uid-1"})
    assert client.remove(found.href, found.etag)

    deletion = server.requests[-1]
    assert (deletion.method, deletion.path, deletion.headers["If-Match"]) == ("DELETE", f"{TRASH}1.ics", '"1"')
    assert deletion.headers["Schedule-Reply"] == "F"


def test_the_trash_of_a_calendar_with_a_space_in_its_address_is_its_own(scripted: Start, connect: Connect) -> None:
    server = scripted(nextcloud(("my coaching", "uid-1")))
    found = connect(f"{server.url}remote.php/dav/").in_trash(f"{server.url}{CALENDAR[:-9]}my%20coaching/", {"uid-1"})
    assert len(found) == 1


@pytest.mark.parametrize("status", [500, 400])
def test_a_refused_object_alone_touches_no_trash(scripted: Start, connect: Connect, status: int) -> None:
    server = scripted(lambda request: Reply(status))
    with pytest.raises(CoachsyncError):
        connect(f"{server.url}remote.php/dav/").create(HREF, text("uid-1").encode())
    assert not {"REPORT", "DELETE"} & set(server.methods)


def test_no_other_server_is_asked_for_a_trash(scripted: Start, connect: Connect) -> None:
    server = scripted(lambda request: Reply(500))
    assert connect(server.url).in_trash(f"{server.url}dav/alice/coaching/", {"uid-1"}) == ()
    assert connect(f"{server.url}remote.php/dav/").in_trash(server.url + CALENDAR, set()) == ()
    assert server.methods == []


def test_several_appointments_are_looked_for_at_once(scripted: Start, connect: Connect) -> None:
    server = scripted(nextcloud(*(("coaching", f"uid-{number}") for number in range(9))))
    found = connect(f"{server.url}remote.php/dav/").in_trash(server.url + CALENDAR, {"uid-3", "uid-7"})
    assert [item.href for item in found] == [f"{TRASH}4.ics", f"{TRASH}8.ics"]
    assert server.methods == ["REPORT", "REPORT"]


def test_a_trash_that_cannot_be_looked_at_says_so(scripted: Start, connect: Connect) -> None:
    server = scripted(lambda request: Reply(500))
    with pytest.raises(Temporary) as raised:
        connect(f"{server.url}remote.php/dav/").in_trash(server.url + CALENDAR, {"uid-1"})
    assert raised.value.code == "server-error"


def test_everything_of_one_calendar_can_be_asked_for(scripted: Start, connect: Connect) -> None:
    server = scripted(nextcloud(("coaching", "uid-1"), ("family", "uid-2"), ("coaching", "uid-3")))
    found = connect(f"{server.url}remote.php/dav/").in_trash(server.url + CALENDAR, None)
    assert [item.href for item in found] == [f"{TRASH}1.ics", f"{TRASH}3.ics"]
    assert not any(b"uid-" in request.body for request in server.requests)


def test_p06_a_calendar_is_destroyed_for_good_and_without_mail(scripted: Start, connect: Connect) -> None:
    server = scripted(nextcloud())
    connect(f"{server.url}remote.php/dav/").destroy(server.url + CALENDAR)
    (deletion,) = server.requests
    assert (deletion.method, deletion.path) == ("DELETE", f"/{CALENDAR}")
    assert deletion.headers["X-NC-CalDAV-No-Trashbin"] == "1"
    assert deletion.headers["Schedule-Reply"] == "F"
