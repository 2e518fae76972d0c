"""A backup that is due in odd ways: another device key, a renewal cut short, a log given up, a mirror that does not let
go, a full disk, and two processes that remember something at a time."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from attached_files import attach_to
from backup_house import BackupHouse, Came, names, notes
from coachsync.adapters import lock
from coachsync.adapters.room import no_room
from coachsync.adapters.trustfile import read_trust
from coachsync.app import rekeying
from coachsync.app.backup import creating, drilling, mirroring, remembering, restoring, running
from coachsync.app.backup.daemons import Writer
from coachsync.app.backup.drilling import Drilled
from coachsync.app.backup.overdue import overdue
from coachsync.app.backup.reading import Key
from coachsync.app.backup.restoring import Restored, Target
from coachsync.app.progress import silent
from coachsync.app.vault import renewing
from coachsync.app.vault.reading import Session
from coachsync.app.vault.trusting import coach_of, signers_of_today, trusted
from coachsync.errors import CoachsyncError
from coachsync.vault import snapshots
from test_backup_due import ALL, erase_a_note, made, memory, opening, quick, rotate
from vault_house import COACH, PASSPHRASE
from vault_renewing import CHEAP, NEW, bodies, person, settle

__all__ = ["quick"]


# --- another device key ---------------------------------------------------------------------------------------------


def test_names_come_back_after_another_device_key(backup_house: BackupHouse, tmp_path: Path) -> None:
    """The mirror has the keys of clients under the new one only, and the last backup has the one before."""
    backup_house.backup()
    rekeying.rotate(backup_house.house.state)
    backup_house.house.__dict__.pop("device", None)
    with opening(backup_house) as wiring:
        pass
    assert wiring.backup_due
    lost, done = backup_house.restored(tmp_path / "lost")
    assert [one.code for one in done.problems] == ["client-keys-of-another-device"]
    assert notes(lost) == ALL
    assert set(names(lost).values()) == {""}
    made(backup_house)
    assert memory(backup_house).due is None
    came, done = backup_house.restored(tmp_path / "new")
    assert (done.problems, notes(came)) == ([], ALL)
    assert set(names(came).values()) == {"Marina Dupont", "Bo Li"}


# --- a renewal that was cut short -----------------------------------------------------------------------------------


def cut_short(practice: BackupHouse, shelves: int) -> None:
    """A new passphrase after a leak, and so many shelves have new keys when the computer dies."""
    house = practice.house
    house.now += timedelta(minutes=2)
    with opening(practice):
        coach = coach_of(trusted(house.config), COACH)
        new = renewing.start(house.config, house.now, coach, PASSPHRASE, NEW, accept=False, cost=CHEAP)
    for _ in range(shelves):
        with opening(practice), house.open() as vault:
            assert renewing.go_on(Session(vault, new), frozenset(), most=1).left


def restored(practice: BackupHouse, folder: Path) -> tuple[Came, Restored]:
    """With the new passphrase, for nobody has seen the new code."""
    folder.mkdir()
    backups = practice.opened()
    (pinned,) = backups.trust.coaches.values()
    coach, snapshot = backups.unlock(pinned.fingerprint, Key(NEW)), backups.snapshot(None)
    manifest, target = backups.manifest(snapshot, coach), Target(folder / "coachsync.toml")
    done = restoring.restore(backups, snapshot, manifest, coach, target, practice.house.now)
    return Came(folder, practice.house.now), done


@pytest.mark.parametrize("shelves", [0, 1])
def test_a_backup_in_the_middle_of_a_renewal_brings_everything_back(
    backup_house: BackupHouse, tmp_path: Path, shelves: int
) -> None:
    """It takes the place of those that the old key opens, and a laptop may be lost before the renewal goes on."""
    backup_house.backup()
    cut_short(backup_house, shelves)
    assert made(backup_house).formerly == [1]
    came, done = restored(backup_house, tmp_path / "new")
    assert done.problems == []
    assert bodies(came) == {b"one", b"two", b"three"}
    assert settle(came) == ["renewal-finished"]
    trust = read_trust(came.config.trust)
    assert trust is not None
    with came.open() as vault:  # else all that is written here passes for what the leaked key has let in
        assert Writer.of(vault, came.device).entry.actor in signers_of_today(trust)
    assert not list((came.state / "vault" / "slots").glob("*.former"))


def test_killed_before_it_is_remembered_that_the_mirror_lacks_the_new_keys_old_backups_stay(
    backup_house: BackupHouse,
) -> None:
    backup_house.backup()
    cut_short(backup_house, 1)
    away = backup_house.mirror.rename(backup_house.house.folder / "away")
    with backup_house.house.open() as vault:  # the next shelf, and then it is killed
        renewing.go_on(Session(vault, person(backup_house.house)), frozenset(), most=1)
    assert memory(backup_house).behind is None
    with pytest.raises(CoachsyncError) as raised:
        made(backup_house)
    assert raised.value.code == "mirror-before-renewal"
    away.rename(backup_house.mirror)
    assert made(backup_house).formerly == [1]


def test_a_former_seed_is_in_no_backup_once_nothing_needs_it(backup_house: BackupHouse) -> None:
    cut_short(backup_house, 1)
    assert [name for name in in_backup(backup_house) if name.endswith(".former")]
    settle(backup_house.house)
    (backup_house.house.state / "vault" / "slots" / f"{'0' * 32}.former").write_bytes(bytes(4096))  # killed in between
    assert not [name for name in in_backup(backup_house) if "slots" in name]


def in_backup(practice: BackupHouse) -> list[str]:
    house = practice.house
    with opening(practice) as wiring, creating.prepared(wiring, house.file) as what:
        return [one.path for one in what.sources]


# --- a mirror that does not let go, or has keys of a log that was given up ------------------------------------------


def test_a_mirror_that_cannot_let_go_asks_for_one_backup_and_not_for_one_each_minute(
    backup_house: BackupHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    backup_house.backup()
    shred = mirroring.VaultFiles.shred_grant

    def refuse(files: mirroring.VaultFiles, shelf: bytes, generation: int, recipient: bytes) -> None:
        if files.grant_file(shelf, generation, recipient).is_relative_to(backup_house.mirror):
            raise CoachsyncError("keyslot-not-destroyed", "", where="backup.mirror")
        shred(files, shelf, generation, recipient)

    monkeypatch.setattr(mirroring.VaultFiles, "shred_grant", refuse)
    erase_a_note(backup_house)
    assert memory(backup_house).due is not None
    assert [one.where for one in made(backup_house).problems] == ["backup.mirror"]
    for _ in range(2):
        backup_house.house.add(b"another")
        with opening(backup_house) as wiring:
            pass
        assert (memory(backup_house).due, wiring.backup_due) == (None, False)
    rotate(backup_house)  # and what goes besides, asks for another one
    assert memory(backup_house).due is not None


def test_keys_of_a_log_that_was_given_up_do_not_go_without_one(backup_house: BackupHouse, tmp_path: Path) -> None:
    """An older copy of the state was put back, and goes on with other keys of the same number."""
    house = backup_house.house
    older = backup_house.copied(tmp_path / "older")
    backup_house.backup()
    rotate(backup_house)
    made(backup_house)
    house.state.rename(tmp_path / "branch")
    older.house.state.rename(house.state)
    remembering.keep(house.state, replace(memory(backup_house), mirrored=1))  # as it was
    rotate(backup_house)
    assert memory(backup_house).due is not None
    made(backup_house)
    came, _ = backup_house.restored(tmp_path / "new")
    assert notes(came) == ALL


# --- what is remembered ---------------------------------------------------------------------------------------------


def test_on_a_full_disk_it_is_due_all_the_same(backup_house: BackupHouse, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where there is no room for a second file, the first one is written over; nothing else is forgotten for it."""
    backup_house.backup()
    before = memory(backup_house)

    def refuse(*_: object) -> None:
        raise no_room("practice.state")

    with monkeypatch.context() as patch:
        patch.setattr(remembering, "write_atomically", refuse)
        patch.setattr(mirroring, "write_atomically", refuse)
        erase_a_note(backup_house)
    found = memory(backup_house)
    assert found.due is not None
    assert replace(found, due=None, due_of="") == before


def test_where_nothing_is_remembered_yet_a_full_disk_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise no_room("practice.state")

    monkeypatch.setattr(remembering, "write_atomically", refuse)
    with pytest.raises(CoachsyncError) as raised:
        remembering.owe(tmp_path, 1, b"what goes")
    assert raised.value.code == "disk-full"


def test_whoever_remembers_something_waits_for_whoever_does_just_now(tmp_path: Path) -> None:
    waiting = threading.Thread(target=remembering.fall_behind, args=(tmp_path, 7, b"it"))
    with lock.hold_briefly(tmp_path):
        waiting.start()
        waiting.join(0.05)
        assert remembering.recall(tmp_path).behind is None
        remembering.keep(tmp_path, replace(remembering.recall(tmp_path), number=3))
    waiting.join()
    found = remembering.recall(tmp_path)
    assert (found.number, found.behind) == (3, 7)


@pytest.mark.parametrize("who", ["the mirror", "a backup", "a drill"])
def test_what_another_process_remembers_meanwhile_stays(
    backup_house: BackupHouse, monkeypatch: pytest.MonkeyPatch, who: str
) -> None:
    """A backup is written, and one is drilled, while others work with the state."""
    backup_house.backup()
    erase_a_note(backup_house)
    state, now = backup_house.house.state, backup_house.house.now

    def meanwhile(*_: object) -> None:
        remembering.keep(state, replace(remembering.recall(state), due=5, due_of="05", drill_findings=4))

    if who == "the mirror":
        monkeypatch.setattr(mirroring, "_copy_grants", meanwhile)
        backup_house.house.add(b"four")
        (state / "mirror.seen").unlink()
        with opening(backup_house):
            pass
    if who == "a backup":
        write = snapshots.write
        monkeypatch.setattr(snapshots, "write", lambda *given: [write(*given), meanwhile()][0])
        made(backup_house)
    if who == "a drill":
        meanwhile()
        drilling.remember(state, Drilled(1, 2), now)
        assert memory(backup_house).drilled is not None
        assert memory(backup_house).due_of == "05"
        return
    found = memory(backup_house)
    assert (found.due, found.due_of, found.drill_findings) == (5, "05", 4)


def test_a_clock_that_was_ahead_when_it_became_due_keeps_nothing_from_the_coach(backup_house: BackupHouse) -> None:
    backup_house.backup()
    erase_a_note(backup_house)
    earlier = backup_house.house.now - timedelta(days=1)
    assert {one.code for one in overdue(backup_house.house.config, earlier)} == {"backup-due"}


# --- what is there already ------------------------------------------------------------------------------------------


def test_what_a_backup_has_lost_is_written_anew_also_in_haste(backup_house: BackupHouse) -> None:
    attach_to(backup_house.house)
    backup_house.backup()
    for name in backup_house.store.objects():
        backup_house.store.drop_object(name)
    made(backup_house)
    assert backup_house.look().findings == []


def test_what_a_run_that_was_killed_has_left_is_read_again_also_in_haste(backup_house: BackupHouse) -> None:
    """It was never read back: only a backup that is whole says so of its objects."""
    backup_house.backup()
    backup_house.house.add(b"four")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(snapshots, "write", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            made(backup_house)
    known = set(backup_house.opened().snapshot(1).objects)
    left = [name for name in backup_house.store.objects() if name not in known]
    assert left
    for name in left:
        damaged = backup_house.backups / "objects" / name.hex()[:2] / name.hex()
        damaged.write_bytes(b"?" * damaged.stat().st_size)
    made(backup_house)
    assert backup_house.look().findings == []


def test_what_is_wrong_with_the_mirror_is_told_where_that_keeps_old_backups(backup_house: BackupHouse) -> None:
    backup_house.backup()
    backup_house.mirror.rename(backup_house.house.folder / "away")
    cut_short(backup_house, 1)
    with pytest.raises(CoachsyncError) as raised:
        made(backup_house)
    assert (raised.value.code, raised.value.aside) == ("mirror-before-renewal", "The folder is not there.")


def test_a_slow_disk_is_heard_of_while_it_is_read_back(backup_house: BackupHouse) -> None:
    """The daemon's watchdog waits for it: one file may be as long as the rest, and all is read again at the end."""
    heard: list[tuple[int, int]] = []
    house = backup_house.house
    with opening(backup_house) as wiring, creating.prepared(wiring, house.file) as what:
        created = creating.create(what, lambda _what, done, total: heard.append((done, total)))
    assert len([one for one in heard if one[0] == one[1]]) >= created.written
    assert len(heard) > created.written + created.files - 1
    assert running.make(house.config, house.file, lambda: opening(backup_house), silent).problems == []
