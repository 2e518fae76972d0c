"""The occurrences of an object by the names that its text has for them, and where each stands in its series."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from coachsync.adapters.ical.child import Place
from coachsync.adapters.ical.instances import Instance, instances, place, zones
from coachsync.adapters.ical.reader import Reader
from coachsync.errors import NotEditable
from coachsync.model import Stand, Window
from icaltext import COACH, PARIS, SERIES, YEAR, document, vtimezone

HERE = "Europe/Paris"
ZONE = ZoneInfo(HERE)
MOVED = f"RECURRENCE-ID{PARIS}:20250113T100000 DTSTART{PARIS}:20250114T150000 DURATION:PT2H STATUS:CANCELLED"


@pytest.fixture(scope="module")
def reader():
    with Reader(timeout=10) as made:
        yield made


def originals(found: list[Instance]) -> list[object]:
    return [one.original for one in found]


def test_each_has_its_start_by_the_rule_wherever_it_was_moved(reader):
    found = instances(reader, document(SERIES, MOVED), YEAR, HERE)
    assert originals(found) == [datetime(2025, 1, day, 10, tzinfo=ZONE) for day in (6, 13, 20, 27)]
    moved = found[1]
    assert moved.start == datetime(2025, 1, 14, 14, tzinfo=UTC)
    assert (moved.end - moved.start, moved.stand, moved.component) == (timedelta(hours=2), Stand.CANCELLED, 1)
    assert all(one.original.tzinfo.key == HERE for one in found)


def test_days_have_dates_and_a_single_event_has_none(reader):
    days = instances(reader, document("DTSTART;VALUE=DATE:20250106 RRULE:FREQ=DAILY;COUNT=2"), YEAR, HERE)
    assert originals(days) == [date(2025, 1, 6), date(2025, 1, 7)]
    assert originals(instances(reader, document("DTSTART:20250106T090000Z"), YEAR, HERE)) == [None]


@pytest.mark.parametrize(
    ("start", "zone"),
    [
        ("DTSTART:20250106T100000", ZONE),
        ("DTSTART:20250106T100000Z", UTC),
        ("DTSTART;TZID=America/New_York:20250106T100000", ZoneInfo("America/New_York")),
        ("DTSTART;TZID=Romance~Standard~Time:20250106T100000", ZONE),
    ],
)
def test_the_name_is_in_the_zone_of_the_event(reader, start, zone):
    found = instances(reader, document(f"{start} RRULE:FREQ=DAILY;COUNT=2"), YEAR, HERE)
    assert originals(found) == [datetime(2025, 1, day, 10, tzinfo=zone) for day in (6, 7)]


def test_zones_that_an_object_defines_are_read_by_what_they_say_and_never_by_name(reader):
    for offset in ("+0500", "-0300"):
        definition = vtimezone("Customized~Time~Zone".replace("~", " "), summer=offset, winter=offset)
        text = document("DTSTART;TZID=Customized~Time~Zone:20250106T100000 RRULE:FREQ=DAILY;COUNT=1", zones=definition)
        own = zones(reader, text, HERE)["Customized Time Zone"]
        assert datetime(2045, 7, 1, tzinfo=own).utcoffset() == timedelta(hours=int(offset[:3]))
        (one,) = instances(reader, text, YEAR, HERE)
        assert one.original.utcoffset() == timedelta(hours=int(offset[:3]))
        assert one.original.astimezone(UTC) == one.start


def test_an_occurrence_without_its_series_has_the_name_that_it_states(reader):
    alone = document("RECURRENCE-ID;TZID=America/New_York:20250106T040000 DTSTART:20250107T100000Z")
    (one,) = instances(reader, alone, YEAR, HERE)
    assert one.original == datetime(2025, 1, 6, 4, tzinfo=ZoneInfo("America/New_York"))


def test_zones_are_those_that_the_text_uses_and_the_one_of_the_practice(reader):
    text = document(f"DTSTART{PARIS}:20250106T100000 DTEND;TZID=Nowhere:20250106T110000")
    assert dict(zones(reader, text, "Asia/Tokyo")) == {"": ZoneInfo("Asia/Tokyo"), HERE: ZONE}
    broken = "BEGIN:VTIMEZONE\nTZID:Own\nBEGIN:STANDARD\nDTSTART:x\nEND:STANDARD\nEND:VTIMEZONE"
    assert "Own" not in zones(reader, document("DTSTART;TZID=Own:20250106T100000", zones=broken), HERE)


def test_hidden_answers_are_asked_for_with_the_addresses_of_the_coach(reader):
    invited = document("ORGANIZER:mailto:x@example.net ATTENDEE:mailto:camille@example.org DTSTART:20250106T100000Z")
    assert instances(reader, invited, YEAR, HERE, COACH)[0].stand is Stand.UNANSWERED


def placed(reader: Reader, text: bytes, *day: int) -> Place | None:
    return place(reader, text, datetime(2025, *day, tzinfo=ZONE), HERE)


def test_the_place_counts_what_the_rule_gives_before(reader):
    dropped = f"{SERIES} EXDATE{PARIS}:20250113T100000 RDATE{PARIS}:20250115T100000"
    text = document(dropped)
    assert placed(reader, text, 1, 6, 10) == Place(0, only=False)
    assert placed(reader, text, 1, 13, 10) is None
    assert placed(reader, text, 1, 15, 10) == Place(None, only=False)  # added by hand
    assert placed(reader, text, 1, 20, 10) == Place(2, only=False)
    assert placed(reader, text, 1, 20, 11) is None
    assert placed(reader, document(SERIES, MOVED), 1, 13, 10) == Place(1, only=False)


def test_nothing_before_it_is_the_beginning_and_nothing_else_is_the_last(reader):
    text = document(f"DTSTART{PARIS}:20250106T100000 RRULE:FREQ=YEARLY;COUNT=3 EXDATE{PARIS}:20250106T100000")
    assert placed(reader, text, 1, 6, 10) is None
    assert place(reader, text, datetime(2026, 1, 6, 10, tzinfo=ZONE), HERE) == Place(0, only=False)
    one = document(f"DTSTART{PARIS}:20250106T100000 RRULE:FREQ=DAILY;COUNT=2 EXDATE{PARIS}:20250106T100000")
    assert placed(reader, one, 1, 7, 10) == Place(0, only=True)
    late = document(f"DTSTART{PARIS}:20250106T100000 RDATE{PARIS}:20450106T100000")
    assert placed(reader, late, 1, 6, 10) == Place(0, only=False)


def test_a_rule_that_cannot_be_followed_far_has_a_place_as_far_as_it_can(reader):
    rule = "RRULE:FREQ=DAILY;BYHOUR=9,10;COUNT=2"
    text = document(f"DTSTART{PARIS}:20250106T090000 {rule} EXDATE{PARIS}:20250106T100000")
    assert placed(reader, text, 1, 6, 9) == Place(0, only=True)
    assert placed(reader, document(f"DTSTART{PARIS}:20250106T090000 {rule}"), 1, 6, 10) == Place(1, only=False)


def test_a_series_that_does_not_begin_by_its_rule_is_not_counted(reader):
    text = document(f"DTSTART{PARIS}:20250106T100000 RRULE:FREQ=WEEKLY;BYDAY=TU;COUNT=4")
    assert placed(reader, text, 1, 14, 10) == Place(None, only=False)


def test_days_are_placed_by_date(reader):
    text = document("DTSTART;VALUE=DATE:20250106 RRULE:FREQ=DAILY;UNTIL=20250110")
    assert place(reader, text, date(2025, 1, 8), HERE) == Place(2, only=False)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (b"garbage", "event-not-a-calendar"),
        (document("DTSTART:20200101T000000Z RRULE:FREQ=MINUTELY"), "event-rule-too-frequent"),
        (document("DTSTART;TZID=Nowhere:20200101T000000 RRULE:FREQ=DAILY"), "event-unknown-zone"),
        (document(SERIES, SERIES), "event-two-masters"),
        (document(MOVED), "event-no-master"),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_code(reader, text, code):
    with pytest.raises(NotEditable) as refused:
        placed(reader, text, 1, 6, 10)
    assert refused.value.code == code


def test_a_hostile_rule_is_stopped_and_the_reader_goes_on():
    never = document("DTSTART:20200101T000000Z RRULE:FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30")
    with Reader(timeout=1) as short:
        instances(short, document(SERIES), YEAR, HERE)
        for ask in (lambda: instances(short, never, YEAR, HERE), lambda: placed(short, never, 1, 6)):
            with pytest.raises(NotEditable) as refused:
                ask()
            assert refused.value.code == "event-too-slow"
        assert len(instances(short, document(SERIES), YEAR, HERE)) == 4


def test_a_window_without_any_is_empty(reader):
    later = Window(datetime(2030, 1, 1, tzinfo=UTC), datetime(2031, 1, 1, tzinfo=UTC))
    assert instances(reader, document(SERIES), later, HERE) == []
