"""What somebody learns who looks at a share all the time: no worse than is stated, on small invented practices."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta

import pytest

from coachsync.redaction.polling import LINKED, MOMENT, learnt
from coachsync.redaction.profiles import BUSY, SESSION, Profile, Publish
from coachsync.redaction.window import midnight
from invented import poller, practices

FIRST = practices.MONDAY + timedelta(days=56)
LAST = FIRST + timedelta(days=70)
WEEK = timedelta(weeks=1)


def session(days: int, hour: int, client: int = 0, minutes: int = 60) -> object:
    start = datetime.combine(FIRST + timedelta(days=days), time(hour), tzinfo=UTC)
    return practices.Session(start, start + timedelta(minutes=minutes), client)


def practice(*changes: tuple[int, object, object]) -> object:
    """Changes on the first day, each with its minute after eight o'clock."""
    eight = datetime.combine(FIRST, time(8), tzinfo=UTC)
    made = [practices.Change(eight + timedelta(minutes=minute), old, new) for minute, old, new in changes]
    return practices.Practice(frozenset(old for _, old, _ in changes if old), tuple(made))


def watched(made: object, publish: Publish, profile: Profile = SESSION) -> poller.Tally:
    return poller.watch(made, profile, publish, FIRST, LAST)


@pytest.mark.parametrize("profile", [SESSION, BUSY])
@pytest.mark.parametrize("publish", Publish)
def test_a_move_alone_in_its_write_is_linked(publish: Publish, profile: Profile) -> None:
    tally = watched(practice((7, session(3, 10), session(5, 14))), publish, profile)
    assert (tally.moved, tally.linked, tally.precision) == (1, 1.0, 1.0)


def test_two_moves_in_one_write_can_be_taken_for_each_other() -> None:
    crossing = practice((7, session(3, 10), session(5, 14)), (27, session(5, 15, 1), session(3, 11, 1)))
    assert watched(crossing, Publish.NOW).linked == 1.0
    assert watched(crossing, Publish.HOURLY).linked == 0.0


def test_lengths_tell_two_moves_apart() -> None:
    crossing = practice((7, session(3, 10), session(5, 14)), (27, session(5, 15, 1, 90), session(3, 11, 1, 90)))
    assert watched(crossing, Publish.HOURLY).linked == 1.0


def test_a_cancellation_and_a_booking_in_one_write_are_linked_wrongly() -> None:
    made = practice((7, session(3, 10), None), (9, None, session(4, 10, 1)))
    tally = watched(made, Publish.DAILY)
    assert (tally.moved, tally.claimed[tally.best], tally.precision) == (0, 1, 0.0)


def test_what_the_window_lets_go_of_or_takes_in_is_not_taken_for_a_change() -> None:
    still = frozenset(session(days, 10) for days in range(-5, 300))
    made = practices.Practice(still, practice((7, None, session(3, 15))).changes)
    tally = watched(made, Publish.DAILY)
    assert (tally.claimed[tally.best], tally.seen) == (0, 1)


@pytest.mark.parametrize("clients", [25, 60])
@pytest.mark.parametrize("publish", Publish)
def test_a_poller_learns_no_more_than_is_stated(publish: Publish, clients: int) -> None:
    tally, sessions = poller.Tally(), 0
    for seed in range(1, 4):
        made = practices.practice(clients, seed)
        tally.add(watched(made, publish))
        sessions += sum(FIRST <= one.start.date() < LAST for one in made.at(midnight(LAST, practices.ZONE)))
    stated = learnt(publish, max(sessions, 12 * 30 * (clients == 60)), 30 * WEEK)
    assert tally.moved > 20
    assert stated.linked - 2 < tally.linked * 10 <= stated.linked + 0.3
    assert tally.delay <= stated.moment


def test_a_practice_with_fewer_sessions_hides_less() -> None:
    for publish in Publish:
        assert LINKED[publish][-1][0] == 0
        assert [linked for _, linked in LINKED[publish]] == sorted(linked for _, linked in LINKED[publish])
        assert publish in MOMENT
    assert learnt(Publish.DAILY, 400, 26 * WEEK).linked < learnt(Publish.DAILY, 20, 26 * WEEK).linked
    assert learnt(Publish.DAILY, 5, timedelta()).linked == 10
