"""A new appointment reads back as it was meant."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from coachsync import contentline
from coachsync.adapters.ical import expansion
from coachsync.adapters.ical.vtimezone import vtimezone
from coachsync.editing.adding import Every, Repeat, add
from coachsync.model import Window
from edits import HOUR, NOW, STAMP, moved, one, paris

YEAR = Window(datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 6, 1, tzinfo=UTC))
ZONE = vtimezone("Europe/Paris", 2026)


def starts(text: str) -> list[datetime]:
    reading = expansion.read(contentline.encode(text), YEAR, "Europe/Paris", frozenset())
    assert reading.code is None
    return [one.start for one in reading.occurrences]


def test_it_is_one_object_with_its_zone_and_nothing_else():
    text = add("u1", paris(12, 1), paris(12, 1, 11), "Séance, Zoé; 1", ZONE, stamp=NOW)
    before, after = text.split(ZONE)
    assert before == "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//coachsync//EN\r\nCALSCALE:GREGORIAN\r\n"
    assert after.split("\r\n") == [
        "BEGIN:VEVENT",
        "UID:u1",
        f"DTSTAMP:{STAMP}",
        "DTSTART;TZID=Europe/Paris:20261201T100000",
        "DTEND;TZID=Europe/Paris:20261201T110000",
        "SUMMARY:Séance\\, Zoé\\; 1",
        "END:VEVENT",
        "END:VCALENDAR",
        "",
    ]
    assert starts(text) == [datetime(2026, 12, 1, 9, tzinfo=UTC)]


def test_without_a_zone_it_is_in_utc_and_days_need_none():
    assert "DTSTART:20261201T090000Z" in add("u", paris(12, 1), paris(12, 1, 11), "x", stamp=NOW)
    text = add("u", date(2026, 12, 1), date(2026, 12, 3), "x", ZONE, stamp=NOW)
    assert "DTSTART;VALUE=DATE:20261201\r\nDTEND;VALUE=DATE:20261203" in text
    assert "VTIMEZONE" not in text


@pytest.mark.parametrize(
    ("repeat", "rule", "number"),
    [
        (Repeat(Every.WEEK), "FREQ=WEEKLY", 26),
        (Repeat(Every.WEEK, 2, count=3), "FREQ=WEEKLY;INTERVAL=2;COUNT=3", 3),
        (Repeat(Every.DAY, until=date(2026, 12, 5)), "FREQ=DAILY;UNTIL=20261205T225959Z", 5),
        (Repeat(Every.MONTH, count=2), "FREQ=MONTHLY;COUNT=2", 2),
        (Repeat(Every.YEAR, count=9), "FREQ=YEARLY;COUNT=9", 1),
    ],
)
def test_it_repeats_as_it_is_told(repeat, rule, number):
    text = add("u", paris(12, 1), paris(12, 1, 11), "x", ZONE, stamp=NOW, repeat=repeat)
    assert f"RRULE:{rule}\r\n" in text
    assert len(starts(text)) == number


def test_days_repeat_up_to_a_day():
    repeat = Repeat(Every.DAY, until=date(2026, 12, 5))
    assert "UNTIL=20261205\r\n" in add("u", date(2026, 12, 1), date(2026, 12, 2), "x", stamp=NOW, repeat=repeat)


def test_text_cannot_bring_lines_of_its_own():
    evil = "a\r\nATTENDEE:mailto:x@example.org\n\u2028;,\\" + "é" * 80
    text = add("u\r\nX:1", paris(12, 1), paris(12, 1, 11), evil, location=evil, description=evil, stamp=NOW)
    lines = contentline.parse(text)
    assert not {line.name for line in lines} & {"ATTENDEE", "X"}
    assert all(len(piece.encode()) <= contentline.LONGEST_LINE for piece in text.split("\r\n"))
    shown = [contentline.unescape(line.value) for line in lines if line.name in ("SUMMARY", "LOCATION", "DESCRIPTION")]
    assert shown == [evil.replace("\r\n", "\n")] * 3


@pytest.mark.parametrize(
    ("start", "end"),
    [
        (paris(12, 1), paris(12, 1)),
        (paris(12, 1), paris(12, 1) - timedelta(hours=1)),
        (date(2026, 12, 1), date(2026, 12, 1)),
        (date(2026, 12, 1), paris(12, 2)),
    ],
)
def test_what_does_not_end_after_it_starts_is_refused(start, end):
    with pytest.raises(ValueError, match="ends after it starts"):
        add("u", start, end, "x", stamp=NOW)


def test_what_was_added_can_be_edited():
    text = add("u", paris(12, 1), paris(12, 1, 11), "x", ZONE, stamp=NOW, repeat=Repeat(Every.WEEK))
    after = moved(text, one(paris(12, 8)), paris(12, 8) + HOUR).text
    assert starts(after)[1] == datetime(2026, 12, 8, 10, tzinfo=UTC)
