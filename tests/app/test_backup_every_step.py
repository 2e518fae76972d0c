"""The disk as `kill -9` would leave it before every single step of a backup, of the mirror and of a restore: each is
kept while one run goes on to its end, and looked at afterwards."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from backup_house import BackupHouse, Came, names, notes
from coachsync.adapters.backupset import BackupSet
from coachsync.app.vault import relocking
from coachsync.vault.keyslots import FLOOR
from stepping import before_each, some
from test_backup import EVERYTHING, contents
from test_backup_killed import NAMES
from vault_house import CLIENT, OTHER, VaultHouse

DRAWN = re.compile(r"(\.coachsync-|\.old-|\.new\.restoring-|\.state\.restoring-)[^/]*")


def kept_at_each(folder: Path, into: Path, work: Callable[[], object], *left_out: str) -> list[Path]:
    """Copies of the folder, one from before each step of the work, but for what is left out."""
    without = shutil.ignore_patterns(*left_out)
    found: list[Path] = []

    def step() -> None:
        found.append(Path(shutil.copytree(folder, into / str(len(found)), ignore=without)))

    into.mkdir()
    with before_each(step):
        work()
    assert found
    return found


@pytest.mark.every_step
def test_p13_at_every_step_of_a_backup_the_one_before_is_whole_and_the_next_run_goes_on(
    backup_house: BackupHouse, tmp_path: Path
) -> None:
    backup_house.backup()
    backup_house.house.add(b"four")
    folder, house = backup_house.house.folder, backup_house.house
    for copy in some(kept_at_each(folder, tmp_path / "kept", lambda: backup_house.backup(days=1)), 5):
        left = BackupHouse(Came(copy, house.now), backup_house.made)
        assert 1 in left.look().snapshots
        assert [one for one in left.look().findings if one.code != "backup-rolled-back"] == []
        assert left.backup(days=1).problems == []
        assert left.look().findings == []
        held = [*contents(left.backups), *contents(left.mirror)]
        assert not [file for file in held if DRAWN.search(file.name)]


def test_p04_at_every_step_of_the_mirror_no_key_of_those_who_stay_is_missing(
    backup_house: BackupHouse, tmp_path: Path
) -> None:
    backup_house.backup()
    with backup_house.house.open() as vault:
        mine = [
            grant.relative_to(backup_house.house.state)
            for shelf, one in vault.history.shelves.items()
            for place in vault.files.grants(shelf)
            if one.client != OTHER
            for grant in (vault.files.grant_file(shelf, *place),)
        ]
    mine.append(Path("keys/clients") / f"{CLIENT}.key")
    wanted = {name: (backup_house.mirror / name).read_bytes() for name in mine}
    for copy in kept_at_each(backup_house.mirror, tmp_path / "kept", lambda: backup_house.erase_client(OTHER)):
        assert {name: (copy / name).read_bytes() for name in mine} == wanted
    assert not (backup_house.mirror / "keys" / "clients" / f"{OTHER}.key").exists()


def test_p04_at_every_step_of_another_passphrase_a_keyslot_of_the_coach_opens(
    backup_house: BackupHouse, tmp_path: Path
) -> None:
    backup_house.backup()
    with backup_house.house.session() as session:
        relocking.change_passphrase(session.vault, session.coach, "a new one altogether", FLOOR)
    before = BackupSet(backup_house.mirror).slots()
    for copy in kept_at_each(backup_house.house.folder, tmp_path / "kept", backup_house.backup, "state", "objects"):
        for place in ("backups", "mirror"):
            assert BackupSet(copy / place).slots().keys() == before.keys()
    assert BackupSet(backup_house.mirror).slots() != before


def test_p13_at_every_step_of_a_restore_it_is_none_or_all_and_the_next_run_goes_on(
    backup_house: BackupHouse, tmp_path: Path
) -> None:
    backup_house.backup()
    folder, text = tmp_path / "new", backup_house.house.file.read_bytes()
    folder.mkdir()
    kept: dict[frozenset[str], Path] = {}

    def step() -> None:
        shape = _shape(folder)
        if "coachsync.toml" in shape:  # the last of the configuration, and before the state
            assert (folder / "coachsync.toml").read_bytes() == text
            assert "trust.toml" in shape
        if shape not in kept:
            kept[shape] = Path(shutil.copytree(folder, tmp_path / str(len(kept))))

    with before_each(step):
        backup_house.restored(folder)
    for copy in kept.values():
        if (copy / "state").exists():
            came: VaultHouse = Came(copy, backup_house.house.now)
        else:
            came, done = backup_house.restored(copy)
            assert done.problems == []
        assert (notes(came), names(came)) == (EVERYTHING, NAMES)
        left = [file for file in contents(copy) if DRAWN.search(file.relative_to(copy).as_posix())]
        assert {file.name for file in left} <= {"trust.toml"}  # after the rename
    assert len(kept) > 4


def test_p09_at_no_step_of_a_restore_a_key_of_who_was_erased_is_on_the_disk(
    backup_house: BackupHouse, tmp_path: Path
) -> None:
    backup_house.backup()
    older = backup_house.kept("older", backup_house.mirror)
    with backup_house.house.open() as vault:
        erased = {
            f"{shelf.hex()}/{generation}.1.{recipient.hex()}"
            for shelf, one in vault.history.shelves.items()
            for generation, recipient in vault.files.grants(shelf)
            if one.client == OTHER
        }
    backup_house.erase_client(OTHER)
    folder = tmp_path / "new"
    folder.mkdir()
    seen: set[str] = set()

    def step() -> None:
        seen.update("/".join(file.parts[-2:]) for file in contents(folder))

    with before_each(step):
        backup_house.restored(folder, 1, older)
    assert f"clients/{CLIENT}.key" in seen
    assert erased
    assert not seen & {*erased, f"clients/{OTHER}.key"}


def _shape(folder: Path) -> frozenset[str]:
    """What there is in a place of its own, and which kinds of things beside it."""
    files = (DRAWN.sub(r"\1", file.relative_to(folder).as_posix()) for file in contents(folder))
    return frozenset("/".join(name.split("/")[:2]) for name in files)
