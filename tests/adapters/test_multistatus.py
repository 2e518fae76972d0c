"""The XML of requests and answers."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from coachsync.adapters.caldav import multistatus
from coachsync.adapters.caldav.multistatus import CAL, CTAG, DATA, DAV, ETAG, TruncatedError, UnreadableError
from davscript import about, member, whole
from davscript import multistatus as answer

BOMB = (
    b'<!DOCTYPE m [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">'
    b'<!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;">]>'
    b'<multistatus xmlns="DAV:"><response><href>&c;</href></response></multistatus>'
)


def hrefs_in(body: bytes) -> list[str]:
    return [element.text or "" for element in etree.fromstring(body).iter(f"{DAV}href")]


@given(
    st.lists(st.text(st.characters(min_codepoint=32, exclude_categories=["Cs", "Cn", "Cc"]), min_size=1), max_size=5)
)
def test_a_multiget_names_its_objects_whatever_their_names(names: list[str]) -> None:
    body = multistatus.multiget(names)

    assert hrefs_in(body) == names
    assert {child.tag for child in etree.fromstring(body)[0]} == {ETAG, DATA}


def test_a_sync_report_has_its_token_level_and_property() -> None:
    root = etree.fromstring(multistatus.sync_collection("http://server/ns?a&b"))

    assert root.tag == f"{DAV}sync-collection"
    assert [(child.tag, child.text) for child in root][:2] == [
        (f"{DAV}sync-token", "http://server/ns?a&b"),
        (f"{DAV}sync-level", "1"),
    ]
    assert [child.tag for child in root.find(f"{DAV}prop")] == [ETAG]
    assert len(root) == 3


def test_a_propfind_asks_for_its_properties() -> None:
    root = etree.fromstring(multistatus.propfind((ETAG, CTAG)))

    assert (root.tag, [child.tag for child in root[0]]) == (f"{DAV}propfind", [ETAG, CTAG])


def test_an_answer_is_read_response_by_response() -> None:
    body = answer(
        member("/a", '"1"', data="X\nY"), whole("/b", "404 Not Found"), member("/c", status="403 No"), token=" t "
    ).body

    told = multistatus.read(body)

    assert told.sync_token == "t"
    a, b, c = told.responses
    assert (a.href, a.status, a.text(ETAG), a.found[DATA].text) == ("/a", None, '"1"', "X\nY")
    assert (b.href, b.status, b.text(ETAG)) == ("/b", 404, "")
    assert (c.found, c.failed) == ({}, {ETAG: 403})


def test_several_hrefs_share_a_status() -> None:
    shared = "<response><href>/a</href><href>/b</href><status>HTTP/1.1 404 x</status></response>"
    body = answer(shared).body

    assert [(response.href, response.status) for response in multistatus.read(body).responses] == [
        ("/a", 404),
        ("/b", 404),
    ]


def test_a_token_that_is_a_property_is_not_the_answers_token() -> None:
    assert multistatus.read(answer(about("/a", "<sync-token>other</sync-token>")).body).sync_token is None


@pytest.mark.parametrize("status", ["", "nonsense", "HTTP/1.1", "HTTP/1.1 abc"])
def test_a_status_that_cannot_be_read_is_no_success(status: str) -> None:
    propstat = f"<propstat><prop><getetag>1</getetag></prop><status>{status}</status></propstat>"
    body = f'<multistatus xmlns="DAV:"><response><href>/a</href>{propstat}</response></multistatus>'

    [response] = multistatus.read(body.encode()).responses

    assert (response.found, response.failed) == ({}, {ETAG: 0})


def test_values_keep_hrefs_names_and_what_is_inside() -> None:
    components = '<C:supported-calendar-component-set><C:comp name="VEVENT"/></C:supported-calendar-component-set>'
    [response] = multistatus.read(answer(about("/a", "<owner><href>/me/</href></owner>", components)).body).responses

    assert response.found[f"{DAV}owner"].hrefs == ("/me/",)
    assert response.found[f"{CAL}supported-calendar-component-set"].names == {"VEVENT"}
    assert response.found[f"{CAL}supported-calendar-component-set"].tags == {f"{CAL}comp"}


def test_every_cut_of_an_answer_is_noticed() -> None:
    body = answer(member("/a", data="BEGIN:VCALENDAR\n"), whole("/b", "404 Not Found"), token="t").body

    for length in range(len(body)):
        with pytest.raises(TruncatedError):
            multistatus.read(body[:length])


@pytest.mark.parametrize(
    "body",
    [
        b'<multistatus xmlns="DAV:"><response>\x01</response></multistatus>',
        b'<multistatus xmlns="DAV:"><response>\xff</response></multistatus>',
        b'<multistatus xmlns="DAV:"><response><a></response></multistatus>',
        b'<multistatus xmlns="DAV:"><response>&undefined;</response></multistatus>',
        b'<multistatus xmlns="DAV:"><response><href>' + b"x" * 10_500_000 + b"</href></response></multistatus>",
        b'<multistatus xmlns="other"/>',
        b"<html/>",
        BOMB,
        b'<!DOCTYPE m SYSTEM "http://127.0.0.1:1/x.dtd"><multistatus xmlns="DAV:"/>',
        b'<!DOCTYPE m [<!ENTITY x SYSTEM "file:///etc/passwd">]><multistatus xmlns="DAV:"><r>&x;</r></multistatus>',
    ],
    ids=range(10),
)
def test_what_is_no_safe_multistatus_is_refused(body: bytes) -> None:
    with pytest.raises(UnreadableError):
        multistatus.read(body)


def test_a_document_type_never_reaches_a_value() -> None:
    body = b'<!DOCTYPE m [<!ENTITY x SYSTEM "file:///etc/hostname">]><error xmlns="DAV:"><a>&x;</a></error>'

    assert multistatus.preconditions(body) <= {f"{DAV}a"}


def test_preconditions_are_those_of_an_error_body() -> None:
    assert multistatus.preconditions(b'<error xmlns="DAV:"><valid-sync-token/><!-- c --></error>') == {
        f"{DAV}valid-sync-token"
    }
    for other in (b"", b"no", b"<html/>", b"<error><x/></error>", b"<error xmlns='DAV:'>"):
        assert multistatus.preconditions(other) == frozenset()


def test_a_very_long_answer_is_read() -> None:
    body = answer(*(member(f"/{number}/{'x' * 100}.ics") for number in range(60_000)), token="t").body
    assert len(body) > 12_000_000

    assert len(multistatus.read(body).responses) == 60_000
