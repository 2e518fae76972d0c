"""Days and moments as people read them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from coachsync.app.dates import long_day, short_day, short_moment
from coachsync.app.language import LANGUAGES

TUESDAY = date(2026, 12, 1)


@pytest.mark.parametrize(("language", "text"), [("en", "Tue 1 Dec"), ("fr", "mar. 1 déc.")])
def test_a_day_is_said_in_its_language(language: str, text: str) -> None:
    assert short_day(TUESDAY, language) == text
    assert long_day(TUESDAY, language) == f"{text} 2026"


def test_a_moment_is_that_of_its_own_clock() -> None:
    late = datetime(2026, 11, 30, 23, 30, tzinfo=UTC).astimezone(ZoneInfo("Europe/Paris"))
    assert short_moment(late, "fr") == "mar. 1 déc. 00:30"


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_day_of_a_year_has_its_own_words(language: str) -> None:
    assert len({short_day(date(2026, 1, 1) + timedelta(days=n), language) for n in range(365)}) == 365
