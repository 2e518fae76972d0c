"""From occurrences to slots: examples of each rule, then the properties that hold for all of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from coachsync.model import Label, Occurrence, Pseudonym, Slot, Stand
from coachsync.redaction.profiles import BUSY, SESSION, AllDay, Profile, WorkingHours
from coachsync.redaction.slots import Mark, slots
from coachsync.redaction.window import window
from coachsync.span import Span

PARIS = ZoneInfo("Europe/Paris")
MONDAY = date(2026, 1, 5)
WEEK = window(MONDAY, Span(), Span(days=6), PARIS)
OFFICE = replace(BUSY, all_day=AllDay.WORKING_HOURS)
QUARTER = timedelta(minutes=15)


def at(text: str, zone: ZoneInfo = PARIS) -> datetime:
    """A local time, "2026-01-05 09:00", as an instant; without a day that Monday."""
    return datetime.fromisoformat(text if "-" in text else f"{MONDAY} {text}").replace(tzinfo=zone).astimezone(UTC)


def busy(start: str, end: str, zone: ZoneInfo = PARIS, **more: object) -> Occurrence:
    return Occurrence(at(start, zone), at(end, zone), **more)  # type: ignore[arg-type] # keywords of a dataclass


def said(found: Sequence[Slot], zone: ZoneInfo = PARIS) -> list[str]:
    """Slots as local text, the end's day only where it is another one."""
    lines = []
    for slot in found:
        start, end = slot.start.astimezone(zone), slot.end.astimezone(zone)
        lines.append(
            f"{start:%a %H:%M:%S}-{end:%H:%M:%S}" if start.date() == end.date() else f"{start:%a %H:%M}-{end:%a %H:%M}"
        )
    return lines


# ------------------------------------------------------------------------------------------------ what counts at all


@pytest.mark.parametrize("stand", [stand for stand in Stand if stand is not Stand.BUSY])
@pytest.mark.parametrize("profile", [BUSY, SESSION])
def test_only_what_makes_the_coach_busy_is_published(profile: Profile, stand: Stand) -> None:
    assert slots([busy("09:00", "10:00", stand=stand)], profile, WEEK, PARIS) == ()


@pytest.mark.parametrize("profile", [BUSY, SESSION])
def test_what_has_no_length_says_nothing(profile: Profile) -> None:
    assert slots([busy("09:07", "09:07"), busy("10:00", "09:00")], profile, WEEK, PARIS) == ()


@pytest.mark.parametrize("profile", [BUSY, SESSION])
def test_nothing_gives_nothing(profile: Profile) -> None:
    assert slots([], profile, WEEK, PARIS) == ()


@pytest.mark.parametrize("profile", [BUSY, SESSION])
@pytest.mark.parametrize(
    ("start", "end"), [("2026-01-04 22:00", "2026-01-05 00:00"), ("2026-01-12 00:00", "2026-01-12 01:00")]
)
def test_what_only_touches_the_edge_of_the_window_is_outside(profile: Profile, start: str, end: str) -> None:
    assert slots([busy(start, end)], profile, WEEK, PARIS) == ()


def test_a_slot_carries_the_label_of_its_profile() -> None:
    assert {slot.label for slot in slots([busy("09:00", "10:00")], SESSION, WEEK, PARIS)} == {Label.SESSION}
    assert {slot.label for slot in slots([busy("09:00", "10:00")], BUSY, WEEK, PARIS)} == {Label.BUSY}


# -------------------------------------------------------------------------------------------------------------- busy


@pytest.mark.parametrize(
    ("occurrences", "expected"),
    [
        ([("09:00", "10:00")], ["Mon 09:00:00-10:00:00"]),
        ([("09:05", "09:55")], ["Mon 09:00:00-10:00:00"]),
        ([("09:14", "09:16")], ["Mon 09:00:00-09:30:00"]),
        ([("09:00:01", "09:00:02")], ["Mon 09:00:00-09:15:00"]),
        ([("09:00", "10:00"), ("10:00", "11:00")], ["Mon 09:00:00-11:00:00"]),
        ([("09:00", "10:05"), ("10:10", "11:00")], ["Mon 09:00:00-11:00:00"]),
        ([("09:00", "10:00"), ("10:15", "11:00")], ["Mon 09:00:00-10:00:00", "Mon 10:15:00-11:00:00"]),
        ([("10:15", "11:00"), ("09:00", "10:00")], ["Mon 09:00:00-10:00:00", "Mon 10:15:00-11:00:00"]),
        ([("09:00", "12:00"), ("10:00", "11:00")], ["Mon 09:00:00-12:00:00"]),
        ([("09:00", "10:00"), ("09:00", "10:00")], ["Mon 09:00:00-10:00:00"]),
        ([("23:50", "2026-01-06 00:10")], ["Mon 23:45-Tue 00:00", "Tue 00:00:00-00:15:00"]),
        ([("22:00", "2026-01-06 00:00")], ["Mon 22:00-Tue 00:00"]),
        (
            [("22:00", "23:58"), ("2026-01-06 00:00", "2026-01-06 01:00")],
            ["Mon 22:00-Tue 00:00", "Tue 00:00:00-01:00:00"],
        ),
        ([("2026-01-04 23:00", "00:30")], ["Mon 00:00:00-00:30:00"]),
        ([("2026-01-11 23:50", "2026-01-12 03:00")], ["Sun 23:45-Mon 00:00"]),
        ([("20:00", "2026-01-07 08:00")], ["Mon 20:00-Tue 00:00", "Tue 00:00-Wed 00:00", "Wed 00:00:00-08:00:00"]),
    ],
)
def test_busy_is_rounded_merged_and_cut_at_midnight(occurrences: list[tuple[str, str]], expected: list[str]) -> None:
    assert said(slots([busy(*one) for one in occurrences], BUSY, WEEK, PARIS)) == expected


@pytest.mark.parametrize(
    ("zone", "start", "end", "expected"),
    [
        # 02:00 to 03:00 does not exist in Paris that night: an hour and a half, from 01:30 to 04:00 on the clock
        ("Europe/Paris", "2026-03-29 01:40", "2026-03-29 03:50", ("2026-03-29T00:30", "2026-03-29T02:00")),
        # 02:00 to 03:00 happens twice
        ("Europe/Paris", "2026-10-25 01:50", "2026-10-25 03:05", ("2026-10-24T23:45", "2026-10-25T02:15")),
        ("Asia/Kathmandu", "2026-01-05 09:01", "2026-01-05 09:59", ("2026-01-05T03:15", "2026-01-05T04:15")),
        ("Australia/Lord_Howe", "2026-01-05 09:01", "2026-01-05 09:31", ("2026-01-04T22:00", "2026-01-04T22:45")),
        # the day begins at 01:00 in Cairo that night
        ("Africa/Cairo", "2024-04-26 01:05", "2024-04-26 01:20", ("2024-04-25T22:00", "2024-04-25T22:30")),
    ],
)
def test_rounding_keeps_to_the_wall_clock(zone: str, start: str, end: str, expected: tuple[str, str]) -> None:
    place = ZoneInfo(zone)
    around = window(datetime.fromisoformat(start).date(), Span(days=3), Span(days=3), place)
    found = slots([busy(start, end, place)], BUSY, around, place)
    assert [(slot.start, slot.end) for slot in found] == [
        tuple(datetime.fromisoformat(text).replace(tzinfo=UTC) for text in expected)
    ]


def test_an_hour_is_an_hour_of_the_wall_clock_too() -> None:
    hourly = replace(BUSY, round_to=timedelta(hours=1))
    kathmandu = ZoneInfo("Asia/Kathmandu")
    assert said(slots([busy("09:20", "09:40", kathmandu)], hourly, WEEK, kathmandu), kathmandu) == [
        "Mon 09:00:00-10:00:00"
    ]


def test_blocks_are_cut_where_the_day_begins_when_midnight_does_not_exist() -> None:
    cairo = ZoneInfo("Africa/Cairo")
    around = window(date(2024, 4, 25), Span(), Span(days=3), cairo)
    found = slots([busy("2024-04-25 23:00", "2024-04-26 02:00", cairo)], BUSY, around, cairo)
    assert said(found, cairo) == ["Thu 23:00-Fri 01:00", "Fri 01:00:00-02:00:00"]


def test_a_block_over_a_day_that_never_was_has_no_empty_piece() -> None:
    apia = ZoneInfo("Pacific/Apia")
    around = window(date(2011, 12, 28), Span(), Span(days=6), apia)
    found = slots([busy("2011-12-29 22:00", "2011-12-31 02:00", apia)], BUSY, around, apia)
    assert said(found, apia) == ["Thu 22:00-Sat 00:00", "Sat 00:00:00-02:00:00"]


def test_rounding_may_pull_a_block_over_a_midnight_that_clocks_jumped_over() -> None:
    """Clocks went from 23:30 to 00:30: a quarter of an hour later, an hour before is the day before."""
    toronto = ZoneInfo("America/Toronto")
    hourly = replace(BUSY, round_to=timedelta(hours=1))
    early = [busy("1919-03-31 00:45", "1919-03-31 00:50", toronto)]
    for day, expected in ((date(1919, 3, 30), ["Sun 23:00-Mon 00:30"]), (date(1919, 3, 31), ["Mon 00:30:00-01:00:00"])):
        assert said(slots(early, hourly, window(day, Span(), Span(), toronto), toronto), toronto) == expected


def test_busy_without_rounding_still_merges() -> None:
    exact = replace(BUSY, round_to=None)
    found = slots([busy("09:05", "09:55"), busy("09:55", "10:01"), busy("10:02", "10:03")], exact, WEEK, PARIS)
    assert said(found) == ["Mon 09:05:00-10:01:00", "Mon 10:02:00-10:03:00"]


# ----------------------------------------------------------------------------------------------------------- session


@pytest.mark.parametrize(
    ("occurrences", "expected"),
    [
        ([("09:05", "09:55")], ["Mon 09:05:00-09:55:00"]),
        ([("09:00", "10:00"), ("10:00", "11:00")], ["Mon 09:00:00-10:00:00", "Mon 10:00:00-11:00:00"]),
        ([("09:00", "10:00"), ("09:00", "10:00")], ["Mon 09:00:00-10:00:00"]),
        ([("09:00", "10:00"), ("09:30", "10:30")], ["Mon 09:00:00-10:00:00", "Mon 09:30:00-10:30:00"]),
        ([("2026-01-04 23:00", "01:00")], ["Sun 23:00-Mon 01:00"]),
        ([("2026-01-11 23:00", "2026-01-12 01:00")], ["Sun 23:00-Mon 01:00"]),
        ([("23:00", "2026-01-06 01:00")], ["Mon 23:00-Tue 01:00"]),
    ],
)
def test_each_session_is_one_slot_whole_and_once(occurrences: list[tuple[str, str]], expected: list[str]) -> None:
    assert said(slots([busy(*one) for one in occurrences], SESSION, WEEK, PARIS)) == expected


def test_sessions_can_be_rounded_and_stay_apart() -> None:
    rounded = replace(SESSION, round_to=QUARTER)
    found = slots([busy("09:05", "09:55"), busy("09:02", "09:50"), busy("10:00", "11:00")], rounded, WEEK, PARIS)
    assert said(found) == ["Mon 09:00:00-10:00:00", "Mon 10:00:00-11:00:00"]


def test_a_second_is_the_finest_time_there_is() -> None:
    odd = Occurrence(at("09:00") + timedelta(microseconds=5), at("10:00") - timedelta(microseconds=5))
    assert said(slots([odd], SESSION, WEEK, PARIS)) == ["Mon 09:00:00-10:00:00"]


@pytest.mark.parametrize("profile", [BUSY, SESSION, replace(SESSION, round_to=QUARTER), OFFICE])
def test_the_ends_of_the_calendar_are_no_crash(profile: Profile) -> None:
    ever = [
        Occurrence(datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC), all_day=all_day)
        for all_day in (True, False)
    ]
    for zone in (PARIS, ZoneInfo("America/Sao_Paulo")):
        assert slots(ever, profile, WEEK, zone)


# ----------------------------------------------------------------------------------------------------------- all day


def whole_days(first: str, after: str) -> Occurrence:
    return busy(f"{first} 00:00", f"{after} 00:00", all_day=True)


@pytest.mark.parametrize("profile", [BUSY, SESSION])
def test_whole_days_are_not_published_unless_asked(profile: Profile) -> None:
    assert slots([whole_days("2026-01-05", "2026-01-08")], profile, WEEK, PARIS) == ()


@pytest.mark.parametrize("profile", [OFFICE, replace(SESSION, all_day=AllDay.WORKING_HOURS)])
def test_whole_days_take_the_working_hours_of_working_days(profile: Profile) -> None:
    found = slots([whole_days("2026-01-08", "2026-01-13")], profile, WEEK, PARIS)  # Thursday to Monday
    assert said(found) == ["Thu 09:00:00-17:00:00", "Fri 09:00:00-17:00:00"]


def test_a_free_day_takes_nothing() -> None:
    day = replace(whole_days("2026-01-05", "2026-01-06"), stand=Stand.FREE)
    assert slots([day], OFFICE, WEEK, PARIS) == ()


def test_working_hours_are_the_practice_s_own() -> None:
    mine = replace(OFFICE, hours=WorkingHours(time(8, 20), time(12), frozenset({0, 5})))
    found = slots([whole_days("2026-01-05", "2026-01-12")], mine, WEEK, PARIS)
    assert said(found) == ["Mon 08:15:00-12:00:00", "Sat 08:15:00-12:00:00"]


def test_working_hours_merge_with_sessions() -> None:
    found = slots([whole_days("2026-01-05", "2026-01-06"), busy("16:30", "18:00")], OFFICE, WEEK, PARIS)
    assert said(found) == ["Mon 09:00:00-18:00:00"]


def test_working_hours_follow_the_change_of_clocks() -> None:
    saturdays = replace(OFFICE, hours=WorkingHours(weekdays=frozenset(range(7))))
    around = window(date(2026, 3, 28), Span(), Span(days=1), PARIS)
    found = slots([whole_days("2026-03-28", "2026-03-30")], saturdays, around, PARIS)
    assert [slot.start.hour for slot in found] == [8, 7]


# ------------------------------------------------------------------------------------------------ buffers and hours


def test_a_buffer_is_kept_free_around_each_time_before_it_is_rounded() -> None:
    profile = replace(SESSION, before=timedelta(minutes=10), after=timedelta(minutes=20))
    assert said(slots([busy("09:00", "10:00")], profile, WEEK, PARIS)) == ["Mon 08:50:00-10:20:00"]
    rounded = replace(BUSY, before=timedelta(minutes=10), after=timedelta(minutes=20))
    assert said(slots([busy("09:00", "10:00")], rounded, WEEK, PARIS)) == ["Mon 08:45:00-10:30:00"]


def test_buffers_join_what_is_close_in_a_merged_share() -> None:
    profile = replace(BUSY, after=timedelta(minutes=30))
    found = slots([busy("09:00", "10:00"), busy("10:30", "11:00")], profile, WEEK, PARIS)
    assert said(found) == ["Mon 09:00:00-11:30:00"]


def test_a_buffer_pulls_what_is_just_outside_of_the_window_into_it() -> None:
    late = [busy("2026-01-04 22:00", "2026-01-04 23:00")]
    assert slots(late, SESSION, WEEK, PARIS) == ()
    assert len(slots(late, replace(SESSION, after=timedelta(hours=2)), WEEK, PARIS)) == 1


def test_whole_days_have_no_buffer() -> None:
    day = busy("2026-01-05 00:00", "2026-01-06 00:00", all_day=True)
    profile = replace(OFFICE, before=timedelta(hours=1), after=timedelta(hours=1))
    assert said(slots([day], profile, WEEK, PARIS)) == ["Mon 09:00:00-17:00:00"]


@pytest.mark.parametrize("buffer", [timedelta(minutes=-1), timedelta(hours=5)])
def test_a_buffer_is_neither_negative_nor_half_a_day(buffer: timedelta) -> None:
    with pytest.raises(ValueError, match="four hours"):
        replace(BUSY, before=buffer)


EARLY_LATE = [busy("07:00", "08:00"), busy("08:30", "09:30"), busy("16:30", "19:00"), busy("20:00", "21:00")]


def test_working_hours_only_cuts_blocks_and_keeps_single_times_whole() -> None:
    merged = slots(EARLY_LATE, replace(BUSY, hours_only=True), WEEK, PARIS)
    assert said(merged) == ["Mon 09:00:00-09:30:00", "Mon 16:30:00-17:00:00"]
    single = slots(EARLY_LATE, replace(SESSION, hours_only=True), WEEK, PARIS)
    assert said(single) == ["Mon 08:30:00-09:30:00", "Mon 16:30:00-19:00:00"]


def test_working_hours_only_tells_nothing_of_other_weekdays() -> None:
    sunday = [busy("2026-01-11 10:00", "2026-01-11 11:00")]
    assert slots(sunday, replace(SESSION, hours_only=True), WEEK, PARIS) == ()
    open_on_sunday = replace(SESSION, hours_only=True, hours=WorkingHours(weekdays=frozenset({6})))
    assert len(slots(sunday, open_on_sunday, WEEK, PARIS)) == 1


def test_a_time_over_several_days_is_told_once() -> None:
    retreat = [busy("2026-01-05 14:00", "2026-01-07 12:00")]
    assert len(slots(retreat, replace(SESSION, hours_only=True), WEEK, PARIS)) == 1
    assert len(slots(retreat, replace(BUSY, hours_only=True), WEEK, PARIS)) == 3


def test_marks_keep_times_apart_that_coincide() -> None:
    jade = slots([busy("09:00", "10:00")], SESSION, WEEK, PARIS, Mark(Pseudonym("Jade-41")))
    onyx = slots([busy("09:00", "10:00")], SESSION, WEEK, PARIS, Mark(Pseudonym("Onyx-12"), 307))
    assert len({*jade, *onyx}) == 2
    assert (onyx[0].pseudonym, onyx[0].series) == ("Onyx-12", 307)


def test_merged_times_belong_to_nobody() -> None:
    for change in ({"pseudonyms": True}, {"series": True}):
        with pytest.raises(ValueError, match="nobody"):
            replace(BUSY, **change)  # type: ignore[arg-type] # keywords of a dataclass
