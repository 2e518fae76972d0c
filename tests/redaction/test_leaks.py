"""What is said about what a share serves: nothing when it is ours, something otherwise, and never the secret."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from dataclasses import replace
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coachsync import contentline
from coachsync.adapters.secondparser import view
from coachsync.model import Finding
from coachsync.redaction.allowed import Ours
from coachsync.redaction.leaks import Front, Served, in_collection
from coachsync.redaction.naming import in_names
from coachsync.redaction.publication import document
from coachsync.redaction.words import said
from leak_share import (
    ANOTHER,
    B64,
    CANARY,
    CLEAN,
    ETAG,
    FRONT,
    HREF,
    JOURNAL,
    LATER,
    OTHER,
    PRIVATE,
    SLOT,
    UID,
    changed,
    codes,
    hidden,
    never,
    private,
    served,
    tells,
    unasked,
    verify,
    with_line,
)

# ----------------------------------------------------------------------------------------------------- a clean share


def test_a_clean_share_has_no_finding_and_needs_no_search() -> None:
    assert verify(CLEAN, words=never) == ()


@pytest.mark.parametrize("label", ["Indisponible", "Séance", "Busy", "Session", CANARY, "a,b;c\\d\ne" * 20])
def test_a_label_may_be_a_word_of_private_events(label: str) -> None:
    item = served(document(UID, SLOT, label))
    assert in_collection([item], {HREF: Ours(UID, SLOT, label, ETAG)}, FRONT, unasked()) == ()


OURS = frozenset({"coaching", "office", "seance", "seances"})


@pytest.mark.parametrize("text", ["Coaching (office)", f"{CANARY}-coaching", "Séance", "", " - ", "(office) !"])
def test_a_target_may_be_called_what_the_coach_calls_things(text: str) -> None:
    assert in_names([("to.name", text)], OURS | said([CANARY]), unasked()) == ()


def test_a_target_may_be_called_what_names_nobody() -> None:
    assert (
        in_names([("to.name", CANARY)], OURS, hidden(never, people=lambda: ["ATTENDEE;CN=Zoé:mailto:zoe@x.example"]))
        == ()
    )


@pytest.mark.parametrize("text", [CANARY, f"coaching {CANARY}", f"office-{CANARY.upper()}", f"séances.{CANARY}"])
def test_p03_a_target_that_is_called_after_somebody_is_found(text: str) -> None:
    found = in_names([("to.name", "Office"), ("to.url", text)], OURS, hidden(never, people=private))
    assert [(finding.code, finding.where) for finding in found] == [("target-name", "to.url")]
    assert not tells(found)


@given(st.text(st.characters(exclude_categories=("Cs",)), max_size=60))
def test_whatever_the_label_what_we_wrote_is_ours(label: str) -> None:
    item = served(document(UID, SLOT, label))
    assert in_collection([item], {HREF: Ours(UID, SLOT, label, ETAG)}, FRONT, unasked()) == ()


RADICALE = (  # as Radicale 3.9.0 gives it back
    "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nCALSCALE:GREGORIAN\r\nPRODID:-//coachsync//share//EN\r\nBEGIN:VEVENT\r\nUID:{uid}\r\n"
    "DTSTART:20260105T090000Z\r\nDTEND:20260105T100000Z\r\nDTSTAMP:19700101T000000Z\r\nSUMMARY:Séance\r\nTRANSP:OPAQUE\r\n"
    "END:VEVENT\r\nEND:VCALENDAR\r\n"
)


@pytest.mark.parametrize(
    "body",
    [
        RADICALE.format(uid=UID).encode(),
        CLEAN.replace(b"\r\n", b"\n"),
        CLEAN.replace(b"SUMMARY", b"summary").replace(b"BEGIN", b"begin"),
        changed("UID:3f", "UI\r\n D:\r\n\t3f"),
        CLEAN + b"\r\n",
        changed("TRANSP:OPAQUE\r\n", ""),
        changed("CALSCALE:GREGORIAN\r\n", ""),
        with_line("CLASS:PUBLIC"),
        with_line("SEQUENCE:0"),
        with_line("CREATED:19700101T000000Z"),
        with_line("LAST-MODIFIED:19700101T000000Z"),
        *(
            changed("-//coachsync//share//EN", prodid)
            for prodid in (
                "-//SabreDAV//SabreDAV//EN",
                "-//Sabre//Sabre VObject 4.5.6//EN",
                "-//PYVOBJECT//NONSGML Version 0.9.9//EN",
                "-//Inverse inc./SOGo 5.8.0//EN",
                "-//davical.org//NONSGML AWL Calendar//EN",
                "-//CyrusIMAP.org//Cyrus 3.6.1//EN",
            )
        ),
    ],
)
def test_what_servers_do_on_their_own_is_no_finding(body: bytes) -> None:
    assert verify(body, words=never) == ()


def test_a_prodid_that_nobody_knows_is_searched_and_tolerated() -> None:
    assert verify(changed("-//coachsync//share//EN", "-//Somebody//Server 2//FR")) == ()


@pytest.mark.parametrize("served_as", [quote(HREF), HREF.replace("alice", "al%69ce")])
def test_an_address_is_the_same_in_any_percent_encoding(served_as: str) -> None:
    assert verify(CLEAN, words=never, href=served_as) == ()
    assert in_collection([served(CLEAN)], {served_as: JOURNAL[HREF]}, FRONT, unasked()) == ()


# --------------------------------------------------------------------------------------------- one rule after another


@pytest.mark.parametrize(
    ("body", "code", "detail"),
    [
        (with_line("DESCRIPTION:x"), "property", "property DESCRIPTION is not among what a share may hold"),
        (with_line("X-FOO:x"), "property", "unknown property is not among what a share may hold"),
        (with_line("CLASS:PRIVATE"), "property", "property CLASS is not among what a share may hold"),
        (with_line("CLASS;X=1:PUBLIC"), "parameter", "unknown parameter on property CLASS"),
        (with_line("SEQUENCE:1"), "property", "property SEQUENCE is not among what a share may hold"),
        (with_line("CREATED:20260101T120000Z"), "timestamp", "property CREATED is a moment that was not written here"),
        (
            with_line("LAST-MODIFIED:20260101T120000Z"),
            "timestamp",
            "property LAST-MODIFIED is a moment that was not written here",
        ),
        (with_line("RRULE:FREQ=WEEKLY"), "property", "property RRULE is not among what a share may hold"),
        (with_line("SUMMARY:Séance"), "property", "property SUMMARY stands there more than once"),
        (with_line("item1.SUMMARY:Séance"), "property", "unknown property is not among what a share may hold"),
        (with_line("no colon"), "property", "a line that is no property is not among what a share may hold"),
        (changed("SUMMARY:", "SUMMARY;LANGUAGE=fr:"), "parameter", "parameter LANGUAGE on property SUMMARY"),
        (changed("DTSTART:", "DTSTART;X-A=b:"), "parameter", "unknown parameter on property DTSTART"),
        (changed("BEGIN:VEVENT", "BEGIN;X-A=b:VEVENT"), "parameter", "unknown parameter on property BEGIN"),
        (changed("END:VCALENDAR", "END;X-A=b:VCALENDAR"), "parameter", "unknown parameter on property END"),
        (changed("SUMMARY:Séance", "SUMMARY:Other"), "value", "property SUMMARY has a value that was not written here"),
        (changed("SUMMARY:Séance\r\n", ""), "value", "the label is missing"),
        (
            changed("TRANSP:OPAQUE", "TRANSP:TRANSPARENT"),
            "value",
            "property TRANSP has a value that was not written here",
        ),
        (changed("VERSION:2.0", "VERSION:1.0"), "value", "property VERSION has a value that was not written here"),
        (
            changed("19700101T000000Z", "20260101T000000Z"),
            "timestamp",
            "property DTSTAMP is a moment that was not written here",
        ),
        (changed("T090000Z", "T091500Z"), "wrong-time", "property DTSTART is not the time that was published"),
        (
            changed("DTEND:20260105T100000Z", "DTEND:20260105T110000"),
            "wrong-time",
            "property DTEND is not the time that was published",
        ),
        (changed("DTEND:20260105T100000Z\r\n", ""), "wrong-time", "property DTEND is missing"),
        (
            changed("END:VEVENT\r\n", "BEGIN:VALARM\r\nACTION:AUDIO\r\nEND:VALARM\r\nEND:VEVENT\r\n"),
            "component",
            "component VALARM",
        ),
        (
            changed("END:VCALENDAR", "BEGIN:VTIMEZONE\r\nTZID:X\r\nEND:VTIMEZONE\r\nEND:VCALENDAR"),
            "component",
            "component VTIMEZONE",
        ),
        (changed("END:VCALENDAR", "BEGIN:X-FOO\r\nEND:X-FOO\r\nEND:VCALENDAR"), "component", "unknown component"),
        (CLEAN.replace(b"VEVENT", b"VTODO"), "component", "component VTODO"),
        (
            changed("END:VCALENDAR", CLEAN[CLEAN.index(b"BEGIN:VEVENT") :].decode().rstrip()),
            "component",
            "an event is served more than once",
        ),
        (CLEAN + CLEAN, "unreadable-object", "it is not one calendar"),
        (CLEAN + b"X:y\r\n", "unreadable-object", "there is text outside of the calendar"),
        (CLEAN + b"hello\r\n", "unreadable-object", "there is text outside of the calendar"),
        (
            changed("END:VEVENT\r\n", ""),
            "unreadable-object",
            "it is not a whole calendar text: BEGIN and END do not match",
        ),
        (CLEAN[:120], "unreadable-object", "it is not a whole calendar text: BEGIN and END do not match"),
        (
            b"BEGIN:X\r\n" * 60 + b"END:X\r\n" * 60,
            "unreadable-object",
            "it is not a whole calendar text: BEGIN and END do not match",
        ),
        (b"", "unreadable-object", "it is not one calendar"),
        (b"(null)", "unreadable-object", "it is not one calendar"),
        (changed("Séance", "S\udce9ance"), "unreadable-object", "a second calendar reader cannot read it"),
        (changed("Séance", "Séance, bis"), "parsers-disagree", "two calendar readers see different things in it"),
        (changed("UID:3f2a", "UID:4f2a"), "uid", "property UID is not the one that was drawn for it"),
        (changed(f"UID:{UID}\r\n", ""), "uid", "property UID is missing"),
    ],
)
def test_what_is_not_ours_is_a_finding_with_a_code(body: bytes, code: str, detail: str) -> None:
    assert Finding(code, "object 1", detail) in verify(body)


@pytest.mark.parametrize(
    "body", [b"", b"(null)", CLEAN.replace(b"VEVENT", b"VTODO"), CLEAN.replace(b"BEGIN:VEVENT\r\n", b"", 1)]
)
def test_an_object_without_an_event_is_a_missing_one(body: bytes) -> None:
    assert Finding("missing-object", "object 1", "it holds no event that can be read") in verify(body)


def test_a_property_out_of_place_is_no_property_of_ours() -> None:
    moved = CLEAN.replace(b"SUMMARY:S\xc3\xa9ance\r\n", b"").replace(
        b"BEGIN:VEVENT", b"SUMMARY:S\xc3\xa9ance\r\nBEGIN:VEVENT"
    )
    assert codes(verify(moved)) >= {"property", "value"}


def test_parsers_that_see_different_things_are_a_finding() -> None:
    ours = view(CLEAN)
    assert ours is not None
    for other in (ours[:-1], (*ours, (("VCALENDAR",), "X-A", (), "b")), (*ours, ours[0])):
        assert codes(in_collection([Served(HREF, CLEAN, other, ETAG)], JOURNAL, FRONT, unasked())) == {
            "parsers-disagree"
        }
    path, name, _, value = ours[0]
    veiled = ((path, name, (("X-A", ("b",)),), value), *ours[1:])
    assert codes(in_collection([Served(HREF, CLEAN, veiled, ETAG)], JOURNAL, FRONT, unasked())) == {"parsers-disagree"}


def test_what_was_published_and_is_not_served_is_counted() -> None:
    journal = {
        **JOURNAL,
        ANOTHER: Ours(OTHER, LATER, "Séance", ETAG),
        "/dav/alice/b81f/y.ics": Ours(OTHER, LATER, "Séance", ETAG),
    }
    assert in_collection([served(CLEAN)], journal, FRONT, unasked()) == (
        Finding("missing-object", "collection", "published and not served: 2"),
    )


def test_an_object_that_is_not_in_the_journal_is_foreign() -> None:
    other = served(document(OTHER, LATER, "Séance"), "/dav/alice/b81f/other.ics")
    found = in_collection([served(CLEAN), other], JOURNAL, FRONT, hidden())
    assert found[0] == Finding("foreign-object", "foreign object 2", "an entry that was not published here")


def test_a_published_object_served_under_another_name_is_foreign_and_missing() -> None:
    assert codes(verify(CLEAN, href=f"/dav/alice/b81f/{OTHER}.ics")) >= {"foreign-object", "missing-object"}


def test_every_object_is_looked_at_and_has_its_number() -> None:
    journal = {**JOURNAL, ANOTHER: Ours(OTHER, LATER, "Séance", ETAG)}
    bad = served(document(OTHER, SLOT, "Séance"), ANOTHER)
    found = in_collection([served(CLEAN), bad], journal, FRONT, hidden())
    assert {(finding.code, finding.where) for finding in found} == {("wrong-time", "object 2")}


@pytest.mark.parametrize(
    ("front", "detail", "code"),
    [
        (Front("Other", expected="Coaching (office)"), "its name is not the configured one", "display-name"),
        (Front("", expected="Coaching (office)"), "its name is not the configured one", "display-name"),
        (replace(FRONT, description="x"), "it has a description that was not written here", "description"),
        (replace(FRONT, colour="blue"), "its colour is no colour", "colour"),
        (replace(FRONT, colour="#0082c9 "), "its colour is no colour", "colour"),
    ],
)
def test_what_a_collection_says_of_itself_is_ours_or_a_finding(front: Front, detail: str, code: str) -> None:
    assert Finding(code, "collection", detail) in verify(CLEAN, front)


@pytest.mark.parametrize(
    "front",
    [
        replace(FRONT, colour="#0082c9"),
        replace(FRONT, colour="#0082C9FF"),
        Front(unicodedata.normalize("NFD", "Séances"), expected="Séances"),
        Front("Team calendar", expected=None),
    ],
)
def test_a_colour_and_a_name_that_was_not_configured_are_no_finding(front: Front) -> None:
    assert verify(CLEAN, front) == ()


def test_the_way_it_was_hidden_is_told() -> None:
    found = verify(with_line(f"DESCRIPTION:{B64}"))
    assert Finding("source-word", "object 1", "property DESCRIPTION holds a word of a private event, base64") in found


def test_what_is_ours_is_not_searched_even_beside_what_is_not() -> None:
    found = verify(changed("SUMMARY:Séance", "SUMMARY;LANGUAGE=fr:Séance"))
    assert codes(found) == {"parameter"}


def test_a_foreign_object_is_told_apart_from_ours() -> None:
    foreign = served(with_line(f"X-NOTE:{CANARY}").replace(UID.encode(), OTHER.encode()), ANOTHER)
    found = in_collection([served(CLEAN), foreign], JOURNAL, FRONT, hidden())
    assert {(finding.code, finding.where) for finding in found} == {
        ("foreign-object", "foreign object 2"),
        ("source-word", "foreign object 2"),
    }


def test_private_events_are_read_once_for_a_whole_share() -> None:
    times = []

    def counted() -> Iterable[str]:
        times.append(1)
        return [PRIVATE]

    uids = [f"{number}{UID[1:]}" for number in range(5)]
    journal = {f"/c/{uid}.ics": Ours(uid, SLOT, "Séance", ETAG) for uid in uids}
    items = [
        served(document(entry.uid, SLOT, "Séance").replace(b"TRANSP", b"X-A"), href) for href, entry in journal.items()
    ]
    assert len(in_collection(items, journal, FRONT, hidden(counted))) == 5
    assert times == [1]


@given(st.binary(max_size=300) | st.text(max_size=80).map(lambda text: with_line(f"X-A:{text}")))
def test_whatever_is_served_gives_findings_and_no_crash(body: bytes) -> None:
    if body != CLEAN:
        assert verify(body)


@given(st.integers(0, len(CLEAN) - 1), st.integers(0, 255))
def test_any_single_octet_that_changes_the_meaning_is_noticed(place: int, octet: int) -> None:
    body = CLEAN[:place] + bytes([octet]) + CLEAN[place + 1 :]
    if not verify(body):  # then nothing is said that the original did not say
        assert meaning(body) <= meaning(CLEAN) | {("", "")} or b"PRODID:-//coachsync//share//EN" not in body


def meaning(body: bytes) -> set[tuple[str, str]]:
    lines = contentline.parse(contentline.decode(body))
    return {(line.name, line.value.upper() if line.name in ("BEGIN", "END") else line.value) for line in lines}
