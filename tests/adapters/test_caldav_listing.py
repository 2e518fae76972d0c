"""Listings: tokens, ctags, pages, and answers that must not be taken for an absence. Over scripted servers."""

from __future__ import annotations

from dataclasses import replace

import pytest

from coachsync.errors import CoachsyncError, NotThere, Temporary
from coachsync.model import Listing
from davscript import (
    CALENDAR,
    Connect,
    Start,
    about,
    always,
    asked_token,
    calendar_url,
    error,
    member,
    multistatus,
    whole,
)
from servers import Reply, Request, Scripted

A, B, C = (f"{CALENDAR}{name}.ics" for name in "abc")


def changes(server: Scripted, connect: Connect, token: str | None) -> Listing:
    return connect(server.url).changes(calendar_url(server), token)


def test_the_report_asks_for_etags_only_and_never_sets_a_limit(scripted: Start, connect: Connect) -> None:
    server = scripted(always(multistatus(token="t")))

    changes(server, connect, "sync:earlier & <later>")

    [request] = server.requests
    assert (request.method, request.headers["Depth"]) == ("REPORT", "0")
    assert asked_token(request) == "earlier &amp; &lt;later&gt;"
    assert b"getetag" in request.body
    assert b"limit" not in request.body
    assert b"calendar-data" not in request.body


def test_a_delta_has_what_came_what_went_and_what_cannot_be_told(scripted: Start, connect: Connect) -> None:
    responses = [
        member(A, '"2"'),
        whole(B, "404 Not Found"),
        member(C, status="500 Oops"),
        whole(CALENDAR + "d.ics", "403 No"),
    ]
    server = scripted(always(multistatus(*responses, token="t2")))

    listing = changes(server, connect, "sync:t1")

    assert listing.etags == {A: '"2"'}
    assert listing.gone == {B}
    assert listing.unclear == {C, CALENDAR + "d.ics"}
    assert not listing.complete
    assert listing.token == "sync:t2"


def test_tombstones_of_a_first_listing_are_not_gone(scripted: Start, connect: Connect) -> None:
    server = scripted(always(multistatus(whole(B, "404 Not Found"), member(A), token="t")))

    listing = changes(server, connect, None)

    assert (listing.etags, listing.gone, listing.complete) == ({A: '"1"'}, frozenset(), True)


def test_an_object_without_an_etag_is_unclear(scripted: Start, connect: Connect) -> None:
    server = scripted(
        always(multistatus(member(A, etag=None), member(B, etag=None, status="404 Not Found"), token="t"))
    )

    listing = changes(server, connect, None)

    assert (listing.etags, listing.unclear) == ({}, {A, B})


def test_the_collection_itself_and_what_is_not_in_it_are_skipped(scripted: Start, connect: Connect) -> None:
    others = (CALENDAR, CALENDAR.rstrip("/"), CALENDAR + "sub/", CALENDAR + "sub/x.ics", "/dav/alice/other/x.ics")
    others += ("https://elsewhere.example" + A, CALENDAR + "../other/x.ics", "/dav/alice/coaching-2/x.ics")
    server = scripted(always(multistatus(*map(member, others), member(A), token="t")))

    listing = changes(server, connect, None)

    assert listing.etags == {A: '"1"'}
    assert listing.unclear == listing.gone == frozenset()


@pytest.mark.parametrize(
    "spelling",
    [
        "/dav/alice/coaching/s%C3%A9ance%3a1%20.ics",
        "/dav/alice/coaching/s%c3%a9ance:1%20.ics",
        "/dav/alice/coaching/séance:1 .ics",
        "séance:1%20.ics",
        "./s%C3%A9ance:1%20.ics",
        "\n  /dav/alice/coaching/séance:1%20.ics  ",
        "http://127.0.0.1/dav/alice/coaching/séance:1%20.ics",
        "//127.0.0.1:99/dav/alice/coaching/séance:1%20.ics",
    ],
)
def test_every_spelling_of_an_href_is_one(scripted: Start, connect: Connect, spelling: str) -> None:
    server = scripted(always(multistatus(member(spelling), token="t")))

    listing = changes(server, connect, None)

    assert list(listing.etags) == ["/dav/alice/coaching/s%C3%A9ance:1%20.ics"]


def test_a_relative_name_with_a_colon_is_a_name(scripted: Start, connect: Connect) -> None:
    server = scripted(always(multistatus(member("a:b.ics"), token="t")))

    listing = changes(server, connect, None)

    assert list(listing.etags) == [CALENDAR + "a:b.ics"]


def test_an_answer_that_names_only_strangers_is_no_empty_calendar(scripted: Start, connect: Connect) -> None:
    server = scripted(always(multistatus(member("/behind/the/proxy/a.ics"), token="t")))

    with pytest.raises(CoachsyncError) as refused:
        changes(server, connect, None)

    assert refused.value.code == "hrefs-elsewhere"


@pytest.mark.parametrize("first", [None, "sync:t0"])
def test_a_truncated_answer_is_continued_with_its_token(scripted: Start, connect: Connect, first: str | None) -> None:
    start = (first or "sync:").removeprefix("sync:")
    full = whole(CALENDAR, "507 Insufficient Storage")
    pages = {
        start: multistatus(member(A), member(B), full, token="t1"),
        "t1": multistatus(whole(A, "404 Not Found"), full, token="t2"),
        "t2": multistatus(member(C), token="t3"),
    }
    server = scripted(lambda request: pages[asked_token(request) or ""])

    listing = changes(server, connect, first)

    assert listing.etags.keys() == {B, C}
    assert listing.gone == (frozenset() if first is None else {A})
    assert listing.token == "sync:t3"
    assert listing.complete == (first is None)


def test_a_truncated_answer_that_does_not_go_on_is_given_up(scripted: Start, connect: Connect) -> None:
    full = whole(CALENDAR, "507 Insufficient Storage")
    server = scripted(always(multistatus(member(A), full, token="t1")))

    with pytest.raises(Temporary) as cut:
        changes(server, connect, None)

    assert cut.value.code == "answer-truncated"
    assert len(server.requests) == 2


@pytest.mark.parametrize("status", [400, 403, 409, 410, 412])
def test_a_refused_token_gives_a_complete_listing(scripted: Start, connect: Connect, status: int) -> None:
    def script(request: Request) -> Reply:
        if asked_token(request):
            return error(status, "valid-sync-token")
        return multistatus(member(A), token="new")

    server = scripted(script)

    listing = changes(server, connect, "sync:old")

    assert (listing.etags, listing.complete, listing.refused) == ({A: '"1"'}, True, True)
    assert listing.token == "sync:new"
    assert len(server.requests) == 2


_SAY_NO = (400, 403, 404, 405, 409, 412, 507)


@pytest.mark.parametrize("status", _SAY_NO)
def test_a_token_that_was_refused_once_without_a_reason_is_shown_again(
    scripted: Start, connect: Connect, status: int
) -> None:
    """What disappeared meanwhile must not wait for a person then."""
    answers = iter([Reply(status, b"no"), multistatus(member(A), token="new"), multistatus(token="new")])
    server = scripted(lambda request: next(answers))

    listing = changes(server, connect, "sync:old")

    assert (listing.etags, listing.complete, listing.refused) == ({A: '"1"'}, True, False)
    assert [asked_token(request) for request in server.requests] == ["old", "", "old"]


def test_a_token_whose_refusal_gets_its_reason_at_last_is_refused(scripted: Start, connect: Connect) -> None:
    answers = iter([Reply(403, b"no"), multistatus(member(A), token="new"), error(403, "valid-sync-token")])

    listing = changes(scripted(lambda request: next(answers)), connect, "sync:old")

    assert (listing.etags, listing.complete, listing.refused) == ({A: '"1"'}, True, True)


@pytest.mark.parametrize("status", _SAY_NO)
def test_a_refusal_without_a_reason_that_stays_is_one_of_the_token(
    scripted: Start, connect: Connect, status: int
) -> None:
    everything = multistatus(member(A), token="new")
    server = scripted(lambda request: Reply(status, b"no") if asked_token(request) else everything)

    listing = changes(server, connect, "sync:old")

    assert (listing.etags, listing.complete, listing.refused) == ({A: '"1"'}, True, True)
    assert [asked_token(request) for request in server.requests] == ["old", "", "old"]


def test_where_no_token_at_all_is_known_everything_is_looked_at(scripted: Start, connect: Connect) -> None:
    def script(request: Request) -> Reply:
        return error(403, "valid-sync-token") if request.method == "REPORT" else multistatus(about(CALENDAR), member(A))

    for token, refused in ((None, False), ("sync:old", True)):
        listing = changes(scripted(script), connect, token)
        assert (listing.etags, listing.complete, listing.refused) == ({A: '"1"'}, True, refused)


@pytest.mark.parametrize("status", [404, 410])
def test_a_calendar_that_is_gone_is_not_a_refused_token(scripted: Start, connect: Connect, status: int) -> None:
    server = scripted(always(Reply(status)))

    for token in (None, "sync:t", "ctag:t"):
        with pytest.raises(NotThere):
            changes(server, connect, token)


def test_a_calendar_gone_within_a_multistatus_is_not_there(scripted: Start, connect: Connect) -> None:
    server = scripted(always(multistatus(whole(CALENDAR, "404 Not Found"), token="t")))

    for token in (None, "sync:t", "ctag:t"):
        with pytest.raises(NotThere):
            changes(server, connect, token)


@pytest.mark.parametrize("status", [500, 502, 504])
def test_a_failing_server_is_temporary_and_asked_once(scripted: Start, connect: Connect, status: int) -> None:
    server = scripted(always(Reply(status)))

    with pytest.raises(Temporary) as failing:
        changes(server, connect, "sync:t")

    assert failing.value.code == "server-error"
    assert len(server.requests) == 1


COMPLETE = multistatus(member(A), member(B), whole(C, "404 Not Found"), token="t")


@pytest.mark.parametrize(
    "reply",
    [
        replace(COMPLETE, body=COMPLETE.body[:-20]),
        replace(COMPLETE, body=COMPLETE.body[: len(COMPLETE.body) // 2]),
        replace(COMPLETE, body=COMPLETE.body[:60]),
        replace(COMPLETE, body=COMPLETE.body[: len(COMPLETE.body) // 2], announced=len(COMPLETE.body)),
        replace(COMPLETE, announced=len(COMPLETE.body) + 5),
        Reply(207, b""),
        multistatus(member(A)),
        Reply(raw=b"HTTP/1.1 207 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n<mult"),
        Reply(raw=b"HTTP/1.1 207 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n<mult\r\n"),
        Reply(raw=b"HTTP/1.1 207 OK\r\n\r\n" + COMPLETE.body[:-30]),
        Reply(207, b"no gzip", {"Content-Encoding": "gzip"}),
    ],
    ids=["end", "half", "start", "cut", "short", "empty", "no-token", "chunk", "chunks", "closed", "gzip"],
)
@pytest.mark.parametrize("token", [None, "sync:t"])
def test_p05_a_cut_answer_is_never_an_absence(
    scripted: Start, connect: Connect, reply: Reply, token: str | None
) -> None:
    server = scripted(always(reply))

    with pytest.raises(Temporary) as cut:
        changes(server, connect, token)

    assert cut.value.code == "answer-truncated"


@pytest.mark.parametrize(
    "reply",
    [
        Reply(200, b"<html><body>Please log in</body></html>", {"Content-Type": "text/html"}),
        Reply(207, b"<html xmlns='x'/>"),
        Reply(207, b"<multistatus xmlns='DAV:'><x>\x01</x></multistatus>"),
        Reply(
            207,
            b'<!DOCTYPE x [<!ENTITY x "y">]><multistatus xmlns="DAV:"><sync-token>t</sync-token></multistatus>',
        ),
    ],
)
def test_p05_an_answer_that_is_no_multistatus_is_never_an_absence(
    scripted: Start, connect: Connect, reply: Reply
) -> None:
    server = scripted(always(reply))

    for token in (None, "sync:t", "ctag:t"):
        with pytest.raises(Temporary) as refused:
            changes(server, connect, token)
        assert refused.value.code == "not-caldav"


class Legacy:
    """A server without sync-collection, as sabre/dav 1.8 is."""

    def __init__(self, refusal: Reply, ctag: str | None = "c1") -> None:
        self.refusal, self.ctag = refusal, ctag
        self.members = [member(A), member(B)]

    def __call__(self, request: Request) -> Reply:
        if request.method == "REPORT":
            return self.refusal
        if request.headers["Depth"] == "1":
            return multistatus(member(CALENDAR, etag=None, status="404 Not Found"), *self.members)
        return multistatus(about(CALENDAR, f"<S:getctag>{self.ctag}</S:getctag>" if self.ctag else ""))


@pytest.mark.parametrize("status", [400, 403, 405, 415, 501])
def test_without_the_report_a_listing_is_made_of_etags(scripted: Start, connect: Connect, status: int) -> None:
    server = scripted(Legacy(Reply(status)))

    listing = changes(server, connect, None)

    assert listing.etags == {A: '"1"', B: '"1"'}
    assert (listing.complete, listing.token) == (True, "ctag:c1")


def test_an_unchanged_ctag_costs_one_request(scripted: Start, connect: Connect) -> None:
    server = scripted(Legacy(Reply(403)))

    listing = changes(server, connect, "ctag:c1")

    assert (dict(listing.etags), listing.complete, listing.token) == ({}, False, "ctag:c1")
    assert [(request.method, request.headers["Depth"]) for request in server.requests] == [("PROPFIND", "0")]


def test_a_changed_ctag_gives_a_complete_listing(scripted: Start, connect: Connect) -> None:
    server = scripted(Legacy(Reply(403), ctag="c2"))

    listing = changes(server, connect, "ctag:c1")

    assert listing.etags.keys() == {A, B}
    assert (listing.complete, listing.token) == (True, "ctag:c2")
    assert server.methods == ["PROPFIND", "PROPFIND"]


def test_without_a_ctag_every_poll_is_a_complete_listing(scripted: Start, connect: Connect) -> None:
    server = scripted(Legacy(Reply(405), ctag=None))

    listing = changes(server, connect, "ctag:c1")

    assert (listing.complete, listing.token) == (True, None)


def test_p05_a_listing_that_does_not_name_the_calendar_itself_is_not_complete(
    scripted: Start, connect: Connect
) -> None:
    def script(request: Request) -> Reply:
        if request.headers["Depth"] == "1":
            return multistatus()
        return Legacy(Reply(403))(request)

    server = scripted(script)

    with pytest.raises(Temporary) as cut:
        changes(server, connect, None)

    assert cut.value.code == "answer-truncated"


def test_a_member_that_is_gone_does_not_take_the_calendar_with_it(scripted: Start, connect: Connect) -> None:
    legacy = Legacy(Reply(403))
    legacy.members.append(whole(C, "404 Not Found"))
    server = scripted(legacy)

    listing = changes(server, connect, None)

    assert (listing.etags.keys(), listing.complete) == ({A, B}, True)


def test_a_calendar_one_may_not_read_is_forbidden(scripted: Start, connect: Connect) -> None:
    server = scripted(always(Reply(403)))

    for token in (None, "sync:t", "ctag:t"):
        with pytest.raises(CoachsyncError) as refused:
            changes(server, connect, token)
        assert refused.value.code == "forbidden"


def test_ten_thousand_objects_in_one_answer(scripted: Start, connect: Connect) -> None:
    server = scripted(always(multistatus(*(member(f"{CALENDAR}{n}.ics", f'"{n}"') for n in range(10_000)), token="t")))

    listing = changes(server, connect, None)

    assert len(listing.etags) == 10_000
    assert listing.etags[f"{CALENDAR}9999.ics"] == '"9999"'
