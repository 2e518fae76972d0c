"""Backups and the mirror when a coach has got new keys after a leak: what was leaked opens nothing of what is made from
then on, whoever has it can put nothing in its place, and what cannot be brought back is said."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from attached_files import CONTENT, attach_to, contents
from backup_house import BackupHouse, Came, names, notes
from coachsync.adapters.backupset import BackupSet
from coachsync.adapters.clientkeys import ClientKeys
from coachsync.adapters.ledger import Ledger
from coachsync.adapters.trustfile import read_trust
from coachsync.adapters.vaultfiles import VaultFiles
from coachsync.app.backup import mirroring
from coachsync.app.backup.daemons import Writer
from coachsync.app.backup.reading import Key
from coachsync.app.vault import renewing
from coachsync.app.vault.burying import line_of
from coachsync.app.vault.trusting import signers_of_today
from coachsync.app.wiring import open_wiring
from coachsync.clients.directory import Client
from coachsync.errors import Altered, Misconfigured, NotInitialised
from coachsync.vault import chain, chunks, formers, snapshots
from coachsync.vault.chain import Head
from coachsync.vault.keys import Person, Signer
from coachsync.vault.rows import new_device_key
from coachsync.vault.snapshots import Manifest
from test_backup import EVERYTHING
from test_backup_attached import looked_at
from vault_damage import codes
from vault_house import CLIENT, OTHER, PASSPHRASE
from vault_renewing import person, quickly, renew, settle

FORMER = "backup-of-former-key"


@pytest.fixture(autouse=True)
def quick() -> Iterator[None]:
    with quickly():
        yield


def leaked(practice: BackupHouse) -> Person:
    """New keys, by which the same passphrase opens; what a command does at its end; and the person of before."""
    house = practice.house
    before = person(house, PASSPHRASE)
    code = renew(house, PASSPHRASE, PASSPHRASE)
    assert practice.made is not None
    practice.made = practice.made._replace(code=code)
    practice.follow()
    return before


def forged(practice: BackupHouse, old: Person, number: int) -> None:
    """A backup of whoever has the seed of before: by a daemon that the old key has let in, sealed to the new one."""
    daemon, vault = Signer(b"f" * 32), practice.opened(trusting=True).trust.vault
    said = {"e": "actor", "role": "daemon", "verify": daemon.actor.verify.hex()}
    entry, _ = chain.entry(Head(1, bytes(32)), vault, old, said, 1)
    with practice.house.open() as opened:
        coaches = list(opened.history.coaches.values())
    manifest = snapshots.seal_manifest(Manifest(bytes(32), "config/coachsync.toml", ()), chunks.new_salt())
    practice.store.put_object(manifest.name, manifest.sealed)
    content = snapshots.write(number, 2_000_000_000, {}, manifest, (), coaches, vault, entry, daemon)
    practice.store.put_snapshot(number, content)


def everything(folder: Path) -> bytes:
    return b"".join(file.read_bytes() for file in folder.rglob("*") if file.is_file())


def test_the_next_backup_is_whole_by_itself_and_those_of_the_old_key_go(
    backup_house: BackupHouse, tmp_path: Path
) -> None:
    attach_to(backup_house.house)
    backup_house.backup()
    before = set(backup_house.store.objects())
    old = leaked(backup_house)
    created = backup_house.backup(days=1)
    assert (created.number, created.formerly, created.dropped, created.problems) == (2, [1], [], [])
    assert backup_house.store.snapshots() == [2]
    assert not before & set(backup_house.store.objects())
    snapshot = backup_house.opened().snapshot()
    assert list(snapshot.sealed) == [snapshot.by]
    assert old.actor.fingerprint not in snapshot.sealed
    assert backup_house.look().findings == []
    again = backup_house.backup(days=1)
    assert (again.formerly, again.written < created.written) == ([], True)


def test_those_of_the_old_key_stay_until_the_mirror_has_the_new_ones(backup_house: BackupHouse, tmp_path: Path) -> None:
    """With the mirror as it is, in its drawer, they are all that brings everything back."""
    backup_house.backup()
    code, away = backup_house.made, backup_house.mirror.rename(tmp_path / "drawer")
    leaked(backup_house)
    with pytest.raises(Misconfigured) as raised:
        backup_house.backup(days=1)
    assert raised.value.code == "mirror-before-renewal"
    assert backup_house.store.snapshots() == [1]
    new, backup_house.made = backup_house.made, code
    came, _ = backup_house.restored(tmp_path / "new", mirror=away)
    assert notes(came) == EVERYTHING
    away.rename(backup_house.mirror)
    backup_house.made = new
    assert backup_house.backup(days=1).formerly == [1]
    assert backup_house.store.snapshots() == [2]


def test_a_mirror_that_has_them_may_be_away_again(backup_house: BackupHouse, tmp_path: Path) -> None:
    backup_house.backup()
    leaked(backup_house)
    away = backup_house.mirror.rename(tmp_path / "drawer")
    created = backup_house.backup(days=1)
    assert (created.formerly, codes(created.problems)) == ([1], {"backup-folder-missing"})
    came, _ = backup_house.restored(tmp_path / "new", mirror=away)
    assert notes(came) == EVERYTHING


@pytest.mark.parametrize("lost", ["and another one is named", "and none is any more"])
def test_a_mirror_that_is_lost_for_good_ends_that(backup_house: BackupHouse, tmp_path: Path, lost: str) -> None:
    backup_house.backup()
    shutil.rmtree(backup_house.mirror)
    leaked(backup_house)
    if lost == "and another one is named":
        backup_house.mirror.mkdir()
    else:
        file = backup_house.house.file
        file.write_text(file.read_text().replace('mirror = "mirror"\n', ""))
        vars(backup_house.house).pop("config")
    created = backup_house.backup(anew="named" in lost, days=1)
    assert (created.formerly, created.problems) == ([1], [])


def test_it_comes_back_on_a_clean_machine_with_everything(backup_house: BackupHouse, tmp_path: Path) -> None:
    record = attach_to(backup_house.house).record
    backup_house.backup()
    leaked(backup_house)
    backup_house.backup(days=1)
    came, done = backup_house.restored(tmp_path / "new")
    assert isinstance(came, Came)
    assert done.problems == []
    assert contents(came) == {record: CONTENT}
    assert looked_at(came).findings == []
    assert names(came)
    assert settle(came, PASSPHRASE) == []


@pytest.mark.parametrize("step", ["backup first", "mirror first"])
def test_nothing_of_the_old_key_is_left_in_mirror_and_backups(backup_house: BackupHouse, step: str) -> None:
    if step == "backup first":
        backup_house.backup()
    backup_house.follow()
    old = leaked(backup_house)
    backup_house.backup(days=1)
    me = old.actor.fingerprint
    for folder in (backup_house.mirror, backup_house.backups):
        assert not list(folder.rglob(f"*{me.hex()}*"))
        assert not list(folder.rglob("*.former"))
        assert b"renewed".hex().encode() in everything(folder)
    mirrored = VaultFiles(backup_house.mirror / "vault")
    assert {recipient for shelf in mirrored.shelves() for _, recipient in mirrored.grants(shelf)} == {
        person(backup_house.house, PASSPHRASE).actor.fingerprint
    }


def test_whoever_writes_backups_is_let_in_by_the_new_key(backup_house: BackupHouse) -> None:
    leaked(backup_house)
    trust = read_trust(backup_house.house.config.trust)
    assert trust is not None
    with backup_house.house.open() as vault:
        assert Writer.of(vault, backup_house.house.device).entry.actor in signers_of_today(trust)


def test_also_where_it_was_cut_short_and_the_next_session_has_ended_it(
    backup_house: BackupHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The daemon of before may be in an older backup, which what was leaked opens."""
    with monkeypatch.context() as patch:
        patch.setattr(renewing, "end", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            renew(backup_house.house, PASSPHRASE, PASSPHRASE)
    assert settle(backup_house.house, PASSPHRASE) == ["renewal-finished"]
    trust = read_trust(backup_house.house.config.trust)
    assert trust is not None
    with backup_house.house.open() as vault:
        writer = Writer.of(vault, backup_house.house.device)
        assert writer.entry.actor in signers_of_today(trust)
        assert set(vault.history.actors) == {writer.daemon.actor.fingerprint}


def test_verify_names_what_the_old_key_opens_and_says_what_to_do(backup_house: BackupHouse) -> None:
    backup_house.backup()
    leaked(backup_house)
    found = backup_house.look().findings
    assert {one.code for one in found} == {FORMER, "keyslot-missing"}
    assert "backup create" in next(one.hint or "" for one in found if one.code == FORMER)
    backup_house.backup(days=1)
    assert backup_house.look().findings == []


def test_what_is_forged_with_the_leaked_seed_takes_no_precedence(backup_house: BackupHouse, tmp_path: Path) -> None:
    backup_house.backup()
    old = leaked(backup_house)
    backup_house.backup(days=1)
    forged(backup_house, old, 999_999_999)
    assert backup_house.opened().snapshot().number == 2
    assert codes(backup_house.look().findings) == {FORMER}
    came, done = backup_house.restored(tmp_path / "new")
    assert (done.number, done.problems, notes(came)) == (2, [], EVERYTHING)
    created = backup_house.backup(days=1)
    assert (created.number, created.formerly, backup_house.store.snapshots()) == (3, [999_999_999], [2, 3])
    assert backup_house.look().findings == []


def test_a_number_that_is_taken_is_not_written_over(backup_house: BackupHouse) -> None:
    backup_house.backup()
    strange = backup_house.backups / "snapshots" / "2.json"
    strange.write_bytes(b"{}\n")
    assert backup_house.backup(days=1).number == 3
    assert strange.read_bytes() == b"{}\n"


def test_a_backup_of_before_does_not_go_with_a_mirror_of_after(backup_house: BackupHouse, tmp_path: Path) -> None:
    """On a clean machine, and on one that still has its configuration: it is said why, and with an older copy of the
    mirror everything is there."""
    backup_house.backup()
    code, mirror = backup_house.made, backup_house.kept("older", backup_house.mirror)
    leaked(backup_house)
    with pytest.raises(Altered) as clean:
        backup_house.opened()
    backups = backup_house.opened(trusting=True)
    with pytest.raises(Altered) as here:
        backups.manifest(backups.snapshot(), person(backup_house.house, PASSPHRASE))
    assert clean.value.code == here.value.code == "backup-before-renewal"
    backup_house.made = code
    came, done = backup_house.restored(tmp_path / "new", mirror=mirror)
    assert (done.problems, notes(came)) == ([], EVERYTHING)


def test_backups_and_mirror_of_before_on_a_machine_that_knows_the_new_key(backup_house: BackupHouse) -> None:
    """It is said what they are: trying the other secret would not help. One that has lost a keyslot says that."""
    backup_house.backup()
    mirror, store = backup_house.kept("older", backup_house.mirror), backup_house.store
    slots = store.slots()
    leaked(backup_house)
    trust = read_trust(backup_house.house.config.trust)
    assert trust is not None
    (coach,) = trust.coaches.values()
    store.put_slots(slots)
    for kind in ("passphrase", "recovery"):
        with pytest.raises(Altered) as told:
            backup_house.opened(mirror, trusting=True).unlock(coach.fingerprint, Key(PASSPHRASE, kind))
        assert told.value.code == "backup-before-renewal"
    store.put_slots({})
    shutil.rmtree(mirror / "slots")
    with pytest.raises(NotInitialised) as lost:
        backup_house.opened(mirror, trusting=True).unlock(coach.fingerprint, Key(PASSPHRASE))
    assert lost.value.code == "no-keyslot"


def test_p09_what_was_erased_since_with_the_new_key_stays_so_under_the_trust_of_before(
    backup_house: BackupHouse, tmp_path: Path
) -> None:
    """A backup, a mirror and a code of before the leak know nothing of the new key, but by the ledger."""
    record = attach_to(backup_house.house).record
    backup_house.backup()
    code, mirror = backup_house.made, backup_house.kept("older", backup_house.mirror)
    leaked(backup_house)
    leaked(backup_house)
    backup_house.erase_client(OTHER)
    backup_house.erase(record)
    backup_house.made = code
    came, done = backup_house.restored(tmp_path / "new", mirror=mirror)
    assert codes(done.problems) <= {"erased-came-back"}
    assert notes(came).keys() == {CLIENT}
    assert EVERYTHING[CLIENT] <= notes(came)[CLIENT]
    assert (contents(came), names(came)) == ({}, {CLIENT: "Marina Dupont"})
    assert looked_at(came).findings == []
    came.add(b"and on it goes")
    assert {b"and on it goes"} < notes(came)[CLIENT]


@pytest.mark.parametrize("where", ["backup.folder", "practice.state"])
def test_a_line_of_the_leaked_seed_makes_no_key_a_later_one(backup_house: BackupHouse, where: str) -> None:
    """Where trust.toml knows the new key: what another one erases destroys nothing."""
    old = leaked(backup_house)
    thief = Person(b"t" * 32)
    ledger = Ledger(backup_house.backups if where == "backup.folder" else backup_house.house.state)
    with backup_house.house.open() as vault:
        shelf = next(shelf for shelf, one in vault.history.shelves.items() if one.client == OTHER)
        (record,) = (record for (record, _), one in vault.history.records.items() if one.shelf == shelf)
        through = {shelf.hex(): vault.history.shelves[shelf].generation}
        said = formers.renewal(vault.id, old.actor.fingerprint, thief, [])
        gone = {
            "e": "erase",
            "what": "client",
            "client": OTHER,
            "shelves": through,
            "records": [record.hex()],
            "keys": [],
        }
        for signer, event in ((old, said), (thief, gone)):
            ledger.bury(line_of(chain.entry(Head(90, bytes(32)), vault.id, signer, event, 1)[0]))
    created = backup_house.backup(days=1)
    assert {(one.code, one.where) for one in created.problems} == {("ledger-forged", where)}
    assert notes(backup_house.house) == EVERYTHING


def test_a_stamp_of_the_leaked_seed_is_not_signed_again(backup_house: BackupHouse) -> None:
    backup_house.backup()
    stale = (backup_house.mirror / mirroring.STAMP).read_bytes()
    leaked(backup_house)
    (backup_house.mirror / mirroring.STAMP).write_bytes(stale)
    trust = read_trust(backup_house.house.config.trust)
    assert trust is not None
    with backup_house.house.open() as vault:
        writer = Writer.of(vault, backup_house.house.device)
    with pytest.raises(Altered):
        mirroring.name_backup(BackupSet(backup_house.mirror, "backup.mirror"), trust, writer, 2, bytes(32))
    assert (backup_house.mirror / mirroring.STAMP).read_bytes() == stale


def test_after_another_device_key_backups_go_on_and_the_newest_brings_that_one_back(
    backup_house: BackupHouse, tmp_path: Path
) -> None:
    backup_house.backup()
    backup_house.another_device()
    created = backup_house.backup(days=1)
    assert (created.number, created.problems, created.formerly) == (2, [], [])
    assert backup_house.look().findings == []
    came, done = backup_house.restored(tmp_path / "new")
    assert (done.problems, notes(came), came.device) == ([], EVERYTHING, backup_house.house.device)
    older, done = backup_house.restored(tmp_path / "older", 1)
    assert (done.problems, notes(older)) == ([], EVERYTHING)
    assert len(names(older)) == len(names(came)) == 2


def test_what_was_leaked_and_a_line_of_anybody_have_no_client_forgotten(
    backup_house: BackupHouse, tmp_path: Path
) -> None:
    """Of a client without records: whoever has the key of before can sign a tombstone, and anybody write the line."""
    only = "C-AAAAAA"
    with open_wiring(backup_house.house.config, "test", backup_house.house.now) as wiring:
        wiring.clients.save(Client(only, ("Lea Roy",)))
    old = leaked(backup_house)
    backup_house.backup()
    vault = backup_house.opened(trusting=True).trust.vault
    said = {"e": "erase", "what": "client", "client": only, "shelves": {}, "records": [], "keys": []}
    entry, _ = chain.entry(Head(1, bytes(32)), vault, old, said, 1)
    Ledger(backup_house.backups).bury(line_of(entry))
    ClientKeys(backup_house.backups, new_device_key()).bury(only)
    came, done = backup_house.restored(tmp_path / "new")
    assert names(came)[only] == "Lea Roy"
    assert "ledger-forged" in codes(done.problems)
