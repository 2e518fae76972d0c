"""What is written is what BACKUP.md says: a reader that knows its pages alone brings the notes back."""

from __future__ import annotations

import ast
import sqlite3
from contextlib import closing
from pathlib import Path

import backupreader
import formatlog
import formatreader as reader
from backup_house import BackupHouse
from coachsync.adapters.database.vaults import vault_file
from coachsync.vault import chain
from handhpke import Refused
from test_backup import BODY


def test_the_reader_shares_no_code_with_the_program() -> None:
    tree = ast.parse(Path(backupreader.__file__ or "").read_text())
    modules = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    modules |= {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    assert not [name for name in modules if name and "coachsync" in name]


def test_another_reader_brings_the_notes_back(backup_house: BackupHouse, tmp_path: Path) -> None:
    body = backup_house.house.vault_folder / "files" / "ab"
    body.parent.mkdir(exist_ok=True)
    body.write_bytes(BODY)
    backup_house.backup()
    backup_house.backup(days=1)
    assert backup_house.made
    backups = backupreader.Backups(backup_house.backups, backup_house.mirror, backup_house.made.code)
    files = backups.files(2)
    assert files["state/vault/files/ab"] == BODY
    assert files["config/coachsync.toml"] == backup_house.house.file.read_bytes()
    assert backups.manifest(2)["configuration"] == "config/coachsync.toml"
    device = bytes.fromhex(backups.manifest(2)["device"])
    assert device == (backup_house.house.state / "keys" / "device.key").read_bytes()
    assert not [path for path in files if "keys/" in path or "slots/" in path or path.endswith(("lock", "-wal"))]
    assert _bodies(backups, files["state/vault/vault.db"], tmp_path) == {b"one", b"two", b"three"}


def _bodies(backups: backupreader.Backups, database: bytes, folder: Path) -> set[bytes]:
    """All records of a database, with what the mirror opens."""
    copy = vault_file(folder)
    copy.write_bytes(database)
    with closing(sqlite3.connect(copy)) as opened:
        shelves = {row[:2]: reader.Shelf(*row) for row in opened.execute("select * from shelves")}
        records = [reader.record_of(row[0]) for row in opened.execute("select sealed from records")]
        entries = [reader.Entry(*row) for row in opened.execute("select * from log order by number")]
    stamp = backups.stamp()
    formatlog.check_log(backups.trust, entries, (stamp["count"], bytes.fromhex(stamp["head"])))
    found = set()
    for record in records:
        shelf = shelves[record.shelf, record.generation]
        formatlog.check_stored(entries, record)
        grant = backups.grant(record.shelf, record.generation)
        found.add(record.open(grant.open(backups.seed, backups.trust, shelf)))
    return found


def test_the_other_reader_refuses_what_the_program_refuses(backup_house: BackupHouse) -> None:
    backup_house.backup()
    assert backup_house.made
    backups = backupreader.Backups(backup_house.backups, backup_house.mirror, backup_house.made.code)
    file = backup_house.backups / "snapshots" / "1.json"
    content = reader.read_said(file.read_bytes().removesuffix(b"\n"))
    for changed in ({"at": 1}, {"number": 2}, {"kept": {"9": "00"}}, {"vault": "00" * 16}):
        file.write_bytes(chain.canonical(content | changed) + b"\n")
        assert "backup-not-ours" in _codes(backup_house) or "backup-of-another-vault" in _codes(backup_house)
        try:
            backups.snapshot(1)
        except Refused:
            continue
        raise AssertionError(changed)


def _codes(practice: BackupHouse) -> set[str]:
    return {one.code for one in practice.look().findings}
