"""The database of a vault: sealed records, the public keys of shelves, the log. Nothing in it opens anything.

A file of its own, so that it can be rewritten whole when something is erased (`forget`).
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy import Column, Index, MetaData, Table
from sqlalchemy.dialects import sqlite
from sqlalchemy.engine import Connection

from coachsync.adapters.database.engine import engine_of, forget, reading_of, transaction_of, unusable
from coachsync.errors import CoachsyncError
from coachsync.phrases import say
from coachsync.vault.chain import Entry
from coachsync.vault.envelope import Header
from coachsync.vault.keys import Actor, Role, ShelfKey

SCHEMA = 1  # kept as SQLite's user_version
_FILE = "vault.db"
_metadata = MetaData()


class _Only(sa.types.UserDefinedType[Any]):
    """Values of the type of `none`; whatever else somebody has put there (SQLite takes anything) counts as `none`."""

    cache_ok = True

    def __init__(self, called: str, none: bytes | int) -> None:
        self.called = called
        self.none = none

    def get_col_spec(self, **_: object) -> str:
        """As SQLite calls it."""
        return self.called

    def result_processor(self, dialect: sa.Dialect, coltype: object) -> Callable[[object], object]:  # noqa: ARG002
        """What a row gives."""
        return self.read

    def read(self, value: object) -> Any:
        """A value as it counts."""
        return value if isinstance(value, type(self.none)) else self.none


_bytes, _number = _Only("BLOB", b""), _Only("INTEGER", 0)

_shelves = Table(
    "shelves",
    _metadata,
    Column("shelf", _bytes, primary_key=True),
    Column("generation", _number, primary_key=True),
    Column("coach", _bytes, nullable=False),
    Column("public", _bytes, nullable=False),
    Column("signature", _bytes, nullable=False),
)
_actors = Table(
    "actors",
    _metadata,
    Column("fingerprint", _bytes, primary_key=True),
    Column("role", _number, nullable=False),
    Column("verify", _bytes, nullable=False),
    Column("sealing", _bytes, nullable=False),
)
_records = Table(
    "records",
    _metadata,
    Column("record", _bytes, primary_key=True),
    Column("version", _number, primary_key=True),
    Column("shelf", _bytes, nullable=False),
    Column("generation", _number, nullable=False),
    Column("sealed", _bytes, nullable=False),
    Index("ix_records_shelf", "shelf", "record", "version"),
)
_log = Table(
    "log",
    _metadata,
    Column("number", _number, primary_key=True, autoincrement=False),
    Column("previous", _bytes, nullable=False),
    Column("actor", _bytes, nullable=False),
    Column("said", _bytes, nullable=False),
    Column("signature", _bytes, nullable=False),
)


# Statements, built once: SQLAlchemy takes longer for building and comparing one than SQLite for what it says.
_shelf_key = sa.select(_shelves).where(
    _shelves.c.shelf == sa.bindparam("at", type_=_bytes), _shelves.c.generation == sa.bindparam("of", type_=_number)
)
_columns = (_records.c.record, _records.c.version, _records.c.shelf, _records.c.generation)
_row, _sorted = sa.literal_column("records.rowid", sa.Integer), (_records.c.record, _records.c.version)
_rows_of = sa.select(_row).where(_records.c.shelf == sa.bindparam("at", type_=_bytes)).order_by(*_sorted)
_given = sa.func.json_each(sa.bindparam("rows")).table_valued("value")
_rows = sa.select(*_columns, _records.c.sealed).where(_row.in_(sa.select(_given.c.value))).order_by(*_sorted)
_KEY = (_bytes, _number, _bytes, _bytes, _bytes)
_ROW = (_bytes, _number, _bytes, _number, _bytes)
_PAGE = 128  # records that are in memory at once while all of a shelf are read


class Place(NamedTuple):
    """Where the database says that a record is; its header says the same, or somebody has moved it."""

    record: bytes
    version: int
    shelf: bytes
    generation: int


class VaultStore:
    """An open vault database. Raises CoachsyncError when SQLite fails."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._folder = Path(connection.engine.url.database or "").parent

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """All or nothing; inside another one it is a part of that."""
        with transaction_of(self._connection, self._folder):
            yield self._connection

    @property
    def in_transaction(self) -> bool:
        """Whether a transaction is open."""
        return self._connection.in_transaction()

    def close(self) -> None:
        """Let go of the files."""
        self._connection.close()

    # --- who there is -------------------------------------------------------------------------------------------------

    def put_actor(self, actor: Actor) -> None:
        """Store what everybody may know of somebody."""
        values = {"role": int(actor.role), "verify": actor.verify, "sealing": actor.sealing}
        self._write(_replace(_actors), {"fingerprint": actor.fingerprint, **values})

    def actors(self) -> dict[bytes, Actor]:
        """By the fingerprint that each really has; a row that is no actor is passed over."""
        with self._reading() as connection:
            rows = connection.execute(sa.select(_actors)).all()
        known = [Actor(Role(row.role), row.verify, row.sealing) for row in rows if row.role in iter(Role)]
        return {actor.fingerprint: actor for actor in known}

    def put_shelf_key(self, key: ShelfKey) -> None:
        """Store the public key of a generation of a shelf."""
        values = {"coach": key.coach, "public": key.public, "signature": key.signature}
        self._write(_replace(_shelves), {"shelf": key.shelf, "generation": key.generation, **values})

    def shelf_key(self, vault: bytes, shelf: bytes, generation: int) -> ShelfKey | None:
        """As it is stored: whoever uses it checks it first."""
        with self._reading() as connection:
            row = connection.exec_driver_sql(_driven(_shelf_key), {"at": shelf, "of": generation}).one_or_none()
        return None if row is None else ShelfKey(vault, *map(_Only.read, _KEY, row))

    def shelf_keys(self, vault: bytes) -> list[ShelfKey]:
        """The keys of every generation of every shelf, as they are stored; sorted."""
        query = sa.select(_shelves).order_by(_shelves.c.shelf, _shelves.c.generation)
        with self._reading() as connection:
            return [ShelfKey(vault, *row) for row in connection.execute(query)]

    def generations(self) -> list[tuple[bytes, int]]:
        """Each generation of each shelf that has a key here."""
        with self._reading() as connection:
            return [(row.shelf, row.generation) for row in connection.execute(sa.select(_shelves))]

    # --- records ------------------------------------------------------------------------------------------------------

    def put_record(self, header: Header, sealed: bytes) -> None:
        """Store a version of a record; one that was sealed anew takes the place of the one before."""
        values = {"shelf": header.shelf, "generation": header.generation, "sealed": sealed}
        self._write(_replace(_records), {"record": header.record, "version": header.version, **values})

    def places(self, shelf: bytes | None = None) -> list[Place]:
        """Where every version of every record is, or of those on one shelf; sorted."""
        query = sa.select(*_columns).order_by(_records.c.record, _records.c.version)
        if shelf is not None:
            query = query.where(_records.c.shelf == shelf)
        with self._reading() as connection:
            return [Place(*row) for row in connection.execute(query)]

    def record(self, record: bytes, version: int) -> bytes | None:
        """A version of a record as it is stored; None where there is none."""
        query = sa.select(_records.c.sealed).where(_records.c.record == record, _records.c.version == version)
        with self._reading() as connection:
            found: bytes | None = connection.execute(query).scalar()
        return found

    def sealed(self, shelf: bytes) -> Iterator[tuple[Place, bytes]]:
        """Every version of every record of a shelf, sorted; a few at a time: what is changed meanwhile is changed."""
        with self._reading() as connection:
            wanted = connection.execute(_rows_of, {"at": shelf}).scalars().all()
        statement = _driven(_rows)
        for start in range(0, len(wanted), _PAGE):
            page = json.dumps(wanted[start : start + _PAGE])
            with self._reading() as connection:
                rows = connection.exec_driver_sql(statement, {"rows": page}).all()
            for row in rows:
                record, version, at, generation, sealed = row
                if not (type(record) is type(at) is type(sealed) is bytes and type(version) is type(generation) is int):
                    record, version, at, generation, sealed = map(_Only.read, _ROW, row)
                yield Place(record, version, at, generation), sealed

    # --- the log ------------------------------------------------------------------------------------------------------

    def append(self, entry: Entry) -> None:
        """Add an entry to the log. Raises CoachsyncError when there is one of this number."""
        values = {name: getattr(entry, name) for name in ("number", "previous", "actor", "said", "signature")}
        self._write(_insert(_log), values)

    def entries(self, after: int = 0) -> Iterator[Entry]:
        """The log from the entry after this number on, as it is stored."""
        query = sa.select(_log).where(_log.c.number > after).order_by(_log.c.number)
        with self._reading() as connection:
            rows = connection.execute(query).all()
        yield from (Entry(*row) for row in rows)

    # --- erasing ------------------------------------------------------------------------------------------------------

    def delete(self, shelf: bytes, through: int) -> None:
        """Delete the rows of a shelf up to a generation: its keys, and what was sealed to them."""
        with self.transaction() as connection:
            for table in (_records, _shelves):
                which = (table.c.shelf == shelf) & (table.c.generation <= through)
                connection.execute(sa.delete(table).where(which))

    def delete_records(self, records: Collection[bytes]) -> None:
        """Delete every version of these records, on whichever shelf."""
        with self.transaction() as connection:
            for record in records:
                connection.execute(sa.delete(_records).where(_records.c.record == record))

    def forget(self) -> bool:
        """Rewrite the file without what was deleted, and empty its journal. False when somebody reads in it: then the
        deleted bytes are still in the journal, and this is not done yet."""
        return forget(self._connection, self._folder)

    @contextmanager
    def _reading(self) -> Iterator[Connection]:
        with reading_of(self._connection, self._folder):
            yield self._connection

    def _write(self, statement: str, values: Mapping[str, object]) -> None:
        """One statement, which SQLite does whole or not at all: inside a transaction it needs no savepoint."""
        with self._reading() if self.in_transaction else self.transaction() as connection:
            connection.exec_driver_sql(statement, dict(values))


@cache
def _insert(table: Table, instead: str = "") -> str:
    """The statement that inserts a row."""
    return _driven(sa.insert(table).prefix_with(instead) if instead else sa.insert(table))


@cache
def _driven(statement: sa.sql.ClauseElement) -> str:
    """A statement for the driver as it is, which then also gives values as they are."""
    return str(statement.compile(dialect=sqlite.dialect(paramstyle="named")))


def _replace(table: Table) -> str:
    """The same, in the place of one that is there."""
    return _insert(table, "OR REPLACE")


def vault_file(folder: Path) -> Path:
    """The database in the folder of a vault."""
    return folder / _FILE


def open_vault_store(folder: Path) -> VaultStore:
    """Open the vault's database, or make it. Raises CoachsyncError when it is none of ours, or newer."""
    connection = None
    try:
        os.close(os.open(vault_file(folder), os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600))
        connection = engine_of(vault_file(folder)).connect()
        with connection.begin():
            version = connection.exec_driver_sql("PRAGMA user_version").scalar() or 0
            if version > SCHEMA:
                raise CoachsyncError(
                    "state-too-new",
                    say("A newer coachsync has written this vault."),
                    say("Install that version again; nothing was changed."),
                    where="practice.state",
                )
            if not version:
                _metadata.create_all(connection)
                connection.exec_driver_sql(f"PRAGMA user_version={SCHEMA}")
    except (sa.exc.DBAPIError, OSError) as problem:
        raise unusable(problem, folder) from None
    return VaultStore(connection)
