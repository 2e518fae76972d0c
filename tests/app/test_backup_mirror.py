"""A mirror that cannot be reached: no command fails for it, nothing that was erased is passed over, and it is told."""

from __future__ import annotations

import json
import shutil
import time
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

import pytest

from backup_house import BackupHouse, notes
from coachsync.adapters import lock
from coachsync.adapters.cachetag import NAME
from coachsync.app.backup import mirroring, remembering, running
from coachsync.app.checking_backup import check_backup
from coachsync.app.daemon.backing_up import BackingUp
from coachsync.app.progress import Progress
from coachsync.app.vault.erasing_client import Gone, erase
from coachsync.app.wiring import Wiring, open_wiring
from coachsync.config import Config
from coachsync.errors import Temporary
from smalldisk import mounted_on
from vault_house import CLIENT, OTHER


def erased(practice: BackupHouse) -> Gone:
    with open_wiring(practice.house.config, "test", practice.house.now) as wiring, practice.house.session() as session:
        return erase(wiring, session, OTHER)


def copies(gone: Gone) -> dict[str, str]:
    assert gone.certificate is not None
    return {one["copy"]: one["where"] for one in json.loads(gone.certificate)["copies"]}


def told(practice: BackupHouse) -> set[str]:
    checked = check_backup(practice.house.config, practice.house.now)
    return {one.code for one in checked if one.grade.name != "GOOD"}


def key(practice: BackupHouse) -> Path:
    return practice.mirror / "keys" / "clients" / f"{OTHER}.key"


def test_p09_a_mirror_that_is_away_is_on_the_certificate_and_forgets_when_it_is_back(backup_house: BackupHouse) -> None:
    backup_house.backup()
    assert "mirror-behind" not in told(backup_house)
    away = backup_house.mirror.rename(backup_house.house.folder / "away")
    gone = erased(backup_house)
    assert (gone.mirrored, copies(gone)["mirror"]) == (False, "")
    assert "mirror-behind" in told(backup_house)
    behind = remembering.recall(backup_house.house.state).behind
    assert behind == int(backup_house.house.now.timestamp())
    backup_house.house.now += timedelta(hours=1)
    with open_wiring(backup_house.house.config, "test", backup_house.house.now):
        pass
    assert remembering.recall(backup_house.house.state).behind == behind  # since when, and not when it was last tried
    away.rename(backup_house.mirror)
    assert key(backup_house).exists()
    again = erased(backup_house)
    assert (again.mirrored, "mirror" in copies(again)) == (True, False)
    assert not key(backup_house).exists()
    assert "mirror-behind" not in told(backup_house)


def test_p09_a_mirror_that_is_connected_has_forgotten_before_it_is_certified(backup_house: BackupHouse) -> None:
    backup_house.backup()
    with open_wiring(backup_house.house.config, "test", backup_house.house.now) as wiring:
        with backup_house.house.session() as session:
            gone = erase(wiring, session, OTHER)
        assert not key(backup_house).exists()
    assert (gone.mirrored, copies(gone).keys() & {"mirror", "moved-away"}) == (True, set())


def test_p09_a_full_mirror_forgets_all_the_same(backup_house: BackupHouse, tmp_path: Path) -> None:
    backup_house.backup()
    shutil.move(backup_house.mirror, tmp_path / "first")
    backup_house.mirror.mkdir()
    with mounted_on(backup_house.mirror, "4m") as disk:
        shutil.copytree(tmp_path / "first", disk.folder, dirs_exist_ok=True)
        backup_house.house.file.write_text(backup_house.house.file.read_text().replace('"mirror"', f'"{disk.folder}"'))
        disk.fill()
        erased(backup_house)
        assert not (disk.folder / "keys" / "clients" / f"{OTHER}.key").exists()
        disk.free()
        assert erased(backup_house).mirrored


def test_p04_a_mirror_whose_disk_goes_in_the_middle_fails_no_command(
    backup_house: BackupHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    backup_house.backup()
    original = Path.iterdir

    def unplugged(path: Path):  # type: ignore[no-untyped-def]
        if path.is_relative_to(backup_house.mirror / "vault"):
            raise OSError(5, "Input/output error")
        return original(path)

    monkeypatch.setattr(mirroring.Mirror, "make", lambda _: next(unplugged(backup_house.mirror / "vault")))
    assert not erased(backup_house).mirrored
    assert "mirror-behind" in told(backup_house)
    assert {one.code for one in backup_house.backup(days=1).problems} == {"backup-folder-refused"}


def test_p09_a_state_that_a_restore_has_moved_away_is_told_and_on_the_certificate(
    backup_house: BackupHouse, tmp_path: Path
) -> None:
    backup_house.backup()
    aside = backup_house.kept("state.before-2026-03-02-080000", backup_house.house.state)
    assert "state-moved-away" in told(backup_house)
    gone = erased(backup_house)
    assert (gone.aside, copies(gone)["moved-away"]) == ((aside.name,), aside.name)
    shutil.rmtree(aside)
    assert "moved-away" not in copies(erased(backup_house))
    assert "state-moved-away" not in told(backup_house)


def test_other_programs_are_asked_to_leave_keys_out_from_the_beginning(
    backup_house: BackupHouse, tmp_path: Path
) -> None:
    """Whoever copies them keeps what is erased later."""
    backup_house.backup()
    came, _ = backup_house.restored(tmp_path / "new")
    for state in (backup_house.house.state, came.state):
        for folder in ("vault/keys", "keys/clients"):
            assert (state / folder / NAME).read_bytes().startswith(b"Signature: 8a477f597d28d172789f06886806bc55")
        assert not (state / "keys" / NAME).exists()  # the device key is nothing that is erased
    assert (backup_house.mirror / NAME).exists()


def test_keys_are_tagged_before_there_is_any_backup(backup_house: BackupHouse) -> None:
    for folder in ("vault/keys", "keys/clients"):
        assert (backup_house.house.state / folder / NAME).exists()


def test_nothing_is_restored_while_a_backup_is_read_from_what_is_there(
    backup_house: BackupHouse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It reads attachments where they are, without keeping anybody from working."""
    backup_house.backup()
    came, _ = backup_house.restored(tmp_path / "new")
    monkeypatch.setattr(time, "sleep", lambda _: None)
    with (
        lock.hold(came.state, "backup create", name=lock.BACKUP),
        pytest.raises(Temporary, match="backup create"),
    ):
        backup_house.restored(tmp_path / "new", replace=True)
    assert [path.name for path in (tmp_path / "new").glob("state*")] == ["state"]


def test_p04_of_a_grant_here_and_in_the_mirror_the_one_that_is_whole_stays(backup_house: BackupHouse) -> None:
    backup_house.backup()
    grants = sorted(backup_house.mirror.glob("vault/keys/*/1.1.*"))[:2]
    whole = [grant.read_bytes() for grant in grants]
    spoiled = whole[0][:100] + b"\1" * (len(whole[0]) - 100)
    grants[0].write_bytes(spoiled)
    here = backup_house.house.state / grants[1].relative_to(backup_house.mirror)
    here.write_bytes(spoiled)
    backup_house.backup(days=1)
    assert [grant.read_bytes() for grant in grants] == whole


def test_while_it_lags_no_backup_goes_that_it_opens(backup_house: BackupHouse, tmp_path: Path) -> None:
    """What was sealed anew opens with keys that it does not have: with it, only a backup of its day has that."""
    backup_house.backup()
    drawer = backup_house.mirror.rename(tmp_path / "drawer")
    backup_house.erase(next(iter(backup_house.records)))
    with open_wiring(backup_house.house.config, "test", backup_house.house.now) as wiring:
        pass
    assert not wiring.mirror_behind  # which whoever erased it was told
    assert remembering.recall(backup_house.house.state).behind is not None
    for _ in range(5):  # of one day: but the last three would go
        assert backup_house.backup().dropped == []
    came, done = backup_house.restored(tmp_path / "new", 6, drawer)
    (told,) = done.problems
    assert (told.code, "--snapshot" in told.hint, b"two" in notes(came)[CLIENT]) == ("grants-missing", True, False)
    came, done = backup_house.restored(tmp_path / "older", 1, drawer)
    assert b"two" in notes(came)[CLIENT]
    drawer.rename(backup_house.mirror)
    assert backup_house.backup().dropped == [1, 2, 3, 4]


def test_the_daemon_has_it_follow_as_soon_as_it_is_back(backup_house: BackupHouse, tmp_path: Path) -> None:
    lines: list[str] = []
    looking = BackingUp(partial(_opened, "run"), lines.append, lambda: None)

    def look(boot: float) -> bool:
        return looking.look(
            backup_house.house.config, backup_house.house.file, backup_house.house.now, boot
        )  # fmt: skip

    backup_house.backup()
    drawer = backup_house.mirror.rename(tmp_path / "drawer")
    erased(backup_house)
    assert (look(0.0), lines) == (False, [])
    (drawer / "vault").rename(drawer / "away")
    (drawer / "vault").write_text("in the way")
    drawer.rename(backup_house.mirror)
    assert (look(60.0), lines) == (True, ["mirror: behind"])
    (backup_house.mirror / "vault").unlink()
    (backup_house.mirror / "away").rename(backup_house.mirror / "vault")
    assert (look(600.0), key(backup_house).exists()) == (False, True)  # an hour after it has failed
    assert (look(3660.0), lines[1:]) == (True, ["mirror: up to date"])
    assert not key(backup_house).exists()
    assert (look(3660.0), len(lines)) == (False, 2)


def test_a_mirror_that_was_named_otherwise_for_a_while_lacks_nothing(backup_house: BackupHouse) -> None:
    lines: list[str] = []
    backup_house.backup()
    config, now = backup_house.house.config, backup_house.house.now
    other = replace(config, backup=replace(config.backup, mirror=backup_house.house.folder / "nowhere"))
    for named, lacks in ((other, True), (config, False)):
        with open_wiring(named, "test", now) as wiring:
            pass
        memory = remembering.recall(backup_house.house.state)
        assert (wiring.mirror_behind, memory.behind is not None, memory.behind_of != "") == (lacks, lacks, lacks)
    looking = BackingUp(partial(_opened, "run"), lines.append, lambda: None)
    assert not looking.look(config, backup_house.house.file, now, 0.0)
    assert ("mirror-behind" in told(backup_house), lines) == (False, [])


def test_a_mirror_that_stays_behind_keeps_no_backup_from_being_made(backup_house: BackupHouse, tmp_path: Path) -> None:
    lines: list[str] = []
    looking = BackingUp(partial(_opened, "run"), lines.append, lambda: None)
    house = backup_house.house
    backup_house.backup()
    backup_house.erase(next(iter(backup_house.records)))
    remembering.fall_behind(house.state, int(house.now.timestamp()), b"something")
    (backup_house.mirror / "vault").rename(tmp_path / "away")
    (backup_house.mirror / "vault").write_text("in the way")
    assert running.is_due(house.config)
    assert looking.look(house.config, house.file, house.now, 0.0)
    assert (lines[0].startswith("backup 2"), running.is_due(house.config)) == (True, False)


def _opened(command: str, config: Config, now: datetime, progress: Progress) -> AbstractContextManager[Wiring]:
    return open_wiring(config, command, now, progress)
