"""A backup that is due at once, in the daemon: made when its disk is there, and what goes wrong ends nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from coachsync import config
from coachsync.adapters import lock
from coachsync.app.backup import remembering, running
from coachsync.app.backup.remembering import Memory
from coachsync.app.daemon.books import Books
from daemon_life import HOUR, MINUTE, Life, life, seldom
from practice_house import CONFIG
from test_daemon_receiving import CHEAP, make_vault

BACKUP = '[backup]\nfolder = "backups"\nmirror = "mirror"\n'


@pytest.fixture
def one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Life:
    """A daemon over a practice with a vault and folders for backups, in which one is due."""
    monkeypatch.setattr("coachsync.vault.keyslots.FLOOR", CHEAP)
    for name in ("backups", "mirror"):
        (tmp_path / name).mkdir()
    started = life(tmp_path, seldom(CONFIG) + BACKUP, sessions=0)
    make_vault(started)
    started.live(MINUTE)
    assert made(started) == []
    owe(started)
    return started


def owe(life: Life) -> None:
    remembering.owe(life.house.state, int(life.wall.timestamp()), b"what the mirror let go of")


def memory(life: Life) -> Memory:
    return remembering.recall(life.house.state)


def made(life: Life) -> list[str]:
    return [line for line in life.journal if line.startswith("backup")]


def opened(life: Life) -> set[str]:
    return {one.code for one in life.status.opening}


def test_it_is_made_and_then_no_other(one: Life) -> None:
    one.live(3 * MINUTE)
    assert (made(one), memory(one).due, memory(one).number) == (["backup 1"], None, 1)
    assert (one.house.folder / "backups" / "snapshots" / "1.json").exists()
    one.live(3 * HOUR)
    assert made(one) == ["backup 1"]


def test_it_waits_for_its_disk_and_the_coach_hears_of_it(one: Life) -> None:
    folder = one.house.folder / "backups"
    away = folder.rename(one.house.folder / "away")
    one.live(HOUR / 2)
    assert (made(one), opened(one)) == ([], set())
    one.live(2 * HOUR)
    assert (made(one), opened(one)) == ([], {"backup-due"})
    away.rename(folder)
    one.live(2 * MINUTE)
    assert made(one) == ["backup 1"]
    one.live(2 * HOUR)
    assert opened(one) == set()


def test_one_that_fails_is_tried_again_an_hour_later(one: Life) -> None:
    place = one.house.folder / "backups" / "snapshots"
    place.write_text("in the way")
    one.live(HOUR / 2)
    assert len(made(one)) == 1
    assert made(one)[0].startswith("backup: ")
    place.unlink()
    one.live(HOUR / 3)
    assert len(made(one)) == 1
    one.live(HOUR / 3)
    assert made(one)[1:] == ["backup 1"]


def test_a_defect_in_it_ends_nothing(one: Life, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("a name that nobody may read")

    with monkeypatch.context() as patch:
        patch.setattr(running, "make", broken)
        one.live(3 * MINUTE)
    assert made(one) == ["backup: defect"]
    assert not any("name" in line for line in one.journal)


def test_whoever_is_at_work_is_left_alone(one: Life) -> None:
    with lock.hold(one.house.state, "backup create", name=lock.BACKUP):
        one.live(2 * MINUTE)
    assert made(one) == []
    one.live(2 * MINUTE)
    assert made(one) == ["backup 1"]


def test_a_practice_without_a_folder_owes_none(one: Life) -> None:
    one.house.text = seldom(CONFIG)
    one.house.write()
    one.live(HOUR)
    assert made(one) == []
    assert config.load(one.house.file).backup.folder is None


def test_what_others_have_done_before_it_is_not_missed_by_the_next_pass(
    one: Life, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It works on the state between two passes: whoever did so before it is not seen by the second one."""
    noticed: list[float] = []
    disturbed = Books.disturbed
    monkeypatch.setattr(Books, "disturbed", lambda *given: [noticed.append(one.boot), disturbed(*given)][1])
    with lock.hold(one.house.state, "share publish"):
        pass
    one.live(2 * MINUTE)
    assert (made(one), len(noticed) > 0) == (["backup 1"], True)
    noticed.clear()
    one.live(30 * MINUTE)
    assert noticed == []  # and where none was tried, nothing is looked at anew


def test_what_is_wrong_with_it_is_in_the_journal(one: Life) -> None:
    (one.house.folder / "mirror").rename(one.house.folder / "away")
    one.live(2 * MINUTE)
    assert made(one) == ["backup 1; problems backup-folder-missing@backup.mirror"]


def test_nobody_waits_for_another_one(one: Life, monkeypatch: pytest.MonkeyPatch) -> None:
    """The calendar has to be kept meanwhile."""
    waited: list[float] = []
    monkeypatch.setattr(lock.time, "sleep", waited.append)
    with lock.hold(one.house.state, "backup create", name=lock.BACKUP):
        one.live(2 * MINUTE)
    assert sum(waited) < 0.5
