"""Durations as the configuration writes them."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coachsync.span import Span, parse

DAYS = st.dates(date(1950, 1, 1), date(2150, 12, 31))
SPANS = st.builds(Span, st.integers(0, 600), st.integers(0, 4000))


@pytest.mark.parametrize(
    ("text", "span"),
    [
        ("P0D", Span()),
        ("P3M", Span(months=3)),
        ("P1Y6M", Span(months=18)),
        ("P2W", Span(days=14)),
        ("P1W3D", Span(days=10)),
        ("P35D", Span(days=35)),
        ("PT15M", Span(seconds=900)),
        ("PT1H30M5S", Span(seconds=5405)),
        ("P1M1DT1H", Span(months=1, days=1, seconds=3600)),
        ("PT0S", Span()),
        ("P007D", Span(days=7)),
        ("P100Y", Span(months=1200)),
    ],
)
def test_a_duration_is_read_part_by_part(text: str, span: Span) -> None:
    assert parse(text) == span


@pytest.mark.parametrize(
    "text",
    [
        *("", "P", "PT", "P1DT", "1D", "p1d", "-P1D", "P-1D", "+P1D", "P1.5D", "P1H", "PT1D", "P1D1M", "P1D ", "P1D\n"),
        *("P١D", "PT1H1H", "six months", "P1D/P2D", "P9999999999D"),
    ],
)
def test_what_is_no_duration_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(ValueError, match="P6M"):
        parse(text)


@pytest.mark.parametrize("text", ["P101Y", "P999999999D", "P40000D", "PT999999999H"])
def test_more_than_a_century_is_a_slip_of_the_pen(text: str) -> None:
    with pytest.raises(ValueError, match="century"):
        parse(text)


@pytest.mark.parametrize("parts", [(-1, 0, 0), (0, -1, 0), (0, 0, -1)])
def test_a_span_is_never_negative(parts: tuple[int, int, int]) -> None:
    with pytest.raises(ValueError, match="negative"):
        Span(*parts)


@pytest.mark.parametrize(
    ("day", "span", "after"),
    [
        (date(2026, 1, 31), Span(months=1), date(2026, 2, 28)),
        (date(2028, 1, 31), Span(months=1), date(2028, 2, 29)),
        (date(2028, 2, 29), Span(months=12), date(2029, 2, 28)),
        (date(2026, 11, 30), Span(months=3), date(2027, 2, 28)),
        (date(2026, 12, 1), Span(months=1), date(2027, 1, 1)),
        (date(2026, 1, 31), Span(months=1, days=1), date(2026, 3, 1)),
        (date(2026, 3, 28), Span(days=2), date(2026, 3, 30)),
        (date(2026, 3, 28), Span(), date(2026, 3, 28)),
    ],
)
def test_months_end_on_the_last_day_of_a_short_month(day: date, span: Span, after: date) -> None:
    assert span.after(day) == after


@pytest.mark.parametrize(
    ("day", "span", "before"),
    [
        (date(2026, 3, 31), Span(months=1), date(2026, 2, 28)),
        (date(2028, 3, 31), Span(months=1), date(2028, 2, 29)),
        (date(2026, 1, 15), Span(months=1), date(2025, 12, 15)),
        (date(2026, 1, 31), Span(months=13), date(2024, 12, 31)),
        (date(2026, 3, 31), Span(months=1, days=1), date(2026, 2, 27)),
    ],
)
def test_the_way_back_clamps_too(day: date, span: Span, before: date) -> None:
    assert span.before(day) == before


@given(DAYS, SPANS)
def test_after_is_never_before(day: date, span: Span) -> None:
    assert span.before(day) <= day <= span.after(day)


@given(DAYS, st.integers(0, 4000))
def test_days_go_there_and_back(day: date, days: int) -> None:
    assert Span(days=days).before(Span(days=days).after(day)) == day


@given(DAYS, DAYS, SPANS)
def test_a_later_day_never_ends_earlier(one: date, other: date, span: Span) -> None:
    first, last = min(one, other), max(one, other)
    assert span.after(first) <= span.after(last)
    assert span.before(first) <= span.before(last)


@pytest.mark.parametrize("move", [Span(seconds=1).after, Span(seconds=1).before])
def test_a_time_of_day_has_no_place_among_days(move) -> None:  # type: ignore[no-untyped-def] # a bound method
    with pytest.raises(ValueError, match="seconds"):
        move(date(2026, 1, 1))


@pytest.mark.parametrize(
    ("move", "day"),
    [
        (Span(months=1).after, date.max),
        (Span(days=1).after, date.max),
        (Span(months=1).before, date.min),
        (Span(days=1).before, date.min),
    ],
)
def test_the_end_of_the_calendar_is_an_error_not_a_crash(move, day: date) -> None:  # type: ignore[no-untyped-def] # as above
    with pytest.raises(ValueError, match="calendar"):
        move(day)


def test_elapsed_time_has_days_of_24_hours_and_no_months() -> None:
    assert Span(days=1, seconds=60).elapsed() == timedelta(hours=24, minutes=1)
    with pytest.raises(ValueError, match="months"):
        Span(months=1).elapsed()
