"""The database of a vault: sealed records, the public keys of shelves, the log. Nothing in it opens anything.

A file of its own, so that it can be rewritten whole when something is erased (`forget`).
"""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy import Column, Index, MetaData, Table
from sqlalchemy.dialects import sqlite
from sqlalchemy.engine import Connection
from sqlalchemy.sql.dml import Insert

from coachsync.adapters.database.engine import engine_of, forget, transaction_of, unusable
from coachsync.adapters.files import open_or_make
from coachsync.errors import Altered, CoachsyncError
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


# Statements, built once and run by the driver: SQLAlchemy takes longer for each than SQLite for what it says.
_put = {table: sa.insert(table).prefix_with("OR REPLACE") for table in (_shelves, _actors, _records)}
_append = sa.insert(_log)
_all_actors, _all_keys = sa.select(_actors), sa.select(_shelves).order_by(_shelves.c.shelf, _shelves.c.generation)
_key = sa.select(_shelves).where(_shelves.c.shelf == sa.bindparam("at"), _shelves.c.generation == sa.bindparam("of"))
_sorted = (_records.c.record, _records.c.version)
_places = sa.select(*_sorted, _records.c.shelf, _records.c.generation).order_by(*_sorted)
_places_at = _places.where(_records.c.shelf == sa.bindparam("at"))
_record = sa.select(_records.c.sealed).where(
    _records.c.record == sa.bindparam("at"), _records.c.version == sa.bindparam("of")
)
_row = sa.literal_column("records.rowid", _number)
_rows_at = sa.select(_row).where(_records.c.shelf == sa.bindparam("at")).order_by(*_sorted)
_given = sa.func.json_each(sa.bindparam("rows")).table_valued("value")
_rows = sa.select(_records).where(_row.in_(sa.select(_given.c.value))).order_by(*_sorted)
_entries = sa.select(_log).where(_log.c.number > sa.bindparam("after")).order_by(_log.c.number)
_next = _entries.limit(sa.literal_column("1")).offset(sa.literal_column("0"))
_PAGE = 128  # records that are in memory at once while all of a shelf are read


class Place(NamedTuple):
    """Where the database says that a record is; its header says the same, or somebody has moved it."""

    record: bytes
    version: int
    shelf: bytes
    generation: int


def _unlike_ours(text: bytes) -> str:
    """A text where none belongs: as such it is passed over, whatever bytes it has."""
    return text.decode(errors="replace")


class VaultStore:
    """An open vault database. Raises CoachsyncError when SQLite fails, Altered where the file is damaged."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        driver: Any = connection.connection.driver_connection
        driver.text_factory = _unlike_ours
        self._driver = driver
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
        self._write(_put[_actors], {"fingerprint": actor.fingerprint, **values})

    def actors(self) -> dict[bytes, Actor]:
        """By the fingerprint that each really has; a row that is no actor is passed over."""
        rows = self._read(_all_actors)
        known = [Actor(Role(role), verify, sealing) for _, role, verify, sealing in rows if role in iter(Role)]
        return {actor.fingerprint: actor for actor in known}

    def put_shelf_key(self, key: ShelfKey) -> None:
        """Store the public key of a generation of a shelf."""
        values = {"coach": key.coach, "public": key.public, "signature": key.signature}
        self._write(_put[_shelves], {"shelf": key.shelf, "generation": key.generation, **values})

    def shelf_key(self, vault: bytes, shelf: bytes, generation: int) -> ShelfKey | None:
        """As it is stored: whoever uses it checks it first."""
        rows = self._read(_key, at=shelf, of=generation)
        return ShelfKey(vault, *rows[0]) if rows else None

    def shelf_keys(self, vault: bytes) -> list[ShelfKey]:
        """The keys of every generation of every shelf, as they are stored; sorted."""
        return [ShelfKey(vault, *row) for row in self._read(_all_keys)]

    def generations(self) -> list[tuple[bytes, int]]:
        """Each generation of each shelf that has a key here."""
        return [(shelf, generation) for shelf, generation, *_ in self._read(_all_keys)]

    # --- records ------------------------------------------------------------------------------------------------------

    def put_record(self, header: Header, sealed: bytes) -> None:
        """Store a version of a record; one that was sealed anew takes the place of the one before."""
        values = {"shelf": header.shelf, "generation": header.generation, "sealed": sealed}
        self._write(_put[_records], {"record": header.record, "version": header.version, **values})

    def places(self, shelf: bytes | None = None) -> list[Place]:
        """Where every version of every record is, or of those on one shelf; sorted."""
        rows = self._read(_places) if shelf is None else self._read(_places_at, at=shelf)
        return [Place(*row) for row in rows]

    def record(self, record: bytes, version: int) -> bytes | None:
        """A version of a record as it is stored; None where there is none."""
        rows = self._read(_record, at=record, of=version)
        return rows[0][0] if rows else None

    def sealed(self, shelf: bytes) -> Iterator[tuple[Place, bytes]]:
        """Every version of every record of a shelf, sorted; a few at a time: what is changed meanwhile is changed."""
        wanted = [row for (row,) in self._read(_rows_at, at=shelf)]
        for start in range(0, len(wanted), _PAGE):
            page = json.dumps(wanted[start : start + _PAGE])
            for record, version, at, generation, sealed in self._read(_rows, rows=page):
                yield Place(record, version, at, generation), sealed

    # --- the log ------------------------------------------------------------------------------------------------------

    def append(self, entry: Entry) -> None:
        """Add an entry to the log. Raises CoachsyncError when there is one of this number."""
        values = {name: getattr(entry, name) for name in ("number", "previous", "actor", "said", "signature")}
        self._write(_append, values)

    def entries(self, after: int = 0) -> Iterator[Entry]:
        """The log from the entry after this number on, as it is stored. Raises Altered at the first that cannot be
        read, where the file is damaged."""
        try:
            rows = iter(self._read(_entries, after=after))
        except Altered:
            rows = self._one_by_one(after)
        yield from (Entry(*row) for row in rows)

    def _one_by_one(self, after: int) -> Iterator[tuple[Any, ...]]:
        while found := self._read(_next, after=after):
            yield found[0]
            after = found[0][0]

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

    def _read(self, statement: sa.Select[Any], **values: object) -> list[tuple[Any, ...]]:
        """The rows, all of one moment; nobody is kept from writing, and outside a transaction none is begun."""
        kinds = _kinds(statement)
        types = tuple(type(kind.none) for kind in kinds)
        return [
            row if tuple(map(type, row)) == types else tuple(map(_Only.read, kinds, row))
            for row in self._driven(statement, values)
        ]

    def _write(self, statement: Insert, values: Mapping[str, object]) -> None:
        """One statement, which SQLite does whole or not at all: inside a transaction it needs no savepoint."""
        with nullcontext() if self.in_transaction else self.transaction():
            self._driven(statement, values)

    def _driven(self, statement: sa.sql.ClauseElement, values: Mapping[str, object]) -> list[tuple[Any, ...]]:
        """What a statement gives: that a page of the file is damaged, SQLite sees when it comes to its rows."""
        try:
            found: list[tuple[Any, ...]] = self._driver.execute(_text(statement), values).fetchall()
        except sqlite3.Error as problem:
            raise unusable(problem, self._folder) from None
        return found


@cache
def _text(statement: sa.sql.ClauseElement) -> str:
    """A statement as the driver takes it."""
    return str(statement.compile(dialect=sqlite.dialect(paramstyle="named")))


@cache
def _kinds(statement: sa.Select[Any]) -> tuple[_Only, ...]:
    """What its columns hold."""
    return tuple(column.type for column in statement.selected_columns if isinstance(column.type, _Only))


def vault_file(folder: Path) -> Path:
    """The database in the folder of a vault."""
    return folder / _FILE


def open_vault_store(folder: Path) -> VaultStore:
    """Open the vault's database, or make it. Raises CoachsyncError when it is none of ours, or newer."""
    connection = None
    try:
        os.close(open_or_make(vault_file(folder), os.O_RDWR))
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
        if connection is not None:
            connection.close()  # a transaction whose COMMIT has failed would keep everybody else out
        raise unusable(problem, folder) from None
    return VaultStore(connection)
