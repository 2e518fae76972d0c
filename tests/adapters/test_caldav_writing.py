"""Creating, removing, making calendars, and what each refusal means. Over scripted servers."""

from __future__ import annotations

import pytest

from coachsync.errors import CoachsyncError, NotThere, Stale, Temporary
from davscript import CALENDAR, Connect, Start, about, always, calendar_url, error, member, multistatus, whole
from servers import Reply

HREF = CALENDAR + "a.ics"


def test_p04_an_object_is_created_only_where_there_is_none(scripted: Start, connect: Connect) -> None:
    server = scripted(always(Reply(201, b"", {"ETag": '"1"'})))

    assert connect(server.url).create(HREF, b"BEGIN:VCALENDAR\r\n") == '"1"'

    [request] = server.requests
    assert (request.method, request.path, request.body) == ("PUT", HREF, b"BEGIN:VCALENDAR\r\n")
    assert request.headers["If-None-Match"] == "*"
    assert request.headers["Content-Type"] == "text/calendar; charset=utf-8"


@pytest.mark.parametrize("headers", [{}, {"ETag": 'W/"1"'}])
def test_an_etag_that_is_not_sent_or_weak_is_none(scripted: Start, connect: Connect, headers: dict[str, str]) -> None:
    server = scripted(always(Reply(201, b"", headers)))

    assert connect(server.url).create(HREF, b"x") is None


def test_p04_an_object_is_removed_only_in_the_version_meant(scripted: Start, connect: Connect) -> None:
    server = scripted(always(Reply(204)))

    connect(server.url).remove(HREF, '"7"')

    assert [(request.method, request.headers["If-Match"]) for request in server.requests] == [("DELETE", '"7"')]


def test_p04_an_object_of_unknown_version_is_not_removed(scripted: Start, connect: Connect) -> None:
    server = scripted(always(Reply(204)))

    with pytest.raises(Stale):
        connect(server.url).remove(HREF, "")

    assert server.requests == []


@pytest.mark.parametrize("status", [404, 410])
def test_an_object_already_gone_is_fine(scripted: Start, connect: Connect, status: int) -> None:
    connect(scripted(always(Reply(status))).url).remove(HREF, '"7"')


REFUSALS = [
    (Reply(412), Stale, "stale"),
    (Reply(423), Temporary, "locked"),
    (Reply(403), CoachsyncError, "forbidden"),
    (Reply(404), NotThere, "not-there"),
    (Reply(409), NotThere, "not-there"),
    (Reply(413), CoachsyncError, "too-large"),
    (Reply(507), CoachsyncError, "storage-full"),
    (Reply(500), Temporary, "server-error"),
    (Reply(502), Temporary, "server-error"),
    (Reply(503), Temporary, "server-unavailable"),
    (Reply(429), Temporary, "too-many-requests"),
    (Reply(400), CoachsyncError, "refused"),
    (Reply(415), CoachsyncError, "refused"),
    (Reply(501), CoachsyncError, "refused"),
    (error(403, "C:max-resource-size"), CoachsyncError, "too-large"),
    (error(403, "quota-not-exceeded"), CoachsyncError, "storage-full"),
    (error(409, "C:no-uid-conflict"), CoachsyncError, "uid-taken"),
    (error(412, "C:no-uid-conflict"), CoachsyncError, "uid-taken"),
    (error(403, "C:unique-scheduling-object-resource"), CoachsyncError, "uid-taken"),
    (Reply(403, b"<html>no"), CoachsyncError, "forbidden"),
]


@pytest.mark.parametrize(("reply", "kind", "code"), REFUSALS)
def test_a_refused_write_says_why(
    scripted: Start, connect: Connect, reply: Reply, kind: type[CoachsyncError], code: str
) -> None:
    server = scripted(always(reply))

    with pytest.raises(CoachsyncError) as refused:
        connect(server.url).create(HREF, b"x")

    assert (type(refused.value), refused.value.code) == (kind, code)
    assert server.count["PUT"] == 1
    assert refused.value.message
    assert CALENDAR not in f"{refused.value.message}{refused.value.hint}"


def test_a_calendar_is_made_for_events_with_a_name(scripted: Start, connect: Connect) -> None:
    server = scripted(always(Reply(201)))

    connect(server.url).make(calendar_url(server), "Séances <&> \x01")

    [request] = server.requests
    assert (request.method, request.path) == ("MKCALENDAR", CALENDAR)
    body = request.body.decode()
    assert "displayname>Séances &lt;&amp;&gt; </" in body
    assert 'comp name="VEVENT"' in body


@pytest.mark.parametrize("status", [403, 405, 409])
def test_a_calendar_that_exists_is_not_made_again(scripted: Start, connect: Connect, status: int) -> None:
    there = multistatus(about(CALENDAR, "<resourcetype><collection/></resourcetype>"))
    server = scripted(lambda request: Reply(status) if request.method == "MKCALENDAR" else there)

    with pytest.raises(Stale) as exists:
        connect(server.url).make(calendar_url(server), "Coaching")

    assert exists.value.code == "exists"


@pytest.mark.parametrize("missing", [Reply(404), multistatus(whole(CALENDAR, "404 Not Found"))])
@pytest.mark.parametrize(
    ("status", "code"), [(403, "forbidden"), (405, "refused"), (409, "refused"), (507, "storage-full")]
)
def test_a_calendar_that_may_not_be_made_is_refused(
    scripted: Start, connect: Connect, missing: Reply, status: int, code: str
) -> None:
    server = scripted(lambda request: Reply(status) if request.method == "MKCALENDAR" else missing)

    with pytest.raises(CoachsyncError) as refused:
        connect(server.url).make(calendar_url(server), "Coaching")

    assert refused.value.code == code


def test_an_objects_etag_is_the_one_its_calendar_lists(scripted: Start, connect: Connect) -> None:
    server = scripted(always(multistatus(member(HREF, '"listed"'))))

    assert connect(server.url).etag(HREF) == '"listed"'

    assert [(request.method, request.path) for request in server.requests] == [("PROPFIND", HREF)]


@pytest.mark.parametrize("reply", [Reply(404), Reply(410), multistatus(whole(HREF, "404 Not Found"))])
def test_no_object_has_no_etag(scripted: Start, connect: Connect, reply: Reply) -> None:
    assert connect(scripted(always(reply)).url).etag(HREF) is None
