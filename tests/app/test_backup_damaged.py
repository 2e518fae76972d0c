"""Whoever can write to the folders of backups and mirror can destroy, and is seen: nothing altered comes back."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from backup_house import BackupHouse, notes
from coachsync.adapters.backupset import BackupSet
from coachsync.errors import Altered, CoachsyncError
from coachsync.vault import chunks, snapshots
from coachsync.vault.chunks import Chunk
from coachsync.vault.keys import Person, Signer
from coachsync.vault.snapshots import Manifest
from test_backup import BODY, EVERYTHING
from vault_damage import codes

Spoil = Callable[[BackupHouse], None]


@pytest.fixture
def three(backup_house: BackupHouse) -> BackupHouse:
    """Three backups of three states."""
    for number in range(3):
        backup_house.house.add(b"more %d" % number)
        backup_house.backup(days=1)
    return backup_house


def objects_of(practice: BackupHouse, number: int) -> list[Path]:
    """The files of the objects that this backup alone needs."""
    backups = practice.opened()
    others = {name for one in backups.numbers if one != number for name in backups.snapshot(one).objects}
    alone = [name for name in backups.snapshot(number).objects if name not in others]
    return [practice.backups / "objects" / name.hex()[:2] / name.hex() for name in alone]


def _cut(practice: BackupHouse) -> None:
    file = objects_of(practice, 3)[0]
    file.write_bytes(file.read_bytes()[:-1])


def _altered(practice: BackupHouse) -> None:
    file = objects_of(practice, 3)[0]
    file.write_bytes(file.read_bytes()[:-1] + b"\0")


def _missing(practice: BackupHouse) -> None:
    objects_of(practice, 3)[0].unlink()


def _exchanged_objects(practice: BackupHouse) -> None:
    one, other = objects_of(practice, 3)[:2]
    held = one.read_bytes()
    one.write_bytes(other.read_bytes())
    other.write_bytes(held)


def _snapshot(practice: BackupHouse, number: int) -> Path:
    return practice.backups / "snapshots" / f"{number}.json"


def _exchanged(practice: BackupHouse) -> None:
    shutil.copy(_snapshot(practice, 2), _snapshot(practice, 3))


def _cut_snapshot(practice: BackupHouse) -> None:
    _snapshot(practice, 3).write_bytes(_snapshot(practice, 3).read_bytes()[:-10])


def _rolled_back(practice: BackupHouse) -> None:
    _snapshot(practice, 3).unlink()


def _one_missing(practice: BackupHouse) -> None:
    _snapshot(practice, 2).unlink()


def _forged(practice: BackupHouse) -> None:
    """Somebody who knows the coach's public key, and signs with a key of their own."""
    backups = practice.opened()
    with practice.house.open() as vault:
        coach, stranger = next(iter(vault.history.coaches.values())), Signer(bytes(32))
        entry = next(one for one in vault.store.entries() if one.event["e"] == "actor")
    manifest = snapshots.seal_manifest(Manifest(bytes(32), "config/coachsync.toml", ()), bytes(32))
    assert isinstance(manifest, Chunk)
    practice.store.put_object(manifest.name, manifest.sealed)
    content = snapshots.write(3, 1, {}, manifest, [], [coach], backups.trust.vault, entry, stranger)
    _snapshot(practice, 3).write_bytes(content)


DAMAGE: dict[Spoil, str] = {
    _cut: "backup-object-damaged",
    _altered: "backup-object-damaged",
    _missing: "backup-object-missing",
    _exchanged_objects: "backup-object-damaged",
    _exchanged: "backup-exchanged",
    _cut_snapshot: "backup-not-ours",
    _rolled_back: "backup-rolled-back",
    _one_missing: "backup-missing",
    _forged: "backup-not-ours",
}


@pytest.mark.parametrize("spoil", DAMAGE, ids=lambda spoil: spoil.__name__)
def test_it_is_found_and_named_and_nothing_of_it_comes_back(three: BackupHouse, tmp_path: Path, spoil: Spoil) -> None:
    spoil(three)
    looked = three.look()
    assert DAMAGE[spoil] in codes(looked.findings)
    for one in looked.findings:
        assert one.where
        assert one.hint
        assert str(three.house.folder) not in f"{one.where} {one.message} {one.hint}"
    if spoil not in (_rolled_back, _one_missing):
        with pytest.raises((Altered, CoachsyncError)):
            three.restored(tmp_path / "new")
        assert not (tmp_path / "new" / "state").exists()
        assert not (tmp_path / "new" / "coachsync.toml").exists()
    older, done = three.restored(tmp_path / "older", 1)  # the others are not touched by it
    assert codes(done.problems) == ({"backup-rolled-back"} if spoil is _rolled_back else set())
    assert {b"more 0"} | EVERYTHING["C-7F3K2M"] == notes(older)["C-7F3K2M"]


@pytest.mark.parametrize(
    "spoil",
    [_cut, _altered, _exchanged_objects, _missing, _one_missing, _rolled_back],
    ids=lambda spoil: spoil.__name__,
)
def test_the_next_backup_is_whole_again(three: BackupHouse, tmp_path: Path, spoil: Spoil) -> None:
    spoil(three)
    made = three.backup(days=1)
    assert codes(made.problems) == ({"backup-rolled-back"} if spoil is _rolled_back else set())
    assert made.number == 4
    assert three.look().findings == []
    assert b"more 2" in notes(three.restored(tmp_path / "new")[0])["C-7F3K2M"]


def test_a_damaged_attachment_keeps_no_note_back(backup_house: BackupHouse, tmp_path: Path) -> None:
    body = backup_house.house.vault_folder / "files" / "ab"
    body.parent.mkdir(exist_ok=True)
    body.write_bytes(BODY)
    backup_house.backup()
    longest = max(
        (file for file in backup_house.backups.rglob("*") if file.is_file()), key=lambda one: one.stat().st_size
    )
    longest.unlink()
    came, done = backup_house.restored(tmp_path / "new")
    assert [(one.code, one.where) for one in done.problems] == [("backup-object-missing", "state/vault/files/ab")]
    assert notes(came) == EVERYTHING
    assert not (came.vault_folder / "files" / "ab").exists()


def test_a_backup_that_cannot_be_read_lets_no_object_go(three: BackupHouse) -> None:
    needed = {bytes.fromhex(file.name) for file in objects_of(three, 3)}
    _cut_snapshot(three)
    held = set(three.store.objects())
    assert needed
    three.house.add(b"and another one")
    made = three.backup(days=1)
    assert codes(made.problems) == {"backup-not-ours", "backup-rolled-back"}
    assert held <= set(three.store.objects())


def test_a_mirror_that_was_altered_is_found(three: BackupHouse, tmp_path: Path) -> None:
    grant = next(three.mirror.rglob("1.1.*"))
    grant.write_bytes(grant.read_bytes()[:60] + bytes(4036))
    (three.mirror / "keys" / "clients" / "C-7F3K2M.key").write_bytes(b"x" * 4096)
    stamp = three.mirror / "mirror.json"
    stamp.write_bytes(stamp.read_bytes().replace(b'"number":3', b'"number":1'))
    for slot in three.mirror.glob("slots/*.recovery.json"):
        slot.unlink()
    found = codes(three.look().findings)
    assert {"client-key-of-another-state", "backup-not-ours", "keyslot-missing"} <= found
    with pytest.raises(Altered):
        three.restored(tmp_path / "new")
    three.backup(days=1)  # what is here is whole
    assert three.look().findings == []


def test_the_mirror_knows_that_the_newest_backup_is_gone(three: BackupHouse, tmp_path: Path) -> None:
    (three.house.state / "backup.json").unlink()  # as on a new machine
    assert three.look().findings == []
    _rolled_back(three)
    (told,) = three.look().findings
    assert (told.code, told.where) == ("backup-rolled-back", "backup 3")
    _, done = three.restored(tmp_path / "new")
    assert (done.number, done.problems) == (2, [told])


def test_folders_of_another_practice_are_told_apart(three: BackupHouse, tmp_path: Path) -> None:
    other = tmp_path / "other"
    shutil.copytree(three.mirror, other)
    (other / "set.json").write_bytes(b'{"vault":"%s","version":1}\n' % (b"00" * 16))
    with pytest.raises(Altered) as told:
        three.restored(tmp_path / "new", mirror=other)
    assert told.value.code == "backup-of-another-vault"
    identity = three.backups / "set.json"
    identity.write_bytes((other / "set.json").read_bytes())
    with pytest.raises(Altered) as told:
        three.backup()
    assert told.value.code == "backup-of-another-vault"


def test_a_snapshot_is_sealed_to_nobody_whom_trust_toml_does_not_name(backup_house: BackupHouse) -> None:
    """An actor in the database who says to be the coach, with another sealing key, is not the one of trust.toml."""
    with backup_house.house.open() as vault:
        coach = next(iter(vault.history.coaches.values()))
        vault.store.put_actor(Person(bytes(32)).actor)
    backup_house.backup()
    assert set(backup_house.opened().snapshot().sealed) == {coach.fingerprint}


def test_a_path_leads_nowhere_but_into_its_own_folder() -> None:
    for path in ("state/../x", "/etc/passwd", "state", "config//x", "other/x", "state/./x", "state/a\0b"):
        stored = snapshots.Stored(path, 0o600, 0, ())
        manifest = snapshots.seal_manifest(Manifest(bytes(32), "config/c", (stored,)), bytes(32))
        found = snapshots.Snapshot(1, 1, {}, (manifest.name,), manifest.name, {}, b"")
        with pytest.raises(Altered):
            snapshots.open_manifest(found, manifest.key, manifest.sealed)


def test_the_same_piece_is_the_same_object_only_under_the_same_salt() -> None:
    salt = chunks.new_salt()
    one, again, other = chunks.seal(salt, b"text"), chunks.seal(salt, b"text"), chunks.seal(chunks.new_salt(), b"text")
    assert one == again
    assert one.name != other.name
    assert chunks.open_chunk(one.name, one.key, one.sealed) == b"text"
    with pytest.raises(Altered):
        chunks.open_chunk(one.name, other.key, one.sealed)


def test_a_disk_that_does_not_keep_what_it_is_given_is_found_out(
    backup_house: BackupHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    backup_house.backup()
    backup_house.house.add(b"four")
    kept = BackupSet.reread
    monkeypatch.setattr(BackupSet, "reread", lambda store, name: (kept(store, name) or b"")[:-1] + b"?")
    with pytest.raises(Altered) as told:
        backup_house.backup(days=1)
    assert told.value.code == "backup-not-kept"
    assert backup_house.opened().numbers == [1]


def test_a_backup_of_another_copy_of_the_practice_is_not_the_one_of_that_number(
    backup_house: BackupHouse, tmp_path: Path
) -> None:
    backup_house.backup()
    other = backup_house.copied(tmp_path / "other")
    other.house.add(b"elsewhere")
    other.backup(days=1)
    for number in range(2):
        backup_house.house.add(b"here %d" % number)
        backup_house.backup(days=1)
    shutil.copytree(other.backups / "objects", backup_house.backups / "objects", dirs_exist_ok=True)
    shutil.copy(_snapshot(other, 2), _snapshot(backup_house, 2))
    (told,) = backup_house.look().findings
    assert (told.code, told.where) == ("backup-exchanged", "backup 2")


def test_keyslots_are_those_of_now_and_the_bytes_of_others_are_gone(tmp_path: Path) -> None:
    store = BackupSet(tmp_path)
    store.make()
    one, other = (bytes(16), "recovery"), (b"x" * 16, "passphrase")
    store.put_slots({one: b"first", other: b"second"})
    (tmp_path / "link").hardlink_to(next(tmp_path.glob("slots/*.passphrase.json")))
    store.put_slots({one: b"third"})
    assert store.slots() == {one: b"third"}
    assert not any((tmp_path / "link").read_bytes())
    assert [file.name for file in (tmp_path / "slots").iterdir()] == [f"{bytes(16).hex()}.recovery.json"]
