"""The drill: a backup is opened as on a new machine, in memory alone, and nothing that is in use is touched."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from backup_house import BackupHouse
from coachsync.adapters import ramfolder
from coachsync.app.backup import drilling, overdue, remembering
from coachsync.app.backup.drilling import Drilled
from coachsync.app.backup.remembering import Memory
from coachsync.app.checking import Grade
from coachsync.app.checking_backup import check_backup
from coachsync.config import Backup
from coachsync.errors import CoachsyncError
from test_backup import BODY, contents
from vault_damage import codes


def drilled(practice: BackupHouse, number: int | None = None) -> Drilled:
    backups = practice.opened()
    (pinned,) = backups.trust.coaches.values()
    person = backups.unlock(pinned.fingerprint, practice.key())
    found = drilling.drill(backups, backups.snapshot(number), person, practice.house.config, practice.house.now)
    drilling.remember(practice.house.state, found, practice.house.now)
    return found


@pytest.fixture(autouse=True)
def memory(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A runtime folder in memory that is looked at afterwards."""
    folder = Path(tempfile.mkdtemp(dir="/dev/shm"))
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(folder))
    yield folder
    left = [file for file in folder.rglob("*") if file.is_file()]
    shutil.rmtree(folder)
    assert left == []


def test_every_record_and_every_client_is_read_and_nothing_is_written_over(backup_house: BackupHouse) -> None:
    backup_house.backup()
    before = contents(backup_house.house.folder)
    found = drilled(backup_house)
    assert (found.number, found.records, found.clients, found.findings) == (1, 3, 2, [])
    changed = {file.name for file, body in contents(backup_house.house.folder).items() if before.get(file) != body}
    assert changed == {"backup.json"}
    told = remembering.recall(backup_house.house.state)
    assert (told.drill_of, told.drill_findings) == (1, 0)
    assert told.drilled == int(backup_house.house.now.timestamp())


def test_the_files_of_attachments_are_on_the_disk_and_gone_afterwards(backup_house: BackupHouse) -> None:
    body = backup_house.house.vault_folder / "files" / "ab"
    body.parent.mkdir(exist_ok=True)
    body.write_bytes(BODY)
    backup_house.backup()
    assert drilled(backup_house).records == 3
    assert not list(backup_house.house.state.glob(".coachsync-drill-*"))
    assert body.read_bytes() == BODY


def test_an_older_backup_can_be_tried_too(backup_house: BackupHouse) -> None:
    backup_house.backup()
    backup_house.house.add(b"four")
    backup_house.backup(days=1)
    assert (drilled(backup_house).records, drilled(backup_house, 1).records) == (4, 3)


def test_what_is_missing_in_the_mirror_or_damaged_is_found(backup_house: BackupHouse) -> None:
    backup_house.backup()
    with backup_house.house.open() as vault:
        shelves = {stored.shelf for stored in vault.history.records.values()}
        for shelf in shelves:
            shutil.rmtree(backup_house.mirror / "vault" / "keys" / shelf.hex())
    (backup_house.mirror / "keys" / "clients" / "C-7F3K2M.key").unlink()
    found = drilled(backup_house)
    assert found.records == 0
    assert {"grants-missing", "client-key-missing", "no-grant"} <= codes(found.findings)
    assert remembering.recall(backup_house.house.state).drill_findings == len(found.findings)
    shutil.rmtree(backup_house.backups / "objects")
    assert codes(drilled(backup_house).findings) == {"backup-object-missing"}


def test_without_memory_it_is_refused_and_nothing_is_on_the_disk(
    backup_house: BackupHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    backup_house.backup()
    before = contents(backup_house.house.folder)
    monkeypatch.setattr(ramfolder, "in_memory", lambda folder: False)
    with pytest.raises(CoachsyncError) as told:
        drilled(backup_house)
    assert told.value.code == "no-memory-folder"
    assert "editor" not in f"{told.value.message} {told.value.hint}"
    assert contents(backup_house.house.folder) == before


# ------------------------------------------------------------------------------------------------ what check says


def checks(practice: BackupHouse, **changed: object) -> dict[str, Grade]:
    config = replace(practice.house.config, **changed) if changed else practice.house.config  # type: ignore[arg-type]
    return {f"{one.where}: {one.code}": one.grade for one in check_backup(config, practice.house.now)}


def test_check_says_what_is_missing_old_and_beside(backup_house: BackupHouse) -> None:
    here = {"backup.folder: backup-on-same-disk", "backup.mirror: backup-on-same-disk"}
    found = checks(backup_house)
    assert found.keys() == {*here, "backup.folder: backup-never", "backup.mirror: backup-current"}
    assert found["backup.folder: backup-never"] is Grade.BAD
    backup_house.backup()
    found = checks(backup_house)
    current = {"backup.folder: backup-current", "backup.mirror: backup-current"}
    assert found.keys() == {*here, *current, "backup.folder: drill-never"}
    assert Grade.BAD not in found.values()
    drilled(backup_house)
    assert checks(backup_house)["backup.folder: drill-passed"] is Grade.GOOD
    backup_house.house.now += timedelta(days=2)
    found = checks(backup_house)
    assert found["backup.folder: backup-old"] is found["backup.mirror: backup-old"] is Grade.BAD
    shutil.rmtree(backup_house.backups)
    assert checks(backup_house)["backup.folder: backup-folder-missing"] is Grade.BAD
    backup_house.house.now += timedelta(days=400)
    assert checks(backup_house)["backup.folder: drill-old"] is Grade.NOTE


def test_check_says_when_half_of_it_or_all_is_not_configured(backup_house: BackupHouse) -> None:
    assert checks(backup_house, backup=Backup()) == {"backup: backup-not-configured": Grade.NOTE}
    found = checks(backup_house, backup=Backup(folder=backup_house.backups))
    assert found["backup.mirror: backup-incomplete"] is Grade.BAD
    backup_house.house.config.trust.unlink()
    assert checks(backup_house, backup=Backup()) == {}


def test_a_drill_that_found_something_is_told_until_another_one_does_not(backup_house: BackupHouse) -> None:
    backup_house.backup()
    remembering.keep(backup_house.house.state, Memory(made=1, drilled=1, drill_findings=2))
    assert checks(backup_house)["backup.folder: drill-failed"] is Grade.BAD


def test_the_daemon_tells_of_backups_that_stay_away(backup_house: BackupHouse) -> None:
    config, house = backup_house.house.config, backup_house.house
    (told,) = overdue.overdue(config, house.now + timedelta(days=30))
    assert told.where == "backup.mirror"  # no backup was ever made: check tells that
    backup_house.backup()
    assert list(overdue.overdue(config, house.now + timedelta(days=2))) == []
    told = list(overdue.overdue(config, house.now + timedelta(days=4)))
    assert [(one.code, one.where) for one in told] == [("backup-old", "backup.folder"), ("backup-old", "backup.mirror")]
