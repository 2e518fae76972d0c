"""How long something is left alone: bounded, growing, never in step with others."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from coachsync.app.daemon import pace
from coachsync.app.daemon.pace import FIRST_RETRY, LAST_RETRY, LONGEST_WAIT, NEVER, Pace

DRAWS = st.floats(0, 1)


def test_what_was_never_tried_is_due() -> None:
    assert NEVER.due == 0


@given(st.floats(1, 86_400), DRAWS)
def test_a_success_is_followed_by_the_interval_give_or_take_a_tenth(every: float, draw: float) -> None:
    after = pace.regular(1000, every, draw)
    assert 0.899 * every <= after.due - 1000 <= 1.101 * every
    assert (after.failures, after.asked) == (0, False)


@given(st.lists(DRAWS, min_size=1, max_size=60))
def test_failures_wait_longer_and_longer_within_bounds(draws: list[float]) -> None:
    one = NEVER
    for number, draw in enumerate(draws):
        one = pace.failed(one, 1000, draw)
        whole = min(FIRST_RETRY * 2**number, LAST_RETRY)
        assert whole / 2 <= one.due - 1000 <= whole
    assert one.failures == len(draws)


@given(st.floats(0, 1e15), DRAWS, st.integers(0, 30))
def test_a_wait_that_a_server_asks_for_is_kept_up_to_a_day(seconds: float, draw: float, failures: int) -> None:
    one = pace.failed(Pace(failures=failures), 1000, draw, seconds)
    assert one.due - 1000 >= min(seconds, LONGEST_WAIT)
    assert one.due - 1000 <= max(LAST_RETRY, 1.1 * LONGEST_WAIT)
    assert one.asked


def test_waking_hurries_all_but_what_a_server_asked_for() -> None:
    assert pace.hurried(Pace(2000, 3), 1000) == Pace(1000, 3)
    assert pace.hurried(Pace(500, 3), 1000) == Pace(500, 3)
    assert pace.hurried(Pace(2000, 3, asked=True), 1000) == Pace(2000, 3, asked=True)
