"""What was erased stays erased: after every older backup, with the mirror in any older state."""

from __future__ import annotations

import itertools
import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from backup_house import BackupHouse, Came, names, notes
from coachsync.adapters.clientkeys import ClientKeys
from coachsync.adapters.ledger import Ledger
from coachsync.app.backup import staging
from coachsync.app.backup.daemons import Writer
from coachsync.app.vault import erasing_client, shelving
from coachsync.app.vault.erasing import erase_shelves, shelves_of
from coachsync.app.wiring import open_wiring
from coachsync.vault import snapshots
from coachsync.vault.keys import Person
from coachsync.vault.rows import new_device_key
from coachsync.vault.snapshots import Manifest
from test_backup import contents
from vault_damage import codes
from vault_house import CLIENT, OTHER


@pytest.fixture
def mirrors(backup_house: BackupHouse) -> list[Path]:
    """Three backups; a note was erased after the first one, and a client after the second. The mirror as it was then
    each time, and as it is now."""
    kept = []
    for number, change in enumerate((_nothing, _erase_note, _erase_client)):
        change(backup_house)
        backup_house.backup(days=1)
        kept.append(backup_house.kept(f"mirror{number}", backup_house.mirror))
    return kept


def _nothing(_: BackupHouse) -> None:
    """The first backup has everything."""


def _erase_note(practice: BackupHouse) -> None:
    practice.erase(next(iter(practice.records)))


def _erase_client(practice: BackupHouse) -> None:
    practice.erase_client(OTHER)


def test_p09_after_every_backup_with_every_mirror(
    backup_house: BackupHouse, mirrors: list[Path], tmp_path: Path
) -> None:
    for (number, mirror), place in zip(itertools.product((1, 2, 3), mirrors), itertools.count()):
        came, done = backup_house.restored(tmp_path / str(place), number, mirror)
        found = notes(came)
        assert OTHER not in found
        assert found[CLIENT] <= {b"two", b""}
        assert names(came) == {CLIENT: "Marina Dupont"}
        assert codes(done.problems) <= {"grants-missing"}
        _check_gone(came)
        if mirror == mirrors[-1] and number > 1:  # before, another key opened what was beside the erased note
            assert (found, done.problems) == ({CLIENT: {b"two"}}, [])
        shutil.rmtree(tmp_path / str(place))


def _check_gone(came: Came) -> None:
    """Neither a key nor a row of what was erased is anywhere."""
    _check_gone_from_device(came, OTHER)
    with came.open() as vault:
        gone = {record for stone in vault.history.graves.values() for record in stone.records}
        assert len(gone) == 2
        assert not gone & {place.record for place in vault.store.places()}
        for stone in vault.history.graves.values():
            for shelf, through in stone.shelves.items():
                assert all(generation > through for generation, _ in vault.files.grants(shelf))


def _check_gone_from_device(came: Came, code: str) -> None:
    keys = ClientKeys(came.state, came.device)
    assert not keys.is_here(code)
    assert code in keys.buried()[0]


def test_p09_the_mirror_forgets_at_once(backup_house: BackupHouse) -> None:
    backup_house.backup()
    held = set(contents(backup_house.mirror).values())
    with backup_house.house.open() as vault:
        doomed = [vault.files.grant_file(*place).read_bytes() for place in _grants_of(vault, OTHER)]
    doomed.append((backup_house.house.state / "keys" / "clients" / f"{OTHER}.key").read_bytes())
    assert set(doomed) <= held
    linked = backup_house.house.folder / "links"
    linked.mkdir()
    for number, (file, body) in enumerate(contents(backup_house.mirror).items()):
        if body in doomed:
            (linked / str(number)).hardlink_to(file)
    backup_house.erase_client(OTHER)
    assert not set(doomed) & set(contents(backup_house.mirror).values())
    assert [any(body) for body in contents(linked).values()] == [False] * len(doomed)  # overwritten, in the same place
    ledger = (backup_house.house.state / "erasures.ledger").read_bytes()
    assert (backup_house.mirror / "erasures.ledger").read_bytes() == ledger
    assert (backup_house.backups / "erasures.ledger").read_bytes() == ledger


def test_p09_the_backups_hear_of_an_erasure_once_their_disk_is_back(backup_house: BackupHouse, tmp_path: Path) -> None:
    """Without a backup in between, and with a mirror of before: nothing else tells a new machine."""
    backup_house.backup()
    older, away = backup_house.kept("older-mirror", backup_house.mirror), backup_house.house.folder / "away"
    backup_house.backups.rename(away)
    backup_house.erase_client(OTHER)
    for _ in range(2):
        backup_house.follow()  # the mirror is here
    away.rename(backup_house.backups)
    backup_house.follow()
    came, done = backup_house.restored(tmp_path / "new", 1, older)
    assert (names(came), done.problems) == ({CLIENT: "Marina Dupont"}, [])
    _check_gone_from_device(came, OTHER)
    assert not (backup_house.house.state / "backups.untold").exists()


def _grants_of(vault, client: str):  # type: ignore[no-untyped-def]
    for shelf, one in vault.history.shelves.items():
        if one.client == client:
            yield from ((shelf, *place) for place in vault.files.grants(shelf))


def test_p09_what_the_mirror_knows_is_erased_here_too(backup_house: BackupHouse) -> None:
    """An older copy of the state was put back by hand, with its ledger."""
    older = backup_house.kept("state-before", backup_house.house.state)
    backup_house.erase_client(OTHER)
    shutil.rmtree(backup_house.house.state)
    older.rename(backup_house.house.state)
    backup_house.backup()
    assert OTHER not in notes(backup_house.house)
    assert names(backup_house.house) == {CLIENT: "Marina Dupont"}


def _unsigned(practice: BackupHouse) -> bytes:
    """A tombstone for all of a client, signed by nobody whom anybody knows."""
    with practice.house.session() as session:
        stranger = Person(bytes(32))
        shelves = {shelf.hex(): 1 for shelf in shelves_of(session, CLIENT)}
        said = {
            "at": 1,
            "client": CLIENT,
            "e": "erase",
            "keys": [],
            "records": [],
            "shelves": shelves,
            "what": "client",
        }
        entry = {"number": 9, "previous": "00" * 32, "said": _canonical(said).hex(), "signature": "00" * 64}
        return _canonical(entry | {"actor": stranger.actor.fingerprint.hex()})


def _exchanged(practice: BackupHouse) -> bytes:
    """A true tombstone, for another client."""
    practice.erase_client(OTHER)
    (line,) = [one for one in Ledger(practice.house.state).lines() if b'"number"' in one]
    found = json.loads(line)
    said = bytes.fromhex(found["said"]).replace(OTHER.encode(), CLIENT.encode())
    return _canonical(found | {"said": said.hex()})


def _of_device(_: BackupHouse) -> bytes:
    return json.dumps({"client": CLIENT, "key": "", "mark": "00" * 16}, separators=(",", ":")).encode()


def _canonical(found: dict[str, object]) -> bytes:
    return json.dumps(found, sort_keys=True, separators=(",", ":")).encode()


@pytest.mark.parametrize("forge", [_unsigned, _exchanged, _of_device])
@pytest.mark.parametrize("place", ["mirror", "backups"])
def test_a_forged_line_alarms_and_destroys_nothing(
    backup_house: BackupHouse, tmp_path: Path, place: str, forge: Callable[[BackupHouse], bytes]
) -> None:
    backup_house.backup()
    line = forge(backup_house)
    kept = {CLIENT: {b"one", b"two"}} | ({} if forge is _exchanged else {OTHER: {b"three"}})
    Ledger(getattr(backup_house, place)).bury(line)
    assert "ledger-forged" in codes(backup_house.backup(days=1).problems)
    assert notes(backup_house.house) == kept
    assert line not in list(Ledger(backup_house.house.state).lines())
    assert "ledger-forged" in codes(backup_house.look().findings)
    came, done = backup_house.restored(tmp_path / "new")
    assert "ledger-forged" in codes(done.problems)
    assert notes(came) == kept
    assert names(came)[CLIENT] == "Marina Dupont"
    assert line not in list(Ledger(came.state).lines())
    again, done = backup_house.restored(tmp_path / "older", 1)
    assert notes(again) == kept


def test_p09_what_was_erased_under_a_later_device_key_stays_so_in_an_older_backup(
    backup_house: BackupHouse, tmp_path: Path
) -> None:
    """The device key was changed after the first backup; the ledger is signed with the one that the second has."""
    backup_house.backup()
    later, practice = new_device_key(), backup_house.house
    with practice.open() as vault:
        writer = Writer.of(vault, practice.device)
        coach, identity = next(iter(vault.history.coaches.values())), vault.id
    manifest = snapshots.seal_manifest(Manifest(later.secret, "config/coachsync.toml", ()), bytes(32))
    backup_house.store.put_object(manifest.name, manifest.sealed)
    content = snapshots.write(2, 1, {}, manifest, [], [coach], identity, writer.entry, writer.daemon)
    backup_house.store.put_snapshot(2, content)
    ClientKeys(backup_house.backups, later).bury(OTHER)
    key, theirs = ClientKeys(practice.state, practice.device).load(CLIENT), ClientKeys(backup_house.mirror, later)
    sealed = later.name.encode() + later.seal(f"clientkeys/{CLIENT}", key.secret)
    theirs.file(CLIENT).write_bytes(sealed.ljust(4096, b"\0"))  # and the mirror follows
    came, done = backup_house.restored(tmp_path / "new", 1)
    assert names(came) == {CLIENT: "Marina Dupont"}
    assert done.problems == []
    assert not (came.state / "keys" / "clients" / f"{OTHER}.key").exists()


@pytest.mark.parametrize("is_aside", [False, True], ids=["in its place", "moved away"])
def test_p09_what_was_erased_here_under_a_later_device_key_stays_so_in_an_older_backup(
    backup_house: BackupHouse, is_aside: bool
) -> None:
    """The device key was changed, and the client erased, after the last backup and the last mirror: of that key and of
    the erasure, only the state that is still on this machine knows."""
    backup_house.backup()
    older, folder = backup_house.kept("older-mirror", backup_house.mirror), backup_house.house.folder
    told = Ledger(backup_house.backups).file
    before = told.read_bytes() if told.exists() else b""
    backup_house.another_device()
    backup_house.erase_client(OTHER)
    told.write_bytes(before)
    if is_aside:
        backup_house.house.state.rename(folder / "state.before-2026-03-02-080000")
    came, done = backup_house.restored(folder, 1, older, replace=True)
    assert names(came) == {CLIENT: "Marina Dupont"}
    assert not ClientKeys(came.state, came.device).file(OTHER).exists()
    assert "ledger-forged" not in codes(done.problems)


def _erased_far_away(practice: BackupHouse, code: str) -> Path:
    """The device key was changed, and the client erased, while the folder of backups was away; it heard of the erasure
    later, and of that key never. The mirror of before."""
    practice.backup()
    older = practice.kept("older-mirror", practice.mirror)
    practice.another_device()
    practice.erase_client(code)
    return older


def test_p09_what_was_erased_under_a_device_key_that_is_in_no_backup_stays_so_on_a_new_machine(
    backup_house: BackupHouse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    older, hidden = _erased_far_away(backup_house, OTHER), list[str]()
    monkeypatch.setattr(staging, "keep_out", lambda _, code: hidden.append(code))
    came, done = backup_house.restored(tmp_path / "new", 1, older)
    assert hidden == [OTHER]  # whom no share was to show, none shows afterwards
    assert (names(came), notes(came)) == ({CLIENT: "Marina Dupont"}, {CLIENT: {b"one", b"two"}})
    assert done.problems == []
    _check_gone_from_device(came, OTHER)
    shutil.copytree(older, came.folder / "mirror")
    shutil.copytree(backup_house.backups, came.folder / "backups")
    assert BackupHouse(came, backup_house.made).backup(days=1).problems == []


HERS = "four chairs and a table"


def _with_a_colleague(practice: BackupHouse) -> None:
    practice.house.make("bea", HERS)
    with practice.house.session("bea", HERS):
        pass


def _erased_but_for_hers(practice: BackupHouse) -> None:
    """One coach erases a client, and the directory has them still, for the other one. Anybody writes a line."""
    with (
        open_wiring(practice.house.config, "test", practice.house.now) as wiring,
        practice.house.session() as anna,
    ):
        assert erasing_client.erase(wiring, anna, OTHER).stays
    practice.backup(days=1)
    ClientKeys(practice.backups, new_device_key()).bury(OTHER)


@pytest.mark.parametrize("number", [1, 2], ids=["before her first note", "after it"])
def test_the_client_of_a_colleague_stays_where_a_coach_has_erased_records(
    backup_house: BackupHouse, tmp_path: Path, number: int
) -> None:
    """An older backup does not know yet that she keeps any: what is forged there would then be signed, and spread."""
    _with_a_colleague(backup_house)
    backup_house.backup()
    backup_house.house.add(b"hers", OTHER, name="bea")
    backup_house.backup(days=1)
    _erased_but_for_hers(backup_house)
    assert "ledger-forged" in codes(backup_house.look().findings)
    came, done = backup_house.restored(tmp_path / "new", number)
    assert names(came)[OTHER] == "Bo Li"
    assert "ledger-forged" in codes(done.problems)
    assert OTHER not in ClientKeys(came.state, came.device).buried()[0]


def test_who_was_forgotten_is_not_among_those_whose_names_do_not_open(
    backup_house: BackupHouse, tmp_path: Path
) -> None:
    """The mirror is of after the change of the device key, and of before the erasure."""
    backup_house.backup()
    backup_house.another_device()
    backup_house.follow()
    between = backup_house.kept("mirror-between", backup_house.mirror)
    backup_house.erase_client(OTHER)
    _, done = backup_house.restored(tmp_path / "new", 1, between)
    (told,) = (one for one in done.problems if one.code == "client-keys-of-another-device")
    assert "1 client" in told.message


def test_the_client_stays_of_whom_the_coach_has_records_again(backup_house: BackupHouse, tmp_path: Path) -> None:
    with open_wiring(backup_house.house.config, "test", backup_house.house.now), backup_house.house.session() as anna:
        assert erase_shelves(anna, "client", OTHER, shelves_of(anna, OTHER)).done
    backup_house.house.add(b"four", OTHER)
    backup_house.backup()
    ClientKeys(backup_house.backups, new_device_key()).bury(OTHER)
    came, done = backup_house.restored(tmp_path / "new")
    assert (names(came)[OTHER], notes(came)[OTHER]) == ("Bo Li", {b"four"})
    assert "ledger-forged" in codes(done.problems)


def test_the_client_stays_of_whom_a_colleague_may_have_unsorted_records(
    backup_house: BackupHouse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shelving, "SPARES", 3)
    _with_a_colleague(backup_house)
    for client in (CLIENT, "C-AAAAAA", "C-BBBBBB", OTHER):
        backup_house.house.add(b"hers", client, name="bea")
    with backup_house.house.open() as vault:
        assert [one.coach for one in vault.history.shelves.values() if one.client == OTHER] == [
            backup_house.house.coach(vault)
        ]
    _erased_but_for_hers(backup_house)
    came, done = backup_house.restored(tmp_path / "new")
    assert names(came)[OTHER] == "Bo Li"
    assert "ledger-forged" in codes(done.problems)


def test_a_line_of_another_device_is_no_news_about_a_client_who_is_erased(backup_house: BackupHouse) -> None:
    backup_house.backup()
    backup_house.erase_client(OTHER)
    for code, told in ((OTHER, set()), (CLIENT, {"ledger-forged"})):
        ClientKeys(backup_house.mirror, new_device_key()).bury(code)
        assert codes(backup_house.look().findings) == told


def test_an_erasure_that_was_cut_short_in_the_mirror_goes_on(backup_house: BackupHouse) -> None:
    backup_house.backup()
    with open_wiring(backup_house.house.config, "test", backup_house.house.now), backup_house.house.session() as one:
        (shelf,) = shelves_of(one, CLIENT)
        (place,) = one.vault.files.grants(shelf)
        grant = backup_house.mirror / "vault" / "keys" / shelf.hex() / f"{place[0]}.1.{place[1].hex()}"
        grant.write_bytes(bytes(4096))  # overwritten, and not unlinked
        erase_shelves(one, "client", CLIENT, [shelf])
    assert not grant.exists()
