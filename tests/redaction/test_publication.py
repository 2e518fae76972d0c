"""What a share holds, byte for byte."""

from __future__ import annotations

import inspect
from dataclasses import fields, replace
from datetime import UTC, date, datetime, timedelta
from typing import get_type_hints
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coachsync import contentline
from coachsync.adapters.ical import expansion
from coachsync.model import Label, Occurrence, Pseudonym, Slot
from coachsync.redaction.profiles import BUSY, SESSION, Profile
from coachsync.redaction.publication import Changes, document, feed, plan, text_of
from coachsync.redaction.slots import Mark, slots
from coachsync.redaction.window import window
from coachsync.span import Span

UID = "3f2a9b1c-7d54-4e0b-9a63-5c1d8e2f4a70"
OTHER = "0b7e4c55-92aa-4d1f-8f3e-6a9d0c2b1e48"
START = datetime(2026, 1, 5, 9, tzinfo=UTC)
SLOT = Slot(START, START + timedelta(minutes=90), Label.SESSION)
LATER = Slot(START + timedelta(days=1), START + timedelta(days=1, hours=1), Label.SESSION)
TEXTS = {Label.BUSY: "Indisponible", Label.SESSION: "Séance"}

EVENTS = st.lists(
    st.builds(
        lambda start, minutes, label: Slot(
            START + timedelta(minutes=start), START + timedelta(minutes=start + minutes), label
        ),
        st.integers(0, 400),
        st.integers(1, 3),
        st.sampled_from(Label),
    ),
    max_size=8,
)


def test_a_slot_is_ten_lines_and_no_more() -> None:
    assert document(UID, SLOT, "Séance").decode() == "".join(
        f"{line}\r\n"
        for line in (
            "BEGIN:VCALENDAR",
            "VERSION:2.0",
            "PRODID:-//coachsync//share//EN",
            "CALSCALE:GREGORIAN",
            "BEGIN:VEVENT",
            f"UID:{UID}",
            "DTSTAMP:19700101T000000Z",
            "DTSTART:20260105T090000Z",
            "DTEND:20260105T103000Z",
            "SUMMARY:Séance",
            "TRANSP:OPAQUE",
            "END:VEVENT",
            "END:VCALENDAR",
        )
    )


def test_times_are_written_in_utc_whatever_zone_they_come_in() -> None:
    paris = Slot(*(moment.astimezone(ZoneInfo("Europe/Paris")) for moment in (SLOT.start, SLOT.end)), Label.SESSION)
    assert document(UID, paris, "x") == document(UID, SLOT, "x")


def test_years_have_four_digits() -> None:
    old = Slot(datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC), Label.SESSION)
    assert b"DTSTART:00010101T000000Z\r\nDTEND:99991231T235959Z\r\n" in document(UID, old, "x")


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("Busy, away; \\o/", "SUMMARY:Busy\\, away\\; \\\\o/"),
        ("two\nlines", "SUMMARY:two\\nlines"),
        ("a\x00b\x1bc", "SUMMARY:a b c"),
        ("", "SUMMARY:"),
    ],
)
def test_a_label_cannot_break_out_of_its_line(text: str, written: str) -> None:
    assert f"\r\n{written}\r\n" in document(UID, SLOT, text).decode()


@given(st.text(max_size=300))
def test_any_label_folds_to_75_octets_and_reads_back(text: str) -> None:
    body = document(UID, SLOT, text.encode("utf-8", "ignore").decode())
    assert all(len(line) <= 75 for line in body.split(b"\r\n"))
    assert len(contentline.parse(contentline.decode(body))) == 13


@pytest.mark.parametrize(
    "uid", ["", "zelphania@example.org", "Zelphania Dupont", UID.upper(), UID + "\r\nX:y", "3f2a", UID + "0", "é" * 32]
)
def test_p01_a_uid_has_no_room_for_a_word(uid: str) -> None:
    with pytest.raises(ValueError, match="random UUID"):
        document(uid, SLOT, "x")
    with pytest.raises(ValueError, match="random UUID"):
        feed([(uid, SLOT)], TEXTS)


@pytest.mark.parametrize("uid", [UID, UID.replace("-", "")])
def test_both_ways_to_write_a_uuid_will_do(uid: str) -> None:
    assert f"UID:{uid}\r\n".encode() in document(uid, SLOT, "x")


# -------------------------------------------------------------------------------------------------------------- feed


def test_a_file_is_sorted_by_start_and_says_its_name() -> None:
    lines = feed([(OTHER, LATER), (UID, SLOT)], TEXTS, "Cabinet, Lyon").decode().split("\r\n")
    assert lines[:6] == [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//coachsync//share//EN",
        "CALSCALE:GREGORIAN",
        "NAME:Cabinet\\, Lyon",
        "X-WR-CALNAME:Cabinet\\, Lyon",
    ]
    assert [line for line in lines if line.startswith("DTSTART")] == [
        "DTSTART:20260105T090000Z",
        "DTSTART:20260106T090000Z",
    ]
    assert lines.count("SUMMARY:Séance") == 2


def test_a_file_holds_the_events_of_the_objects_and_nothing_else() -> None:
    one, other = (document(uid, slot, "Séance") for uid, slot in ((UID, SLOT), (OTHER, LATER)))
    tail = b"END:VCALENDAR\r\n"
    assert feed([(UID, SLOT), (OTHER, LATER)], TEXTS) == one.removesuffix(tail) + other[other.index(b"BEGIN:VEVENT") :]


def test_a_file_without_slots_is_still_a_calendar() -> None:
    assert feed([], TEXTS).decode().split("\r\n") == [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//coachsync//share//EN",
        "CALSCALE:GREGORIAN",
        "END:VCALENDAR",
        "",
    ]


@given(st.permutations([(UID, SLOT), (OTHER, SLOT), (UID.replace("-", ""), LATER)]))
def test_the_order_of_entries_does_not_show(entries: list[tuple[str, Slot]]) -> None:
    assert feed(entries, TEXTS) == feed(sorted(entries, key=str), TEXTS)


# -------------------------------------------------------------------------------------------------------------- plan


def test_the_plan_is_what_is_missing_and_what_is_too_much() -> None:
    assert plan([SLOT], [LATER]) == Changes(create=(SLOT,), delete=(LATER,))
    assert plan([SLOT, LATER], [LATER]) == Changes(create=(SLOT,))
    assert plan([], [SLOT]) == Changes(delete=(SLOT,))


def test_one_time_under_another_label_is_another_slot() -> None:
    assert plan([SLOT], [Slot(SLOT.start, SLOT.end, Label.BUSY)]).create == (SLOT,)


@given(EVENTS, EVENTS)
def test_the_plan_turns_what_is_published_into_what_is_wanted(wanted: list[Slot], published: list[Slot]) -> None:
    changes = plan(wanted, published)
    assert (set(published) - set(changes.delete)) | set(changes.create) == set(wanted)
    assert not set(changes.create) & set(published)
    assert set(changes.delete) <= set(published)
    assert list(changes.create) == sorted(set(changes.create))
    assert list(changes.delete) == sorted(set(changes.delete))


@given(EVENTS)
def test_p13_a_second_plan_is_empty(wanted: list[Slot]) -> None:
    assert plan(wanted, wanted) == Changes()


# --------------------------------------------------------------------------------------- promise 1: by construction


def test_p01_a_slot_has_no_field_that_could_carry_a_character_of_an_event() -> None:
    assert get_type_hints(Slot) == {
        "start": datetime,
        "end": datetime,
        "label": Label,
        "pseudonym": Pseudonym | None,
        "series": int,
    }
    assert set(Label) == {"busy", "session"}  # a closed set of keys, not a text
    assert {field.name for field in fields(Slot)} == {"start", "end", "label", "pseudonym", "series"}
    assert not hasattr(SLOT, "__dict__")


def test_p01_nor_has_what_a_slot_is_made_of() -> None:
    assert set(get_type_hints(Occurrence)) == {"start", "end", "all_day", "stand", "component"}
    assert str not in get_type_hints(Occurrence).values()


def test_p01_a_document_is_written_from_a_slot_a_uid_and_a_configured_text() -> None:
    assert list(inspect.signature(document).parameters) == ["uid", "slot", "text"]
    assert list(inspect.signature(feed).parameters) == ["entries", "texts", "name"]
    assert list(inspect.signature(slots).parameters) == ["occurrences", "profile", "window", "zone", "mark"]
    assert get_type_hints(Mark) == {"pseudonym": Pseudonym | None, "series": int}


@pytest.mark.parametrize(
    "text", ["", "J", "marie@example.org", "Marie, Lyon", "-Jade", "Jade--41", "Jade 41\n", "J" * 25, "06 12", "a_b"]
)
def test_p01_a_pseudonym_has_no_room_for_a_sentence_or_an_address(text: str) -> None:
    with pytest.raises(ValueError, match="pseudonym"):
        Pseudonym(text)


def test_a_slot_says_its_pseudonym_and_the_number_of_its_series() -> None:
    plain = Slot(SLOT.start, SLOT.end, Label.SESSION)
    named = replace(plain, pseudonym=Pseudonym("Jade-41"))
    texts = {Label.SESSION: "Séance", Label.BUSY: "Indisponible"}
    said = [text_of(slot, texts) for slot in (plain, named, replace(plain, series=307), replace(named, series=12))]
    assert said == ["Séance", "Jade-41", "Séance 307", "Jade-41 12"]
    assert len({plain, named, replace(plain, series=307)}) == 3
    assert sorted([replace(plain, series=2), named, plain]) == [plain, replace(plain, series=2), named]


PARIS = ZoneInfo("Europe/Paris")
NOTES = st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=40).map(contentline.escape)


def source(uid: str, summary: str, description: str, place: str, who: str, note: str, alarm: str) -> bytes:
    """A private event with something to say in every corner."""
    lines = [
        *("BEGIN:VCALENDAR", "VERSION:2.0", f"PRODID:{note}", f"X-WR-CALNAME:{place}", "BEGIN:VEVENT", f"UID:{uid}"),
        *(
            "DTSTAMP:20260101T000000Z",
            "DTSTART;TZID=Europe/Paris:20260105T090500",
            "DTEND;TZID=Europe/Paris:20260105T095500",
        ),
        *("RRULE:FREQ=WEEKLY;COUNT=8", f"SUMMARY:{summary}", f"DESCRIPTION:{description}", f"LOCATION:{place}"),
        *(f'X-CLIENT;X-NOTE="{who}":{note}', f"CATEGORIES:{who}", f"COMMENT:{note}", f"URL:https://example.org/{who}"),
        *("BEGIN:VALARM", "ACTION:DISPLAY", f"DESCRIPTION:{alarm}", "TRIGGER:-PT15M", "END:VALARM"),
        *("END:VEVENT", "END:VCALENDAR"),
    ]
    return "".join(contentline.fold(line) for line in lines).encode()


def published(body: bytes, profile: Profile) -> bytes:
    around = window(date(2026, 1, 5), profile.past, Span(months=2), PARIS)
    reading = expansion.read(body, around, "Europe/Paris", frozenset())
    assert reading.code is None
    found = slots(reading.occurrences, profile, around, PARIS)
    assert len(found) == 8
    return feed([(f"{number:032x}", slot) for number, slot in enumerate(found)], TEXTS, "Cabinet")


@pytest.mark.parametrize("profile", [BUSY, SESSION])
@given(st.tuples(*[NOTES] * 5), st.tuples(*[NOTES] * 5), st.sampled_from(["", "zelphania", 'a"b', "^n'^"]))
def test_p01_changing_every_text_of_an_event_changes_no_byte_of_a_share(
    profile: Profile, one: tuple[str, ...], other: tuple[str, ...], who: str
) -> None:
    plain = published(source("a-1", *one[:3], "somebody", *one[3:]), profile)
    changed = published(source("b-2", *other[:3], who.replace('"', ""), *other[3:]), profile)
    assert plain == changed


@pytest.mark.parametrize("profile", [BUSY, SESSION])
def test_p02_what_nobody_foresaw_has_no_way_out(profile: Profile) -> None:
    body = source("a-1", "s", "d", "p", "w", "n", "a")
    unforeseen = (
        b"X-ZELPHANIA;ZELPHANIA=zelphania:zelphania\r\nZELPHANIA:zelphania\r\nBEGIN:ZELPHANIA\r\nNAME:zelphania\r\n"
        b"END:ZELPHANIA\r\nSTYLED-DESCRIPTION;VALUE=URI:https://zelphania.example\r\nEND:VEVENT"
    )
    richer = body.replace(b"END:VEVENT", unforeseen)
    assert richer != body
    assert published(richer, profile) == published(body, profile)
    assert b"zelphania" not in published(richer, profile).lower()
