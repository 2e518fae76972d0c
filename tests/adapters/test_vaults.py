"""The database of a vault: all or nothing, closed to others, and rows of any type are read without harm."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path

import pytest

from coachsync.adapters.database.vaults import Place, VaultStore, open_vault_store, vault_file
from coachsync.errors import CoachsyncError
from coachsync.vault.chain import Entry
from coachsync.vault.envelope import Header, Kind
from coachsync.vault.keys import Person, ShelfKey

VAULT, SHELF, RECORD, WRITER = (bytes([number] * 16) for number in range(4))
COACH = Person(bytes(32)).actor


@pytest.fixture
def store(tmp_path: Path) -> Iterator[VaultStore]:
    opened = open_vault_store(tmp_path)
    yield opened
    opened.close()


def header(version: int = 1, generation: int = 1, record: bytes = RECORD) -> Header:
    previous = bytes(32) if version == 1 else bytes([version] * 32)
    return Header(Kind.NOTE, VAULT, SHELF, generation, record, version, 0, WRITER, previous)


def entry(number: int) -> Entry:
    return Entry(number, bytes(32), WRITER, b"{}", bytes(64))


def test_the_file_is_for_its_owner_alone(store: VaultStore, tmp_path: Path) -> None:
    store.append(entry(1))
    assert {file.name: file.stat().st_mode & 0o777 for file in tmp_path.iterdir()} == {
        "vault.db": 0o600, "vault.db-wal": 0o600, "vault.db-shm": 0o600,
    }  # fmt: skip


def test_what_is_put_is_there_and_what_fails_takes_everything_along(store: VaultStore) -> None:
    store.put_record(header(), b"one")
    with suppress(ZeroDivisionError), store.transaction():
        store.put_record(header(2), b"two")
        raise ZeroDivisionError
    assert store.places() == [Place(RECORD, 1, SHELF, 1)]
    store.put_record(header(1, 2), b"anew")
    assert (store.record(RECORD, 1), store.record(RECORD, 2)) == (b"anew", None)
    assert list(store.sealed(SHELF)) == [(Place(RECORD, 1, SHELF, 2), b"anew")]
    assert store.places(bytes(15)) == []


def test_an_entry_is_never_written_over(store: VaultStore) -> None:
    store.append(entry(1))
    with pytest.raises(CoachsyncError):
        store.append(entry(1))
    store.append(entry(2))
    assert [one.number for one in store.entries()] == [1, 2]
    assert [one.number for one in store.entries(1)] == [2]


def test_deleting_takes_keys_and_records_of_a_shelf_and_their_bytes(store: VaultStore, tmp_path: Path) -> None:
    for generation in (1, 2):
        store.put_shelf_key(ShelfKey(VAULT, SHELF, generation, WRITER, b"public", b"signature"))
    store.put_record(header(), b"distinctive-canary" * 300)
    store.put_record(header(1, 2, bytes(16)), b"kept")
    store.delete(SHELF, 1)
    assert store.forget()
    assert [key.generation for key in store.shelf_keys(VAULT)] == [2]
    assert [place.record for place in store.places()] == [bytes(16)]
    assert b"canary" not in b"".join(file.read_bytes() for file in tmp_path.iterdir())
    store.delete_records([bytes(16)])
    assert store.places() == []


def test_while_somebody_reads_nothing_is_forgotten(store: VaultStore, tmp_path: Path) -> None:
    store.put_record(header(), b"canary")
    with closing(sqlite3.connect(vault_file(tmp_path))) as reader:
        reader.execute("pragma busy_timeout=0")
        reader.execute("begin")
        reader.execute("select * from records").fetchall()
        store._connection.exec_driver_sql("pragma busy_timeout=0")
        store._connection.rollback()
        store.delete_records([RECORD])
        assert not store.forget()
    assert store.forget()


@pytest.mark.parametrize("value", ["'words'", "17", "-1", "1e300", "x''", "x'ff'"])
def test_values_of_any_type_are_read_as_what_they_are_not(store: VaultStore, tmp_path: Path, value: str) -> None:
    """Whoever writes into the file may put anything anywhere: nothing here may fail in a way that is not ours."""
    store.put_actor(COACH)
    store.append(entry(1))
    store.put_record(header(), b"one")
    store.put_shelf_key(ShelfKey(VAULT, SHELF, 1, WRITER, b"public", b"signature"))
    columns = {
        "actors": ("fingerprint", "role", "verify", "sealing"),
        "log": ("previous", "actor", "said", "signature"),  # a number is one: SQLite sees to that
        "records": ("record", "version", "shelf", "generation", "sealed"),
        "shelves": ("shelf", "generation", "coach", "public", "signature"),
    }
    with closing(sqlite3.connect(vault_file(tmp_path))) as raw, raw:
        for table, names in columns.items():
            for name in names:
                raw.execute(f"update {table} set {name}={value}")
    for found in (*store.entries(), *store.entries(-5)):
        assert isinstance(found.number, int)
        assert {type(part) for part in (found.previous, found.actor, found.said, found.signature)} == {bytes}
    for place in store.places():
        assert [type(part) for part in place] == [bytes, int, bytes, int]
        for found_at, sealed in store.sealed(place.shelf):
            assert [type(part) for part in (*found_at, sealed)] == [bytes, int, bytes, int, bytes]
    for key in store.shelf_keys(VAULT):
        assert {type(part) for part in (key.shelf, key.coach, key.public, key.signature)} == {bytes}
    assert COACH.fingerprint not in store.actors()
    assert store.shelf_key(VAULT, SHELF, 1) is None


def test_a_look_waits_for_no_writer_and_keeps_none_waiting(store: VaultStore, tmp_path: Path) -> None:
    store.put_record(header(), b"one")
    with closing(sqlite3.connect(vault_file(tmp_path), isolation_level=None)) as writer:
        for setting in ("busy_timeout=0", "journal_mode=WAL"):
            writer.execute(f"pragma {setting}")
            store._connection.exec_driver_sql(f"pragma {setting}")
        store._connection.rollback()
        looking = store.sealed(SHELF)
        assert next(looking) == (Place(RECORD, 1, SHELF, 1), b"one")
        writer.execute("begin immediate")
        writer.execute("update records set sealed = x'74776f'")
        assert (store.record(RECORD, 1), not store.in_transaction) == (b"one", True)
        writer.execute("commit")
        assert store.record(RECORD, 1) == b"two"


def test_every_record_of_a_large_shelf_is_read_once_and_in_order(store: VaultStore) -> None:
    records = [bytes([number]) * 16 for number in range(255, -1, -1)]
    with store.transaction():
        for record in records:
            store.put_record(header(record=record), record[:1])
        store.put_record(header(2, record=records[0]), b"again")
    found = list(store.sealed(SHELF))
    assert [place for place, _ in found] == sorted(place for place, _ in found) == store.places(SHELF)
    assert {place.record: sealed for place, sealed in found if place.version == 1} == {one: one[:1] for one in records}
    assert len(found) == 257


def test_a_statement_that_fails_inside_of_a_transaction_takes_all_of_it_along(store: VaultStore) -> None:
    store.append(entry(1))
    with suppress(CoachsyncError), store.transaction():
        store.put_record(header(), b"one")
        store.append(entry(1))
        raise AssertionError
    assert (store.places(), store.in_transaction) == ([], False)
    with store.transaction():
        with suppress(ZeroDivisionError), store.transaction():
            store.put_record(header(), b"inner")
            raise ZeroDivisionError
        store.put_record(header(2), b"outer")
    assert [place.version for place in store.places()] == [2]


@pytest.mark.parametrize("content", [b"words of no database " * 100, b"SQLite format 3\0" + bytes(4000)])
def test_what_is_no_database_is_said_to_be_none(tmp_path: Path, content: bytes) -> None:
    vault_file(tmp_path).write_bytes(content)
    with pytest.raises(CoachsyncError) as refused:
        open_vault_store(tmp_path)
    assert refused.value.code == "state-unusable"


def test_a_vault_of_a_newer_version_is_left_alone(tmp_path: Path) -> None:
    open_vault_store(tmp_path).close()
    with closing(sqlite3.connect(vault_file(tmp_path))) as raw, raw:
        raw.execute("pragma user_version=2")
    before = vault_file(tmp_path).read_bytes()
    with pytest.raises(CoachsyncError) as refused:
        open_vault_store(tmp_path)
    assert refused.value.code == "state-too-new"
    assert vault_file(tmp_path).read_bytes() == before
