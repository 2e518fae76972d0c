"""Attachments come back with the notes, and what was erased of them does not."""

from __future__ import annotations

import io
from pathlib import Path

from backup_house import BackupHouse, Came
from coachsync.app.vault import attaching
from coachsync.app.vault.verifying import Verified, verify
from coachsync.vault.bodies import File
from test_backup_drill import drilled
from vault_house import CLIENT

SCAN = b"a scan, page by page. " * 100_000  # more than one piece


def attached(practice: BackupHouse, content: bytes) -> bytes:
    house = practice.house
    about = File("scan.pdf", "application/pdf")
    with house.open() as vault:
        daemon, coach = house.daemon(vault), house.coach(vault)
        return attaching.attach(vault, daemon, coach, CLIENT, io.BytesIO(content), about, house.now).record


def looked_at(came: Came) -> Verified:
    """Everything opened, also what is in the files."""
    with came.session() as session:
        return verify(came.config, came.now, [session.coach], came.device)


def test_an_attachment_comes_back_and_a_drill_reads_it(backup_house: BackupHouse, tmp_path: Path) -> None:
    attached(backup_house, SCAN)
    backup_house.backup()
    found = drilled(backup_house)
    assert (found.records, found.findings) == (4, [])
    came, done = backup_house.restored(tmp_path / "new")
    looked = looked_at(came)
    assert (done.problems, looked.findings, looked.opened) == ([], [], 4)


def test_p09_an_attachment_that_was_erased_does_not_come_back(backup_house: BackupHouse, tmp_path: Path) -> None:
    record = attached(backup_house, SCAN)
    older = backup_house.kept("older", backup_house.mirror)
    backup_house.backup()
    backup_house.erase(record)
    for place, mirror in (("one", older), ("other", backup_house.mirror)):
        came, _ = backup_house.restored(tmp_path / place, 1, mirror)
        assert not list((came.vault_folder / "files").iterdir())
    backup_house.backup(days=1)
    assert looked_at(backup_house.restored(tmp_path / "now")[0]).findings == []
