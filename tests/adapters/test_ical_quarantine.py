"""Events that are quarantined, each with its code, and those at the edge that are still read."""

from __future__ import annotations

import time
from datetime import UTC, datetime

import pytest

from coachsync.adapters.ical import skeleton
from coachsync.model import Reading, Window
from icaltext import read, starts

WEEKLY = "DTSTART:20250106T100000Z RRULE:FREQ=WEEKLY;COUNT=2"
DATES = ",".join(
    f"2025{month:02}{day:02}T{hour:02}0000Z" for month in range(1, 13) for day in range(1, 29) for hour in range(7)
)


@pytest.mark.parametrize(
    ("event", "code"),
    [
        ("SUMMARY:x", "no-start"),
        ("DTSTART:", "bad-time"),
        ("DTSTART:tomorrow", "bad-time"),
        ("DTSTART:20250230T100000Z", "bad-time"),
        ("DTSTART:20250110T250000Z", "bad-time"),
        ("DTSTART:20250110T1000Z", "bad-time"),
        ("DTSTART:2025-01-10T10:00:00Z", "bad-time"),
        ("DTSTART:٢٠٢٥٠١١٠", "bad-time"),
        ("DTSTART;VALUE=DATE:20250110T100000Z", "bad-time"),
        ("DTSTART:20250110T100000Z DTSTART:20250111T100000Z", "bad-time"),
        ("DTSTART:20250110T100000Z,20250111T100000Z", "bad-time"),
        ("DTSTART:20250110T100000Z DTEND:20250110T090000Z", "bad-time"),
        ("DTSTART;VALUE=DATE:20250110 DTEND;VALUE=DATE:20250109", "bad-time"),
        ("DTSTART;VALUE=DATE:20250110 DTEND:20250111T100000Z", "bad-time"),
        ("DTSTART:20250110T100000Z DTEND;VALUE=DATE:20250111", "bad-time"),
        ("DTSTART:20250110T100000Z DTEND:soon", "bad-time"),
        ("DTSTART:20250110T100000Z DURATION:-PT1H", "bad-time"),
        ("DTSTART:20250110T100000Z DURATION:P", "bad-time"),
        ("DTSTART:20250110T100000Z DURATION:P99999999999D", "bad-time"),
        ("DTSTART:20250110T100000Z DURATION:PT" + "9" * 5000 + "H", "bad-time"),
        ("DTSTART;VALUE=DATE:20250110 DURATION:PT1H", "bad-time"),
        ("DTSTART;TZID=Asia/Tokyo:00010101T000000", "bad-time"),
        ("DTSTART:99991231T235959Z DURATION:P1D", "bad-time"),
        (f"{WEEKLY} EXDATE:20259999", "bad-time"),
        (f"{WEEKLY} RDATE:x", "bad-time"),
        (f"{WEEKLY} RDATE;VALUE=PERIOD:20250110T100000Z/20250109T100000Z", "bad-time"),
        (f"{WEEKLY} RECURRENCE-ID:20250113T100000Z RECURRENCE-ID:20250113T110000Z", "bad-time"),
        ("DTSTART:20250106T100000Z RRULE:", "bad-rule"),
        ("DTSTART:20250106T100000Z RRULE:WEEKLY", "bad-rule"),
        ("DTSTART:20250106T100000Z RRULE:FREQ=FORTNIGHTLY", "bad-rule"),
        ("DTSTART:20250106T100000Z RRULE:INTERVAL=2", "bad-rule"),
        ("DTSTART:20250106T100000Z RRULE:FREQ=DAILY;FREQ=WEEKLY", "bad-rule"),
        ("DTSTART:20250106T100000Z RRULE:FREQ=DAILY;COUNT=2;UNTIL=20250110T100000Z", "bad-rule"),
        ("DTSTART:20250106T100000Z RRULE:FREQ=DAILY;UNTIL=never", "bad-rule"),
        ("DTSTART:20250106T100000Z RRULE:FREQ=DAILY;INTERVAL=0", "bad-rule"),
        ("DTSTART:20250106T100000Z RRULE:FREQ=DAILY;INTERVAL=-1", "bad-rule"),
        ("DTSTART:20250106T100000Z RRULE:FREQ=DAILY;INTERVAL=1,2", "bad-rule"),
        ("DTSTART:20250106T100000Z RRULE:FREQ=DAILY;COUNT=0", "bad-rule"),
        ("DTSTART:20250106T100000Z RRULE:FREQ=DAILY;COUNT=-1", "bad-rule"),
        ("DTSTART:20250106T100000Z RRULE:FREQ=MONTHLY;BYDAY=0MO", "bad-rule"),
        ("DTSTART:20250106T100000Z RRULE:FREQ=MONTHLY;BYDAY=6MO", "bad-rule"),
        ("DTSTART:20250106T100000Z RRULE:FREQ=WEEKLY;BYDAY=LU", "bad-rule"),
        ("DTSTART:20250106T100000Z RRULE:FREQ=WEEKLY;BYDAY=MO;BYSETPOS=2", "bad-rule"),
        ("DTSTART:20250106T100000Z RRULE:FREQ=YEARLY;BYMONTH=13", "bad-rule"),
        ("DTSTART:20250106T100000Z RRULE:FREQ=YEARLY;BYMONTH=5L", "bad-rule"),
        ("DTSTART:20250106T100000Z RRULE:FREQ=MONTHLY;BYMONTHDAY=0", "bad-rule"),
        ("DTSTART:20250106T100000Z RRULE:FREQ=YEARLY;BYEASTER=0", "bad-rule"),
        ("DTSTART:20250106T100000Z RRULE:FREQ=YEARLY;BYYEARDAY=" + "1," * 5000 + "1", "bad-rule"),
        ("DTSTART:20250106T100000Z RRULE:RSCALE=HEBREW;FREQ=YEARLY", "bad-rule"),
        ("DTSTART:20250106T100000Z RRULE:RSCALE=GREGORIAN;FREQ=YEARLY;SKIP=FORWARD", "bad-rule"),
        (f"{WEEKLY} RRULE:FREQ=DAILY", "bad-rule"),
        (f"{WEEKLY} EXRULE:FREQ=DAILY", "bad-rule"),
        ("DTSTART:20200101T000000Z RRULE:FREQ=SECONDLY", "rule-too-frequent"),
        ("DTSTART:20200101T000000Z RRULE:FREQ=MINUTELY", "rule-too-frequent"),
        ("DTSTART:20200101T000000Z RRULE:FREQ=HOURLY;COUNT=3", "rule-too-frequent"),
        ("DTSTART:20250101T000000Z RRULE:FREQ=DAILY;BYHOUR=1,2,3,4,5;BYMINUTE=0,10,20,30,40", "rule-too-frequent"),
        ("DTSTART:18000101T000000Z RRULE:FREQ=DAILY", "rule-too-long"),
        ("DTSTART:20000101T000000Z RRULE:FREQ=DAILY;BYHOUR=8,10,12,14,16;BYMINUTE=0,30", "rule-too-long"),
        (f"{WEEKLY} RDATE:{DATES}", "too-many-dates"),
        (f"{WEEKLY} EXDATE:{DATES}", "too-many-dates"),
        ("DTSTART:20250101T000000Z RRULE:FREQ=DAILY;BYHOUR=0,1,2,3,4,5,6,7,8,9", "too-many-occurrences"),
    ],
)
def test_what_cannot_be_read_has_a_code_and_no_times(event, code):
    started = time.process_time()
    assert read(event) == Reading((), code)
    assert time.process_time() - started < 1


@pytest.mark.parametrize(
    "rule",
    [
        "FREQ=DAILY;BYHOUR=8,9,10,11;BYMINUTE=0,10,20,30,40,50;COUNT=24",
        "FREQ=YEARLY;UNTIL=20250101T000000Z",
        "FREQ=WEEKLY;BYDAY=+1MO",
    ],
)
def test_rules_at_the_edge_are_read(rule):
    assert read(f"DTSTART:20250106T080000Z RRULE:{rule}").code is None


def test_a_birthday_of_an_unknown_year_is_read():
    assert starts("DTSTART;VALUE=DATE:16040310 RRULE:FREQ=YEARLY") == ["03-09 23:00"]


def test_as_many_overrides_and_dates_as_allowed_are_read_and_one_more_is_not():
    master = "DTSTART:20250101T000000Z RRULE:FREQ=DAILY;BYHOUR=0,1,2,3,4,5"
    names = [
        f"2025{month:02}{day:02}T{hour:02}0000Z" for month in range(1, 13) for day in range(1, 29) for hour in range(6)
    ]
    overrides = [f"RECURRENCE-ID:{name} DTSTART:{name}" for name in names]
    assert len(overrides) > skeleton.MOST_OVERRIDES
    assert read(master, *overrides[: skeleton.MOST_OVERRIDES]).code is None
    assert read(master, *overrides[: skeleton.MOST_OVERRIDES + 1]) == Reading((), "too-many-overrides")
    dates = ",".join(names[: skeleton.MOST_DATES])
    assert len(starts(f"{master} EXDATE:{dates}")) == 365 * 6 - skeleton.MOST_DATES


@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "Pacific/Niue"])  # fourteen hours ahead, eleven behind
def test_no_edge_of_the_horizon_loses_an_instance(zone):
    days = Window(datetime(2025, 6, 1, tzinfo=UTC), datetime(2025, 6, 3, tzinfo=UTC))
    daily = f"DTSTART;TZID={zone}:20250501T120000 DURATION:PT24H RRULE:FREQ=DAILY"
    assert len(starts(daily, horizon=days)) == 3
    moved = f"RECURRENCE-ID;TZID={zone}:20250520T120000 DTSTART:20250602T235900Z DURATION:PT1H"
    assert starts(daily, moved, horizon=days)[-1] == "06-02 23:59"
    assert len(starts("DTSTART;VALUE=DATE:20250501 RRULE:FREQ=DAILY", horizon=days, zone=zone)) == 3
