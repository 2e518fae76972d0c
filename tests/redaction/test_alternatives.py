"""With which other settings a share is compared."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from coachsync.redaction.alternatives import alternatives
from coachsync.redaction.profiles import BUSY, SESSION, Profile
from coachsync.span import Span


def keyed(profile: Profile) -> dict[str, Profile]:
    return {one.key: one.profile for one in alternatives(profile)}


def test_a_session_share_is_compared_with_rounding_merging_and_half_the_window() -> None:
    found = keyed(SESSION)
    assert list(found) == ["round-15", "round-30", "round-60", "merged", "buffer", "half-window", "all"]
    assert found["round-30"] == replace(SESSION, round_to=timedelta(minutes=30))
    assert found["merged"] == replace(SESSION, merge=True)
    assert found["half-window"] == replace(SESSION, future=Span(months=3))
    assert found["all"] == replace(SESSION, merge=True, round_to=timedelta(hours=1), future=Span(months=3))


def test_a_busy_share_is_compared_with_what_it_would_tell_unmerged() -> None:
    found = keyed(BUSY)
    assert list(found) == ["round-30", "round-60", "apart", "buffer", "half-window", "all"]
    assert found["apart"] == replace(BUSY, merge=False)


@pytest.mark.parametrize("profile", [BUSY, SESSION, keyed(BUSY)["all"]])
def test_no_share_is_compared_with_itself_and_only_what_is_shown_differs(profile: Profile) -> None:
    for other in alternatives(profile):
        assert other.profile != profile
        assert (other.profile.key, other.profile.label, other.profile.publish) == (
            profile.key,
            profile.label,
            profile.publish,
        )
        assert other.name


@pytest.mark.parametrize(
    ("whole", "half"),
    [
        (Span(months=3), Span(months=1, days=15)),
        (Span(days=35), Span(days=17)),
        (Span(months=1, days=10), Span(days=20)),
        (Span(), Span()),
    ],
)
def test_half_a_window_is_in_whole_days(whole: Span, half: Span) -> None:
    found = keyed(replace(SESSION, past=whole, future=Span(months=6)))["half-window"]
    assert (found.past, found.future) == (half, Span(months=3))


def test_a_window_of_today_alone_has_no_half() -> None:
    assert "half-window" not in keyed(replace(SESSION, future=Span()))
