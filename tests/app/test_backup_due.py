"""What is sealed anew opens with new keys, and the mirror lets go of the old ones: until the next backup it is only
here. That is remembered and told, and the next backup ends it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest

from attached_files import CONTENT, attach_to, contents
from backup_house import BackupHouse, Came, notes
from coachsync.adapters import lock
from coachsync.app.backup import creating, mirroring, remembering, running
from coachsync.app.backup.creating import Created
from coachsync.app.backup.overdue import overdue
from coachsync.app.backup.remembering import Memory
from coachsync.app.checking_backup import check_backup
from coachsync.app.progress import silent
from coachsync.app.vault import notes as writing
from coachsync.app.vault import rotating, shelving, sorting
from coachsync.app.wiring import Wiring, open_wiring
from coachsync.clients.directory import Client
from coachsync.errors import CoachsyncError, Misconfigured, Temporary
from coachsync.vault.bodies import Note
from coachsync.vault.shelves import UNSORTED
from smalldisk import mounted_on
from vault_house import CLIENT, OTHER, PASSPHRASE
from vault_renewing import quickly, renew

HOUR = 3600
LEFT = {CLIENT: {b"two"}, OTHER: {b"three"}}
ALL = {CLIENT: {b"one", b"two"}, OTHER: {b"three"}}


@pytest.fixture(autouse=True)
def quick() -> Iterator[None]:
    with quickly():
        yield


def memory(practice: BackupHouse) -> Memory:
    return remembering.recall(practice.house.state)


def told(practice: BackupHouse) -> set[str]:
    return {one.code for one in check_backup(practice.house.config, practice.house.now) if one.grade.name == "BAD"}


@contextmanager
def opening(practice: BackupHouse) -> Iterator[Wiring]:
    with open_wiring(practice.house.config, "test", practice.house.now) as wiring:
        yield wiring


def made(practice: BackupHouse) -> Created:
    """The backup that is made where one is due."""
    house = practice.house
    return running.make(house.config, house.file, partial(opening, practice), silent, hasty=True)


def erase_a_note(practice: BackupHouse) -> None:
    practice.erase(next(iter(practice.records)))


def rotate(practice: BackupHouse) -> None:
    with opening(practice), practice.house.session() as session:
        rotating.begin(session, None)
        assert not rotating.go_on(session, frozenset()).left


def leak(practice: BackupHouse) -> None:
    code = renew(practice.house, PASSPHRASE, PASSPHRASE)
    assert practice.made is not None
    practice.made = practice.made._replace(code=code)
    with opening(practice):
        pass


WAYS: dict[str, tuple[Callable[[BackupHouse], None], dict[str, set[bytes]]]] = {
    "a note was erased": (erase_a_note, LEFT),
    "everything was rotated": (rotate, ALL),
    "the passphrase had leaked": (leak, ALL),
}


@pytest.mark.parametrize("way", WAYS)
def test_what_is_sealed_anew_comes_back_from_the_backup_that_follows(
    backup_house: BackupHouse, tmp_path: Path, way: str
) -> None:
    work, expected = WAYS[way]
    backup_house.backup()
    assert (memory(backup_house).due, told(backup_house)) == (None, set())
    work(backup_house)
    assert memory(backup_house).due == int(backup_house.house.now.timestamp())
    assert "backup-due" in told(backup_house)
    assert made(backup_house).problems == []
    assert (memory(backup_house).due, told(backup_house)) == (None, set())
    came, done = backup_house.restored(tmp_path / "new")
    assert isinstance(came, Came)
    assert (done.number, done.problems, notes(came)) == (2, [], expected)


def test_without_it_what_was_beside_an_erased_note_would_be_lost(backup_house: BackupHouse, tmp_path: Path) -> None:
    """Why it is due: the backup of before opens neither the erased note, nor the one beside it."""
    backup_house.backup()
    erase_a_note(backup_house)
    came, _ = backup_house.restored(tmp_path / "new")
    assert notes(came) != LEFT
    assert b"two" not in notes(came).get(CLIENT, set())


def test_what_was_sorted_comes_back_too(backup_house: BackupHouse, tmp_path: Path) -> None:
    house = backup_house.house
    with house.open() as vault:
        daemon, coach = house.daemon(vault), house.coach(vault, "anna")
        for number in range(shelving.SPARES + 20):  # more than there are shelves in store
            writing.add(vault, daemon, coach, f"C-{number:06d}", Note(f"of {number}"), house.now)
        assert any(one.client == UNSORTED for one in vault.history.shelves.values())
    backup_house.backup()
    assert memory(backup_house).due is None
    with opening(backup_house), house.session() as session:
        sorting.settle(session)
    assert memory(backup_house).due is not None
    made(backup_house)
    came, done = backup_house.restored(tmp_path / "new")
    assert done.problems == []
    with house.session() as here, came.session() as there:
        assert len(here.vault.history.records) == len(there.vault.history.records)
        assert all(here.record(one).body == there.record(one).body for one, _ in here.vault.history.records)


@pytest.mark.parametrize("what", ["a client", "nothing", "a new note", "a new client"])
def test_nothing_is_due_where_nothing_was_sealed_anew(backup_house: BackupHouse, what: str) -> None:
    backup_house.backup()
    if what == "a client":
        backup_house.erase_client(CLIENT)
    if what == "a new note":
        backup_house.house.add(b"four", CLIENT)
    with opening(backup_house) as wiring:
        if what == "a new client":
            wiring.clients.save(Client("C-9X9X9X", ("Ada Roy",)))
    assert (wiring.backup_due, memory(backup_house).due, told(backup_house)) == (False, None, set())


def test_where_no_folder_is_named_none_is_due(backup_house: BackupHouse) -> None:
    backup_house.backup()
    file = backup_house.house.file
    file.write_text(file.read_text().replace('folder = "backups"\n', ""))
    vars(backup_house.house).pop("config")
    erase_a_note(backup_house)
    assert (memory(backup_house).due, told(backup_house)) == (None, {"backup-incomplete"})
    with pytest.raises(Misconfigured):
        made(backup_house)


def test_a_run_knows_that_it_has_made_one_due(backup_house: BackupHouse) -> None:
    backup_house.backup()
    with opening(backup_house) as wiring, backup_house.house.session() as session:
        rotating.begin(session, None)
        rotating.go_on(session, frozenset())
    assert wiring.backup_due
    with opening(backup_house) as wiring:
        pass
    assert not wiring.backup_due  # and the next one, that it has not
    erase_a_note(backup_house)
    with opening(backup_house) as wiring, creating.prepared(wiring, backup_house.house.file):
        assert not wiring.backup_due


def test_a_mirror_that_was_away_makes_one_due_and_the_same_backup_ends_it(backup_house: BackupHouse) -> None:
    """As long as it is away, its old keys open the last backup."""
    backup_house.backup()
    away = backup_house.mirror.rename(backup_house.house.folder / "away")
    erase_a_note(backup_house)
    assert memory(backup_house).due is None
    away.rename(backup_house.mirror)
    made(backup_house)
    assert memory(backup_house).due is None


def test_what_is_sealed_anew_while_one_is_written_stays_due(backup_house: BackupHouse) -> None:
    backup_house.backup()
    erase_a_note(backup_house)
    first = memory(backup_house).due
    with opening(backup_house) as wiring:
        gathered = creating.prepared(wiring, backup_house.house.file)
        what = gathered.__enter__()
    backup_house.house.now += timedelta(hours=1)
    rotate(backup_house)
    creating.create(what, silent)
    gathered.__exit__(None, None, None)
    assert memory(backup_house).due == first
    made(backup_house)
    assert memory(backup_house).due is None


def test_one_that_fails_stays_due(backup_house: BackupHouse) -> None:
    backup_house.backup()
    erase_a_note(backup_house)
    backup_house.backups.rename(backup_house.house.folder / "away")
    assert not running.can_be_made(backup_house.house.config)
    with pytest.raises(CoachsyncError) as raised:
        made(backup_house)
    assert raised.value.code == "backup-folder-missing"
    assert running.is_due(backup_house.house.config)


def test_killed_before_the_mirror_lets_go_it_is_due_already(backup_house: BackupHouse) -> None:
    """Whatever moment it is: old keys that are gone from the mirror without a backup being due would be the loss."""
    backup_house.backup()
    house = backup_house.house
    with house.session() as session:
        rotating.begin(session, None)
        rotating.go_on(session, frozenset())
    before = {file for file in backup_house.mirror.rglob("*") if file.is_file()}
    child = os.fork()
    if not child:
        mirroring.VaultFiles.shred_grant = lambda *_: os._exit(9)  # type: ignore[method-assign]
        with opening(backup_house):
            pass
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 9
    assert before <= {file for file in backup_house.mirror.rglob("*") if file.is_file()}
    assert memory(backup_house).due is not None


def test_a_full_disk_keeps_no_mirror_from_forgetting(
    backup_house: BackupHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    backup_house.backup()
    old = set((backup_house.mirror / "vault" / "keys").rglob("*"))

    def refuse(*_: object) -> None:
        raise Temporary("disk-full", "", where="practice.state")

    with monkeypatch.context() as patch:
        patch.setattr(remembering, "write_atomically", refuse)
        erase_a_note(backup_house)
    assert old - set((backup_house.mirror / "vault" / "keys").rglob("*"))


def test_what_the_folder_has_is_not_read_again_in_haste_and_is_in_the_night(backup_house: BackupHouse) -> None:
    attach_to(backup_house.house)
    backup_house.backup()
    for name in backup_house.store.objects():
        damaged = backup_house.backups / "objects" / name.hex()[:2] / name.hex()
        damaged.write_bytes(b"?" * damaged.stat().st_size)
    hasty = made(backup_house)
    nightly = backup_house.backup(days=1)
    assert 0 < hasty.written < nightly.written
    assert backup_house.look().findings == []


def test_an_attachment_beside_an_erased_note_comes_back(backup_house: BackupHouse, tmp_path: Path) -> None:
    record = attach_to(backup_house.house).record
    backup_house.backup()
    erase_a_note(backup_house)
    made(backup_house)
    came, _ = backup_house.restored(tmp_path / "new")
    assert contents(came) == {record: CONTENT}


def test_another_backup_that_is_being_made_is_not_waited_for_for_long(backup_house: BackupHouse) -> None:
    backup_house.backup()
    with lock.hold(backup_house.house.state, "backup create", name=lock.BACKUP), pytest.raises(Temporary) as raised:
        running.make(
            backup_house.house.config, backup_house.house.file, partial(opening, backup_house), silent, patience=0
        )
    assert raised.value.code == "state-in-use"


@pytest.mark.parametrize(("hours", "expected"), [(0.9, set()), (1.1, {"backup-due"})])
def test_the_coach_hears_of_one_that_stays_due(backup_house: BackupHouse, hours: float, expected: set[str]) -> None:
    backup_house.backup()
    erase_a_note(backup_house)
    later = backup_house.house.now + timedelta(hours=hours)
    assert {one.code for one in overdue(backup_house.house.config, later)} == expected


def test_on_a_full_backup_disk_nothing_is_lost_that_is_here(backup_house: BackupHouse, tmp_path: Path) -> None:
    with mounted_on(backup_house.backups, "1m") as disk:
        file = backup_house.house.file
        file.write_text(file.read_text().replace('"backups"', f'"{disk.folder}"'))
        vars(backup_house.house).pop("config", None)
        running.make(backup_house.house.config, file, partial(opening, backup_house), silent)
        disk.fill()
        erase_a_note(backup_house)
        with pytest.raises(CoachsyncError) as raised:
            made(backup_house)
        assert raised.value.code == "disk-full"
        assert "backup-due" in told(backup_house)
        assert notes(backup_house.house) == LEFT
        disk.free()
        made(backup_house)
        assert "backup-due" not in told(backup_house)


@pytest.mark.parametrize("odd", ['"due": "x"', '"due_of": null', '"due_of": "x"', '"digest": 1', '"due": true'])
def test_a_memory_that_makes_no_sense_is_none(backup_house: BackupHouse, odd: str) -> None:
    backup_house.backup()
    erase_a_note(backup_house)
    file = backup_house.house.state / remembering.NAME
    name = odd.split(":", 1)[0]
    lines = [f" {odd}," if line.strip().startswith(name + ":") else line for line in file.read_text().splitlines()]
    file.write_text("\n".join(lines))
    assert memory(backup_house) == Memory()
