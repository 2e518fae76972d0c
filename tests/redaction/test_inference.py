"""What a share's slots tell by themselves: chains, what stands out, and the one number, held against the truth."""

from __future__ import annotations

import random
import time as stopwatch
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coachsync.model import Label, Occurrence, Pseudonym, Slot
from coachsync.redaction.inference import Inference, infer
from coachsync.redaction.profiles import BUSY, SESSION, Profile
from coachsync.redaction.slots import slots
from coachsync.redaction.window import midnight, window
from coachsync.span import Span
from invented import practices, snapshot

PARIS = ZoneInfo("Europe/Paris")
MONDAY = date(2026, 3, 2)
HOUR, DAY, WEEK = timedelta(hours=1), timedelta(days=1), timedelta(weeks=1)
ZONES = st.sampled_from([ZoneInfo(name) for name in ("UTC", "Europe/Paris", "America/Sao_Paulo", "Pacific/Apia")])
# days and quarters of an hour, and quarters long
TIMES = st.lists(st.tuples(st.integers(0, 150), st.integers(32, 72), st.integers(1, 8)), max_size=60)


def slot(day: date, clock: time = time(10), minutes: int = 60, zone: ZoneInfo = PARIS) -> Slot:
    start = datetime.combine(day, clock, tzinfo=zone).astimezone(UTC)
    return Slot(start, start + timedelta(minutes=minutes), Label.SESSION)


def weekly(weeks: Iterable[int], clock: time = time(10), minutes: int = 60, weekday: int = 0) -> list[Slot]:
    return [slot(MONDAY + week * WEEK + weekday * DAY, clock, minutes) for week in weeks]


def told(found: Iterable[Slot], profile: Profile = SESSION) -> Inference:
    return infer(found, profile, PARIS)


def made(times: list[tuple[int, int, int]], zone: ZoneInfo) -> list[Slot]:
    return [
        slot(MONDAY + day * DAY, time(quarter // 4, quarter % 4 * 15), 15 * long, zone) for day, quarter, long in times
    ]


# ------------------------------------------------------------------------------------------------------ the number


def test_nothing_tells_nothing() -> None:
    assert told([]) == Inference()
    assert (told([]).of_hundred, told([]).longest) == (0, 0)


def test_one_slot_belongs_to_no_row_and_stands_out_from_nothing() -> None:
    assert told([slot(MONDAY)]) == Inference(slots=1, places=1)


def test_what_returns_every_week_is_one_persons() -> None:
    found = told(weekly(range(5)))
    assert (found.slots, found.places, found.attributed, found.longest, found.of_hundred) == (5, 1, 5, 5, 100)


@pytest.mark.parametrize(("weeks", "chained"), [((0, 1), 0), ((0, 4, 8), 3), ((0, 5, 10), 0), ((0, 1, 2, 8, 9), 3)])
def test_a_row_has_three_times_and_no_pause_beyond_four_weeks(weeks: tuple[int, ...], chained: int) -> None:
    assert told(weekly(weeks)).attributed == chained


def test_a_row_goes_on_when_the_clocks_change() -> None:
    spring = weekly(range(8))  # the clocks go forward on 29 March
    assert len({one.start.time() for one in spring}) == 2
    assert told(spring).longest == 8
    assert infer(spring, SESSION, ZoneInfo("UTC")).longest == 4


def test_an_hour_that_the_clocks_show_twice_is_one_place() -> None:
    night = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)  # half past two, for the first time
    nights = [slot(date(2026, 10, 25) - week * WEEK, time(2, 30)) for week in (1, 2)]
    for shown in (night, night + HOUR):
        assert told([*nights, Slot(shown, shown + HOUR, Label.SESSION)]).longest == 3


def test_another_weekday_hour_or_length_is_another_place() -> None:
    row = weekly(range(3))
    others = [*weekly([3], weekday=1), *weekly([3], time(10, 15)), *weekly([3], minutes=75)]
    found = told(row + others)
    assert (found.places, found.attributed, found.of_hundred) == (4, 3, 50)


def test_a_sunday_and_the_monday_after_are_in_two_weeks() -> None:
    sundays = [slot(MONDAY + week * WEEK - DAY) for week in range(3)]
    assert told([*sundays, *weekly(range(3))]).attributed == 6


def test_the_number_is_rounded_up() -> None:
    some = [slot(MONDAY + day * DAY, time(8 + day % 11), 20 + day) for day in range(397)]
    assert told(some).of_hundred == 0
    assert told(some + weekly(range(3), time(6, 10))).of_hundred == 1


def test_rows_are_told_longest_first_with_their_slots() -> None:
    short, long = weekly(range(3)), weekly(range(5), time(14))
    found = told(short + long)
    assert [list(chain.slots) for chain in found.chains] == [long, short]
    assert [chain.place.start for chain in found.chains] == [time(14), time(10)]


def test_a_long_block_may_be_several_meetings_where_blocks_are_merged() -> None:
    blocks = [*weekly(range(6)), *weekly(range(4), time(14), 180)]
    merged = told(blocks, BUSY)
    assert (merged.in_chains, merged.together, merged.attributed, merged.longest) == (6, 4, 6, 6)
    assert [chain.several for chain in merged.chains] == [False, True]
    assert told(blocks).attributed == 10


@pytest.mark.parametrize(("minutes", "grid", "single"), [(90, 15, True), (105, 15, False), (120, 60, True)])
def test_one_meeting_is_half_as_long_again_or_a_step_of_rounding_longer(minutes: int, grid: int, single: bool) -> None:
    profile = replace(BUSY, round_to=timedelta(minutes=grid))
    found = told([*weekly(range(6)), *weekly(range(3), time(14), minutes)], profile)
    assert bool(found.together) is not single


def test_lengths_and_hours_of_few_are_counted() -> None:
    usual = [slot(MONDAY + day * DAY + week * WEEK, time(10)) for day in range(5) for week in range(8)]
    found = told([*usual, slot(MONDAY, time(10), 75), slot(MONDAY, time(20)), slot(MONDAY + 5 * DAY, time(10))])
    assert (found.odd_lengths, found.odd_hours) == (1, 2)
    assert told(usual).odd_lengths == told(usual).odd_hours == 0


def test_the_same_slot_twice_is_one() -> None:
    assert told(weekly([0, 0, 0])).slots == 1


def test_slots_that_say_themselves_whose_they_are_count_as_attributed() -> None:
    plain = [slot(MONDAY + day * DAY, time(8 + day)) for day in range(4)]
    signed = [
        replace(plain[0], pseudonym=Pseudonym("Granite-41")),
        replace(plain[1], series=2),
        *plain[2:],
    ]
    found = told(signed)
    assert (found.linked, found.attributed, found.of_hundred) == (2, 2, 50)


# ------------------------------------------------------------------------------------------------------ properties


@given(ZONES, TIMES, st.randoms(use_true_random=False))
@settings(max_examples=40)
def test_the_order_of_slots_says_nothing(zone: ZoneInfo, times: list[tuple[int, int, int]], rng: random.Random) -> None:
    found = made(times, zone)
    shuffled = [*found, *found]
    rng.shuffle(shuffled)
    for profile in (SESSION, BUSY):
        assert infer(shuffled, profile, zone) == infer(found, profile, zone)


@given(TIMES, st.integers(-30, 30))
@settings(max_examples=40)
def test_another_week_changes_no_number(times: list[tuple[int, int, int]], weeks: int) -> None:
    moved = [(day + 7 * weeks, quarter, long) for day, quarter, long in times]
    for profile in (SESSION, BUSY):
        here, there = (infer(made(some, PARIS), profile, PARIS) for some in (times, moved))
        assert here.of_hundred == there.of_hundred
        assert [(len(one.slots), one.place, one.several) for one in here.chains] == [
            (len(one.slots), one.place, one.several) for one in there.chains
        ]
        assert (here.odd_lengths, here.odd_hours) == (there.odd_lengths, there.odd_hours)


@given(ZONES, TIMES)
@settings(max_examples=40)
def test_coarser_rounding_leaves_no_more_places(zone: ZoneInfo, times: list[tuple[int, int, int]]) -> None:
    occurrences = [Occurrence(one.start, one.end) for one in made(times, zone)]
    frame = window(MONDAY, Span(days=2), Span(months=8), zone)
    places = [
        infer(slots(occurrences, profile, frame, zone), profile, zone).places
        for profile in (SESSION, *(replace(SESSION, round_to=timedelta(minutes=grid)) for grid in (15, 30, 60)))
    ]
    assert places == sorted(places, reverse=True)


def test_ten_thousand_slots_take_less_than_a_second() -> None:
    many = {slot(MONDAY + number // 30 * DAY, time(8 + number % 10, number % 30)) for number in range(10_000)}
    assert len(many) > 9_000
    began = stopwatch.process_time()
    told(many)
    assert stopwatch.process_time() - began < 1


# -------------------------------------------------------------------------------------------------- held to the truth


@pytest.mark.parametrize(("clients", "profile"), [(25, SESSION), (60, SESSION), (25, BUSY), (60, BUSY)])
def test_rows_are_of_one_client_as_far_as_is_told(clients: int, profile: Profile) -> None:
    """docs/inference.md tells 98 to 100 % of the pairs right, and 91 to 97 % found."""
    found = snapshot.measured((practices.practice(clients, seed) for seed in range(1, 4)), profile, MONDAY)
    assert found.slots > 100
    assert found.precision > 0.9
    assert found.recall > 0.8
    assert found.attributed_rightly > 0.9


def test_a_practice_without_regular_clients_has_a_small_number() -> None:
    found = snapshot.measured((practices.practice(60, seed, regular=False) for seed in range(1, 4)), SESSION, MONDAY)
    assert found.slots > 100
    assert found.of_hundred < 10


def test_coarser_rounding_leaves_no_more_places_in_invented_practices() -> None:
    frame = window(MONDAY, SESSION.past, SESSION.future, PARIS)
    for seed in range(1, 4):
        sessions = practices.practice(90, seed).at(midnight(MONDAY, PARIS))
        places = []
        for minutes in (15, 30, 60):
            profile = replace(SESSION, round_to=timedelta(minutes=minutes))
            found = slots((one.occurrence for one in sessions), profile, frame, PARIS)
            places.append(infer(found, profile, PARIS).places)
        assert places == sorted(places, reverse=True)
        assert places[0] > places[-1]
