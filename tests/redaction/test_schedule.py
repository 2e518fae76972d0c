"""The edges at which shares are written, also where clocks are changed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coachsync.redaction.profiles import Publish
from coachsync.redaction.schedule import edge, next_edge

PARIS = ZoneInfo("Europe/Paris")
ZONES = st.sampled_from(["Europe/Paris", "America/Santiago", "Australia/Lord_Howe", "Asia/Kathmandu", "UTC"])
MOMENTS = st.integers(1_577_836_800, 1_893_456_000).map(lambda seconds: datetime.fromtimestamp(seconds, UTC))


def test_an_hourly_share_is_written_at_the_full_hour() -> None:
    assert edge(datetime(2026, 3, 2, 8, 59, 59, tzinfo=UTC), PARIS, Publish.HOURLY) == datetime(
        2026, 3, 2, 8, tzinfo=UTC
    )


def test_a_daily_share_is_written_at_local_midnight() -> None:
    assert edge(datetime(2026, 7, 2, 21, 59, tzinfo=UTC), PARIS, Publish.DAILY) == datetime(2026, 7, 1, 22, tzinfo=UTC)
    assert edge(datetime(2026, 7, 2, 22, 1, tzinfo=UTC), PARIS, Publish.DAILY) == datetime(2026, 7, 2, 22, tzinfo=UTC)


def test_the_hour_that_comes_twice_has_two_edges() -> None:
    first, second = (datetime(2026, 10, 25, hour, 30, tzinfo=UTC) for hour in (0, 1))  # both 02:30 in Paris
    assert edge(second, PARIS, Publish.HOURLY) - edge(first, PARIS, Publish.HOURLY) == timedelta(hours=1)


def test_what_is_written_now_has_no_edge_but_the_next_day() -> None:
    now = datetime(2026, 3, 2, 8, 12, 5, tzinfo=UTC)
    assert edge(now, PARIS, Publish.NOW) == now
    assert next_edge(now, PARIS, Publish.NOW) == datetime(2026, 3, 2, 23, tzinfo=UTC)


@given(MOMENTS, ZONES, st.sampled_from([Publish.HOURLY, Publish.DAILY]))
def test_every_moment_lies_between_its_edges(now: datetime, zone: str, publish: Publish) -> None:
    last, following = edge(now, ZoneInfo(zone), publish), next_edge(now, ZoneInfo(zone), publish)
    assert last <= now < following
    assert following - last <= timedelta(hours=1 if publish is Publish.HOURLY else 25)


@pytest.mark.parametrize("publish", [Publish.HOURLY, Publish.DAILY])
@given(now=MOMENTS, zone=ZONES)
def test_the_next_edge_is_the_edge_of_its_own_moment(publish: Publish, now: datetime, zone: str) -> None:
    following = next_edge(now, ZoneInfo(zone), publish)
    assert edge(following, ZoneInfo(zone), publish) == following
