"""The text of the invented practice: valid, about nobody, and written as calendars write it."""

from __future__ import annotations

import re
from collections import Counter
from datetime import UTC, date, datetime

import icalendar
import pytest

from coachsync import contentline
from coachsync.app.demo import people, practice, wording
from coachsync.app.demo.practice import Event
from demo_reader import ALL, DAYS, PARIS, TODAY, names, seen, texts, vevents


@pytest.mark.parametrize("event", ALL, ids=lambda event: event.name)
def test_the_text_is_folded_ends_its_lines_with_crlf_and_is_parsed_back(event: Event) -> None:
    assert event.text.endswith(b"END:VCALENDAR\r\n")
    physical = event.text.split(b"\r\n")
    assert all(b"\n" not in line and b"\r" not in line and len(line) <= 75 for line in physical)
    lines = contentline.parse(event.text.decode())
    assert all(line.name for line in lines)
    assert not icalendar.Calendar.from_ical(event.text).errors


@pytest.mark.parametrize("event", ALL, ids=lambda event: event.name)
def test_every_zone_that_is_used_is_defined_and_no_other(event: Event) -> None:
    (vcalendar,) = contentline.components(contentline.parse(event.text.decode()))
    defined = [line.value for zone in vcalendar.children if zone.name == "VTIMEZONE" for line in zone.lines[:1]]
    used = {
        value
        for child in vcalendar.children
        for line in child.lines
        for name, values in line.params
        if name == "TZID"
        for value in values
    }
    assert sorted(defined) == sorted(used)


@pytest.mark.parametrize("vevent", vevents(ALL), ids=lambda vevent: vevent.lines[0].value)
def test_an_event_has_each_single_property_once(vevent: contentline.Component) -> None:
    counted = Counter(names(vevent))
    for name in ("UID", "DTSTAMP", "DTSTART", "SUMMARY", "SEQUENCE"):
        assert counted[name] == 1
    assert counted["DTEND"] + counted["DURATION"] == 1
    for name in ("DESCRIPTION", "LOCATION", "URL", "ORGANIZER", "RRULE", "RECURRENCE-ID", "STATUS", "TRANSP", "COLOR"):
        assert counted[name] <= 1
    assert not ("RECURRENCE-ID" in counted and "RRULE" in counted)


def test_alarms_stand_after_the_properties_of_their_event() -> None:
    for event in ALL:
        text = contentline.unfold(event.text.decode())
        for after in re.findall(r"END:VALARM\r?\n(\S+)", text):
            assert after in {"BEGIN:VALARM", "END:VEVENT"}


def test_overrides_have_the_type_and_zone_of_their_series() -> None:
    for event in ALL:
        mine = vevents([event])
        (start,) = (line for line in mine[0].lines if line.name == "DTSTART")
        for line in (line for vevent in mine for line in vevent.lines):
            if line.name in {"RECURRENCE-ID", "EXDATE", "RDATE"}:
                assert line.params == start.params
                assert line.value.endswith("Z") == start.value.endswith("Z")


@pytest.mark.parametrize("today", DAYS[::4])
def test_a_series_with_an_end_ends_with_the_session_that_its_rule_names(today: date) -> None:
    checked = 0
    for event in practice.practice(today):
        rule = next((line.value for line in vevents([event])[0].lines if line.name == "RRULE"), "")
        if until := re.search(r"UNTIL=(\d{8}T\d{6})(Z?)", rule):
            end = datetime.strptime(until[1], "%Y%m%dT%H%M%S").replace(tzinfo=UTC if until[2] else PARIS)
            assert seen([event.text], today, 100)[-1].start == end.astimezone(UTC)
            checked += 1
    assert checked >= 8


def test_all_addresses_and_telephones_are_of_nobody() -> None:
    persons = [person for person in vars(people).values() if isinstance(person, people.Person)]
    assert sum("+" not in person.phone and person.note != "" for person in persons) >= 12
    for text in texts(TODAY):
        plain = contentline.unfold(text.decode())
        for address in re.findall(r"[\w.+-]+@([\w.-]+\w)", plain):
            assert address == "google.com" or re.fullmatch(r"(\w+\.)*example\.(org|com)", address)
        for host in re.findall(r"https?://([\w.-]+)", plain):
            assert re.fullmatch(r"(\w+\.)*example\.(org|com)", host)
        for phone in re.findall(r"(?<!\d)0\d(?: \d\d){4}(?!\d)", plain):
            assert phone.startswith(("01 99 00", "06 39 98"))  # ARCEP: for audiovisual works
        for phone in re.findall(r"tel:(\+\d+)", plain):
            assert phone.startswith(("+33199", "+33639"))


def test_a_time_is_written_in_its_zone_in_utc_or_floating() -> None:
    moment = datetime(2026, 11, 23, 9, 30)  # noqa: DTZ001 - a wall clock
    assert wording.instant("DTSTART", moment, "Europe/Paris") == "DTSTART;TZID=Europe/Paris:20261123T093000"
    assert wording.instant("DTSTART", moment, "UTC") == "DTSTART:20261123T093000Z"
    assert wording.instant("DTSTART", moment, None) == "DTSTART:20261123T093000"
