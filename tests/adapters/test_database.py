import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import alembic.command
import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from coachsync.adapters import database as package
from coachsync.adapters.database import Copies, Database, Endpoint, Entry, Share, Shares, SignIn, SignIns, StoredReading
from coachsync.adapters.database import engine as engine_module
from coachsync.adapters.database.engine import SCHEMA, database_file, open_database
from coachsync.adapters.database.removed import discard_expired, kept
from coachsync.adapters.database.shares import confirmed
from coachsync.adapters.database.tables import appointments, calendars, metadata, published, removed, shares, signins
from coachsync.errors import CoachsyncError, Temporary, WrongKey
from coachsync.model import Item, Label, Occurrence, Reading, Slot, Software, Stand
from coachsync.vault.rows import DeviceKey, new_device_key

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
KEY = DeviceKey(bytes(range(32)))
CANARY = "Marguerite-Zyx"


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    opened = open_database(tmp_path, KEY)
    yield opened
    opened.close()


def item(name: str, etag: str = '"1"', text: str = "BEGIN:VCALENDAR") -> Item:
    return Item(f"/alice/{CANARY}/{name}.ics", etag, text.encode())


def synced(database: Database, *names: str) -> Copies:
    copies = Copies(database, "coaching")
    copies.bind(Endpoint(url=f"https://cloud.example/{CANARY}/", token="sync:1"))
    copies.store([(item(name), f"uid-{name}") for name in names], NOW)
    return copies


def test_the_migrations_make_exactly_the_tables_in_use(database: Database) -> None:
    context = MigrationContext.configure(database.connection)
    with database.transaction():
        assert compare_metadata(context, metadata) == []


def test_the_known_schema_is_the_newest_migration() -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(package.__file__).parent / "migrations"))
    assert ScriptDirectory.from_config(config).get_current_head() == SCHEMA


def test_the_database_is_a_private_file_in_wal_mode_that_overwrites_what_it_deletes(
    database: Database, tmp_path: Path
) -> None:
    for file in tmp_path.iterdir():
        assert file.stat().st_mode & 0o077 == 0, file.name
    with database.transaction() as connection:
        assert connection.execute(sa.text("PRAGMA journal_mode")).scalar() == "wal"
        assert connection.execute(sa.text("PRAGMA secure_delete")).scalar() == 1
        assert connection.execute(sa.text("PRAGMA foreign_keys")).scalar() == 1


def test_p04_what_was_committed_is_on_the_disk_before_anything_else_happens(database: Database) -> None:
    with database.transaction() as connection:
        full = connection.execute(sa.text("PRAGMA synchronous")).scalar()
    assert full == 2  # in WAL mode, NORMAL would let a power cut take back the last transactions


def test_a_state_of_a_newer_version_is_left_alone(tmp_path: Path) -> None:
    open_database(tmp_path, KEY).close()
    with sqlite3.connect(database_file(tmp_path)) as raw:
        raw.execute("UPDATE alembic_version SET version_num = '9999'")
    raw.close()
    with pytest.raises(CoachsyncError) as caught:
        open_database(tmp_path, KEY)
    assert caught.value.code == "state-too-new"


def test_a_file_that_is_no_database_is_refused_and_kept(tmp_path: Path) -> None:
    database_file(tmp_path).write_bytes(b"something else" * 100)
    with pytest.raises(CoachsyncError) as caught:
        open_database(tmp_path, KEY)
    assert caught.value.code == "state-unusable"
    assert database_file(tmp_path).read_bytes() == b"something else" * 100


def test_copies_come_back_as_they_were_stored(database: Database) -> None:
    copies = synced(database, "a", "b")
    found = {copy.href: copy for copy in copies.all()}
    assert found[item("a").href].etag == '"1"'
    assert found[item("a").href].uid == "uid-a"
    assert all(copy.agreed for copy in found.values())
    assert dict(copies.texts()) == {copy.row: b"BEGIN:VCALENDAR" for copy in found.values()}


def test_two_calendars_keep_apart(database: Database) -> None:
    synced(database, "a")
    other = Copies(database, "other")
    other.bind(Endpoint(url="https://cloud.example/other/"))
    other.store([(item("a"), "uid-a")], NOW)
    assert len(other.all()) == 1
    other.forget([copy.row for copy in other.all()], NOW)
    assert len(Copies(database, "coaching").all()) == 1


def test_p04_what_is_overwritten_or_deleted_is_kept_for_thirty_days(database: Database) -> None:
    copies = synced(database, "a", "b")
    copies.store([(item("a", '"2"', "new text"), "uid-a")], NOW)
    copies.forget([copy.row for copy in copies.all()], NOW + timedelta(hours=1))
    found = kept(database, "calendar coaching")
    assert [(one.reason, one.body) for one in found] == [
        ("overwritten", b"BEGIN:VCALENDAR"),
        ("deleted", b"new text"),
        ("deleted", b"BEGIN:VCALENDAR"),
    ]
    assert discard_expired(database, NOW + timedelta(days=30)) == 0
    assert discard_expired(database, NOW + timedelta(days=30, minutes=1)) == 1
    assert [one.reason for one in kept(database, "calendar coaching")] == ["deleted", "deleted"]


def test_a_disowned_copy_gives_way_to_an_object_of_the_same_uid(database: Database) -> None:
    copies = synced(database, "a", "b")
    copies.disown()
    copies.store([(Item("/new/x.ics", '"9"', b"moved"), "uid-a")], NOW)
    assert sorted((copy.href, copy.agreed) for copy in copies.all()) == [
        (item("b").href, False),
        ("/new/x.ics", True),
    ]


def test_the_endpoint_comes_back_and_its_times_are_columns(database: Database) -> None:
    copies = Copies(database, "coaching")
    assert copies.endpoint() is None
    endpoint = Endpoint("https://cloud.example/c/", "src", "/p/", "id", "sync:7", 100, 200, "mass-deletion")
    copies.bind(endpoint)
    assert copies.endpoint() == endpoint


def test_readings_come_back_and_wait_for_a_new_text(database: Database) -> None:
    copies = synced(database, "a")
    (copy,) = copies.all()
    occurrence = Occurrence(NOW, NOW + timedelta(hours=1), all_day=True, stand=Stand.FREE, component=2)
    copies.record([StoredReading(copy.row, "frame", Reading((occurrence,), "damaged-text"))])
    assert list(copies.readings()) == [StoredReading(copy.row, "frame", Reading((occurrence,), "damaged-text"))]
    copies.store([(item("a", '"2"'), "uid-a")], NOW)
    (again,) = copies.readings()
    assert again.frame is None
    assert again.reading.occurrences == (occurrence,)


def test_a_rehearsal_leaves_nothing(database: Database) -> None:
    with database.rehearsal():
        synced(database, "a", "b")
        assert len(Copies(database, "coaching").all()) == 2
    assert Copies(database, "coaching").endpoint() is None


def test_a_transaction_is_all_or_nothing(database: Database) -> None:
    copies = synced(database)

    def broken() -> None:
        with database.transaction():
            copies.store([(item("a"), "uid-a")], NOW)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        broken()
    assert copies.all() == ()


def test_shares_and_their_journal_come_back(database: Database) -> None:
    journal = Shares(database, "office")
    assert journal.share() is None
    journal.bind(Share("target", "cloud", "https://cloud.example/x/", made=False))
    slot = Slot(NOW, NOW + timedelta(hours=1), Label.BUSY)
    entry = Entry(slot, "Busy", "uid", "/x/1.ics")
    journal.write([entry])
    journal.write([confirmed(entry, '"5"')])
    assert journal.entries() == (confirmed(entry, '"5"'),)
    assert journal.share() == Share("target", "cloud", "https://cloud.example/x/", made=False)
    journal.done(NOW)
    assert journal.published_at() == int(NOW.timestamp())
    journal.drop([entry])
    assert Shares(database, "office").entries() == ()


def test_sign_ins_come_back(database: Database) -> None:
    signin = SignIn("https://cloud.example/", "alice", "basic", "/p/", ("/home/",), ("alice@example.org",))
    SignIns(database).remember("cloud", signin)
    assert SignIns(database).find("cloud") == signin
    assert SignIns(database).find("other") is None
    signin = replace(signin, software=Software.SOGO, schedules=False)
    SignIns(database).remember("cloud", signin)
    assert SignIns(database).find("cloud") == signin


def test_p12_no_word_of_an_event_is_in_clear_on_disk(database: Database, tmp_path: Path) -> None:
    copies = synced(database, CANARY, "b")
    copies.store([(item(CANARY, f'"{CANARY}"', CANARY), CANARY)], NOW)
    copies.forget([copy.row for copy in copies.all()], NOW)
    SignIns(database).remember("cloud", SignIn("u", CANARY, None, CANARY, (CANARY,), (CANARY,)))
    Shares(database, "office").bind(Share("t", "cloud", f"https://cloud.example/{CANARY}/"))
    for file in tmp_path.iterdir():
        assert CANARY.encode() not in file.read_bytes(), file.name


def test_every_sealed_row_names_its_key_and_a_row_of_another_key_is_refused(database: Database, tmp_path: Path) -> None:
    copies = synced(database, "a")
    SignIns(database).remember("cloud", SignIn("u", "n", None, "p", (), ()))
    journal = Shares(database, "office")
    journal.bind(Share("t"))
    journal.write([Entry(Slot(NOW, NOW, Label.BUSY), "Busy", "uid", "/x")])
    copies.store([(item("a", '"2"'), "uid-a")], NOW)
    with database.transaction() as connection:
        for table in (appointments, calendars, published, removed, shares, signins):
            names = set(connection.execute(sa.select(table.c.key)).scalars())
            assert names == {KEY.name}, table.name
    stranger = open_database(tmp_path / ".", new_device_key())
    with pytest.raises(WrongKey):
        Copies(stranger, "coaching").all()
    stranger.close()


def test_a_row_moved_to_another_place_does_not_open(database: Database) -> None:
    copies = synced(database, "a", "b")
    with database.transaction() as connection:
        rows = connection.execute(sa.select(appointments.c.id, appointments.c.body)).all()
        connection.execute(sa.update(appointments).where(appointments.c.id == rows[0].id), {"body": rows[1].body})
    with pytest.raises(WrongKey):
        dict(copies.texts())


def test_opening_an_up_to_date_state_does_not_load_the_migrations(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_database(tmp_path, KEY).close()
    import alembic.command

    monkeypatch.delattr(alembic.command, "upgrade")
    engine_module.open_database(tmp_path, KEY).close()


def test_a_new_state_has_the_tables_that_the_migrations_make(tmp_path: Path) -> None:
    """A new state is made without the migrations: nothing but this test holds the two together."""
    at_once, migrated = tmp_path / "at_once", tmp_path / "migrated"
    at_once.mkdir(), migrated.mkdir()
    open_database(at_once, KEY).close()
    config = Config()
    config.set_main_option("script_location", str(Path(package.__file__).parent / "migrations"))
    made = engine_module.engine_of(database_file(migrated))
    with made.connect() as connection:
        config.attributes["connection"] = connection
        alembic.command.upgrade(config, "head")
    made.dispose()

    assert structure(database_file(at_once)) == structure(database_file(migrated))


def structure(file: Path) -> list[tuple[object, ...]]:
    """Every table, column, key and index of a database, however the statements that made them were written."""
    found: list[tuple[object, ...]] = []
    with closing(sqlite3.connect(file)) as raw:
        for kind, name, table in raw.execute("SELECT type, name, tbl_name FROM sqlite_master").fetchall():
            question = "table_xinfo" if kind == "table" else "index_xinfo"
            found.append((kind, name, table, raw.execute(f"PRAGMA {question}({name})").fetchall()))
            found.append((name, raw.execute(f"PRAGMA foreign_key_list({name})").fetchall()))
        partial = raw.execute("SELECT name, sql FROM sqlite_master WHERE sql LIKE '% WHERE %'").fetchall()
        found += [(name, sql.partition(" WHERE ")[2]) for name, sql in partial]
        found += raw.execute("SELECT * FROM alembic_version").fetchall()
    return sorted(found, key=repr)


@pytest.mark.parametrize("ask", [Copies.strays, lambda copies: copies.standings("frame"), Copies.is_empty])
def test_a_poll_does_not_step_over_the_texts(database: Database, ask: Callable[[Copies], object]) -> None:
    """What is asked at every poll is answered out of an index alone, or of one that holds only what is asked for."""
    copies = synced(database, "a")
    asked: list[tuple[str, Any]] = []
    sa.event.listen(
        database.connection,
        "before_cursor_execute",
        lambda _c, _cursor, statement, parameters, _context, _many: asked.append((statement, parameters)),
    )

    ask(copies)

    (statement,) = [one for one in asked if one[0].startswith("SELECT")]
    with database.transaction() as connection:
        plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement[0]}", statement[1]).all()
    assert all("COVERING INDEX" in step[-1] or "ix_appointments_strays" in step[-1] for step in plan), plan


def test_a_database_that_may_not_grow_says_that_there_is_no_room_and_keeps_what_it_has(database: Database) -> None:
    copies = synced(database, "a")
    pages = database.connection.exec_driver_sql("PRAGMA page_count").scalar_one()
    database.connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}").all()
    database.connection.rollback()
    with pytest.raises(Temporary) as caught:
        copies.store([(item(str(number), text="x" * 4000), f"uid-{number}") for number in range(50)], NOW)
    assert (caught.value.code, caught.value.where) == ("disk-full", "practice.state")
    assert "sqlite" not in repr(caught.value).lower()
    assert [copy.uid for copy in copies.all()] == ["uid-a"]
    database.connection.exec_driver_sql(f"PRAGMA max_page_count = {pages + 1000}").all()
    database.connection.rollback()
    copies.store([(item("b"), "uid-b")], NOW)
    assert len(copies.all()) == 2


def test_a_commit_that_fails_leaves_no_transaction_open(database: Database) -> None:
    """SQLite keeps it open, for what is wrong could still be mended; nobody here does."""

    def orphan() -> None:
        with database.transaction() as connection:
            connection.exec_driver_sql("CREATE TABLE one (id INTEGER PRIMARY KEY)")
            connection.exec_driver_sql("CREATE TABLE other (id REFERENCES one DEFERRABLE INITIALLY DEFERRED)")
            connection.exec_driver_sql("INSERT INTO other VALUES (1)")

    with pytest.raises(CoachsyncError):
        orphan()
    copies = synced(database, "a")
    assert [copy.uid for copy in copies.all()] == ["uid-a"]
    found = database.connection.exec_driver_sql("SELECT name FROM sqlite_master WHERE name IN ('one', 'other')").all()
    assert found == []


def test_a_closed_database_keeps_no_file_open_and_its_statements_for_the_next_time(tmp_path: Path) -> None:
    """A daemon opens the state at every pass: commands must find it free, and statements are not compiled anew."""
    first = open_database(tmp_path, KEY)
    engine = first.connection.engine
    assert held_open(tmp_path)
    first.close()
    assert held_open(tmp_path) == []
    second = open_database(tmp_path, KEY)
    assert second.connection.engine is engine
    second.close()


def held_open(folder: Path) -> list[Path]:
    """The files below a folder that this process has open."""
    links = list(Path("/proc/self/fd").iterdir())
    return [link.resolve() for link in links if link.is_symlink() and link.resolve().is_relative_to(folder.resolve())]
