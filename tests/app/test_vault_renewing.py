"""A new seed after a leak: nothing is lost, nothing of the old seed is left, and whoever is cut short can go on."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import pytest

import keyrings
from coachsync.adapters.trustfile import read_trust
from coachsync.app.vault import (
    certificates,
    erasing,
    machines,
    notes,
    oldcopies,
    renewing,
    retrusting,
    unlocking,
    writing,
)
from coachsync.app.vault.reading import Session
from coachsync.app.vault.verifying import verify
from coachsync.errors import Altered, CoachsyncError, Locked, WrongKey
from coachsync.vault.bodies import Note
from coachsync.vault.envelope import Kind
from coachsync.vault.keyslots import By
from stepping import before_each, counted, killed_at, no_room
from vault_house import CLIENT, COACH, OTHER, PASSPHRASE, VaultHouse, copied, copies
from vault_renewing import CHEAP, NEW, NEWER, bodies, person, quickly, renew, settle, sound

COLLEAGUE = "bea"
TEXTS = {b"one", b"two", b"three", b"an agreement"}
LITTLE = {b"one", b"two"}


@pytest.fixture(autouse=True)
def few() -> Iterator[None]:
    with quickly():
        yield


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> VaultHouse:
    """Two clients with notes, and an agreement of one; a note was erased."""
    house = VaultHouse(tmp_path_factory.mktemp("renewing"))
    with quickly(5):
        house.make()
        gone = house.add(b"gone", OTHER)
        for text, client in ((b"one", CLIENT), (b"two", CLIENT), (b"three", OTHER)):
            house.add(text, client)
        house.add(b"an agreement", CLIENT, Kind.AGREEMENT)
        with house.session() as session:
            erasing.erase_records(session, [gone.record])
    return house


@pytest.fixture(scope="module")
def little(tmp_path_factory: pytest.TempPathFactory) -> VaultHouse:
    """Two notes of one client, and a spare shelf."""
    house = VaultHouse(tmp_path_factory.mktemp("little"))
    with quickly(2):
        house.make()
        for text in (b"one", b"two"):
            house.add(text)
    return house


@pytest.fixture
def full(first: VaultHouse, tmp_path: Path) -> VaultHouse:
    return copied(first, tmp_path)


def names(house: VaultHouse, who: bytes) -> list[str]:
    """Files whose names or contents tell of a seed's keyslots and grants."""
    return [str(path.relative_to(house.state)) for path in house.state.rglob(f"*{who.hex()}*")]


def test_everything_is_there_under_the_new_passphrase_and_nothing_of_the_old_seed(full: VaultHouse) -> None:
    old = person(full, PASSPHRASE)
    slots = [content for path, content in full.files().items() if path.parent.name == "slots"]
    grant = next(full.vault_folder.glob("keys/*/1.1.*"))
    shutil.copy(grant, grant.with_name(f"7.1.{old.actor.fingerprint.hex()}"))  # of a run that was cut short
    renew(full)
    new = person(full)
    assert old.actor.fingerprint != new.actor.fingerprint
    assert bodies(full) == TEXTS
    assert names(full, old.actor.fingerprint) == []
    everything = b"".join(full.files().values())
    assert not [content for content in slots if content in everything]
    assert old.seed not in everything
    with pytest.raises(WrongKey):
        person(full, PASSPHRASE)
    assert settle(full) == []
    sound(full)


def test_trust_toml_knows_the_new_key_and_the_old_one_as_a_former_one(full: VaultHouse) -> None:
    old = person(full, PASSPHRASE).actor
    with full.open() as vault:
        head = vault.history.head
    renew(full)
    trust = read_trust(full.config.trust)
    assert trust is not None
    pinned = trust.coaches[COACH]
    assert pinned.fits(person(full).actor)
    assert [(one.verify, one.fingerprint) for one in pinned.former] == [(old.verify, old.fingerprint)]
    with full.open() as vault:
        assert vault.history.reached == {one.until for one in pinned.former}
        assert head.count < pinned.former[0].until.count < vault.history.head.count


def test_the_new_code_opens_and_the_old_ones_do_not(full: VaultHouse) -> None:
    code = renew(full)
    with full.open() as vault:
        assert unlocking.recover(vault, full.coach(vault), code).seed == person(full).seed


def test_the_daemon_writes_afterwards_and_the_coach_reads_and_amends(full: VaultHouse) -> None:
    renew(full)
    with full.open() as vault:
        written = notes.add(vault, full.daemon(vault), full.coach(vault), CLIENT, Note("after"), full.now)
    with full.session(passphrase=NEW) as session:
        assert notes.show(session, written.record).body == Note("after")
        assert notes.amend(session, written.record, "later", full.now)
        erasing.erase_records(session, [written.record])
    assert bodies(full) == TEXTS
    sound(full)


def test_the_colleague_is_not_touched(full: VaultHouse) -> None:
    full.make(COLLEAGUE)
    hers = full.add(b"hers", CLIENT, name=COLLEAGUE)
    slots = {path: content for path, content in full.files().items() if path.parent.name == "slots"}
    who = person(full, PASSPHRASE, COLLEAGUE).actor.fingerprint
    renew(full)
    with full.session(COLLEAGUE) as session:
        assert session.record(hers.record).body == b"hers"
        assert session.fingerprint == who
    hers_still = {path: content for path, content in slots.items() if who.hex() in path.name}
    assert hers_still.items() <= full.files().items()
    assert settle(full, PASSPHRASE, COLLEAGUE) == []
    sound(full)


def test_twice(full: VaultHouse) -> None:
    """And what was written in between is there too."""
    renew(full)
    full.add(b"between")
    renew(full, NEW, NEWER)
    assert bodies(full, NEWER) == TEXTS | {b"between"}
    trust = read_trust(full.config.trust)
    assert trust is not None
    assert len(trust.coaches[COACH].former) == 2
    assert settle(full, NEWER) == []
    sound(full, NEWER)


def test_between_trust_and_the_last_shelf_nothing_is_sealed_to_an_old_key(full: VaultHouse) -> None:
    """The daemon is told to wait; what it has stays where it is."""
    coach = person(full, PASSPHRASE).actor.fingerprint
    new = renewing.start(full.config, full.now, coach, PASSPHRASE, NEW)
    with full.open() as vault, pytest.raises(Locked) as refused:
        writing.add(vault, full.daemon(vault), full.coach(vault), CLIENT, Kind.NOTE, b"too early", full.now)
    assert refused.value.code == "keys-being-renewed"
    assert [one.code for one in verify(full.config, full.now).findings] == ["renewal-not-done"]
    with full.open() as vault:
        session = Session(vault, new)
        assert renewing.go_on(session, most=1).left
        assert {session.record(record).body for record, _ in vault.history.records} == TEXTS  # all of it reads
    assert settle(full) == ["renewal-finished"]
    full.add(b"in time")
    assert bodies(full) == TEXTS | {b"in time"}
    sound(full)


def test_a_shelf_that_cannot_be_sealed_anew_keeps_what_opens_it(full: VaultHouse) -> None:
    with full.open() as vault:
        (shelf,) = {
            one.shelf for one in vault.history.records.values() if vault.history.shelves[one.shelf].client == OTHER
        }
        rows = [place.record for place, _ in vault.store.sealed(shelf)]
        with vault.store.transaction() as connection:
            connection.exec_driver_sql("update records set sealed=zeroblob(2000) where record=?", (rows[0],))
    renew(full)
    with full.session(passphrase=NEW) as session:
        assert session.vault.history.stale(session.fingerprint) == [shelf]
        assert session.opener(shelf, session.vault.history.shelves[shelf].generation)
        assert b"one" in {one.body for one in map(session.record, _of(session, CLIENT))}
    assert settle(full) == ["no-record"]
    assert len(list(full.vault_folder.glob("slots/*.json"))) == 2


def _of(session: Session, client: str) -> list[bytes]:
    history = session.vault.history
    return [record for (record, _), one in history.records.items() if history.shelves[one.shelf].client == client]


def test_what_older_copies_tell(full: VaultHouse) -> None:
    begun = full.now
    renew(full)
    with full.open() as vault:
        told = oldcopies.exposed(vault, full.coach(vault))
    assert (told.since, told.until) == (begun, full.now)
    assert (told.records, told.clients) == ({"note": 3, "agreement": 1}, 2)


def test_a_certificate_of_before_still_holds(full: VaultHouse) -> None:
    with full.session() as session:
        (stone,) = (one for one in session.vault.history.tombstones.values())
        certificate = certificates.issue(session, stone, full.now, [])
    renew(full)
    trust = read_trust(full.config.trust)
    assert trust is not None
    assert certificates.verify(certificate, trust).coach == COACH


def test_what_this_machine_kept_of_the_old_key_goes_too(
    full: VaultHouse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ring = keyrings.keyring(tmp_path, monkeypatch)
    with full.session() as session:
        machines.add(session.vault, session.coach, COACH, By.KEYRING)
    old = person(full, PASSPHRASE).actor.fingerprint
    assert len(ring.entries) == 1
    coach = renewing.start(full.config, full.now, old, PASSPHRASE, NEW, cost=CHEAP)
    with full.open() as vault:
        renewing.finish(full.config, Session(vault, coach), full.device)
        assert [one.code for one in vault.problems] == ["machine-keyslot-gone"]
    assert ring.entries == {}
    assert names(full, old) == []


def test_a_trust_toml_that_was_lost_knows_the_keys_of_before_again(full: VaultHouse) -> None:
    """The log tells them, proven by the new key: where the old one ends is where it gave place."""
    full.make(COLLEAGUE)
    code = renew(full)
    again = renew(full, NEW, NEWER)
    before = read_trust(full.config.trust)
    full.config.trust.unlink()
    with pytest.raises(WrongKey):
        retrusting.renew(full.config, COACH, code)
    found = retrusting.renew(full.config, COACH, again)
    assert before is not None
    assert found.missing == 1
    lines = [[one.fingerprint for one in trust.coaches[COACH].former] for trust in (before, found.trust)]
    assert lines[0] == lines[1]


def test_alone_the_coach_writes_it_whole(full: VaultHouse) -> None:
    code = renew(full)
    full.config.trust.unlink()
    assert retrusting.renew(full.config, COACH, code).missing == 0
    assert settle(full) == []
    assert bodies(full) == TEXTS
    sound(full)


# --- killed, and a full disk ------------------------------------------------------------------------------------------


def opens(house: VaultHouse, passphrase: str) -> bool:
    house.now += timedelta(minutes=2)
    with suppress(WrongKey):
        return bool(person(house, passphrase))
    return False


def went_on(house: VaultHouse) -> None:
    """One of the two passphrases opens, and the same command again ends it."""
    old, new = opens(house, PASSPHRASE), opens(house, NEW)
    assert old != new
    renew(house, PASSPHRASE if old else NEW)
    assert settle(house) == []
    whole(house)


def whole(house: VaultHouse) -> None:
    assert bodies(house) == LITTLE
    assert len([path for path in house.state.rglob("slots/*") if path.suffix != ".guesses"]) == 2
    sound(house)


@pytest.mark.every_step
def test_p13_killed_anywhere_one_of_the_two_opens_and_a_second_run_ends_it(little: VaultHouse, tmp_path: Path) -> None:
    for number, house in copies(little, tmp_path, 11):
        killed = killed_at(number, lambda house=house: renew(house))  # type: ignore[misc]
        if not killed:
            break
        if number % 3 or not opens(house, NEW):
            went_on(house)
        else:  # the next session ends it as well
            settle(house)
            assert settle(house) == []
            whole(house)
        shutil.rmtree(house.folder)
    assert number > 60


@pytest.mark.every_step
def test_p04_a_full_disk_anywhere_loses_nothing(little: VaultHouse, tmp_path: Path) -> None:
    for number, house in copies(little, tmp_path, 11):
        stopped = False
        with before_each(counted(number, no_room)):
            try:
                renew(house)
            except (CoachsyncError, OSError):  # the steps of SQLite are refused as the system does
                stopped = True
        if number > 60 and not stopped:
            break
        if stopped:
            went_on(house)
        shutil.rmtree(house.folder)


# --- an older copy of everything --------------------------------------------------------------------------------------


@pytest.fixture
def put_back(full: VaultHouse, tmp_path: Path) -> VaultHouse:
    """The vault of before the leak, beside the trust.toml and the ledger of today. A note was erased since."""
    older = tmp_path / "older"
    shutil.copytree(full.vault_folder, older)
    renew(full)
    with full.session(passphrase=NEW) as session:
        erasing.erase_records(session, _of(session, OTHER)[:1])
    shutil.rmtree(full.vault_folder)
    shutil.copytree(older, full.vault_folder)
    return full


def test_an_older_copy_is_not_opened_by_anybody_until_the_coach_goes_on_with_it(put_back: VaultHouse) -> None:
    before = put_back.files()
    with pytest.raises(Altered) as refused, put_back.open():
        pass
    assert refused.value.code == "log-cut"
    assert "--leaked" in refused.value.hint
    for given in (PASSPHRASE, NEW):
        with pytest.raises(Altered):
            renew(put_back, given)
    assert put_back.files().keys() - before.keys() <= {put_back.vault_folder / "vault.db-shm"}


def test_the_coach_goes_on_with_an_older_copy_by_the_passphrase_of_then(put_back: VaultHouse) -> None:
    renew(put_back, PASSPHRASE, NEWER, accept=True)
    assert bodies(put_back, NEWER) == TEXTS - {b"three"}, "what was erased since stays so"
    assert settle(put_back, NEWER) == []
    put_back.add(b"on it goes")
    sound(put_back, NEWER)


@pytest.mark.every_step
def test_p13_killed_while_the_coach_goes_on_with_an_older_copy(
    put_back: VaultHouse, tmp_path_factory: pytest.TempPathFactory
) -> None:
    for number, house in copies(put_back, tmp_path_factory.mktemp("kills"), 17):
        killed = killed_at(number, lambda house=house: renew(house, PASSPHRASE, NEWER, accept=True))  # type: ignore[misc]
        if not killed:
            break
        house.now += timedelta(minutes=2)
        try:
            renew(house, PASSPHRASE, NEWER, accept=True)
        except WrongKey:
            renew(house, NEWER, NEWER, accept=True)
        assert bodies(house, NEWER) == TEXTS - {b"three"}
        assert settle(house, NEWER) == []
        sound(house, NEWER)
