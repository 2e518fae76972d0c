"""Opening the database, bringing its schema up to date, and transactions."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from coachsync.adapters.database.tables import metadata
from coachsync.adapters.files import open_or_make
from coachsync.adapters.room import is_full, no_room
from coachsync.adapters.system import reason
from coachsync.errors import Altered, CoachsyncError
from coachsync.phrases import say
from coachsync.vault.rows import DeviceKey

SCHEMA = "0005"  # the newest migration; a test holds it to the scripts
_FILE = "coachsync.db"


def database_file(state: Path) -> Path:
    """The path of the database below the state folder."""
    return state / _FILE


class Database:
    """One connection to the state, and the key that opens its rows.

    While rehearsing (`rehearsal`), everything is written as usual and taken back at the end.
    """

    def __init__(self, connection: Connection, key: DeviceKey) -> None:
        self.connection = connection
        self.key = key

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """All or nothing. Inside another transaction it is a part of that one."""
        with transaction_of(self.connection, Path(self.connection.engine.url.database or "").parent):
            yield self.connection

    @contextmanager
    def rehearsal(self) -> Iterator[None]:
        """Whatever the body writes is gone afterwards."""
        outer = self.connection.begin()
        try:
            yield
        finally:
            outer.rollback()

    def forget(self) -> bool:
        """Rewrite the file without what was deleted, and empty its journal. False when somebody reads in it: then the
        deleted bytes are still in the journal, and this is not done yet."""
        return forget(self.connection, Path(self.connection.engine.url.database or "").parent)

    def close(self) -> None:
        """Let go of the connection, and of the files under it."""
        self.connection.close()


def open_database(state: Path, key: DeviceKey) -> Database:
    """Open the state's database, creating it or migrating it to this version's schema.

    Raises CoachsyncError when the file is no database of ours, is newer than this version, or cannot be written.
    """
    path = database_file(state)
    try:
        os.close(open_or_make(path, os.O_RDWR))
        connection = engine_of(path).connect()
        _migrate(connection)
    except (sa.exc.DBAPIError, OSError) as problem:
        raise unusable(problem, state) from None
    return Database(connection, key)


@lru_cache(maxsize=8)
def engine_of(path: Path) -> sa.Engine:
    """The way to a database file, with all that each of ours needs. It holds no connection, and is kept for its
    compiled statements, which a daemon needs again at every pass."""
    engine = sa.create_engine(f"sqlite:///{path}", poolclass=sa.pool.NullPool)

    @sa.event.listens_for(engine, "connect")
    def _prepare(raw: Any, _record: Any) -> None:
        raw.isolation_level = None  # transactions are begun below, not by the driver's guesses
        for pragma in (
            "journal_mode=WAL",
            "synchronous=FULL",
            "foreign_keys=ON",
            "secure_delete=ON",
            "temp_store=MEMORY",
            "busy_timeout=5000",
        ):
            raw.execute(f"PRAGMA {pragma}")

    @sa.event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    return engine


@contextmanager
def transaction_of(connection: Connection, folder: Path) -> Iterator[None]:
    """All or nothing; inside another transaction it is a part of that one. Raises CoachsyncError when SQLite fails."""
    nested = connection.in_transaction()
    try:
        with _savepoint(connection) if nested else connection.begin():
            yield
    except sa.exc.DatabaseError as problem:
        raw = connection.connection.driver_connection
        if not nested and raw is not None and raw.in_transaction:
            raw.rollback()  # SQLAlchemy holds a transaction for ended whose COMMIT has failed, and SQLite does not
        raise unusable(problem, folder) from None


@contextmanager
def _savepoint(connection: Connection) -> Iterator[None]:
    """As `begin_nested`, which compiles its statements anew each time, for each has another name."""
    connection.exec_driver_sql("SAVEPOINT part")  # the innermost of this name is meant
    try:
        yield
    except BaseException:
        connection.exec_driver_sql("ROLLBACK TO part")
        connection.exec_driver_sql("RELEASE part")
        raise
    connection.exec_driver_sql("RELEASE part")


def forget(connection: Connection, folder: Path) -> bool:
    """Rewrite a database file without what was deleted, and empty its journal. False when somebody reads in it: then
    the deleted bytes are still in the journal. Raises CoachsyncError when SQLite fails."""
    raw = connection.connection.driver_connection
    connection.rollback()  # neither can be done in a transaction
    try:
        raw.execute("VACUUM")  # type: ignore[union-attr]
        (busy, _, _) = raw.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()  # type: ignore[union-attr]
    except sqlite3.DatabaseError as problem:
        if problem.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY:
            return False
        raise unusable(problem, folder) from None
    return not busy


def _migrate(connection: Connection) -> None:
    with connection.begin():
        version = _version(connection)
        if version is None:
            _create(connection)
            return
    if version == SCHEMA:
        return
    if version > SCHEMA:
        raise CoachsyncError(
            "state-too-new",
            say("A newer coachsync has written this state folder."),
            say("Install that version again; nothing was changed."),
            where="practice.state",
        )
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def _create(connection: Connection) -> None:
    """The tables of this version at once, as the migrations would make them: a new state needs no Alembic."""
    metadata.create_all(connection, checkfirst=False)
    connection.exec_driver_sql(
        "CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL, "
        "CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num))"
    )
    connection.exec_driver_sql("INSERT INTO alembic_version VALUES (?)", (SCHEMA,))


def _version(connection: Connection) -> str | None:
    if not sa.inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(sa.text("SELECT version_num FROM alembic_version")).scalar()


# What SQLite says of the troubles that a person can mend; anything else stays in its words.
_CAUSES = {
    "database or disk is full": say("the disk is full"),
    "disk I/O error": say("the disk does not answer as it should"),
    "attempt to write a readonly database": say("it may not be written to"),
    "unable to open database file": say("it cannot be opened"),
    "file is not a database": say("it is not a database"),
    "database disk image is malformed": say("it is damaged"),
    "database is locked": say("another program is using it"),
}


def _cause(problem: Exception) -> str:
    if isinstance(problem, sa.exc.DBAPIError | sqlite3.Error):
        said = str(problem.orig if isinstance(problem, sa.exc.DBAPIError) else problem)
        return _CAUSES.get(said, said)
    return reason(problem) if isinstance(problem, OSError) else ""


def _chain(problem: BaseException | None) -> Iterator[BaseException]:
    """The error, what the driver said, and what went wrong before: taking back what had failed may fail as well."""
    while problem is not None:
        yield problem
        if isinstance(problem, sa.exc.DBAPIError) and problem.orig is not None:
            yield problem.orig
        problem = problem.__context__


def _is_damaged(problem: BaseException) -> bool:
    code: int = getattr(problem, "sqlite_errorcode", 0)  # the driver's own errors have none
    return code & 0xFF in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


def unusable(problem: Exception, state: Path) -> CoachsyncError:
    """What a person is told when a database in this folder fails: Altered where the file is damaged."""
    if any(is_full(cause, state) for cause in _chain(problem)):
        return no_room("practice.state")
    said = say("The database in the state folder cannot be used: {cause}.", cause=_cause(problem))
    if any(_is_damaged(cause) for cause in _chain(problem)):
        return Altered("state-unusable", said, say("Restore the state folder from a backup."), where="practice.state")
    return CoachsyncError(
        "state-unusable",
        said,
        say("Check that the state folder has room, belongs to the user who runs coachsync and is on a local disk."),
        where="practice.state",
    )
