"""Canary words hidden in every place and form of a served share are found, and no finding repeats one."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

import pytest

from coachsync.adapters.secondparser import view
from coachsync.model import Finding
from coachsync.redaction.allowed import Ours
from coachsync.redaction.leaks import Front
from coachsync.redaction.publication import feed
from coachsync.redaction.streams import in_file
from leak_share import (
    CANARY,
    CLEAN,
    FORMS,
    FRONT,
    LATER,
    OTHER,
    SLOT,
    TEXTS,
    TOKENS,
    UID,
    changed,
    codes,
    hidden,
    never,
    private,
    tells,
    unasked,
    verify,
    with_line,
)


@dataclass(frozen=True)
class Place:
    """Somewhere in a share where a text can stand."""

    body: Callable[[str], bytes]
    code: str


PLACES = {
    "an unknown property": Place(lambda text: with_line(f"X-NOTE:{text}"), "property"),
    "a known property": Place(lambda text: with_line(f"DESCRIPTION:{text}"), "property"),
    "a property twice": Place(lambda text: with_line(f"SUMMARY:{text}"), "property"),
    "the label": Place(lambda text: changed("SUMMARY:Séance", f"SUMMARY:{text}"), "value"),
    "a parameter of what is harmless": Place(lambda text: with_line(f'CLASS;X="{text}":PUBLIC'), "parameter"),
    "after the label": Place(lambda text: changed("SUMMARY:Séance", f"SUMMARY:Séance {text}"), "value"),
    "a parameter of the label": Place(lambda text: changed("SUMMARY:", f'SUMMARY;CN="{text}":'), "parameter"),
    "a time": Place(lambda text: changed("DTSTART:20260105T090000Z", f"DTSTART:{text}"), "wrong-time"),
    "the stamp": Place(lambda text: changed("DTSTAMP:19700101T000000Z", f"DTSTAMP:{text}"), "timestamp"),
    "the UID": Place(lambda text: changed(f"UID:{UID}", f"UID:{text}"), "uid"),
    "the PRODID": Place(lambda text: changed("-//coachsync//share//EN", f"-//{text}//EN"), "source-word"),
    "the calendar": Place(lambda text: changed("VERSION", f"X-WR-CALDESC:{text}\r\nVERSION"), "property"),
    "an alarm": Place(
        lambda text: changed("END:VEVENT", f"BEGIN:VALARM\r\nDESCRIPTION:{text}\r\nEND:VALARM\r\nEND:VEVENT"),
        "component",
    ),
    "another event": Place(
        lambda text: changed(
            "END:VCALENDAR", f"BEGIN:VEVENT\r\nUID:{OTHER}\r\nSUMMARY:{text}\r\nEND:VEVENT\r\nEND:VCALENDAR"
        ),
        "foreign-object",
    ),
    "before the calendar": Place(
        lambda text: f"X:{text}\r\n".encode("utf-8", "surrogateescape") + CLEAN, "unreadable-object"
    ),
    "after the calendar": Place(
        lambda text: CLEAN + f"{text}\r\n".encode("utf-8", "surrogateescape"), "unreadable-object"
    ),
    "a broken calendar": Place(lambda text: changed("END:VEVENT", f"X:{text}"), "unreadable-object"),
    "a parameter of BEGIN": Place(lambda text: changed("BEGIN:VEVENT", f'BEGIN;X="{text}":VEVENT'), "parameter"),
    "a line without a colon": Place(lambda text: with_line(f"{text}"), "property"),
}
NAMES = {
    "a property name": Place(lambda text: with_line(f"X-{text}:x"), "property"),
    "a folded property name": Place(lambda text: with_line(f"X-{text[:4]}\r\n {text[4:]}:x"), "property"),
    "a group": Place(lambda text: with_line(f"{text}.X-A:x"), "property"),
    "a parameter name": Place(lambda text: changed("SUMMARY:", f"SUMMARY;X-{text}=1:"), "parameter"),
    "a component name": Place(
        lambda text: changed("END:VCALENDAR", f"BEGIN:X-{text}\r\nEND:X-{text}\r\nEND:VCALENDAR"), "component"
    ),
}


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("form", FORMS)
def test_p03_a_canary_is_found_in_every_place_and_form_and_not_repeated(place: str, form: str) -> None:
    found = verify(PLACES[place].body(FORMS[form]))
    assert "source-word" in codes(found)
    if form != "with a soft line break":  # which leaves lines of another kind
        assert PLACES[place].code in codes(found)
    assert not tells(found)


@pytest.mark.parametrize("place", NAMES)
@pytest.mark.parametrize("form", TOKENS)
def test_p03_a_canary_is_found_in_every_name(place: str, form: str) -> None:
    found = verify(NAMES[place].body(FORMS[form]))
    assert codes(found) >= {NAMES[place].code, "source-word"}
    assert not tells(found)


@pytest.mark.parametrize(
    "form", ["as it is", "in capitals", "composed otherwise", "percent-encoded", "base64 for addresses"]
)
def test_p03_a_canary_is_found_in_the_address_of_an_object(form: str) -> None:
    found = verify(CLEAN, href=f"/dav/alice/b81f/{FORMS[form]}.ics")
    assert codes(found) >= {"foreign-object", "href"}
    assert not tells(found)


def test_the_path_above_an_object_is_not_what_it_says() -> None:
    found = verify(CLEAN, href=f"/dav/{CANARY}/{OTHER}.ics")
    assert "href" not in codes(found)


@pytest.mark.parametrize("form", [form for form in FORMS if "fold" not in form and form != "with a soft line break"])
@pytest.mark.parametrize(
    ("code", "front"),
    [
        ("display-name", lambda text: replace(FRONT, name=text)),
        ("display-name", lambda text: Front(name=text, expected=None)),
        ("description", lambda text: replace(FRONT, description=text)),
        ("colour", lambda text: replace(FRONT, colour=text)),
    ],
)
def test_p03_a_canary_is_found_in_what_the_collection_says(code: str, front: Callable[[str], Front], form: str) -> None:
    found = verify(CLEAN, front(FORMS[form]))
    assert codes(found) == {code}
    assert any("word of a private event" in finding.detail for finding in found)
    assert {finding.where for finding in found} == {"collection"}
    assert not tells(found)


# -------------------------------------------------------------------------------------------------------- share files

ENTRIES = [(UID, SLOT), (OTHER, LATER)]
PUBLISHED = [Ours(uid, slot, "Séance") for uid, slot in ENTRIES]
FILE = feed(ENTRIES, TEXTS)


def verify_file(body: bytes, words: Callable[[], Iterable[str]] = private) -> tuple[Finding, ...]:
    return in_file(body, view(body), PUBLISHED, unasked() if words is never else hidden(words))


def test_a_clean_file_has_no_finding_and_needs_no_search() -> None:
    assert verify_file(FILE, never) == ()
    nothing = feed([], TEXTS)
    assert in_file(nothing, view(nothing), [], unasked()) == ()


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (feed(ENTRIES, TEXTS, "Cabinet"), "property"),
        (FILE.replace(b"VERSION", b"X-WR-CALDESC:x\r\nVERSION", 1), "property"),
        (FILE.replace(b"T090000Z", b"T091500Z", 1), "wrong-time"),
        (FILE.replace(UID.encode(), b"x"), "foreign-object"),
        (feed(ENTRIES[:1], TEXTS), "missing-object"),
        (feed([*ENTRIES, ENTRIES[0]], TEXTS), "component"),
        (feed([*ENTRIES, ("0" * 32, SLOT)], TEXTS), "foreign-object"),
        (feed([(UID, LATER), (OTHER, SLOT)], TEXTS), "wrong-time"),
        (FILE[: len(FILE) // 2], "unreadable-object"),
        (b"", "unreadable-object"),
    ],
)
def test_a_file_that_is_not_ours_is_a_finding(body: bytes, code: str) -> None:
    found = verify_file(body)
    assert code in codes(found)
    assert {finding.where for finding in found} == {"file"}


@pytest.mark.parametrize("form", FORMS)
def test_p03_a_canary_is_found_in_a_file(form: str) -> None:
    hidden = FILE.replace(b"TRANSP", f"X-NOTE:{FORMS[form]}\r\nTRANSP".encode("utf-8", "surrogateescape"), 1)
    found = verify_file(hidden)
    assert codes(found) >= {"property", "source-word"}
    assert not tells(found)
