"""Which backups stay: seven days, four weeks, twelve months."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from coachsync.app.backup.pruning import DAILY, LAST, MONTHLY, WEEKLY, staying

START = datetime(2026, 1, 1, 2, 30, tzinfo=UTC)


def nightly(days: int) -> dict[int, int]:
    return {number: int((START + timedelta(days=number)).timestamp()) for number in range(1, days + 1)}


def test_two_years_of_nights_leave_a_week_a_month_and_a_year() -> None:
    made, kept = nightly(730), set[int]()
    for number in made:  # as in life: night after night
        kept = staying({one: made[one] for one in kept | {number}})
    assert {730 - one for one in range(DAILY)} <= kept
    months = {datetime.fromtimestamp(made[one], UTC).strftime("%Y-%m") for one in kept}
    assert len(months) == MONTHLY
    assert DAILY + MONTHLY <= len(kept) <= DAILY + WEEKLY + MONTHLY


@given(st.dictionaries(st.integers(1, 400), st.integers(0, 1 << 32), max_size=40))
def test_the_newest_stays_and_few_are_ever_many(made: dict[int, int]) -> None:
    kept = staying(made)
    assert kept <= made.keys()
    assert len(kept) <= LAST + DAILY + WEEKLY + MONTHLY
    assert set(sorted(made)[-LAST:]) <= kept
    assert staying({one: made[one] for one in kept}) == kept  # twice is once
    if len(made) <= DAILY:
        assert len({time // 86_400 for time in made.values()}) <= len(kept) or kept == made.keys()


def test_days_without_a_backup_take_nothing_away() -> None:
    made = {number: int((START + timedelta(days=40 * number)).timestamp()) for number in range(1, 8)}
    assert staying(made) == made.keys()
