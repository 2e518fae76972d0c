"""When events take place: RFC 5545 case by case, and what is refused."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from coachsync.model import Stand, Window
from icaltext import PARIS, SERIES, read, starts, times

# -------------------------------------------------------------------------------------------------- single events


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        ("DTSTART:20250110T100000Z DTEND:20250110T110000Z", "01-10 10:00/11:00"),
        (f"DTSTART{PARIS}:20250110T100000 DTEND{PARIS}:20250110T110000", "01-10 09:00/10:00"),
        (f"DTSTART{PARIS}:20250710T100000 DTEND{PARIS}:20250710T110000", "07-10 08:00/09:00"),
        ("DTSTART:20250710T100000 DTEND:20250710T110000", "07-10 08:00/09:00"),  # floating: the practice's zone
        (f"DTSTART{PARIS}:20250110T100000 DTEND;TZID=America/New_York:20250110T063000", "01-10 09:00/11:30"),
        (f"DTSTART{PARIS}:20250110T100000Z DURATION:PT1H", "01-10 10:00/11:00"),  # Z beside a TZID
        ("DTSTART;TZID=Nowhere/None:20250110T100000Z DURATION:PT1H", "01-10 10:00/11:00"),
        (f"DTSTART{PARIS}:20250110T100000 DURATION:PT1H30M", "01-10 09:00/10:30"),
        (f"DTSTART{PARIS}:20250110T100000 DURATION:+P1DT1H", "01-10 09:00/01-11 10:00"),
        (f"DTSTART{PARIS}:20250110T100000 DURATION:P1W", "01-10 09:00/01-17 09:00"),
        (f"DTSTART{PARIS}:20250329T100000 DURATION:P1D", "03-29 09:00/03-30 08:00"),  # a nominal day of 23 hours
        (f"DTSTART{PARIS}:20250329T100000 DURATION:PT24H", "03-29 09:00/03-30 09:00"),
        (f"DTSTART{PARIS}:20251025T100000 DURATION:P1D", "10-25 08:00/10-26 09:00"),
        (f"DTSTART{PARIS}:20250110T100000 DTEND{PARIS}:20250110T120000 DURATION:PT1H", "01-10 09:00/11:00"),
        (f"DTSTART{PARIS}:20250110T100000", "01-10 09:00/09:00"),
        (f"DTSTART{PARIS}:20250110T100000 DURATION:PT0S", "01-10 09:00/09:00"),
        ("DTSTART:20250630T235960Z DURATION:PT1M", "06-30 23:59/07-01 00:00"),
        ("DTSTART;VALUE=DATE:20250110", "01-09 23:00/01-10 23:00"),
        ("DTSTART;VALUE=DATE:20250110 DTEND;VALUE=DATE:20250113", "01-09 23:00/01-12 23:00"),
        ("DTSTART;VALUE=DATE:20250330 DTEND;VALUE=DATE:20250331", "03-29 23:00/03-30 22:00"),
        ("DTSTART;VALUE=DATE:20251026", "10-25 22:00/10-26 23:00"),
        ("DTSTART;VALUE=DATE:20250110 DTEND;VALUE=DATE:20250110", "01-09 23:00/01-10 23:00"),
        ("DTSTART;VALUE=DATE:20250110 DURATION:P2D", "01-09 23:00/01-11 23:00"),
        ("DTSTART;VALUE=DATE:20250110 DURATION:PT24H", "01-09 23:00/01-10 23:00"),
        ("DTSTART:20250110", "01-09 23:00/01-10 23:00"),  # VALUE=DATE forgotten
        ("DTSTART;VALUE=DATE;TZID=Nowhere/None:20250110", "01-09 23:00/01-10 23:00"),
        (f"DTSTART;VALUE=DATE-TIME{PARIS}:20250110T100000 DURATION:PT1H", "01-10 09:00/10:00"),
        ('dtstart;tzid="Europe/Paris":20250110T100000 duration:PT1H', "01-10 09:00/10:00"),
    ],
)
def test_a_single_event_takes_place_when_it_says(event, expected):
    reading = read(event)
    assert (times(reading), reading.code) == ([expected], None)


@pytest.mark.parametrize(
    ("local", "utc"),
    [
        ("20250330T023000", "03-30 01:30"),  # skipped: the offset before the gap (RFC 5545 section 3.3.5)
        ("20250330T030000", "03-30 01:00"),
        ("20251026T023000", "10-26 00:30"),  # repeated: the first
        ("20251026T030000", "10-26 02:00"),
    ],
)
def test_local_times_that_the_clock_skips_or_repeats(local, utc):
    assert starts(f"DTSTART{PARIS}:{local} DURATION:PT1H") == [utc]


@pytest.mark.parametrize(("zone", "midnight"), [("America/New_York", "01-10 05:00"), ("Asia/Kathmandu", "01-09 18:15")])
def test_floating_times_and_days_are_those_of_the_practice(zone, midnight):
    assert starts("DTSTART;VALUE=DATE:20250110", zone=zone) == [midnight]
    assert starts("DTSTART:20250110T000000", zone=zone) == [midnight]
    assert starts("DTSTART:20250110T000000 RRULE:FREQ=DAILY;COUNT=1", zone=zone) == [midnight]


@pytest.mark.parametrize(
    ("event", "inside"),
    [
        ("DTSTART:20241231T230000Z DTEND:20250101T000000Z", False),  # ends where the horizon begins
        ("DTSTART:20241231T230000Z DTEND:20250101T000001Z", True),
        ("DTSTART:20251231T235959Z DTEND:20260101T010000Z", True),
        ("DTSTART:20260101T000000Z DTEND:20260101T010000Z", False),
        ("DTSTART:20250101T000000Z", True),  # without length
        ("DTSTART:20260101T000000Z", False),
        ("DTSTART:20200101T000000Z DTEND:20300101T000000Z", True),
        ("DTSTART:00020101T000000Z DTEND:99991231T235959Z", True),
    ],
)
@pytest.mark.parametrize("rule", ["", " RRULE:FREQ=YEARLY;COUNT=1"])
def test_what_shares_time_with_the_horizon_is_read(event, inside, rule):
    assert len(starts(event + rule)) == inside


def test_a_series_of_long_events_reaches_into_the_horizon():
    week = Window(datetime(2025, 6, 2, tzinfo=UTC), datetime(2025, 6, 9, tzinfo=UTC))
    series = "DTSTART;VALUE=DATE:20250101 DTEND;VALUE=DATE:20250131 RRULE:FREQ=MONTHLY"
    assert starts(series, horizon=week) == ["05-31 22:00"]
    assert starts("DTSTART:20250101T000000Z DURATION:P20D RRULE:FREQ=MONTHLY;BYMONTHDAY=15", horizon=week) == [
        "05-15 00:00"
    ]


# ---------------------------------------------------------------------------------------------------------- series


def test_a_weekly_series_keeps_its_local_time_on_both_sides_of_the_change():
    series = f"DTSTART{PARIS}:20250317T100000 DTEND{PARIS}:20250317T110000 RRULE:FREQ=WEEKLY;COUNT=3"
    assert times(read(series)) == ["03-17 09:00/10:00", "03-24 09:00/10:00", "03-31 08:00/09:00"]
    autumn = f"DTSTART{PARIS}:20251020T100000 DTEND{PARIS}:20251020T110000 RRULE:FREQ=WEEKLY;COUNT=2"
    assert times(read(autumn)) == ["10-20 08:00/09:00", "10-27 09:00/10:00"]


def test_with_dtend_every_instance_lasts_exactly_as_long_as_the_first():
    night = f"DTSTART{PARIS}:20250322T220000 DTEND{PARIS}:20250323T060000 RRULE:FREQ=WEEKLY;COUNT=2"
    assert times(read(night)) == ["03-22 21:00/03-23 05:00", "03-29 21:00/03-30 05:00"]
    first_is_short = f"DTSTART{PARIS}:20250329T220000 DTEND{PARIS}:20250330T060000 RRULE:FREQ=WEEKLY;COUNT=2"
    assert times(read(first_is_short)) == ["03-29 21:00/03-30 04:00", "04-05 20:00/04-06 03:00"]


def test_with_duration_every_instance_lasts_nominally_as_long():
    days = f"DTSTART{PARIS}:20250322T220000 DURATION:P1D RRULE:FREQ=WEEKLY;COUNT=2"
    assert times(read(days)) == ["03-22 21:00/03-23 21:00", "03-29 21:00/03-30 20:00"]


def test_an_instance_at_a_time_that_the_clock_skips_still_takes_place():
    daily = f"DTSTART{PARIS}:20250329T023000 DURATION:PT1H RRULE:FREQ=DAILY;COUNT=3"
    assert starts(daily) == ["03-29 01:30", "03-30 01:30", "03-31 00:30"]


@pytest.mark.parametrize("name", ["20250330T013000Z", f"{PARIS}:20250330T023000"])
def test_the_skipped_instance_is_known_by_its_local_time_and_by_its_instant(name):
    name = name if name.startswith(";") else f":{name}"
    daily = f"DTSTART{PARIS}:20250329T023000 DURATION:PT1H RRULE:FREQ=DAILY;COUNT=3"
    assert starts(f"{daily} EXDATE{name}") == ["03-29 01:30", "03-31 00:30"]
    moved = f"RECURRENCE-ID{name} DTSTART:20250330T120000Z DURATION:PT1H"
    assert starts(daily, moved) == ["03-29 01:30", "03-30 12:00", "03-31 00:30"]


def test_an_rdate_may_be_the_second_of_two_equal_local_times():
    series = f"DTSTART{PARIS}:20251024T023000 DURATION:P1D RDATE:20251026T013000Z"
    assert times(read(series)) == ["10-24 00:30/10-25 00:30", "10-26 01:30/10-27 01:30"]


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ("FREQ=DAILY;COUNT=3", ["01-06", "01-07", "01-08"]),
        ("FREQ=DAILY;INTERVAL=2;COUNT=3", ["01-06", "01-08", "01-10"]),
        ("FREQ=DAILY;COUNT=2;", ["01-06", "01-07"]),
        ("freq=daily;count=2", ["01-06", "01-07"]),
        ("FREQ=WEEKLY;BYDAY=MO,WE;COUNT=3", ["01-06", "01-08", "01-13"]),
        ("FREQ=WEEKLY;INTERVAL=2;COUNT=4;BYDAY=MO,SU;WKST=MO", ["01-06", "01-12", "01-20", "01-26"]),
        ("FREQ=WEEKLY;INTERVAL=2;COUNT=4;BYDAY=MO,SU;WKST=SU", ["01-06", "01-19", "01-20", "02-02"]),
        ("FREQ=WEEKLY;BYDAY=MO,WE,FR;BYSETPOS=1,-1;COUNT=3", ["01-06", "01-10", "01-13"]),
        ("FREQ=MONTHLY;BYDAY=1MO;COUNT=3", ["01-06", "02-03", "03-03"]),
        ("FREQ=MONTHLY;BYDAY=-1FR;COUNT=2", ["01-06", "01-31", "02-28"]),
        ("FREQ=MONTHLY;BYDAY=1MO,6MO;COUNT=2", ["01-06", "02-03"]),
        ("FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=4;COUNT=2", ["01-06", "02-06"]),
        ("FREQ=MONTHLY;BYMONTHDAY=6,31;COUNT=4", ["01-06", "01-31", "02-06", "03-06"]),
        ("FREQ=MONTHLY;BYMONTHDAY=-1;COUNT=2", ["01-06", "01-31", "02-28"]),
        ("FREQ=YEARLY;BYMONTH=1,2;BYDAY=1MO,6MO;COUNT=2", ["01-06", "02-03"]),
        ("FREQ=YEARLY;BYWEEKNO=2,20;COUNT=2", ["01-06", "05-12"]),  # the weekday is that of DTSTART
        ("FREQ=YEARLY;BYYEARDAY=6,100,-1;COUNT=3", ["01-06", "04-10", "12-31"]),
        ("FREQ=DAILY;UNTIL=20250108T090000Z", ["01-06", "01-07", "01-08"]),
        ("FREQ=DAILY;UNTIL=20250108T085959Z", ["01-06", "01-07"]),
        ("FREQ=DAILY;UNTIL=20250108T100000", ["01-06", "01-07", "01-08"]),
        ("FREQ=DAILY;UNTIL=20250108", ["01-06", "01-07", "01-08"]),
        ("FREQ=YEARLY;UNTIL=99991231T235959Z", ["01-06"]),
        ("RSCALE=GREGORIAN;FREQ=DAILY;COUNT=2;SKIP=OMIT", ["01-06", "01-07"]),
    ],
)
def test_rules(rule, expected):
    assert [one[:5] for one in starts(f"DTSTART{PARIS}:20250106T100000 DURATION:PT1H RRULE:{rule}")] == expected


@pytest.mark.parametrize(
    ("rule", "days"),
    [
        ("FREQ=DAILY;COUNT=3", 3),
        ("FREQ=DAILY;UNTIL=20250108", 3),
        ("FREQ=DAILY;UNTIL=20250108T000000Z", 3),
        ("FREQ=DAILY;UNTIL=20250108T225959Z", 3),  # the last second of the day in Paris
        ("FREQ=DAILY;UNTIL=20250108T230000Z", 4),
        ("FREQ=DAILY;COUNT=2;BYHOUR=9,10;BYMINUTE=0,30;BYSECOND=0", 2),  # times mean nothing to days
    ],
)
def test_rules_of_days(rule, days):
    reading = read(f"DTSTART;VALUE=DATE:20250106 RRULE:{rule}")
    assert [one.all_day for one in reading.occurrences] == [True] * days


def test_times_of_day_multiply_and_exdates_name_one_of_them():
    series = f"DTSTART{PARIS}:20250707T080000 DURATION:PT1H RRULE:FREQ=DAILY;COUNT=4;BYHOUR=8,10;BYSECOND=0"
    assert starts(series) == ["07-07 06:00", "07-07 08:00", "07-08 06:00", "07-08 08:00"]
    # 10:00 in Paris is 08:00 UTC, which is also the local time of another instance
    assert starts(f"{series} EXDATE{PARIS}:20250707T100000") == ["07-07 06:00", "07-08 06:00", "07-08 08:00"]
    assert starts(f"{series} EXDATE:20250707T080000Z") == ["07-07 06:00", "07-08 06:00", "07-08 08:00"]


@pytest.mark.parametrize(
    "exdate",
    [
        f"EXDATE{PARIS}:20250113T100000",
        "EXDATE:20250113T090000Z",
        "EXDATE;TZID=America/New_York:20250113T040000",
        "EXDATE;VALUE=DATE:20250113",
        f"EXDATE{PARIS}:20240101T100000,20250113T100000",
        f"EXDATE{PARIS}:20240101T100000 EXDATE:20250113T090000Z",
    ],
)
def test_exdates_drop_an_instance_however_they_name_it(exdate):
    assert starts(f"{SERIES} {exdate}") == ["01-06 09:00", "01-20 09:00", "01-27 09:00"]


def test_an_exdate_of_another_time_drops_nothing():
    assert len(starts(f"{SERIES} EXDATE{PARIS}:20250113T110000")) == 4


def test_the_first_instance_can_be_dropped():
    assert starts(f"DTSTART{PARIS}:20250106T100000 DURATION:PT1H EXDATE{PARIS}:20250106T100000") == []
    assert len(starts(f"{SERIES} EXDATE{PARIS}:20250106T100000")) == 3


@pytest.mark.parametrize(
    ("rdate", "expected"),
    [
        (f"RDATE{PARIS}:20250108T100000", "01-08 09:00/10:00"),
        ("RDATE:20250108T093000Z", "01-08 09:30/10:30"),
        ("RDATE;VALUE=DATE:20250108", "01-08 09:00/10:00"),
        (f"RDATE;VALUE=PERIOD{PARIS}:20250108T100000/20250108T103000", "01-08 09:00/09:30"),
        ("RDATE;VALUE=PERIOD:20250108T100000Z/PT3H", "01-08 10:00/13:00"),
        (f"RDATE{PARIS}:20250106T100000,20250108T100000,20250108T100000", "01-08 09:00/10:00"),  # once each
    ],
)
def test_rdates_add_an_instance(rdate, expected):
    reading = read(f"DTSTART{PARIS}:20250106T100000 DTEND{PARIS}:20250106T110000 {rdate}")
    assert (times(reading), reading.code) == (["01-06 09:00/10:00", expected], None)


def test_a_series_of_days_takes_dates_that_carry_a_time():
    series = "DTSTART;VALUE=DATE:20250106 RRULE:FREQ=DAILY;COUNT=3"
    assert starts(f"{series} EXDATE:20250107T000000") == ["01-05 23:00", "01-07 23:00"]
    moved = "RECURRENCE-ID:20250107T000000 DTSTART;VALUE=DATE:20250201"
    assert starts(series, moved) == ["01-05 23:00", "01-07 23:00", "01-31 23:00"]


# ------------------------------------------------------------------------------------------------------- overrides


@pytest.mark.parametrize("name", [f"{PARIS}:20250113T100000", ":20250113T090000Z", ";VALUE=DATE:20250113"])
def test_an_override_moves_its_instance_however_it_names_it(name):
    moved = f"RECURRENCE-ID{name} DTSTART{PARIS}:20250114T150000 DTEND{PARIS}:20250114T170000"
    reading = read(SERIES, moved)
    assert times(reading) == ["01-06 09:00/10:00", "01-14 14:00/16:00", "01-20 09:00/10:00", "01-27 09:00/10:00"]
    assert [one.component for one in reading.occurrences] == [0, 1, 0, 0]


def test_components_are_counted_as_they_appear():
    moved = f"RECURRENCE-ID{PARIS}:20250113T100000 DTSTART{PARIS}:20250114T150000 DURATION:PT1H"
    assert [one.component for one in read(moved, SERIES).occurrences] == [1, 0, 1, 1]


def test_an_override_may_move_into_the_horizon_and_out_of_it():
    january = Window(datetime(2025, 1, 10, tzinfo=UTC), datetime(2025, 1, 24, tzinfo=UTC))
    inwards = f"RECURRENCE-ID{PARIS}:20250127T100000 DTSTART{PARIS}:20250115T100000 DURATION:PT1H"
    outwards = f"RECURRENCE-ID{PARIS}:20250113T100000 DTSTART{PARIS}:20250301T100000 DURATION:PT1H"
    assert starts(SERIES, inwards, outwards, horizon=january) == ["01-15 09:00", "01-20 09:00"]


def test_an_override_of_an_instance_that_the_rule_does_not_give_counts():
    extra = f"RECURRENCE-ID{PARIS}:20250401T100000 DTSTART{PARIS}:20250401T120000 DURATION:PT1H"
    assert starts(SERIES, extra)[-1] == "04-01 10:00"


def test_an_exdate_beats_an_override():
    moved = f"RECURRENCE-ID{PARIS}:20250113T100000 DTSTART{PARIS}:20250114T150000 DURATION:PT1H"
    assert starts(f"{SERIES} EXDATE{PARIS}:20250113T100000", moved) == ["01-06 09:00", "01-20 09:00", "01-27 09:00"]


def test_of_two_overrides_of_one_instance_the_later_version_counts():
    old = f"SEQUENCE:1 RECURRENCE-ID{PARIS}:20250113T100000 DTSTART{PARIS}:20250114T150000 DURATION:PT1H"
    new = f"SEQUENCE:2 RECURRENCE-ID{PARIS}:20250113T100000 DTSTART{PARIS}:20250115T150000 DURATION:PT1H"
    for order in [(old, new), (new, old)]:
        assert starts(SERIES, *order)[1] == "01-15 14:00"


def test_a_rule_inside_an_override_means_nothing():
    moved = f"RECURRENCE-ID{PARIS}:20250113T100000 DTSTART{PARIS}:20250114T150000"
    own_rule = f"{moved} RRULE:FREQ=SECONDLY RDATE:20250115T100000Z"
    assert starts(SERIES, own_rule) == ["01-06 09:00", "01-14 14:00", "01-20 09:00", "01-27 09:00"]


def test_this_and_future_moves_and_resizes_what_follows():
    onwards = f"RECURRENCE-ID;RANGE=THISANDFUTURE{PARIS}:20250113T100000 DTSTART{PARIS}:20250114T110000 DURATION:PT30M"
    moved = f"RECURRENCE-ID{PARIS}:20250127T100000 DTSTART{PARIS}:20250127T080000 DURATION:PT2H"
    reading = read(SERIES, onwards, moved)
    assert times(reading) == ["01-06 09:00/10:00", "01-14 10:00/10:30", "01-21 10:00/10:30", "01-27 07:00/09:00"]
    assert [one.component for one in reading.occurrences] == [0, 1, 1, 2]


def test_this_and_future_keeps_its_local_time_across_the_change():
    series = f"DTSTART{PARIS}:20250317T100000 DURATION:PT1H RRULE:FREQ=WEEKLY;COUNT=3"
    onwards = f"RECURRENCE-ID;RANGE=THISANDFUTURE{PARIS}:20250324T100000 DTSTART{PARIS}:20250324T120000 DURATION:PT1H"
    assert starts(series, onwards) == ["03-17 09:00", "03-24 11:00", "03-31 10:00"]


def test_this_and_future_may_turn_times_into_days_and_back():
    days = f"RECURRENCE-ID;RANGE=THISANDFUTURE{PARIS}:20250120T100000 DTSTART;VALUE=DATE:20250121"
    assert times(read(SERIES, days))[2:] == ["01-20 23:00/01-21 23:00", "01-27 23:00/01-28 23:00"]
    series = "DTSTART;VALUE=DATE:20250106 RRULE:FREQ=DAILY;COUNT=4"
    clock = f"RECURRENCE-ID;RANGE=THISANDFUTURE;VALUE=DATE:20250108 DTSTART{PARIS}:20250108T100000 DURATION:PT1H"
    assert times(read(series, clock))[2:] == ["01-08 09:00/10:00", "01-09 09:00/10:00"]


def test_this_and_future_that_is_cancelled_cancels_what_follows():
    gone = f"RECURRENCE-ID;RANGE=THISANDFUTURE{PARIS}:20250120T100000 DTSTART{PARIS}:20250120T100000 STATUS:CANCELLED"
    stands = [one.stand for one in read(SERIES, gone).occurrences]
    assert stands == [Stand.BUSY, Stand.BUSY, Stand.CANCELLED, Stand.CANCELLED]


def test_overrides_without_a_master_are_read_by_themselves():
    first = f"RECURRENCE-ID{PARIS}:20250113T100000 DTSTART{PARIS}:20250114T150000 DURATION:PT1H"
    second = f"RECURRENCE-ID{PARIS}:20250120T100000 DTSTART{PARIS}:20250120T100000 DURATION:PT1H STATUS:CANCELLED"
    reading = read(first, second)
    assert times(reading) == ["01-14 14:00/15:00", "01-20 09:00/10:00"]
    assert [(one.component, one.stand) for one in reading.occurrences] == [(0, Stand.BUSY), (1, Stand.CANCELLED)]
    assert reading.code is None


def test_of_two_masters_the_later_version_is_read_and_reported():
    old, new = f"DTSTART{PARIS}:20250106T100000 SEQUENCE:2", f"DTSTART{PARIS}:20250107T100000 SEQUENCE:10"
    for order in [(old, new), (new, old)]:
        reading = read(*order)
        assert (times(reading), reading.code) == (["01-07 09:00/09:00"], "two-masters")
