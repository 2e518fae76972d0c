from __future__ import annotations
from pathlib import Path
import pytest
from backup_house import BackupHouse, names, notes
from vault_house import CLIENT, OTHER, VaultHouse


def test_back(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    h = BackupHouse(VaultHouse(tmp_path / "a"))
    h.begin()
    h.house.add(b"one")
    h.house.add(b"two", OTHER)
    c = h.backup()
    print(c)
    look = h.look()
    print(look)
    assert not look.findings and not c.problems
    c = h.backup(days=1)
    print(c)
    came, done = h.restored(tmp_path / "b")
    print(done)
    assert notes(came) == {CLIENT: {b"one"}, OTHER: {b"two"}}
    assert names(came) == {CLIENT: "Marina Dupont", OTHER: "Bo Li"}
    assert 0
