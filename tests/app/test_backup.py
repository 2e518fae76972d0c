"""A laptop is lost for good: the backups, the mirror and the printed code bring everything back."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from backup_house import BackupHouse, Came, names, notes
from coachsync.app.backup import creating, remembering
from coachsync.app.backup.reading import Key
from coachsync.app.backup.restoring import Target, restore
from coachsync.app.vault import relocking
from coachsync.app.vault.erasing import shelves_of
from coachsync.app.vault.reading import Read
from coachsync.app.vault.verifying import verify
from coachsync.errors import CoachsyncError, NotInitialised, UsageError, WrongKey
from coachsync.vault.chunks import CHUNK
from coachsync.vault.keyslots import FLOOR
from vault_damage import codes
from vault_house import CLIENT, OTHER, PASSPHRASE

EVERYTHING = {CLIENT: {b"one", b"two"}, OTHER: {b"three"}}
BODY = b"".join(number.to_bytes(4, "big") for number in range(CHUNK // 2 + 3))  # three pieces


def test_backup_mirror_and_code_alone_bring_every_note_back(backup_house: BackupHouse, tmp_path: Path) -> None:
    body = backup_house.house.vault_folder / "files" / "ab"
    body.parent.mkdir(exist_ok=True)
    body.write_bytes(BODY)
    (backup_house.house.folder / "cloud.password").write_text("secret\n")
    made = backup_house.backup()
    assert made.problems == []
    shutil.rmtree(backup_house.house.state)
    backup_house.house.file.unlink()
    backup_house.house.config.trust.unlink()
    came, done = backup_house.restored(tmp_path / "new")
    assert (done.problems, done.records, done.aside, done.configured) == ([], 3, None, True)
    assert notes(came) == EVERYTHING
    assert names(came) == {CLIENT: "Marina Dupont", OTHER: "Bo Li"}
    assert (came.vault_folder / "files" / "ab").read_bytes() == BODY
    assert verify(came.config, came.now, device=came.device).findings == []
    assert came.state.stat().st_mode & 0o777 == 0o700
    for place in (backup_house.backups, backup_house.mirror):
        assert not [one for one in place.rglob("*") if one.stat().st_mode & 0o077]
    assert not list(tmp_path.glob("new/.*"))
    came.add(b"and on it goes")
    assert notes(came)[CLIENT] == {b"one", b"two", b"and on it goes"}


def test_the_passphrase_opens_it_as_well(backup_house: BackupHouse) -> None:
    backup_house.backup()
    backups = backup_house.opened()
    (pinned,) = backups.trust.coaches.values()
    assert backups.unlock(pinned.fingerprint, Key(PASSPHRASE)).actor.fingerprint == pinned.fingerprint
    with pytest.raises(WrongKey):
        backups.unlock(pinned.fingerprint, Key("another one"))
    with pytest.raises(UsageError, match="no recovery code"):
        backups.unlock(pinned.fingerprint, Key("another one", "recovery"))


def test_a_passphrase_that_was_changed_opens_no_backup_any_more(backup_house: BackupHouse) -> None:
    backup_house.backup()
    with backup_house.house.session() as session:
        relocking.change_passphrase(session.vault, session.coach, "a new one altogether", FLOOR)
        (before,) = backup_house.backups.glob("slots/*.passphrase.json")
        old = before.read_bytes()
    backup_house.backup()
    backups = backup_house.opened()
    (pinned,) = backups.trust.coaches.values()
    backups.unlock(pinned.fingerprint, Key("a new one altogether"))
    with pytest.raises(WrongKey):
        backups.unlock(pinned.fingerprint, Key(PASSPHRASE))
    assert all(old not in file.read_bytes() for file in backup_house.backups.rglob("*") if file.is_file())


def test_without_the_mirror_what_is_left_comes_back_and_it_is_said_what_does_not(
    backup_house: BackupHouse, tmp_path: Path
) -> None:
    backup_house.backup()
    came, done = backup_house.restored(tmp_path / "new", without=True)
    assert "grants-missing" in codes(done.problems)
    (told,) = [one for one in done.problems if one.code == "grants-missing"]
    assert told.message.startswith("3 records")
    assert notes(came) == {CLIENT: {b""}, OTHER: {b""}}
    assert names(came) == {CLIENT: "", OTHER: ""}
    assert done.configured


def test_a_mirror_of_before_opens_what_it_knows(backup_house: BackupHouse, tmp_path: Path) -> None:
    backup_house.backup()
    older = backup_house.kept("older", backup_house.mirror)
    backup_house.erase(next(iter(backup_house.records)))  # gives that shelf another key
    backup_house.house.add(b"four", "C-NEWONE")
    backup_house.backup()
    came, done = backup_house.restored(tmp_path / "new", mirror=older)
    assert codes(done.problems) == {"grants-missing"}
    found = notes(came)
    assert b"" in found[CLIENT]
    assert found[OTHER] == {b"three"}


def test_the_backup_is_incremental(backup_house: BackupHouse) -> None:
    body = backup_house.house.vault_folder / "files" / "ab"
    body.parent.mkdir(exist_ok=True)
    body.write_bytes(BODY)
    first = backup_house.backup()
    assert first.bytes_written > len(BODY)
    again = backup_house.backup(days=1)
    assert (again.number, again.written, again.problems) == (2, 0, [])
    backup_house.house.add(b"four")
    third = backup_house.backup(days=1)
    assert 0 < third.bytes_written < CHUNK
    assert backup_house.look().findings == []


def test_older_ones_go_when_their_time_is_over(backup_house: BackupHouse) -> None:
    for day in range(9):
        backup_house.house.add(b"%d" % day)
        last = backup_house.backup(days=1)
    assert last.dropped == [2]
    looked = backup_house.look()
    assert (looked.findings, sorted(looked.snapshots)) == ([], [3, 4, 5, 6, 7, 8, 9])
    needed = {name for number in looked.snapshots for name in backup_house.opened().snapshot(number).objects}
    assert set(backup_house.store.objects()) == needed


def test_an_older_one_comes_back_and_the_log_says_what_was_given_up(backup_house: BackupHouse, tmp_path: Path) -> None:
    backup_house.backup()
    backup_house.house.add(b"four")
    backup_house.backup(days=1)
    with backup_house.house.open() as vault:
        head = vault.history.head
    came, done = backup_house.restored(tmp_path / "new", 1)
    assert (done.number, done.problems) == (1, [])
    assert notes(came) == EVERYTHING
    with came.open() as vault:
        assert list(vault.history.given_up) == [head]


def test_nothing_is_put_over_data_unless_that_is_said(backup_house: BackupHouse, tmp_path: Path) -> None:
    backup_house.backup()
    came, _ = backup_house.restored(tmp_path / "new")
    came.add(b"written here")
    before = came.files()
    with pytest.raises(UsageError) as told:
        backup_house.restored(tmp_path / "new")
    assert told.value.code == "data-there"
    assert but_locks(came.files()) == but_locks(before)
    again, done = backup_house.restored(tmp_path / "new", replace=True)
    assert done.aside is not None
    assert done.aside.name.startswith("state.before-2026-03-0")
    assert notes(again) == EVERYTHING
    with again.open() as vault:
        assert len(vault.history.given_up) == 1
    aside = {path.relative_to(done.aside): body for path, body in contents(done.aside).items()}
    kept = {path.relative_to(came.state): body for path, body in before.items()}
    assert but_locks(aside) == but_locks(kept)


def but_locks(files: dict[Path, bytes]) -> dict[Path, bytes]:
    """Files but for those by which coachsync keeps others out."""
    return {path: body for path, body in files.items() if path.name not in ("lock", "backup.lock")}


def contents(folder: Path) -> dict[Path, bytes]:
    return {file: file.read_bytes() for file in folder.rglob("*") if file.is_file()}


def test_a_practice_without_a_vault_or_a_folder_is_told_so(backup_house: BackupHouse) -> None:
    shutil.rmtree(backup_house.backups)
    with pytest.raises(CoachsyncError) as told:
        backup_house.backup()
    assert told.value.code == "backup-folder-missing"
    backup_house.backups.mkdir()
    backup_house.backup()
    shutil.rmtree(backup_house.backups)
    backup_house.backups.mkdir()  # where a disk was mounted, and is not
    with pytest.raises(CoachsyncError) as told:
        backup_house.backup()
    assert (told.value.code, list(backup_house.backups.iterdir())) == ("backup-folder-empty", [])
    assert backup_house.backup(anew=True).number == 2
    with pytest.raises(NotInitialised):
        backup_house.opened(backup_house.mirror).unlock(bytes(16), Key(PASSPHRASE))


def test_the_state_remembers_the_last_one(backup_house: BackupHouse) -> None:
    backup_house.backup()
    made = backup_house.backup(days=2)
    memory = remembering.recall(backup_house.house.state)
    now = int(backup_house.house.now.timestamp())
    assert (memory.made, memory.mirrored, memory.number) == (now, now, made.number)
    (backup_house.house.state / remembering.NAME).write_text("{}")
    assert remembering.recall(backup_house.house.state) == remembering.Memory()


def test_a_damaged_database_is_no_backup(backup_house: BackupHouse) -> None:
    backup_house.backup()
    file = backup_house.house.state / "coachsync.db"
    content = bytearray(file.read_bytes())
    content[4096 * 3 : 4096 * 6] = b"\xff" * 4096 * 3
    file.write_bytes(content)
    with pytest.raises(CoachsyncError):
        backup_house.backup()
    assert backup_house.opened().numbers == [1]


def test_the_salt_is_not_in_what_others_see(backup_house: BackupHouse) -> None:
    """Else whoever has the objects could try out what is in them."""
    backup_house.backup()
    salt = creating._salt(backup_house.house.state, backup_house.house.device, anew=False)
    held = [file for folder in (backup_house.backups, backup_house.mirror) for file in contents(folder).items()]
    assert all(salt not in body and salt.hex().encode() not in body for _, body in held)


def test_p04_a_disk_that_does_not_answer_is_told_as_one_that_is_not_there(
    backup_house: BackupHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    backup_house.backup()
    original = Path.is_dir

    def unplugged(path: Path) -> bool:
        if path in (backup_house.backups, backup_house.mirror):
            raise OSError(5, "Input/output error")
        return original(path)

    monkeypatch.setattr(Path, "is_dir", unplugged)
    with pytest.raises(CoachsyncError) as told:
        backup_house.backup()
    assert told.value.code == "backup-folder-missing"
    backup_house.house.add(b"four")  # what is written here does not wait for a disk


def test_what_a_colleague_has_comes_back_for_the_colleague(backup_house: BackupHouse, tmp_path: Path) -> None:
    backup_house.house.make("bea", "four chairs and a table")
    with backup_house.house.session("bea", "four chairs and a table"):
        pass
    backup_house.house.add(b"hers", name="bea")
    assert backup_house.backup().problems == []
    backups = backup_house.opened()
    anna = backups.unlock(backups.trust.coaches["anna"].fingerprint, backup_house.key())
    snapshot = backups.snapshot()
    assert len(snapshot.sealed) == 2
    target = Target(tmp_path / "new" / "coachsync.toml")
    manifest = backups.manifest(snapshot, anna)
    done = restore(backups, snapshot, manifest, anna, target, backup_house.house.now)
    assert done.problems == []
    came = Came(tmp_path / "new", backup_house.house.now)
    with came.session("bea", "four chairs and a table") as session:
        (shelf,) = shelves_of(session, CLIENT)
        assert [one.body for one in session.shelf(shelf) if isinstance(one, Read)] == [b"hers"]
