"""The invented practice has an event of every kind, and every property, that a share must survive."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from coachsync import contentline
from coachsync.app.demo import practice
from demo_reader import TODAY, names, vevents

THERE = vevents(practice.practice(TODAY))

KINDS: dict[str, Callable[[contentline.Component], bool]] = {
    "weekly": lambda event: _has(event, "RRULE", "FREQ=WEEKLY;UNTIL="),
    "fortnightly": lambda event: _has(event, "RRULE", "INTERVAL=2"),
    "counted": lambda event: _has(event, "RRULE", "COUNT="),
    "without end": lambda event: _has(event, "RRULE", "") and not _has(event, "RRULE", "COUNT=|UNTIL="),
    "until in utc": lambda event: _has(event, "RRULE", r"UNTIL=\d{8}T\d{6}Z"),
    "until floating": lambda event: _has(event, "RRULE", r"UNTIL=\d{8}T\d{6}(?!Z)"),
    "dropped session": lambda event: "EXDATE" in names(event),
    "extra session": lambda event: "RDATE" in names(event),
    "moved session": lambda event: "RECURRENCE-ID" in names(event) and _has(event, "STATUS", "CONFIRMED"),
    "cancelled session": lambda event: "RECURRENCE-ID" in names(event) and _has(event, "STATUS", "CANCELLED"),
    "all day": lambda event: _has(event, "DTSTART", r"^\d{8}$") and _has(event, "TRANSP", "OPAQUE"),
    "transparent reminder": lambda event: _has(event, "DTSTART", "T") and _has(event, "TRANSP", "TRANSPARENT"),
    "transparent day": lambda event: _has(event, "DTSTART", r"^\d{8}$") and _has(event, "TRANSP", "TRANSPARENT"),
    "over several days": lambda event: _span(event) > timedelta(days=1) and _has(event, "DTSTART", "T"),
    "several whole days": lambda event: _span(event) == timedelta(days=7),
    "length instead of end": lambda event: "DURATION" in names(event),
    "in utc": lambda event: _has(event, "DTSTART", "Z$"),
    "floating": lambda event: _has(event, "DTSTART", r"T\d{6}$") and not _params(event, "DTSTART"),
    "in Montreal": lambda event: _params(event, "DTSTART").get("TZID") == ("America/Montreal",),
    "customized zone": lambda event: _params(event, "DTSTART").get("TZID") == ("Customized Time Zone",),
    "unanswered invitation": lambda event: _params(event, "ATTENDEE").get("PARTSTAT") == ("NEEDS-ACTION",),
    "declined invitation": lambda event: _params(event, "ATTENDEE").get("PARTSTAT") == ("DECLINED",),
    "supervision": lambda event: _has(event, "SUMMARY", "Supervision"),
    "sponsor at the table": lambda event: _has(event, "SUMMARY", "Tripartite"),
    "discovery": lambda event: _has(event, "SUMMARY", "Découverte"),
    "notes with a phone": lambda event: _has(event, "DESCRIPTION", r"06 39 98"),
    "passcode in the notes": lambda event: _has(event, "DESCRIPTION", r"[Cc]ode secret : \d{6}"),
    "passcode in a link": lambda event: _has(event, "URL", r"\?pwd="),
    "attendee with parameters": lambda event: {"CN", "EMAIL", "X-NUM-GUESTS"} <= {*_params(event, "ATTENDEE")},
    "file inside": lambda event: _params(event, "ATTACH").get("ENCODING") == ("BASE64",),
    "file behind a link": lambda event: _has(event, "ATTACH", "^https://"),
    "alarm": lambda event: _alarm(event, "DISPLAY"),
    "alarm by mail": lambda event: _alarm(event, "EMAIL"),
}
PROPERTIES = [
    *("CATEGORIES", "COLOR", "CLASS", "LOCATION", "GEO", "CONTACT", "COMMENT", "CONFERENCE", "PRIORITY", "ORGANIZER"),
    *("X-ALT-DESC", "X-APPLE-STRUCTURED-LOCATION", "X-GOOGLE-CONFERENCE", "X-MICROSOFT-CDO-BUSYSTATUS"),
    *("X-MICROSOFT-SKYPETEAMSMEETINGURL", "X-MOZ-LASTACK", "X-BOOKING-REFERENCE"),
]


def _has(event: contentline.Component, name: str, pattern: str) -> bool:
    return any(line.name == name and re.search(pattern, line.value) for line in event.lines)


def _params(event: contentline.Component, name: str) -> dict[str, tuple[str, ...]]:
    return next((dict(line.params) for line in event.lines if line.name == name), {})


def _alarm(event: contentline.Component, action: str) -> bool:
    return any(_has(alarm, "ACTION", action) for alarm in event.children)


def _span(event: contentline.Component) -> timedelta:
    value = {line.name: line.value for line in event.lines}
    if "DTEND" not in value:
        return timedelta()
    return _moment(value["DTEND"]) - _moment(value["DTSTART"])


def _moment(value: str) -> datetime:
    return datetime.strptime(value.rstrip("Z").ljust(15, "0").replace("T", "0"), "%Y%m%d0%H%M%S")  # noqa: DTZ007 - a length


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_is_there(kind: str) -> None:
    assert any(KINDS[kind](event) for event in THERE)


@pytest.mark.parametrize("name", PROPERTIES)
def test_every_property_that_can_tell_something_is_there(name: str) -> None:
    assert any(name in names(event) for event in THERE)
