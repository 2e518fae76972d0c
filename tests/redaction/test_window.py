"""Where local days begin, in zones that make it hard."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coachsync.model import Window
from coachsync.redaction.window import instant, midnight, window
from coachsync.span import Span

PARIS = ZoneInfo("Europe/Paris")
ZONES = st.sampled_from(
    [
        ZoneInfo(name)
        for name in (
            "UTC",
            "Europe/Paris",
            "America/St_Johns",
            "America/Sao_Paulo",
            "America/Havana",
            "America/Toronto",
            "Africa/Cairo",
            "Asia/Beirut",
            "Asia/Kathmandu",
            "Asia/Kolkata",
            "Australia/Lord_Howe",
            "Pacific/Apia",
            "Pacific/Kwajalein",
            "Pacific/Chatham",
        )
    ]
)
DAYS = st.dates(date(1915, 1, 1), date(2040, 12, 31))


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("zone", "day", "begins"),
    [
        ("UTC", date(2026, 1, 5), "2026-01-05T00:00"),
        ("Europe/Paris", date(2026, 1, 5), "2026-01-04T23:00"),
        ("Europe/Paris", date(2026, 3, 30), "2026-03-29T22:00"),  # the day after 23 hours
        ("Europe/Paris", date(2026, 10, 26), "2026-10-25T23:00"),  # the day after 25 hours
        ("Asia/Kathmandu", date(2026, 1, 5), "2026-01-04T18:15"),
        ("Africa/Cairo", date(2024, 4, 26), "2024-04-25T22:00"),  # 00:00 to 01:00 does not exist
        ("America/Sao_Paulo", date(2017, 10, 15), "2017-10-15T03:00"),  # neither here
        ("America/Sao_Paulo", date(2018, 2, 18), "2018-02-18T03:00"),  # 23:00 to 24:00 of the day before happens twice
        ("America/Havana", date(2026, 11, 1), "2026-11-01T04:00"),  # 00:00 to 01:00 happens twice: the first
        ("America/Toronto", date(1919, 3, 31), "1919-03-31T04:30"),  # 23:30 to 00:30 does not exist: the jump itself
        ("Pacific/Apia", date(2011, 12, 30), "2011-12-30T10:00"),  # a day that never was
        ("Pacific/Apia", date(2011, 12, 31), "2011-12-30T10:00"),
    ],
)
def test_a_day_begins_when_clocks_first_show_it(zone: str, day: date, begins: str) -> None:
    assert midnight(day, ZoneInfo(zone)) == utc(begins)


@given(DAYS, ZONES)
def test_days_follow_each_other(day: date, zone: ZoneInfo) -> None:
    start, end = midnight(day, zone), midnight(day + timedelta(days=1), zone)
    assert start <= end <= start + timedelta(hours=26)
    if start < end:
        assert start.astimezone(zone).date() == day
    assert (start - timedelta(seconds=1)).astimezone(zone).date() < day


@given(DAYS, st.times().map(lambda clock: clock.replace(microsecond=0)), ZONES)
def test_an_instant_is_the_first_at_which_clocks_show_the_time(day: date, clock: time, zone: ZoneInfo) -> None:
    wall = datetime.combine(day, clock)
    found = instant(day, clock, zone)
    assert found.astimezone(zone).replace(tzinfo=None) >= wall
    assert (found - timedelta(seconds=1)).astimezone(zone).replace(tzinfo=None) < wall


def test_no_span_at_all_is_today() -> None:
    assert window(date(2026, 1, 5), Span(), Span(), PARIS) == Window(utc("2026-01-04T23:00"), utc("2026-01-05T23:00"))


def test_the_last_day_belongs_to_the_window() -> None:
    found = window(date(2026, 1, 31), Span(days=35), Span(months=1), PARIS)
    assert found == Window(utc("2025-12-26T23:00"), utc("2026-02-28T23:00"))


def test_the_edges_follow_the_change_of_clocks() -> None:
    assert window(date(2026, 3, 29), Span(), Span(), PARIS) == Window(utc("2026-03-28T23:00"), utc("2026-03-29T22:00"))


@given(DAYS, ZONES, st.integers(0, 60), st.integers(0, 12))
def test_sliding_by_a_day_moves_both_edges_to_the_next_midnight(
    day: date, zone: ZoneInfo, past: int, future: int
) -> None:
    found = window(day, Span(days=past), Span(months=future), zone)
    assert found.start == midnight(Span(days=past).before(day), zone)
    assert found.end == midnight(Span(months=future).after(day) + timedelta(days=1), zone)
    assert found.start.tzinfo is UTC
    assert found.end.tzinfo is UTC


def test_a_window_beyond_the_calendar_is_an_error_not_a_crash() -> None:
    with pytest.raises(ValueError, match="calendar"):
        window(date.max, Span(), Span(), PARIS)
    with pytest.raises(ValueError, match="calendar"):
        window(date.min, Span(), Span(), PARIS)


def test_a_window_has_no_hours() -> None:
    with pytest.raises(ValueError, match="seconds"):
        window(date(2026, 1, 5), Span(), Span(seconds=60), PARIS)
