"""The invented practice: the same every time, ahead of today, with nobody in two places, and changed as it says."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise

import pytest

from coachsync.app.demo import practice
from coachsync.app.demo.practice import changed, shown_monday
from demo_reader import DAYS, PARIS, TODAY, day_in_paris, seen, texts, texts_after_the_change, vevents

# ------------------------------------------------------------------------------------------------------- the whole


def test_the_same_day_gives_the_same_bytes_and_another_day_others() -> None:
    assert practice.practice(TODAY) == practice.practice(TODAY)
    assert practice.practice(TODAY) == practice.practice(TODAY - timedelta(days=3))  # the same week is shown
    assert practice.practice(TODAY) != practice.practice(TODAY + timedelta(days=7))


def test_every_object_has_a_name_and_a_uid_of_its_own() -> None:
    events = practice.practice(TODAY)
    uids = [{line.value for line in event.lines if line.name == "UID"} for event in vevents(events)]
    assert all(len(found) == 1 for found in uids)
    assert len({event.name for event in events}) == len(events) >= 30
    assert len(frozenset().union(*uids)) == len(events)


@pytest.mark.parametrize("today", DAYS[::4])
def test_it_reaches_a_month_back_and_two_ahead(today: date) -> None:
    found = seen(texts(today), today - timedelta(days=60), 150)
    assert found[0].start.date() <= today - timedelta(days=28)
    assert found[-1].start.date() >= today + timedelta(days=60)


@pytest.mark.parametrize("today", DAYS)
def test_the_shown_week_is_ahead_and_has_two_to_four_sessions_on_working_days(today: date) -> None:
    monday = shown_monday(today)
    assert monday.weekday() == 0
    assert timedelta() <= monday - today < timedelta(days=7)
    for when in (texts(today), texts_after_the_change(today)):
        per_day = Counter(day_in_paris(one.start) for one in seen(when, monday, 5) if one.busy and one.timed)
        assert [per_day[monday + timedelta(days=offset)] in {2, 3, 4} for offset in range(5)] == [True] * 5


@pytest.mark.parametrize("today", DAYS)
def test_nobody_is_in_two_places_at_once(today: date) -> None:
    busy = [one for one in seen(texts_after_the_change(today), today - timedelta(days=40), 110) if one.busy]
    overlaps = [(one.title, other.title) for one, other in pairwise(busy) if other.start < one.end]
    assert overlaps == []


def test_the_shown_week_has_a_moved_a_cancelled_an_unanswered_and_a_transparent_entry() -> None:
    monday = shown_monday(TODAY)
    idle = {one.title for one in seen(texts(TODAY), monday, 7) if not one.busy}
    assert idle == {
        "Antoine Roussel, codir",  # cancelled
        "Comité RH Coriandre ?",  # not answered
        "Relancer facture Coriandre",  # a reminder
        "Anniversaire de Maëlle Q.",  # a day that takes no time
    }
    moved = [one for one in seen(texts(TODAY), monday, 7) if one.title == "Yannick Le Goff"]
    assert [day_in_paris(one.start) for one in moved] == [monday + timedelta(days=4)]  # his day is Wednesday


@pytest.mark.parametrize(
    ("monday", "hour"),
    [(date(2026, 3, 2), 16), (date(2026, 3, 9), 15), (date(2026, 3, 30), 16), (date(2026, 10, 26), 15)],
)
def test_the_session_with_montreal_follows_its_own_clock(monday: date, hour: int) -> None:
    (claire,) = [one for one in seen(texts(monday), monday, 7) if one.title.startswith("Claire")]
    assert claire.start.astimezone(PARIS).hour == hour


def test_the_customized_zone_behaves_like_paris() -> None:
    for monday in (date(2026, 7, 6), date(2026, 12, 7)):
        (team,) = [one for one in seen(texts(monday), monday, 7) if one.title.startswith("Équipe")]
        assert team.start.astimezone(PARIS).time() == time(10, 30)


# ------------------------------------------------------------------------------------------------------ the change


@pytest.mark.parametrize("today", DAYS[::3])
def test_the_change_moves_one_session_cancels_one_and_adds_one(today: date) -> None:
    monday = shown_monday(today)
    before = {one for one in seen(texts(today), today - timedelta(days=40), 120) if one.busy}
    after = {one for one in seen(texts_after_the_change(today), today - timedelta(days=40), 120) if one.busy}
    moved, cancelled, added = changed(today)
    assert [moved.kind, cancelled.kind, added.kind] == ["moved", "cancelled", "added"]
    assert {one.start for one in before - after} == {_paris(moved.before), _paris(cancelled.before)}
    assert {one.start for one in after - before} == {_paris(moved.after), _paris(added.after)}
    assert cancelled.after is None
    assert added.before is None
    week = {monday + timedelta(days=offset) for offset in range(5)}
    assert {day_in_paris(one.start) for one in before ^ after} <= week


def test_the_change_is_of_objects_that_are_there_and_one_that_is_not() -> None:
    there = {event.name: event.text for event in practice.practice(TODAY)}
    moved, cancelled, added = (change.event for change in changed(TODAY))
    assert {moved.name, cancelled.name} <= {*there}
    assert added.name not in there
    assert there[moved.name] != moved.text
    assert there[cancelled.name] != cancelled.text


def _paris(local: datetime | None) -> datetime:
    assert local is not None
    return local.replace(tzinfo=PARIS).astimezone(UTC)
