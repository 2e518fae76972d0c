"""Erasing in the vault: nothing else is lost, nothing comes back, whenever the process dies."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

import formatcertificates
import formatlog
import formatreader
from coachsync.adapters.database import engine
from coachsync.app.vault import burying, certificates, erasing, opening, shelving, writing
from coachsync.app.vault.erasing import Erased
from coachsync.app.vault.reading import Read, Session
from coachsync.app.vault.writing import Written
from coachsync.errors import Altered, CoachsyncError, Temporary, UsageError
from coachsync.vault import chain
from coachsync.vault.envelope import Kind
from coachsync.vault.keys import Person
from stepping import before_each, counted, killed_at, no_room, numbers
from vault_house import CLIENT, OTHER, VaultHouse
from vault_traces import found, put_back, secrets_of

PARTS = ("number", "previous", "actor", "said", "signature")


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Few spare shelves are enough."""
    monkeypatch.setattr(shelving, "SPARES", 5)
    monkeypatch.setattr(shelving, "_LEAST", 1)


@pytest.fixture
def kept(vault_house: VaultHouse) -> Written:
    """A note of the client that stays beside one that goes, wherever possible."""
    return vault_house.add(b"kept")


@pytest.fixture
def gone(vault_house: VaultHouse, kept: Written) -> Written:
    vault_house.add(b"of another", client=OTHER)
    return vault_house.add(b"gone")


def erase_client(session: Session) -> Erased:
    return erasing.erase_shelves(session, "client", CLIENT, erasing.shelves_of(session, CLIENT))


def bodies(house: VaultHouse, client: str = CLIENT) -> set[bytes]:
    """The bodies of all that is stored for a client, each of which opens; settled like every session of a coach."""
    with house.session() as session:
        erasing.settle(session)
        shelves = erasing.shelves_of(session, client)
        read = [one for shelf in shelves for one in session.shelf(shelf)]
        assert session.vault.problems == []
        return {one.body for one in read if not isinstance(one, CoachsyncError)}


def test_p09_a_note_goes_with_its_key_and_the_others_stay(
    vault_house: VaultHouse, kept: Written, gone: Written
) -> None:
    secrets = secrets_of(vault_house, gone)
    assert found(vault_house, secrets)
    with vault_house.session() as session:
        erased = erasing.erase_records(session, [gone.record])[0]
        assert erased.done
        assert len(erased.stone.keys) == 1
        assert session.record(kept.record).body == b"kept"
        with pytest.raises(UsageError):
            session.record(gone.record)
        assert not found(vault_house, secrets)  # while the database is open, in its journal too
    assert not found(vault_house, secrets)
    assert bodies(vault_house) == {b"kept"}


def test_p09_a_client_goes_with_every_shelf_and_others_stay(vault_house: VaultHouse, gone: Written) -> None:
    agreed = vault_house.add(b"agreed", kind=Kind.AGREEMENT)
    secrets = secrets_of(vault_house, gone, agreed)
    with vault_house.session() as session:
        erased = erase_client(session)
        assert (erased.done, len(erased.stone.keys), len(erased.stone.records)) == (True, 2, 3)
        assert not found(vault_house, secrets)
        assert list(session.vault.files.shelves()) == sorted(session.vault.history.shelves)
    assert (bodies(vault_house), bodies(vault_house, OTHER)) == (set(), {b"of another"})
    assert vault_house.add(b"anew")
    assert bodies(vault_house) == {b"anew"}


def test_a_client_of_whom_nothing_is_kept_is_erased_too(vault_house: VaultHouse) -> None:
    with vault_house.session() as session:
        erased = erase_client(session)
    assert (erased.done, erased.stone.keys, erased.stone.records) == (True, (), ())


def test_what_a_run_cut_short_has_left_of_a_next_key_goes_too(vault_house: VaultHouse, gone: Written) -> None:
    with vault_house.session() as session:
        place = session.vault.history.records[gone.record, 1]
        session.vault.files.put_grant(place.shelf, 2, session.fingerprint, os.urandom(4096))
        assert erase_client(session).done
        assert not session.vault.files.grant_file(place.shelf, 2, session.fingerprint).parent.exists()


# --- who may ----------------------------------------------------------------------------------------------------------


def test_a_coach_erases_nothing_of_a_colleague(vault_house: VaultHouse, gone: Written) -> None:
    vault_house.make("bea", "another horse battery")
    with vault_house.session("bea", "another horse battery") as session:
        shelf = session.vault.history.records[gone.record, 1].shelf
        for attempt in (
            lambda: erasing.erase_records(session, [gone.record])[0],
            lambda: erasing.erase_shelves(session, "client", CLIENT, [shelf]),
            lambda: erasing.erase_shelves(session, "shelf", OTHER, [shelf]),
        ):
            with pytest.raises(UsageError):
                attempt()
        assert erase_client(session).stone.shelves == {}
    assert bodies(vault_house) == {b"kept", b"gone"}


def forged(house: VaultHouse, signer: Person, **other: object) -> bytes:
    """A line of the ledger that wants everything of the client gone."""
    with house.open() as vault:
        shelf = vault.history.shelf_of(house.coach(vault), CLIENT, "notes")
        assert shelf is not None
        records = {record.hex() for (record, _), one in vault.history.records.items() if one.shelf == shelf}
        event = {"e": "erase", "what": "client", "client": CLIENT, "shelves": {shelf.hex(): 1}, "keys": []}
        event |= {"records": sorted(records)} | other
        return burying.line_of(chain.entry(vault.history.head, vault.id, signer, event, 1)[0])


@pytest.mark.parametrize("kind", ["nobody", "colleague", "half", "unsigned", "damaged", "not an erasure"])
def test_a_line_that_its_coach_has_not_signed_alarms_and_destroys_nothing(
    vault_house: VaultHouse, gone: Written, kind: str
) -> None:
    bea = vault_house.make("bea", "another horse battery").coach
    with vault_house.session() as session:
        anna = session.coach
    line = {
        "nobody": lambda: forged(vault_house, Person(bytes(32))),
        "colleague": lambda: forged(vault_house, bea),
        "half": lambda: forged(vault_house, anna)[:-40],
        "unsigned": lambda: forged(vault_house, anna).replace(b'"signature":"', b'"signature":"00'),
        "damaged": lambda: b"\xff[",
        "not an erasure": lambda: forged(vault_house, anna, e="vault"),
    }[kind]()
    with (vault_house.state / "erasures.ledger").open("ab") as file:
        file.write(line + b"\n" + line + b"\n")
    with vault_house.open() as vault:
        assert [problem.code for problem in vault.problems] == ["ledger-forged"]
        assert vault.store.record(gone.record, 1)
    with vault_house.session() as session:
        assert session.record(gone.record).body == b"gone"
        assert erasing.erase_records(session, [gone.record])[0].done  # and it stops nothing


# --- an older copy ----------------------------------------------------------------------------------------------------


def test_p09_an_older_copy_does_not_bring_a_client_back(vault_house: VaultHouse, gone: Written) -> None:
    secrets = secrets_of(vault_house, gone)
    assert put_back(vault_house, erase_client) == ["erased-came-back"]
    assert not found(vault_house, secrets)
    with vault_house.session() as session:
        assert session.vault.problems == []  # said once
        with pytest.raises(UsageError):
            session.record(gone.record)
        assert erasing.shelves_of(session, CLIENT) == []
    assert bodies(vault_house, OTHER) == {b"of another"}


def test_p04_what_lies_beside_a_note_that_came_back_is_kept_and_sealed_anew(
    vault_house: VaultHouse, kept: Written, gone: Written
) -> None:
    secrets = secrets_of(vault_house, gone)
    assert put_back(vault_house, lambda session: erasing.erase_records(session, [gone.record])[0]) == [
        "erased-came-back"
    ]
    vault_house.add(b"later")  # by the daemon, which has no key
    with vault_house.open() as vault:
        assert vault.store.record(gone.record, 1) is None
        assert vault.problems == []
    assert bodies(vault_house) == {b"kept", b"later"}
    assert not found(vault_house, secrets)
    with vault_house.session() as session:
        assert session.vault.history.owed(session.fingerprint) == {}


def test_the_log_goes_on_after_an_older_copy(vault_house: VaultHouse, gone: Written) -> None:
    """The client's shelf was erased, the older log knows it: another one for the same client makes sense only after
    the erasure stands in the log."""
    shelves = lambda session: erasing.erase_shelves(session, "shelf", CLIENT, erasing.shelves_of(session, CLIENT))  # noqa: E731
    put_back(vault_house, shelves)
    vault_house.add(b"anew")
    assert bodies(vault_house) == {b"anew"}
    (vault_house.state / "erasures.ledger").unlink()
    assert bodies(vault_house) == {b"anew"}  # the log alone says it now


def test_keys_that_are_put_back_are_destroyed_again(vault_house: VaultHouse, gone: Written) -> None:
    keys, copy = vault_house.vault_folder / "keys", vault_house.folder / "keys"
    shutil.copytree(keys, copy)
    secrets = secrets_of(vault_house, gone)
    with vault_house.session() as session:
        assert erasing.erase_records(session, [gone.record])[0].done
    shutil.copytree(copy, keys, dirs_exist_ok=True)
    assert found(vault_house, secrets)
    with vault_house.open() as vault:
        assert [problem.code for problem in vault.problems] == ["erased-came-back"]
    assert not found(vault_house, secrets)
    assert bodies(vault_house) == {b"kept"}


def test_what_is_written_of_an_erasure_is_what_the_format_says(vault_house: VaultHouse, gone: Written) -> None:
    """By the reader that was written from FORMAT.md alone: the log with what was buried in it, and the certificate."""
    put_back(vault_house, erase_client)
    vault_house.add(b"later", client=OTHER)
    trust = formatreader.read_trust(vault_house.config.trust.read_text())
    with vault_house.session() as session:
        erased = erase_client(session)
        facts = (vault_house.now, [certificates.Copy("backups", until="2027-01-01")], bytes(32))
        text = certificates.issue(session, erased.stone, *facts)
        entries = [formatreader.Entry(*(getattr(one, name) for name in PARTS)) for one in session.vault.store.entries()]
    assert [formatreader.read_said(one.said)["e"] for one in entries].count("buried") == 1
    formatlog.check_log(trust, entries)
    assert formatcertificates.check_certificate(trust, text)["key_files"] == 1
    with pytest.raises(formatreader.Refused):
        formatcertificates.check_certificate(trust, text.replace(b"2027", b"2028"))


def test_a_certificate_is_dated_in_utc_and_in_one_way(vault_house: VaultHouse) -> None:
    vault_house.add(b"gone")
    with vault_house.session() as session:
        paris = vault_house.now.astimezone(ZoneInfo("Europe/Paris"))
        text = certificates.issue(session, erase_client(session).stone, paris, [])
        trust, coach = session.vault.trust, session.coach
    assert certificates.verify(text, trust).signed_at == "2026-03-02T08:00:00Z"
    unsigned = {name: value for name, value in json.loads(text).items() if name != "signature"}
    for at in ("2026-03-02T09:00:00+01:00", "2026-03-02", "2026-3-2T08:00:00Z", "", 1772438400):
        document = unsigned | {"signed_at": at}
        signature = coach.sign(b"erasure", chain.canonical(document)).hex()
        forged = json.dumps(document | {"signature": signature}).encode()
        with pytest.raises(Altered):
            certificates.verify(forged, trust)
        with pytest.raises(formatreader.Refused):
            formatcertificates.check_certificate(formatreader.read_trust(vault_house.config.trust.read_text()), forged)


def test_too_much_to_erase_at_once_is_told(
    vault_house: VaultHouse, gone: Written, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(erasing, "_LONGEST", 100)
    with vault_house.session() as session, pytest.raises(CoachsyncError) as caught:
        erase_client(session)
    assert caught.value.code == "erasure-too-large"
    assert bodies(vault_house) == {b"kept", b"gone"}


# --- cut short --------------------------------------------------------------------------------------------------------


@pytest.mark.every_step
@pytest.mark.parametrize("whole", [False, True], ids=["note", "client"])
def test_p13_whenever_it_dies_nothing_is_lost_and_nothing_stays_half_erased(tmp_path: Path, whole: bool) -> None:
    first = tmp_path / "first"
    first.mkdir()
    house = VaultHouse(first)
    house.make()
    kept, gone = house.add(b"kept"), house.add(b"gone")
    secrets, survivors = secrets_of(house, gone), set() if whole else {b"kept"}

    def work(there: VaultHouse) -> None:
        with there.session() as session:
            erase_client(session) if whole else erasing.erase_records(session, [gone.record])[0]

    outcomes = set[bool]()
    for number in numbers(4):
        again = VaultHouse.__new__(VaultHouse)
        again.folder, again.now = tmp_path / str(number), house.now
        shutil.copytree(first, again.folder)
        came = killed_at(number, lambda there=again: work(there))
        with again.open() as vault:
            began = bool(vault.history.tombstones)
            assert vault.problems == []
            assert not began or not found(again, secrets)
            assert len(list(vault.files.ledger())) == began  # before anybody is asked for a passphrase
        assert bodies(again) == (survivors if began else {b"kept", b"gone"})
        if began:
            assert not found(again, secrets)
            with again.open() as vault:
                assert all(stone.done for stone in vault.history.tombstones.values())
                assert len(list(vault.files.ledger())) == 1
        else:
            work(again)
            assert bodies(again) == survivors
            assert not found(again, secrets)
        outcomes.add(began)
        shutil.rmtree(again.folder)
        if not came:
            break
    assert number > 8
    assert outcomes == {False, True}
    assert kept


def test_p04_a_full_disk_at_any_step_loses_nothing_and_the_next_session_ends_it(
    vault_house: VaultHouse, gone: Written
) -> None:
    secrets, failed = secrets_of(vault_house, gone), 0
    for number in range(60):
        try:
            with before_each(counted(number, no_room)), vault_house.session() as session:
                erasing.erase_records(session, [gone.record])[0]
        except Temporary:  # the disk is full: anything else is a defect
            failed += 1
        with vault_house.open() as vault:
            began = bool(vault.history.tombstones)
        if began:
            break
        assert bodies(vault_house) == {b"kept", b"gone"}
    assert failed
    assert bodies(vault_house) == {b"kept"}
    assert not found(vault_house, secrets)


def test_a_session_that_could_not_store_goes_on_with_what_is_stored(vault_house: VaultHouse, kept: Written) -> None:
    with vault_house.open() as vault:
        daemon, coach = vault_house.daemon(vault), vault_house.coach(vault)
        with pytest.raises(Temporary), before_each(counted(0, no_room)):
            writing.add(vault, daemon, coach, CLIENT, Kind.NOTE, b"lost", vault_house.now)
        writing.add(vault, daemon, coach, CLIENT, Kind.NOTE, b"stored", vault_house.now)
    assert bodies(vault_house) == {b"kept", b"stored"}


# --- somebody reads ---------------------------------------------------------------------------------------------------


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits five seconds for a reader."""
    forget = engine.forget

    def hastily(connection, folder):  # type: ignore[no-untyped-def]
        connection.connection.driver_connection.execute("PRAGMA busy_timeout=10")
        return forget(connection, folder)

    monkeypatch.setattr("coachsync.adapters.database.vaults.forget", hastily)


@pytest.mark.usefixtures("hasty")
def test_p09_it_is_not_done_while_somebody_reads(vault_house: VaultHouse, gone: Written) -> None:
    secrets = secrets_of(vault_house, gone)
    reader = sqlite3.connect(vault_house.vault_folder / "vault.db")
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM records").fetchone()
    with vault_house.session() as session:
        assert not erasing.erase_records(session, [gone.record])[0].done
        assert not [stone for stone in session.vault.history.tombstones.values() if stone.done]
    with vault_house.open() as vault:
        assert [problem.code for problem in vault.problems] == ["erasure-not-done"]
    assert found(vault_house, secrets[:1])
    assert not found(vault_house, secrets[1:])  # the keys are
    reader.close()
    with vault_house.open() as vault:
        assert vault.problems == []
    assert not found(vault_house, secrets)
    assert bodies(vault_house) == {b"kept"}
    with vault_house.open() as vault:
        assert all(stone.done for stone in vault.history.tombstones.values())


def test_what_is_told_of_it_passes() -> None:
    assert isinstance(opening.not_done(), Temporary)
    assert opening.not_done().hint


def test_p04_while_an_erasure_finds_no_room_the_rest_is_served_and_it_is_told(
    vault_house: VaultHouse, gone: Written
) -> None:
    """The tombstone is stored, and the disk full: other clients' notes can be read all the same."""
    began, number = False, 0
    while not began:
        with pytest.raises(Temporary), before_each(counted(number, no_room)), vault_house.session() as session:
            erase_client(session)
        with before_each(no_room), vault_house.session() as session:
            began, number = bool(session.vault.history.tombstones), number + 1
            assert [problem.code for problem in session.vault.problems] == (["disk-full"] if began else [])
            [other] = erasing.shelves_of(session, OTHER)
            assert [one.body for one in session.shelf(other) if isinstance(one, Read)] == [b"of another"]
    with vault_house.session() as session:
        assert session.vault.problems == []
    assert bodies(vault_house) == set()
