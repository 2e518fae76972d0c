"""What each kind of share says by default."""

from __future__ import annotations

from dataclasses import replace
from datetime import time, timedelta

import pytest

from coachsync.model import Label
from coachsync.redaction.profiles import BUSY, LABELS, PROFILES, SESSION, AllDay, Publish, WorkingHours
from coachsync.span import Span


def test_busy_says_times_only_merged_and_rounded() -> None:
    assert PROFILES["busy"] is BUSY
    assert (BUSY.label, BUSY.merge, BUSY.round_to) == (Label.BUSY, True, timedelta(minutes=15))
    assert (BUSY.past, BUSY.future, BUSY.publish) == (Span(), Span(months=3), Publish.HOURLY)
    assert BUSY.all_day is AllDay.NO


def test_session_says_each_session_as_it_is() -> None:
    assert PROFILES["session"] is SESSION
    assert (SESSION.label, SESSION.merge, SESSION.round_to) == (Label.SESSION, False, None)
    assert (SESSION.past, SESSION.future, SESSION.publish) == (Span(), Span(months=6), Publish.HOURLY)
    assert SESSION.all_day is AllDay.NO


@pytest.mark.parametrize("language", ["en", "fr"])
def test_every_label_has_a_text_in_every_language(language: str) -> None:
    assert set(LABELS[language]) == set(Label)
    assert all(LABELS[language].values())


@pytest.mark.parametrize("seconds", [1, 20, 60, 300, 600, 900, 1200, 1800, 3600])
def test_rounding_divides_an_hour(seconds: int) -> None:
    assert replace(BUSY, round_to=timedelta(seconds=seconds)).round_to == timedelta(seconds=seconds)


@pytest.mark.parametrize("seconds", [0, -900, 7, 420, 2700, 7200, 0.5, 0.25])
def test_any_other_rounding_is_refused(seconds: float) -> None:
    with pytest.raises(ValueError, match="divide an hour"):
        replace(BUSY, round_to=timedelta(seconds=seconds))


def test_working_hours_are_nine_to_five_from_monday_to_friday() -> None:
    assert WorkingHours() == WorkingHours(time(9), time(17), frozenset({0, 1, 2, 3, 4}))


@pytest.mark.parametrize(("start", "end"), [(time(17), time(9)), (time(9), time(9)), (time(9), time(0))])
def test_working_hours_end_after_they_start(start: time, end: time) -> None:
    with pytest.raises(ValueError, match="after they start"):
        WorkingHours(start, end)


@pytest.mark.parametrize("weekday", [-1, 7])
def test_a_week_has_seven_days(weekday: int) -> None:
    with pytest.raises(ValueError, match="numbered"):
        WorkingHours(weekdays=frozenset({weekday}))
