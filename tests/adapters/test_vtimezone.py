"""The zones that coachsync defines itself say what the IANA database says."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from coachsync import contentline
from coachsync.adapters.ical import expansion
from coachsync.adapters.ical.skeleton import skeleton
from coachsync.adapters.ical.vtimezone import vtimezone
from coachsync.adapters.ical.zones import Observed

RULED = [
    "Europe/Paris",
    "America/New_York",
    "Australia/Lord_Howe",
    "Europe/Dublin",
    "Pacific/Auckland",
]
DATED = ["Africa/Casablanca", "America/Santiago", "Asia/Jerusalem", "Africa/Cairo"]
STANDING = ["Asia/Kathmandu", "UTC", "America/Sao_Paulo"]


def defined(text: str) -> Observed:
    """The zone as the reader understands it, under a name that only the object knows."""
    own = text.replace(f"TZID:{text.split('TZID:')[1].split(chr(13), maxsplit=1)[0]}", "TZID:Own")
    event = "BEGIN:VEVENT\r\nUID:1\r\nDTSTART;TZID=Own:20260101T000000\r\nEND:VEVENT\r\n"
    found = skeleton(f"BEGIN:VCALENDAR\r\n{own}{event}END:VCALENDAR\r\n".encode(), frozenset())
    assert found.code is None
    return Observed.of(expansion.changes(found.zones[0], 2060))


@pytest.mark.parametrize("key", [*RULED, *DATED, *STANDING])
def test_the_definition_gives_the_offsets_of_the_database(key):
    zone, own = ZoneInfo(key), defined(vtimezone(key, 2026))
    moment = datetime(2026, 1, 1, tzinfo=UTC)
    while moment.year < 2056:
        assert moment.astimezone(own).utcoffset() == moment.astimezone(zone).utcoffset(), moment
        moment += timedelta(hours=37)


@pytest.mark.parametrize("key", RULED)
def test_a_clock_that_changes_by_a_rule_has_one_and_no_end(key):
    text = vtimezone(key, 2026)
    assert text.count("RRULE:FREQ=YEARLY") == text.count("BEGIN:DAYLIGHT") + text.count("BEGIN:STANDARD") == 2
    assert "RDATE" not in text
    assert "UNTIL" not in text


def test_paris_reads_as_everybody_writes_it():
    assert vtimezone("Europe/Paris", 2026).split("\r\n") == [
        "BEGIN:VTIMEZONE",
        "TZID:Europe/Paris",
        "BEGIN:STANDARD",
        "DTSTART:20251026T030000",
        "TZOFFSETFROM:+0200",
        "TZOFFSETTO:+0100",
        "TZNAME:CET",
        "RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU",
        "END:STANDARD",
        "BEGIN:DAYLIGHT",
        "DTSTART:20250330T020000",
        "TZOFFSETFROM:+0100",
        "TZOFFSETTO:+0200",
        "TZNAME:CEST",
        "RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU",
        "END:DAYLIGHT",
        "END:VTIMEZONE",
        "",
    ]


def test_long_lists_of_dates_are_folded():
    text = vtimezone("Africa/Casablanca", 2026)
    assert all(len(line.encode()) <= contentline.LONGEST_LINE for line in text.split("\r\n"))
    assert contentline.components(contentline.parse(text))[0].name == "VTIMEZONE"
