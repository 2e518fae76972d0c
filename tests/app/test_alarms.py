"""When the coach hears of something: once, again while it lasts, once more when it is over; whatever the clock does."""

from __future__ import annotations

import json
import math
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coachsync.app import alarms
from coachsync.app.alarms import FIRST_REMINDER, HALF_A_DAY, NEXT_REMINDERS, Alarm, Kind, Plan, Told, alarm, decide

NOW = datetime(2026, 3, 2, 8, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
STALE = alarm(Kind.STALE, "shares.office", "share-stale", "The share is old.")
REFUSED = alarm(Kind.REFUSED, "accounts.cloud", "login-refused", "The password is refused.", "Change it.")


def looks(*moments: datetime, current: tuple[Alarm, ...] = (STALE,)) -> list[Plan]:
    """What is decided at each of these moments, one after the other, while the alarms stand."""
    told: dict[str, Told] = {}
    plans = []
    for moment in moments:
        plans.append(decide(current, told, moment))
        told = dict(plans[-1].told_after)
    return plans


def hourly(days: float, start: datetime = NOW) -> list[datetime]:
    return [start + number * HOUR for number in range(round(days * 24) + 1)]


def kinds(plans: list[Plan]) -> list[str]:
    """`n` for news, `r` for a reminder, `c` for an all-clear, `.` for silence."""
    return ["n" if plan.new else "r" if plan.reminders else "c" if plan.cleared else "." for plan in plans]


def told_at(plans: list[Plan]) -> list[int]:
    return [number for number, kind in enumerate(kinds(plans)) if kind != "."]


def test_keys_name_what_they_are_about() -> None:
    assert (STALE.key, REFUSED.key) == ("stale/shares.office", "refused/accounts.cloud")
    found = alarm(Kind.FINDING, "shares.office", "unknown-property", "A finding.")
    assert found.key == "finding/shares.office/unknown-property"
    assert alarm(Kind.HELD, "calendars.coaching", "mass-deletion", "").key == "held/calendars.coaching"


def test_it_is_told_once() -> None:
    first, second = looks(NOW, NOW + HOUR)
    assert (first.new, first.reminders, first.cleared) == ((STALE,), (), ())
    assert not second


def test_reminders_come_after_a_day_and_then_every_seven() -> None:
    assert told_at(looks(*hourly(16))) == [0, 24, 24 + 7 * 24, 24 + 14 * 24]


def test_all_clear_comes_once_and_then_it_is_news_again() -> None:
    told = looks(NOW)[0].told_after
    over = decide([], told, NOW + HOUR)
    assert (over.cleared, over.new, over.told_after) == ((STALE.key,), (), {})
    assert not decide([], over.told_after, NOW + 2 * HOUR)
    assert decide([STALE], over.told_after, NOW + 3 * HOUR).new == (STALE,)


def test_no_all_clear_for_what_was_never_told() -> None:
    assert not decide([], {}, NOW)


def test_each_alarm_has_a_clock_of_its_own() -> None:
    told = decide([STALE], {}, NOW).told_after
    for hour in range(12):
        told = decide([STALE], told, NOW + hour * HOUR).told_after
    joined = decide([STALE, REFUSED], told, NOW + 12 * HOUR)
    assert (joined.new, joined.reminders) == ((REFUSED,), ())
    later = decide([STALE, REFUSED], joined.told_after, NOW + DAY)
    assert (later.new, later.reminders) == ((), (STALE,))


def test_two_under_one_key_are_one() -> None:
    other = Alarm(STALE.key, "other", STALE.where, "Said otherwise.")
    assert decide([STALE, REFUSED, other], {}, NOW).new == (STALE, REFUSED)


def test_since_stays_at_the_news() -> None:
    plans = looks(*hourly(3))
    assert {plan.told_after[STALE.key].since for plan in plans} == {NOW.timestamp()}
    assert [plan.told_after[STALE.key].times for plan in plans][-1] == 2


def test_a_plan_that_was_not_carried_out_is_due_again() -> None:
    told = looks(NOW)[0].told_after
    due = decide([STALE], told, NOW + HOUR)
    for hour in range(2, 30):  # nobody keeps what the plans say, because nothing could be sent
        due = decide([STALE], told, NOW + hour * HOUR)
    assert not due  # one unseen stretch counts as half a day at most
    kept = decide([], told, NOW + HOUR)
    assert decide([], told, NOW + 2 * HOUR).cleared == kept.cleared == (STALE.key,)


# ------------------------------------------------------------------------------------------------------------- clocks


@pytest.mark.parametrize("jump", [DAY, -DAY, 365 * DAY, -20000 * DAY], ids=str)
def test_clock_that_is_set_causes_no_burst_and_no_stall(jump: timedelta) -> None:
    before = hourly(0.25)
    plans = looks(*before, *(moment + jump for moment in hourly(16, before[-1] + HOUR)))
    told = told_at(plans)
    assert told[0] == 0
    assert 12 <= told[1] <= 31  # in hours that went by: a day, half of it at most taken by the jump
    assert told[2] - told[1] == 7 * 24


def test_clock_set_back_and_forth_by_a_day_again_and_again_brings_a_handful_of_reminders() -> None:
    moments = [moment + (number % 2) * DAY for number, moment in enumerate(hourly(2))]
    assert len(told_at(looks(*moments))) <= 5


def test_laptop_that_sleeps_at_night_is_reminded_within_a_day_and_a_half() -> None:
    awake = [moment for moment in hourly(10) if 8 <= moment.hour < 17]
    told = [awake[number] - NOW for number in told_at(looks(*awake))]
    assert timedelta(hours=20) <= told[1] <= timedelta(hours=36)
    assert timedelta(days=7) <= told[2] - told[1] <= timedelta(days=9)


STEPS = st.lists(
    st.tuples(
        st.floats(60, 86400),  # seconds that really pass
        st.sampled_from([0.0] * 6 + [86400.0, -86400.0, 3e8, -3e8]),  # by which somebody sets the clock
        st.frozensets(st.sampled_from(["a", "b", "c"])),  # what stands then
    ),
    max_size=40,
)


@given(STEPS)
def test_whatever_the_clock_does_each_is_told_once_reminded_rarely_and_cleared_once(
    steps: list[tuple[float, float, frozenset[str]]],
) -> None:
    told: dict[str, Told] = {}
    wall, open_since = NOW, dict[str, list[float]]()  # seconds seen since the last telling, and how many tellings
    for real, jump, names in steps:
        wall = wall + timedelta(seconds=real + jump)
        current = [Alarm(f"stale/shares.{name}", "x", f"shares.{name}", "Old.") for name in sorted(names)]
        keys = {one.key for one in current}
        plan = decide(current, told, wall)
        assert {one.key for one in plan.new} == keys - open_since.keys()
        assert set(plan.cleared) == open_since.keys() - keys
        assert set(plan.told_after) == keys
        for key in plan.cleared:
            del open_since[key]
        for entry in open_since.values():
            entry[0] += min(max(real + jump, 0), HALF_A_DAY)
        reminded = {one.key for one in plan.reminders}
        for key, entry in open_since.items():
            patience = FIRST_REMINDER if entry[1] == 1 else NEXT_REMINDERS
            assert (key in reminded) == (entry[0] >= patience - 1e-3) or math.isclose(entry[0], patience, abs_tol=1)
            if key in reminded:
                entry[:] = [0.0, entry[1] + 1]
        for one in plan.new:
            open_since[one.key] = [0.0, 1]
        assert not decide(current, plan.told_after, wall)
        told = alarms.from_json(json.loads(json.dumps(alarms.as_json(plan.told_after))))
        assert told == plan.told_after


@given(st.lists(st.sampled_from([86400.0, -86400.0, 3600.0, 3e8, -3e8]), max_size=60))
def test_tellings_never_outnumber_the_looks_that_they_need(jumps: list[float]) -> None:
    wall, moments = NOW, [NOW]
    for jump in jumps:
        wall += timedelta(seconds=jump)
        moments.append(wall)
    assert len(told_at(looks(*moments))) <= 2 + max(len(jumps) - 2, 0) // 14


@given(
    st.lists(st.sampled_from([DAY, -DAY, 300 * DAY, -300 * DAY]), max_size=10),
    st.integers(1, 3),
)
def test_after_any_jumps_a_steady_clock_brings_the_reminder_in_time(jumps: list[timedelta], minutes: int) -> None:
    wall, moments = NOW, [NOW]
    for jump in jumps:
        wall += jump
        moments.append(wall)
    told = told_at(looks(*moments, *hourly(8, wall)))
    assert told[-1] > len(jumps)


# --------------------------------------------------------------------------------------------------- the stored form


def test_what_is_stored_holds_keys_and_numbers_alone() -> None:
    stored = alarms.as_json(decide([REFUSED], {}, NOW).told_after)
    assert stored == {
        "refused/accounts.cloud": {"since": NOW.timestamp(), "seen": NOW.timestamp(), "waited": 0.0, "times": 1}
    }


@pytest.mark.parametrize(
    "document",
    [
        None,
        [],
        "x",
        {"a": None},
        {"a": {}},
        {"a": {"since": 1, "seen": "2", "waited": 0, "times": 1}},
        {"a": {"since": 1, "seen": math.nan, "waited": 0, "times": 1}},
        {"a": {"since": 1, "seen": math.inf, "waited": 0, "times": 1}},
        {1: {"since": 1, "seen": 1, "waited": 0, "times": 1}},
    ],
)
def test_what_makes_no_sense_is_forgotten(document: object) -> None:
    assert alarms.from_json(document) == {}


def test_stored_numbers_out_of_range_do_no_harm() -> None:
    read = alarms.from_json({"a": {"since": 1, "seen": 2, "waited": -5, "times": 0}})
    assert read == {"a": Told(1.0, 2.0, 0.0, 1)}
