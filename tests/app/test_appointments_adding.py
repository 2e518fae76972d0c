"""The coach adds appointments: what is asked for is what the calendar shows, or it is refused."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from appointing import Coach, at, changes, wanted
from coachsync.app.appointments import adding as job
from coachsync.editing.adding import Every, Repeat
from coachsync.errors import CoachsyncError, UsageError
from practice_house import SOURCE, House

START = at("03-06 14:00")
PARIS = ZoneInfo("Europe/Paris")


@pytest.fixture
def coach(house: House) -> Coach:
    """A calendar with one session."""
    house.sessions(1)
    assert house.sync().exit_code() == 0
    return Coach(house)


def test_a_new_appointment_takes_an_hour_and_reaches_calendar_and_share(coach: Coach) -> None:
    plan = coach.add(START, "Séance, avec; Marguerite", location="Paris")
    assert changes(coach.house, plan) == [("-", "03-06 14:00-15:00")]
    text = wanted(plan)
    assert "SUMMARY:Séance\\, avec\\; Marguerite\r\nLOCATION:Paris\r\n" in text
    assert "DTSTART;TZID=Europe/Paris:20260306T140000\r\n" in text
    assert text.count("TZID:Europe/Paris") == 1
    [line] = [line for line in coach.agenda() if line.unsent]
    assert (line.id, line.title, line.unsent) == (plan.id, "Séance, avec; Marguerite", "waiting")
    outcome = coach.house.sync()
    assert (outcome.exit_code(), outcome.pushed["coaching"].added) == (0, 1)
    assert text.encode() in coach.house.server.objects(SOURCE).values()
    assert "20260306T130000Z" in coach.house.starts()
    assert [line.id for line in coach.agenda() if line.title.startswith("S")] == [plan.id]


@pytest.mark.parametrize(
    ("more", "end"),
    [
        ({"end": at("03-06 16:00")}, "16:00"),
        ({"lasting": timedelta(minutes=90)}, "15:30"),
        ({"end": datetime.fromisoformat("2026-03-06T15:00:00+00:00")}, "16:00"),
    ],
)
def test_its_end_or_its_length_may_be_given(coach: Coach, more: dict[str, object], end: str) -> None:
    assert changes(coach.house, coach.add(START, **more)) == [("-", f"03-06 14:00-{end}")]


def test_whole_days_end_with_the_day_that_is_named(coach: Coach) -> None:
    plan = coach.add(date(2026, 3, 6), end=date(2026, 3, 8))
    assert "DTSTART;VALUE=DATE:20260306\r\nDTEND;VALUE=DATE:20260309\r\n" in wanted(plan)
    assert "VTIMEZONE" not in wanted(plan)
    assert [one.after.all_day for one in plan.changes if one.after] == [True]
    assert "DTEND;VALUE=DATE:20260307" in wanted(coach.add(date(2026, 3, 6)))
    assert "DTEND;VALUE=DATE:20260308" in wanted(coach.add(date(2026, 3, 6), lasting=timedelta(days=2)))


def test_an_hour_that_the_clocks_show_twice_is_written_so_that_there_is_no_doubt(coach: Coach) -> None:
    """The night of 25 October 2026: from two to three comes twice."""
    for start in (at("10-25 02:30"), datetime.fromisoformat("2026-10-25T02:30:00+01:00")):
        plan = coach.add(start)
        [change] = plan.changes
        assert change.after is not None
        assert change.after.start == (start if start.tzinfo else start.replace(tzinfo=PARIS)).astimezone(UTC)
        assert change.after.end - change.after.start == timedelta(hours=1)
    assert "DTEND;TZID=Europe/Paris:20261025T040000" in wanted(coach.add(at("10-25 03:00")))


def test_a_series_keeps_its_time_of_day_when_the_clocks_change(coach: Coach) -> None:
    plan = coach.add(START, repeat=Repeat(Every.WEEK, 2, count=4))
    assert [after for _, after in changes(coach.house, plan)] == [
        "03-06 14:00-15:00",
        "03-20 14:00-15:00",
        "04-03 14:00-15:00",
        "04-17 14:00-15:00",
    ]
    assert (plan.series, plan.more) == (True, False)
    assert coach.add(START, repeat=Repeat(Every.MONTH)).more
    assert len(coach.add(START, repeat=Repeat(Every.DAY, until=date(2026, 3, 9))).changes) == 4


def test_one_in_the_past_is_noticed(coach: Coach) -> None:
    assert coach.add(at("02-03 14:00")).past
    assert not coach.add(START).past


@pytest.mark.parametrize(
    ("start", "more", "code"),
    [
        (START, {"end": at("03-06 14:00")}, "ends-before-it-starts"),
        (START, {"end": date(2026, 3, 6)}, "day-and-time"),
        (date(2026, 3, 6), {"end": START}, "day-and-time"),
        (date(2026, 3, 6), {"lasting": timedelta(hours=2)}, "day-and-time"),
        (date(2026, 3, 6), {"end": date(2026, 3, 5)}, "ends-before-it-starts"),
        (START, {"repeat": Repeat(Every.WEEK, until=date(2026, 3, 5))}, "ends-before-it-starts"),
        (at("03-29 02:30"), {}, "no-such-time"),
    ],
)
def test_what_makes_no_sense_is_refused(
    coach: Coach, start: date | datetime, more: dict[str, object], code: str
) -> None:
    with pytest.raises(UsageError) as refused:
        coach.add(start, **more)  # type: ignore[arg-type]
    assert refused.value.code == code
    assert coach.house.edits() == ()


def test_a_calendar_that_is_not_there_is_told(coach: Coach) -> None:
    coach.calendar = "holidays"
    with pytest.raises(UsageError) as unknown:
        coach.add(START)
    assert (unknown.value.code, unknown.value.hint) == ("no-such-calendar", "There are: coaching.")


def test_p04_a_new_text_that_says_anything_else_is_not_queued(coach: Coach, monkeypatch: pytest.MonkeyPatch) -> None:
    right = job.add
    monkeypatch.setattr(job, "add", lambda *given, **more: right(*given, **more).replace("T140000", "T130000"))
    with pytest.raises(CoachsyncError) as refused:
        coach.add(START)
    assert refused.value.code == "not-as-meant"


def test_nothing_of_the_machine_stands_in_it(coach: Coach) -> None:
    uids = {wanted(coach.add(START)).partition("UID:")[2][:36] for _ in range(2)}
    assert len(uids) == 2
    assert all(uid.count("-") == 4 for uid in uids)
