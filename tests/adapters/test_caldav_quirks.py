"""Servers that take no notice of conditions, or give one answer for several reasons, as the Debian servers do."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from coachsync.errors import CoachsyncError, NotThere, Stale, Temporary
from davscript import CALENDAR, Connect, Start, about, calendar_url, member, multistatus, whole
from servers import Reply, Request

SOGO = "/SOGo/dav/alice/Calendar/coaching/a.ics"
HREF = CALENDAR + "a.ics"
WRITTEN = Reply(204, b"", {"ETag": '"gcs00000001"'})


def taking_no_notice(there: str | None) -> Callable[[Request], Reply]:
    """As SOGo: whatever is written or deleted succeeds; `there` is the ETag of what lies at the place."""
    found = multistatus(whole(SOGO, "404 Not Found") if there is None else member(SOGO, there))
    return lambda request: found if request.method == "PROPFIND" else WRITTEN


def test_p04_where_conditions_count_for_nothing_a_look_comes_first(scripted: Start, connect: Connect) -> None:
    taken, free = scripted(taking_no_notice('"gcs00000000"')), scripted(taking_no_notice(None))

    with pytest.raises(Stale):
        connect(taken.url).create(SOGO, b"x")
    with pytest.raises(Stale):
        connect(taken.url).remove(SOGO, '"gcs00000007"')
    with pytest.raises(Stale):
        connect(free.url).update(SOGO, b"x", '"gcs00000000"')

    assert taken.methods == ["PROPFIND", "PROPFIND"]
    assert free.methods == ["PROPFIND"]


def test_where_conditions_count_for_nothing_what_fits_is_written(scripted: Start, connect: Connect) -> None:
    taken, free = scripted(taking_no_notice('"gcs00000000"')), scripted(taking_no_notice(None))

    assert connect(free.url).create(SOGO, b"x") == '"gcs00000001"'
    assert connect(taken.url).update(SOGO, b"x", '"gcs00000000"') == '"gcs00000001"'
    assert connect(taken.url).remove(SOGO, '"gcs00000000"')

    assert free.methods == ["PROPFIND", "PUT"]
    assert taken.methods == ["PROPFIND", "PUT", "PROPFIND", "DELETE"]


@pytest.mark.parametrize("status", [403, 405])
def test_a_put_into_no_calendar_is_told_from_one_that_is_refused(
    scripted: Start, connect: Connect, status: int
) -> None:
    kind = "<resourcetype><collection/></resourcetype>"
    gone = scripted(lambda request: Reply(status if request.method == "PUT" else 404))
    there = scripted(lambda request: Reply(status) if request.method == "PUT" else multistatus(about(CALENDAR, kind)))

    with pytest.raises(NotThere):
        connect(gone.url).create(HREF, b"x")
    with pytest.raises(CoachsyncError) as refused:
        connect(there.url).create(HREF, b"x")

    assert refused.value.code in ("forbidden", "refused")
    assert [request.path for request in gone.requests] == [HREF, CALENDAR]


def test_what_is_gone_and_refused_as_another_version_is_gone(scripted: Start, connect: Connect) -> None:
    gone = scripted(lambda request: Reply(412 if request.method == "DELETE" else 404))
    other = scripted(lambda request: Reply(412) if request.method == "DELETE" else multistatus(member(HREF, '"2"')))

    assert connect(gone.url).remove(HREF, '"1"') is False
    with pytest.raises(Stale):
        connect(other.url).remove(HREF, '"1"')


def test_an_object_that_is_gone_may_be_said_so_with_a_page(scripted: Start, connect: Connect) -> None:
    page = {"Content-Type": "text/html"}
    gone = scripted(lambda _: Reply(404, b"<html>not found</html>", page))
    login = scripted(lambda _: Reply(200, b"<html>log in</html>", page))

    assert list(connect(gone.url).fetch(calendar_url(gone), [HREF])) == []
    with pytest.raises(Temporary):
        list(connect(login.url).fetch(calendar_url(login), [HREF]))
