"""Slots, over occurrences made up at random: what is covered, what is not, what stays the same."""

from __future__ import annotations

import time as stopwatch
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coachsync.model import Occurrence, Slot, Stand, Window
from coachsync.redaction.profiles import BUSY, SESSION, AllDay, Profile
from coachsync.redaction.slots import may_show, slots
from coachsync.redaction.window import midnight, window
from coachsync.span import Span

PARIS = ZoneInfo("Europe/Paris")
MONDAY = date(2026, 1, 5)
OFFICE = replace(BUSY, all_day=AllDay.WORKING_HOURS)
QUARTER = timedelta(minutes=15)
HARD = [
    ("UTC", date(2026, 1, 1)),
    ("Europe/Paris", date(2026, 3, 29)),
    ("Europe/Paris", date(2026, 10, 25)),
    ("Africa/Cairo", date(2024, 4, 26)),
    ("Africa/Cairo", date(2024, 10, 31)),
    ("America/Sao_Paulo", date(2017, 10, 15)),
    ("America/Sao_Paulo", date(2018, 2, 17)),
    ("America/Havana", date(2026, 11, 1)),
    ("America/St_Johns", date(2010, 11, 7)),  # clocks went back at 00:01
    ("America/St_Johns", date(2010, 3, 14)),
    ("Asia/Kathmandu", date(2026, 1, 1)),
    ("Australia/Lord_Howe", date(2026, 4, 5)),  # half an hour
    ("Australia/Lord_Howe", date(2026, 10, 4)),
    ("Pacific/Apia", date(2011, 12, 30)),
    ("America/Toronto", date(1919, 3, 31)),
]
PLACES = st.sampled_from([(ZoneInfo(name), day) for name, day in HARD])
# minutes from the middle of the window, and minutes long; close together, so that they meet
TIMES = st.lists(
    st.tuples(st.integers(-6 * 1440, 6 * 1440), st.integers(0, 600) | st.integers(0, 4000), st.sampled_from(Stand)),
    max_size=12,
)


def occurrences_around(day: date, times: list[tuple[int, int, Stand]]) -> list[Occurrence]:
    middle = datetime.combine(day, time(12), tzinfo=UTC)
    return [
        Occurrence(middle + timedelta(minutes=start), middle + timedelta(minutes=start + length), stand=stand)
        for start, length, stand in times
    ]


def held(moment: datetime, stretches: Sequence[tuple[datetime, datetime]]) -> bool:
    return any(start <= moment < end for start, end in stretches)


def published(occurrences: Sequence[Occurrence]) -> list[tuple[datetime, datetime]]:
    return [(one.start, one.end) for one in occurrences if one.stand is Stand.BUSY and one.start < one.end]


@given(PLACES, TIMES)
def test_every_busy_instant_in_the_window_is_covered(
    place: tuple[ZoneInfo, date], times: list[tuple[int, int, Stand]]
) -> None:
    zone, day = place
    occurrences = occurrences_around(day, times)
    around = window(day, Span(days=3), Span(days=3), zone)
    found = [(slot.start, slot.end) for slot in slots(occurrences, BUSY, around, zone)]
    for start, end in published(occurrences):
        moment, last = max(start, around.start), min(end, around.end)
        while moment < last:
            assert held(moment, found)
            moment = min(slot_end for slot_start, slot_end in found if slot_start <= moment < slot_end)


@given(PLACES, TIMES)
def test_no_published_instant_is_further_than_the_rounding_from_a_busy_one(
    place: tuple[ZoneInfo, date], times: list[tuple[int, int, Stand]]
) -> None:
    zone, day = place
    occurrences = occurrences_around(day, times)
    busy_times = published(occurrences)
    for slot in slots(occurrences, BUSY, window(day, Span(days=3), Span(days=3), zone), zone):
        for step in range((slot.end - slot.start) // timedelta(minutes=1)):
            moment = slot.start + timedelta(minutes=step)
            assert any(start - QUARTER < moment < end + QUARTER for start, end in busy_times)


@given(PLACES, TIMES)
def test_blocks_are_apart_inside_the_window_and_inside_a_day(
    place: tuple[ZoneInfo, date], times: list[tuple[int, int, Stand]]
) -> None:
    zone, day = place
    around = window(day, Span(days=3), Span(days=3), zone)
    found = slots(occurrences_around(day, times), BUSY, around, zone)
    edges = {midnight(day + timedelta(days=days), zone) for days in range(-5, 6)}
    for slot in found:
        assert around.start <= slot.start < slot.end <= around.end
        assert not any(slot.start < edge < slot.end for edge in edges)
    for one, other in pairwise(found):
        assert one.end < other.start or one.end == other.start in edges


@given(PLACES, TIMES)
def test_publishing_what_was_published_changes_nothing(
    place: tuple[ZoneInfo, date], times: list[tuple[int, int, Stand]]
) -> None:
    zone, day = place
    around = window(day, Span(days=3), Span(days=3), zone)
    found = slots(occurrences_around(day, times), BUSY, around, zone)
    assert slots([Occurrence(slot.start, slot.end) for slot in found], BUSY, around, zone) == found


@pytest.mark.parametrize("profile", [BUSY, OFFICE])
@given(PLACES, TIMES, st.integers(-4, 4), st.integers(1, 4))
def test_a_window_that_slides_changes_only_the_days_at_its_edges(
    profile: Profile, place: tuple[ZoneInfo, date], times: list[tuple[int, int, Stand]], first: int, length: int
) -> None:
    zone, middle = place
    occurrences = [replace(one, all_day=not index % 5) for index, one in enumerate(occurrences_around(middle, times))]
    today = middle + timedelta(days=first)
    tomorrow = today + timedelta(days=1)
    before = slots(occurrences, profile, window(today, Span(), Span(days=length), zone), zone)
    after = slots(occurrences, profile, window(tomorrow, Span(), Span(days=length), zone), zone)
    common = Window(midnight(tomorrow, zone), midnight(today + timedelta(days=length + 1), zone))

    def inside(found: Sequence[Slot]) -> list[Slot]:
        return [slot for slot in found if common.touches(slot.start, slot.end)]

    assert inside(before) == inside(after)
    assert {slot for slot in before if slot not in after} == set(before) - set(inside(before))
    assert all(slot.end <= common.start for slot in set(before) - set(after))
    assert all(slot.start >= common.end for slot in set(after) - set(before))


@given(TIMES, st.sampled_from([0, 330, 345, -210]))
def test_blocks_agree_with_counting_quarters_of_an_hour(times: list[tuple[int, int, Stand]], offset: int) -> None:
    """Another way to the same result where no clock changes: which quarters are busy, in runs, days apart."""
    zone = {0: ZoneInfo("UTC"), 330: ZoneInfo("Asia/Kolkata"), 345: ZoneInfo("Asia/Kathmandu")}.get(
        offset, ZoneInfo("America/St_Johns")
    )
    day = date(2026, 1, 15)
    around = window(day, Span(days=3), Span(days=3), zone)
    occurrences = occurrences_around(day, times)
    quarters = [around.start + number * QUARTER for number in range((around.end - around.start) // QUARTER)]
    taken = [
        any(start < quarter + QUARTER and end > quarter for start, end in published(occurrences))
        for quarter in quarters
    ]
    runs: list[tuple[datetime, datetime]] = []
    for quarter, is_taken in zip(quarters, taken, strict=True):
        if not is_taken:
            continue
        is_midnight = quarter.astimezone(zone).time() == time(0)
        if runs and runs[-1][1] == quarter and not is_midnight:
            runs[-1] = runs[-1][0], quarter + QUARTER
        else:
            runs.append((quarter, quarter + QUARTER))
    assert [(slot.start, slot.end) for slot in slots(occurrences, BUSY, around, zone)] == runs


@given(PLACES, TIMES)
def test_sessions_are_exactly_what_touches_the_window(
    place: tuple[ZoneInfo, date], times: list[tuple[int, int, Stand]]
) -> None:
    zone, day = place
    around = window(day, Span(days=3), Span(days=3), zone)
    occurrences = occurrences_around(day, times)
    touching = {(start, end) for start, end in published(occurrences) if around.touches(start, end)}
    assert [(slot.start, slot.end) for slot in slots(occurrences, SESSION, around, zone)] == sorted(touching)


@given(PLACES, TIMES, st.randoms(use_true_random=False))
@settings(max_examples=50)
def test_the_order_of_events_does_not_matter(place: tuple[ZoneInfo, date], times, random) -> None:  # type: ignore[no-untyped-def] # Hypothesis gives them
    zone, day = place
    around = window(day, Span(days=3), Span(days=3), zone)
    occurrences = occurrences_around(day, times)
    shuffled = [*occurrences, *occurrences]
    random.shuffle(shuffled)
    for profile in (BUSY, SESSION):
        assert slots(shuffled, profile, around, zone) == slots(occurrences, profile, around, zone)


@pytest.mark.parametrize("profile", [BUSY, SESSION, OFFICE])
def test_ten_thousand_events_take_less_than_200_microseconds_each(profile: Profile) -> None:
    around = window(MONDAY, Span(), Span(months=6), PARIS)
    occurrences = [
        Occurrence(
            begin := around.start + timedelta(minutes=(number * 17) % 260_000),
            begin + timedelta(minutes=50),
            number % 7 == 0,
        )
        for number in range(10_000)
    ]
    began = stopwatch.process_time()
    assert slots(occurrences, profile, around, PARIS)
    assert stopwatch.process_time() - began < 10_000 * 200e-6


@given(
    PLACES,
    TIMES,
    st.sampled_from([BUSY, SESSION, replace(SESSION, before=timedelta(hours=3), after=QUARTER)]),
    st.booleans(),
)
@settings(max_examples=60)
def test_what_gives_a_slot_may_show_and_what_is_far_away_may_not(
    place: tuple[ZoneInfo, date], times: list[tuple[int, int, Stand]], profile: Profile, whole: bool
) -> None:
    zone, day = place
    profile = replace(profile, all_day=AllDay.WORKING_HOURS)
    frame = window(day, Span(days=1), Span(days=1), zone)
    for occurrence in occurrences_around(day, times):
        one = replace(occurrence, all_day=whole)
        may = may_show(one, profile, frame)
        assert may or not slots([one], profile, frame, zone)
        near = Window(frame.start - timedelta(days=2), frame.end + timedelta(days=2))
        assert near.touches(one.start, one.end) or not may
