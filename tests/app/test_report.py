"""What can still be inferred from a share, out of the copies that are here."""

from __future__ import annotations

from datetime import timedelta

import pytest

from coachsync.app.fallen import GONE, Fallen, set_fallen
from coachsync.app.report import Report, report
from coachsync.errors import NotInitialised
from coachsync.redaction.profiles import Publish
from events import event
from practice_house import House

WEEKS = 8


def reported(house: House) -> Report:
    with house.apart() as wiring:
        return report(wiring, wiring.config.shares["office"])


def regular(house: House, key: str, hours: float, minutes: int = 60) -> None:
    """A session every week, each an object of its own: no rule of the calendar tells of the row."""
    for week in range(WEEKS):
        start = house.now + timedelta(weeks=week, hours=hours)
        house.put(f"{key}{week}", event(f"{key}-{week}", start, minutes=minutes))


@pytest.fixture
def house(house: House) -> House:
    regular(house, "marguerite", 1)
    regular(house, "nils", 2)  # touches the one before
    house.put("once", event("once", house.now + timedelta(days=2, hours=9)))
    house.sync()
    return house


def test_rows_are_told_from_the_slots_of_now(house: House) -> None:
    found = reported(house)
    assert (found.share, found.inference.slots, found.inference.attributed) == ("office", 2 * WEEKS + 1, 2 * WEEKS)
    assert found.inference.of_hundred == 95


def test_what_other_settings_would_change_is_told_from_the_same_copies(house: House) -> None:
    others = {one.key: one.inference for one in reported(house).alternatives}
    assert list(others) == ["round-15", "round-30", "round-60", "merged", "buffer", "half-window", "all"]
    assert others["round-15"].of_hundred == 95
    assert others["merged"].slots == WEEKS + 1  # the two who touch are one block
    assert others["half-window"].slots == 2 * WEEKS + 1
    house.now += timedelta(weeks=4)
    assert reported(house).inference.slots == 2 * (WEEKS - 4)


def test_what_a_poller_learns_is_told_for_each_schedule_and_for_its_own(house: House) -> None:
    assert [one.publish for one in reported(house).polling] == list(Publish)
    assert reported(house).learnt.publish is Publish.HOURLY
    house.text = house.text.replace('profile = "session"', 'profile = "session"\npublish = "daily"')
    found = reported(house)
    assert (found.publish, found.learnt.moment) == (Publish.DAILY, timedelta(days=1))


def test_a_report_changes_nothing(house: House) -> None:
    before = house.served()
    assert reported(house) == reported(house)
    assert house.served() == before


def test_what_was_never_read_is_not_reported_on(tmp_path_factory: pytest.TempPathFactory) -> None:
    with pytest.raises(NotInitialised):
        reported(House(tmp_path_factory.mktemp("new")))


def test_a_share_without_a_time_tells_nothing(tmp_path_factory: pytest.TempPathFactory) -> None:
    empty = House(tmp_path_factory.mktemp("empty"))
    empty.sync()
    found = reported(empty)
    assert (found.inference.slots, found.inference.of_hundred) == (0, 0)
    assert all(one.inference.slots == 0 for one in found.alternatives)


@pytest.mark.parametrize("state", list(Fallen))
def test_it_is_about_what_is_in_force(house: House, state: Fallen) -> None:
    with house.wiring() as wiring:
        set_fallen(wiring, "office", state)
    found = reported(house)
    keys = [one.key for one in found.alternatives]
    assert (found.state, found.inference.slots) == (state, {"": 2 * WEEKS + 1, "busy": WEEKS + 1}.get(state, 0))
    assert ("apart" in keys) == (state is Fallen.BUSY)
    assert any(one.inference.slots for one in found.alternatives) == (state not in GONE)
