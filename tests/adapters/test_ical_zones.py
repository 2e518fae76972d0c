"""Zones by name and by definition, and no mixing them up between objects."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from coachsync.adapters.ical import skeleton
from coachsync.model import Reading, Window
from icaltext import AT, PARIS, YEAR, read, starts, vtimezone


@pytest.mark.parametrize(
    ("tzid", "utc"),
    [
        ("Europe/Paris", "07-10 08:00"),
        ("/Europe/Paris", "07-10 08:00"),
        ("/freeassociation.sourceforge.net/Europe/Paris", "07-10 08:00"),
        ("/citadel.org/20210210_1/Europe/Paris", "07-10 08:00"),
        ("/example.org/America/Argentina/Buenos_Aires", "07-10 13:00"),
        ("Romance~Standard~Time", "07-10 08:00"),
        ("W.~Europe~Standard~Time", "07-10 08:00"),
        ("UTC", "07-10 10:00"),
        ("Etc/GMT+3", "07-10 13:00"),
        ("Asia/Kathmandu", "07-10 04:15"),
    ],
)
def test_zones_that_have_a_name(tzid, utc):
    for rule in ("", " RRULE:FREQ=DAILY;COUNT=1"):
        assert starts(f"DTSTART;TZID={tzid}:20250710T100000{rule}", zone="Asia/Tokyo") == [utc]


@pytest.mark.parametrize(
    "tzid",
    [
        "Nowhere/None",
        "Europe",
        "localtime",
        "right/Europe/Paris",
        "../../etc/passwd",
        "#0",
        "?",
        "x" * 5000,
        "/",
        "é/à",
    ],
)
def test_a_zone_that_nobody_defines_is_reported(tzid):
    reading = read(f"DTSTART;TZID={tzid}:20250710T100000")
    assert reading == Reading((), "unknown-zone")


CUSTOM = "DTSTART;TZID=Custom:{0} DURATION:PT1H"


@pytest.mark.parametrize("since", [1601, 1970, 2020])
@pytest.mark.parametrize(
    ("local", "utc"),
    [
        ("20250110T100000", "01-10 09:00"),
        ("20250710T100000", "07-10 08:00"),
        ("20250330T015959", "03-30 00:59"),
        ("20250330T023000", "03-30 01:30"),  # skipped
        ("20250330T030000", "03-30 01:00"),
        ("20251026T023000", "10-26 00:30"),  # repeated
        ("20251026T030000", "10-26 02:00"),
    ],
)
def test_a_zone_that_the_object_defines(local, utc, since):
    assert starts(CUSTOM.format(local), zones=vtimezone("Custom", since=since)) == [utc]
    assert starts(CUSTOM.format(local) + " RRULE:FREQ=DAILY;COUNT=1", zones=vtimezone("Custom", since=since)) == [utc]


def test_the_same_name_with_other_rules_is_another_zone():
    event = CUSTOM.format("20250710T100000")
    for _ in range(2):
        assert starts(event, zones=vtimezone("Custom")) == ["07-10 08:00"]
        assert starts(event, zones=vtimezone("Custom", "-0400", "-0500")) == ["07-10 14:00"]
        assert read(event).code == "unknown-zone"


def test_a_definition_does_not_change_a_zone_of_the_database():
    zone = vtimezone("Europe/Paris", "-0400", "-0500")
    assert starts(f"DTSTART{PARIS}:20250710T100000", zones=zone) == ["07-10 08:00"]


def test_a_definition_beats_the_windows_name_that_it_bears():
    zone = vtimezone("Romance Standard Time", "-0400", "-0500")
    assert starts("DTSTART;TZID=Romance~Standard~Time:20250710T100000", zones=zone) == ["07-10 14:00"]


def test_a_zone_name_with_a_comma_is_escaped_in_its_definition_only():
    assert starts('DTSTART;TZID="Here,_there":20250710T100000', zones=vtimezone(r"Here\,_there")) == ["07-10 08:00"]


def test_a_definition_may_list_its_changes_and_end_a_rule():
    listed = """
BEGIN:VTIMEZONE
TZID:Custom
BEGIN:STANDARD
DTSTART:19700101T000000
TZOFFSETFROM:+0100
TZOFFSETTO:+0100
END:STANDARD
BEGIN:DAYLIGHT
DTSTART:20250301T020000
TZOFFSETFROM:+0100
TZOFFSETTO:+0330
RDATE:20250801T020000
END:DAYLIGHT
BEGIN:STANDARD
DTSTART:20200601T033000
TZOFFSETFROM:+0330
TZOFFSETTO:+0100
RRULE:FREQ=YEARLY;UNTIL=20250601T000000Z
END:STANDARD
END:VTIMEZONE
"""
    days = ["20250215", "20250315", "20250615", "20250815", "20260815"]
    far = Window(YEAR.start, datetime(2027, 1, 1, tzinfo=UTC))
    found = [starts(CUSTOM.format(f"{day}T100000"), zones=listed, horizon=far)[0][6:] for day in days]
    assert found == ["09:00", "06:30", "09:00", "06:30", "06:30"]


def test_recurrences_follow_a_custom_zone():
    series = f"{CUSTOM.format('20250317T100000')} RRULE:FREQ=WEEKLY;COUNT=3 EXDATE:20250324T090000Z"
    assert starts(series, zones=vtimezone("Custom")) == ["03-17 09:00", "03-31 08:00"]


@pytest.mark.parametrize(
    "definition",
    [
        "BEGIN:VTIMEZONE\nTZID:Custom\nEND:VTIMEZONE",
        vtimezone("Custom").replace("FREQ=YEARLY", "FREQ=SECONDLY"),
        vtimezone("Custom").replace("FREQ=YEARLY", "FREQ=DAILY"),
        vtimezone("Custom").replace(
            "FREQ=YEARLY", "FREQ=YEARLY;BYHOUR=" + ",".join(map(str, range(24))) + ";BYMINUTE=1,2"
        ),
        vtimezone("Custom", summer="+9900"),
        vtimezone("Custom", summer="two"),
        vtimezone("Custom").replace("DTSTART:1970", "DTSTART:x"),
        vtimezone("Custom").replace("DTSTART:19701025T030000\n", ""),
        vtimezone("Custom").replace("TZOFFSETFROM:+0100\n", ""),
        vtimezone("Custom", extra="BEGIN:STANDARD\nEND:STANDARD\n" * (skeleton.MOST_OBSERVANCES + 1)),
        vtimezone("Custom", extra="BEGIN:STANDARD\nRDATE:" + "20250101T000000," * 3000 + "\nEND:STANDARD\n"),
    ],
)
def test_a_definition_that_cannot_be_used_is_no_zone(definition):
    assert read(CUSTOM.format("20250710T100000"), zones=definition) == Reading((), "unknown-zone")


def test_a_broken_definition_that_nothing_uses_does_no_harm():
    assert starts(AT, zones=vtimezone("Custom").replace("FREQ=YEARLY", "FREQ=SECONDLY")) == ["01-10 10:00"]
