"""The daemon sends what the coach changed, and keeps to what the server asks for."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from coachsync.app.conflicts import Keep
from coachsync.app.standing import standing
from coachsync.errors import CoachsyncError, Temporary
from daemon_life import HOUR, MINUTE, NOW, Life
from events import event
from practice_house import SOURCE, House


def begun(tmp_path: Path) -> Life:
    """A daemon at rest, with three sessions."""
    house = House(tmp_path, NOW)
    house.sessions(3)
    life = Life(house)
    life.live(MINUTE)
    return life


def moved(house: House, hours: int) -> bytes:
    return event("uid-1", house.now + timedelta(days=1, hours=hours))


def test_a_change_is_sent_within_the_interval_and_the_share_follows(tmp_path: Path) -> None:
    life = begun(tmp_path)
    text = moved(life.house, 3)
    life.house.want("e1", text)

    life.live(6 * MINUTE)

    assert life.house.server.objects(SOURCE)["/alice/source/e1.ics"] == text
    assert f"{text.split(b'DTSTART:')[1][:16].decode()}" in life.house.starts()
    assert any("sent coaching +0 ~1 -0 waiting 0" in line for line in life.journal)


def test_a_conflict_stands_until_it_is_decided(tmp_path: Path) -> None:
    life = begun(tmp_path)
    life.house.want("e1", moved(life.house, 3))
    life.house.put("e1", moved(life.house, 5))
    life.live(HOUR)
    calendar = life.status.calendar("coaching")
    assert (calendar.conflicts, calendar.unsent) == (1, 1)
    assert [alarm.key for alarm in standing(life.status)] == ["conflict/calendars.coaching"]
    life.house.resolve(Keep.LOCAL)
    life.live(6 * MINUTE)
    assert standing(life.status) == ()


def test_a_server_that_asks_for_time_at_a_write_has_it(tmp_path: Path) -> None:
    life = begun(tmp_path)
    life.house.want("e1", moved(life.house, 3))
    slow = Temporary("too-many-requests", "Later.", retry_after=1800)
    life.house.server.fail("update", slow)
    life.live(6 * MINUTE)
    life.house.server.requests.clear()

    life.live(20 * MINUTE)
    assert dict(life.house.server.requests) == {}

    life.live(HOUR)
    assert life.house.edits() == ()


@pytest.mark.long
def test_what_a_server_never_takes_is_sent_more_and_more_seldom_and_told(tmp_path: Path) -> None:
    life = begun(tmp_path)
    life.house.want("e1", moved(life.house, 3))
    life.house.server.fail("update", CoachsyncError("forbidden", "The server does not allow this."), times=10_000)
    life.house.server.requests.clear()

    life.live(12 * HOUR)

    assert 5 <= life.house.server.requests["update"] <= 8
    assert life.requests > 100  # the calendar itself is read as ever
    calendar = life.status.calendar("coaching")
    assert (calendar.unsent, calendar.rejected) == (1, 1)
    assert calendar.trouble is not None
    assert calendar.trouble.code == "change-forbidden"
    assert [alarm.key for alarm in standing(life.status)] == ["rejected/calendars.coaching"]


def test_a_person_who_syncs_has_it_sent_at_once_and_so_does_another_change(tmp_path: Path) -> None:
    life = begun(tmp_path)
    life.house.want("e1", moved(life.house, 3))
    life.house.server.fail("update", CoachsyncError("forbidden", "The server does not allow this."), times=4)
    life.live(2 * HOUR)
    assert life.house.server.requests["update"] == 4
    life.house.now = life.wall

    assert life.house.sync().exit_code() == 0
    assert life.house.edits() == ()

    life.house.want("e1", moved(life.house, 5))
    life.house.server.fail("update", CoachsyncError("forbidden", "The server does not allow this."), times=4)
    life.live(20 * MINUTE)
    life.house.server._failures.clear()
    life.house.want("e1", moved(life.house, 6))
    life.live(6 * MINUTE)
    assert life.house.edits() == ()
