"""A share whose calendar could not be read at an edge of its schedule is written once it can be, and once only."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from coachsync.adapters.memory import MemoryCalendars
from coachsync.errors import CoachsyncError, Temporary
from coachsync.model import Listing
from daemon_life import DAY, HOUR, MINUTE, TEAM, Life, add, life
from events import event
from practice_house import CONFIG, SOURCE, House

# A file can be written whatever the servers do.
FILED = CONFIG.replace('to = { account = "cloud", name = "Office" }', 'to = { file = "office.ics" }')
HOURLY = FILED + 'publish = "hourly"\n'
DAILY = FILED + 'publish = "daily"\n'
TEAMS = HOURLY.replace("[shares.office]", '[calendars.team]\naccount = "cloud"\nurl = "/bob/team/"\n[shares.office]')
EVENING = datetime(2026, 3, 2, 21, tzinfo=UTC)  # ten o'clock in Paris
BEFORE_AN_HOUR, BEFORE_MIDNIGHT = timedelta(minutes=55), timedelta(hours=1, minutes=55)


@dataclass
class Outage:
    """Which calendars cannot be read, and what their server says then."""

    dead: set[str] = field(default_factory=set)
    says: CoachsyncError = field(default_factory=lambda: Temporary("server-error", "It failed."))


@pytest.fixture
def outage(monkeypatch: pytest.MonkeyPatch) -> Outage:
    found, real = Outage(), MemoryCalendars.changes

    def changes(calendars: MemoryCalendars, url: str, token: str | None) -> Listing:
        if url in found.dead:
            raise found.says
        return real(calendars, url, token)

    monkeypatch.setattr(MemoryCalendars, "changes", changes)
    return found


def evening(folder: Path, text: str) -> Life:
    """A daemon over a practice with some sessions, from an evening on: midnight is near."""
    house = House(folder, text, EVENING)
    house.sessions(5)
    return Life(house)


def served(one: Life) -> int:
    return (one.house.folder / "office.ics").read_text().count("BEGIN:VEVENT")


def writes(one: Life) -> list[str]:
    """The passes since the journal was last cleared in which the share was written."""
    return [line for line in one.journal if "shares office" in line]


def missed(one: Life, outage: Outage, until: timedelta) -> int:
    """The edge goes by while the calendar cannot be read, into which something new comes; what the share says then."""
    one.live(until)
    outage.dead = {SOURCE}
    add(one, "new", days=3)
    one.journal.clear()
    one.live(15 * MINUTE)
    assert len(writes(one)) == 1
    one.journal.clear()
    return served(one)


@pytest.mark.parametrize(("text", "until"), [(HOURLY, BEFORE_AN_HOUR), (DAILY, BEFORE_MIDNIGHT)])
def test_what_a_share_missed_at_its_edge_is_made_up_for_once_its_calendar_is_read_again(
    tmp_path: Path, outage: Outage, text: str, until: timedelta
) -> None:
    one = evening(tmp_path, text)
    before = missed(one, outage, until)
    as_of = one.status.share("office").as_of

    outage.dead.clear()
    one.live(16 * MINUTE)

    assert served(one) == before + 1
    assert len(writes(one)) == 1
    fresh = one.status.share("office").as_of
    assert as_of is not None
    assert fresh is not None
    assert fresh - as_of >= 15 * 60


def test_what_comes_after_that_waits_for_the_next_edge(tmp_path: Path, outage: Outage) -> None:
    one = life(tmp_path, HOURLY)
    missed(one, outage, BEFORE_AN_HOUR)
    outage.dead.clear()
    one.live(16 * MINUTE)
    one.journal.clear()
    before = served(one)

    add(one, "later", days=4)
    one.live(30 * MINUTE)
    assert (served(one), writes(one)) == (before, [])
    one.live(10 * MINUTE)
    assert (served(one), len(writes(one))) == (before + 1, 1)


def test_an_outage_over_many_edges_is_made_up_for_once(tmp_path: Path, outage: Outage) -> None:
    one = life(tmp_path, HOURLY)
    before = missed(one, outage, BEFORE_AN_HOUR)
    one.live(5 * HOUR)
    assert len(writes(one)) == 5  # its window may move on
    outage.dead.clear()
    one.journal.clear()
    one.live(16 * MINUTE)
    assert (served(one), len(writes(one))) == (before + 1, 1)


def test_a_restart_does_not_forget_what_is_owed(tmp_path: Path, outage: Outage) -> None:
    one = evening(tmp_path, DAILY)
    before = missed(one, outage, BEFORE_MIDNIGHT)
    one.start()
    one.live(HOUR)
    assert (served(one), writes(one)) == (before, [])
    outage.dead.clear()
    one.live(16 * MINUTE)
    assert (served(one), len(writes(one))) == (before + 1, 1)


def test_a_restart_owes_nothing_of_a_share_that_was_up_to_date(tmp_path: Path, outage: Outage) -> None:
    one = evening(tmp_path, DAILY)
    one.live(BEFORE_MIDNIGHT + 10 * MINUTE)
    one.journal.clear()
    add(one, "new", days=3)
    one.start()
    one.live(HOUR)
    assert writes(one) == []


def test_a_share_of_two_calendars_is_made_up_for_when_both_are_read_again(tmp_path: Path, outage: Outage) -> None:
    one = evening(tmp_path, TEAMS.replace('from = ["coaching"]', 'from = ["coaching", "team"]'))
    one.house.server.add(TEAM, "Team", "alice")
    one.live(50 * MINUTE)
    outage.dead = {SOURCE, TEAM}
    add(one, "new", days=3)
    one.live(15 * MINUTE)
    before = served(one)
    one.journal.clear()
    outage.dead = {TEAM}
    one.live(20 * MINUTE)
    assert (served(one), writes(one)) == (before, [])
    outage.dead.clear()
    one.live(16 * MINUTE)
    assert (served(one), len(writes(one))) == (before + 1, 1)


def test_a_calendar_that_was_not_asked_because_its_server_wants_to_be_left_alone_is_made_up_for(
    tmp_path: Path, outage: Outage
) -> None:
    one = evening(tmp_path, TEAMS.replace('from = ["coaching"]', 'from = ["team"]'))
    one.house.server.add(TEAM, "Team", "alice")
    one.house.put("t1", event("team-1", one.house.now + DAY), TEAM)
    one.live(40 * MINUTE)
    outage.dead, outage.says = {SOURCE}, Temporary("server-unavailable", "Later.", retry_after=1800)
    one.live(6 * MINUTE)
    outage.dead.clear()
    one.house.put("t2", event("team-2", one.house.now + DAY), TEAM)
    one.journal.clear()
    one.live(20 * MINUTE)
    assert (served(one), len(writes(one))) == (1, 1)
    one.live(20 * MINUTE)
    assert (served(one), len(writes(one))) == (2, 2)


def test_a_calendar_that_is_seldom_looked_at_owes_nothing(tmp_path: Path) -> None:
    one = evening(tmp_path, HOURLY.replace('name = "Coaching"', 'name = "Coaching"\ninterval = "PT150M"'))
    one.live(10 * MINUTE)
    one.journal.clear()
    one.live(5 * HOUR)
    assert len(writes(one)) == 5
