"""`kill -9` and a full disk at each step of making a backup and of restoring one."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from itertools import takewhile
from pathlib import Path

import pytest

from backup_house import BackupHouse, Came, names, notes
from coachsync.adapters.files import read_if_there
from coachsync.app.backup import drilling
from coachsync.app.backup.creating import Created
from coachsync.app.backup.restoring import Restored
from coachsync.errors import CoachsyncError
from smalldisk import mounted_on
from stepping import before_each, killed_at, no_room, numbers
from test_backup import EVERYTHING, but_locks, contents
from vault_house import CLIENT, OTHER

NAMES = {CLIENT: "Marina Dupont", OTHER: "Bo Li"}
MOST = 2000  # more steps than there are


class Full:
    """A disk that has no room from the step of this number on."""

    def __init__(self, number: int) -> None:
        self.left = number
        self.dealt = False

    def step(self) -> None:
        self.left -= 1
        if self.left < 0:
            self.dealt = True
            no_room()


def codes_of(work: Callable[[], Created | Restored]) -> set[str]:
    """What was told, as an error or as a problem."""
    try:
        return {one.code for one in work().problems}
    except CoachsyncError as problem:
        return {problem.code if problem.hint else "no hint"}


def steps(first: int, stride: int = 3) -> Iterator[int]:
    return takewhile(lambda number: number < MOST, numbers(stride, first))


@pytest.fixture
def twice(backup_house: BackupHouse) -> BackupHouse:
    """One backup is there, and a note was written and a client erased since."""
    backup_house.backup()
    backup_house.house.add(b"four")
    backup_house.erase_client(OTHER)
    return backup_house


NOW = {CLIENT: {b"one", b"two", b"four"}}


@pytest.mark.every_step
def test_p13_a_backup_that_was_killed_is_none_and_the_next_run_goes_on(twice: BackupHouse, tmp_path: Path) -> None:
    for number in steps(0):
        killed = killed_at(number, twice.backup)
        looked = twice.look()
        assert [one for one in looked.findings if one.code != "backup-rolled-back"] == []
        if not killed:
            break
    assert twice.backup(days=1).problems == []
    assert twice.look().findings == []
    objects = {name for one in twice.opened().numbers for name in twice.opened().snapshot(one).objects}
    assert set(twice.store.objects()) == objects  # nothing is left of those that were cut short
    held = [*contents(twice.backups), *contents(twice.mirror)]
    assert not [file for file in held if file.name.startswith((".coachsync", ".old"))]
    came, _ = twice.restored(tmp_path / "new")
    assert notes(came) == NOW


@pytest.mark.every_step
def test_p04_on_a_full_disk_the_last_backup_stays_and_it_is_said(twice: BackupHouse, tmp_path: Path) -> None:
    told = set()
    for number in steps(3):
        full = Full(number)
        with before_each(full.step):
            told |= codes_of(twice.backup)
        if not full.dealt:
            break
        assert [one for one in twice.look().findings if one.code != "backup-rolled-back"] == []
    assert told == {"disk-full"}
    twice.backup(days=1)
    assert twice.look().findings == []
    assert notes(twice.restored(tmp_path / "new")[0]) == NOW


def test_p04_a_disk_that_really_is_full_keeps_the_last_backup(twice: BackupHouse, tmp_path: Path) -> None:
    shutil.move(twice.backups, tmp_path / "first")
    twice.backups.mkdir()
    with mounted_on(twice.backups, "4m") as disk:
        shutil.copytree(tmp_path / "first", disk.folder, dirs_exist_ok=True)
        twice.house.file.write_text(twice.house.file.read_text().replace('"backups"', f'"{disk.folder}"'))
        disk.fill()
        assert codes_of(twice.backup) == {"disk-full"}
        disk.free()
        copied = shutil.copytree(disk.folder, tmp_path / "copied")
        assert [file.name for file in (copied / "snapshots").iterdir()] == ["1.json"]
        assert twice.backup(days=1).problems == []


@pytest.mark.every_step
def test_p13_a_restore_that_was_killed_is_none_or_all(backup_house: BackupHouse, tmp_path: Path) -> None:
    backup_house.backup()
    for number in steps(4, 23):
        folder = tmp_path / f"new{number}"
        killed = killed_at(number, lambda folder=folder: backup_house.restored(folder))  # type: ignore[misc]
        if not (folder / "state").exists():
            came, done = backup_house.restored(folder)
            assert done.problems == []
        else:
            came = Came(folder, backup_house.house.now)
        if number % 3 == 0 or not killed:
            assert (notes(came), names(came)) == (EVERYTHING, NAMES)
        left = [path.name for place in folder.glob(".*") for path in (place.iterdir() if place.is_dir() else [place])]
        assert set(left) <= {"trust.toml"}
        shutil.rmtree(folder)
        if not killed:
            break


@pytest.mark.every_step
def test_p04_a_restore_on_a_full_disk_changes_nothing(backup_house: BackupHouse, tmp_path: Path) -> None:
    backup_house.backup()
    folder = tmp_path / "new"
    came, _ = backup_house.restored(folder)
    came.add(b"written here")
    before = but_locks(contents(came.state))
    for number in steps(2, 17):
        full = Full(number)
        with before_each(full.step):
            told = codes_of(lambda: backup_house.restored(folder, replace=True)[1])
        if not full.dealt:
            break
        if (folder / "state").exists() and list(folder.glob("state.before-*")):  # its last word was not heard
            break
        assert told == {"disk-full"}
        if not (folder / "state").exists():  # between the two renames: the next run goes on
            (aside,) = folder.glob("state.before-*")
            aside.rename(folder / "state")
        assert but_locks(contents(came.state)) == before
        assert [path.name for path in folder.iterdir() if path.name.startswith(".")] == []
    assert notes(came) == EVERYTHING
    assert read_if_there(folder / "coachsync.toml") == read_if_there(backup_house.house.file)


def test_p09_what_only_the_state_that_was_moved_away_knows_is_gone_also_after_a_kill(
    backup_house: BackupHouse, tmp_path: Path
) -> None:
    """Between the two renames of a restore there is no state; the ledger of the one that was moved away counts."""
    backup_house.backup()
    older = backup_house.kept("older", backup_house.mirror)
    ledger = backup_house.backups / "erasures.ledger"
    before = ledger.read_bytes() if ledger.exists() else b""
    folder = tmp_path / "new"
    came, _ = backup_house.restored(folder)
    shutil.rmtree(came.state)
    shutil.copytree(backup_house.house.state, came.state)
    backup_house.erase_client(OTHER)
    shutil.copy(backup_house.house.state / "erasures.ledger", came.state)
    ledger.write_bytes(before)
    came.state.rename(folder / "state.before-2026-03-02-080000")
    again, _ = backup_house.restored(folder, mirror=older)
    assert notes(again) == {CLIENT: {b"one", b"two"}}
    assert names(again) == {CLIENT: "Marina Dupont"}


def test_whatever_the_system_refuses_while_it_comes_back_is_told(
    backup_house: BackupHouse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Some file systems need room for anything."""
    backup_house.backup()
    backups = backup_house.opened()
    (pinned,) = backups.trust.coaches.values()
    person, house = backups.unlock(pinned.fingerprint, backup_house.key()), backup_house.house
    with monkeypatch.context() as patch:
        patch.setattr(Path, "symlink_to", lambda *_, **__: no_room())
        with pytest.raises(CoachsyncError) as drilled:
            drilling.drill(backups, backups.snapshot(), person, house.config, house.now)
    with monkeypatch.context() as patch:
        patch.setattr(Path, "unlink", lambda *_, **__: no_room())
        with pytest.raises(CoachsyncError) as restored:
            backup_house.restored(tmp_path / "new")
    assert (drilled.value.code, restored.value.code) == ("memory-full", "disk-full")
    assert list((tmp_path / "new").iterdir()) == []
