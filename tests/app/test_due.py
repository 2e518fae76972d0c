from datetime import UTC, datetime, timedelta

import pytest

from coachsync.app.due import due

DAY = timedelta(days=1)
NOW = datetime(2026, 3, 2, 8, tzinfo=UTC)


@pytest.mark.parametrize(
    ("ago", "expected"),
    [
        (timedelta(0), False),
        (DAY - timedelta(seconds=1), False),
        (DAY, True),
        (30 * DAY, True),
        (-timedelta(seconds=1), True),  # the clock was put back
        (-DAY, True),
    ],
)
def test_a_thing_is_due_after_its_time_and_when_it_was_done_in_the_future(ago: timedelta, expected: bool) -> None:
    assert due(NOW, int((NOW - ago).timestamp()), DAY) is expected


def test_what_was_never_done_is_due() -> None:
    assert due(NOW, None, DAY)
