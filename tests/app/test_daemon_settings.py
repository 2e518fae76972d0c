"""The daemon and its surroundings: what shares show from outside, and a configuration that changes meanwhile."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from coachsync.errors import NotThere
from coachsync.model import Grant
from daemon_life import DAY, MINUTE, NOW, TEAM, TWO, add, life, seldom
from events import event
from practice_house import CONFIG, SOURCE

# --- looking from outside ------------------------------------------------------------------------------------------


def test_a_share_is_looked_at_after_each_change_and_once_a_day(tmp_path: Path) -> None:
    one = life(tmp_path, seldom(NOW))
    one.live(MINUTE)
    checked = [line for line in one.journal if "checked" in line]
    assert len(checked) == 1
    add(one, "new")
    one.live(80 * MINUTE)
    assert len([line for line in one.journal if "checked" in line]) == 2
    one.live(timedelta(hours=40))  # over two midnights: something leaves the window, or a day has passed
    assert 3 <= len([line for line in one.journal if "checked" in line]) <= 5


def test_what_is_found_is_in_the_status_until_it_is_gone(tmp_path: Path) -> None:
    one = life(tmp_path, seldom(NOW))
    one.live(MINUTE)
    one.house.put("foreign", event("foreign", one.house.now), one.house.share_url())
    add(one, "new")
    one.live(80 * MINUTE)
    assert "foreign-object" in {found.code for found in one.status.share("office").findings}
    one.house.delete("foreign", one.house.share_url())
    one.live(2 * DAY)
    assert one.status.share("office").findings == ()


def test_who_else_can_see_the_private_calendar_is_in_the_status(tmp_path: Path) -> None:
    one = life(tmp_path, seldom(NOW))
    one.house.server.expose(SOURCE, Grant("Bob"))
    one.live(MINUTE)
    assert [found.code for found in one.status.exposed] == ["source-shared"]
    one.house.server.expose(SOURCE)
    one.live(2 * DAY)
    assert one.status.exposed == ()


# --- the configuration ---------------------------------------------------------------------------------------------


def test_a_changed_configuration_takes_over(tmp_path: Path) -> None:
    one = life(tmp_path)
    one.live(MINUTE)
    one.house.text = CONFIG.replace('name = "Office"', 'name = "Bureau"')
    one.house.write()
    one.live(61 * MINUTE)
    assert "configuration taken over" in one.journal
    assert len(one.house.served("Bureau")) == 5


def test_a_broken_configuration_leaves_the_old_one_in_force_and_is_told(tmp_path: Path) -> None:
    one = life(tmp_path, NOW)
    one.live(MINUTE)
    one.house.file.write_text(one.house.text.replace("version = 1", "version = 7"))
    add(one, "new")
    one.live(10 * MINUTE)
    assert [problem.code for problem in one.status.configuration] == ["unknown-version"]
    assert len(one.house.served()) == 6
    assert one.journal.count("configuration kept; problems unknown-version@version") == 1
    one.house.write()
    one.live(MINUTE)
    assert one.status.configuration == ()


def test_another_state_folder_needs_a_restart(tmp_path: Path) -> None:
    one = life(tmp_path)
    one.live(MINUTE)
    one.house.file.write_text(one.house.text.replace('state = "state"', 'state = "elsewhere"'))
    one.live(MINUTE)
    assert [problem.code for problem in one.status.configuration] == ["restart-needed"]
    assert not (tmp_path / "elsewhere").exists()


def test_a_file_that_is_gone_for_a_moment_changes_nothing(tmp_path: Path) -> None:
    one = life(tmp_path)
    one.live(MINUTE)
    one.house.file.unlink()
    one.live(MINUTE)
    assert [problem.code for problem in one.status.configuration] == ["configuration-missing"]
    one.house.write()
    one.live(10 * MINUTE)
    assert one.status.configuration == ()
    assert one.status.calendar("coaching").trouble is None


def test_a_calendar_that_is_no_longer_configured_leaves_the_status(tmp_path: Path) -> None:
    one = life(tmp_path, TWO)
    one.house.server.add(TEAM, "Team", "bob")
    one.live(MINUTE)
    assert "team" in one.status.calendars
    one.house.text = NOW
    one.house.write()
    one.live(10 * MINUTE)
    assert list(one.status.calendars) == ["coaching"]
    assert list(one.status.shares) == ["office"]


def test_a_calendar_that_does_not_exist_is_told_and_found_when_it_is_made(tmp_path: Path) -> None:
    one = life(tmp_path)
    one.house.server.fail("collections", NotThere("not-there", "It does not exist."))
    one.live(MINUTE)
    one.live(20 * MINUTE)
    assert one.status.calendar("coaching").trouble is None
