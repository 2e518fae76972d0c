"""Copies of calendar objects: the base of every sync, sealed at rest."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from itertools import islice
from typing import Any, NamedTuple, TypeVar

import sqlalchemy as sa
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.engine import Row

from coachsync.adapters.database.bulk import write_many
from coachsync.adapters.database.engine import Database
from coachsync.adapters.database.removed import keep, of_calendar
from coachsync.adapters.database.sealing import open_bytes, open_json, seal_json
from coachsync.adapters.database.tables import appointments, calendars
from coachsync.model import Item, Occurrence, Reading, Stand

T = TypeVar("T")

_BATCH = 500  # rows in one statement
_TEXTS = ("body", "reading", "traits")
_WITHOUT_TEXT = sa.select(*(column for column in appointments.c if column.name not in _TEXTS))
_UPSERT = insert(appointments).on_conflict_do_update(
    index_elements=["calendar_id", "place"],
    set_={name: insert(appointments).excluded[name] for name in ("uid", "agreed", "key", "head", "body")}
    | {"frame": None, "traits_frame": None},
)


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Which collection a calendar's copies belong to, and how far they agree with it."""

    url: str
    source: str = ""  # what the configuration said when it was found
    principal: str = ""
    identity: str = ""
    token: str | None = None
    listed_at: int | None = None
    synced_at: int | None = None
    held: str | None = None


@dataclass(frozen=True, slots=True)
class Copy:
    """One stored object without its text. `agreed`: the server had this version when last asked."""

    row: int
    href: str
    etag: str
    uid: str
    agreed: bool
    frame: str | None
    code: str | None


class Standing(NamedTuple):
    """In which frame a copy was last read (None: it must be read again), and the code it is quarantined under."""

    frame: str | None
    code: str | None


@dataclass(frozen=True, slots=True)
class StoredReading:
    """What one object says about time, with the row it belongs to and the frame it was read in."""

    row: int
    frame: str | None
    reading: Reading


class Copies:
    """The copies of one source calendar of the configuration."""

    def __init__(self, database: Database, calendar: str) -> None:
        self._database = database
        self._name = calendar
        self._id = self._find_id()

    # --- the endpoint ----------------------------------------------------------------------------------------------

    def endpoint(self) -> Endpoint | None:
        """The collection these copies belong to, None before the first sync."""
        with self._database.transaction() as connection:
            row = connection.execute(sa.select(calendars).where(calendars.c.name == self._name)).one_or_none()
        if row is None:
            return None
        sealed = open_json(self._database.key, row.key, f"calendars/{self._name}", row.sealed)
        return Endpoint(**sealed, listed_at=row.listed_at, synced_at=row.synced_at, held=row.held)

    def bind(self, endpoint: Endpoint) -> None:
        """Store the endpoint. Written after the objects it speaks of, so that a run cut short simply asks again."""
        values = asdict(endpoint)
        columns = {name: values.pop(name) for name in ("listed_at", "synced_at", "held")}
        key = self._database.key
        columns |= {"key": key.name, "sealed": seal_json(key, f"calendars/{self._name}", values)}
        statement = insert(calendars).values(name=self._name, **columns)
        with self._database.transaction() as connection:
            connection.execute(statement.on_conflict_do_update(index_elements=["name"], set_=columns))
        self._id = self._find_id()

    def disown(self, rows: Iterable[int] | None = None) -> None:
        """Nothing is agreed any more about these copies (all when None): only a person may say that they are gone."""
        statement = self._mine(sa.update(appointments)).values(agreed=False)
        with self._database.transaction() as connection:
            if rows is None:
                connection.execute(statement)
            for some in _some(rows or ()):
                connection.execute(statement.where(appointments.c.id.in_(some)))

    # --- the copies ------------------------------------------------------------------------------------------------

    def all(self) -> tuple[Copy, ...]:
        """Every copy, without texts."""
        return self._copies(self._mine(_WITHOUT_TEXT))

    def at(self, hrefs: Iterable[str]) -> tuple[Copy, ...]:
        """The copies of these objects, without texts."""
        return tuple(
            copy
            for some in _some(self._blind("href", href) for href in hrefs)
            for copy in self._copies(self._mine(_WITHOUT_TEXT).where(appointments.c.place.in_(some)))
        )

    def named(self, uid: str) -> tuple[Copy, ...]:
        """The copies of the objects of this UID, without texts: one, unless the server accepts several."""
        return self._copies(self._mine(_WITHOUT_TEXT).where(appointments.c.uid == self._blind("uid", uid)))

    def agreed(self) -> int:
        """How many copies the server had when last asked."""
        query = self._mine(sa.select(sa.func.count()).select_from(appointments))
        with self._database.transaction() as connection:
            return int(connection.execute(query).scalar_one()) - len(self.strays())

    def some(self, rows: Iterable[int]) -> tuple[Copy, ...]:
        """These copies, without texts."""
        return tuple(
            copy
            for some in _some(rows)
            for copy in self._copies(self._mine(_WITHOUT_TEXT).where(appointments.c.id.in_(some)))
        )

    def standings(self, frame: str) -> dict[int, Standing]:
        """How those copies were last read, by row, that were not read in this frame or are quarantined; opens nothing.

        One that was read in this frame without trouble is left out: a poll asks this, and nearly all are so.
        """
        query = self._mine(sa.select(appointments.c.id, appointments.c.frame, appointments.c.code))
        query = query.where(
            sa.or_(appointments.c.frame.is_(None), appointments.c.frame != frame, appointments.c.code.is_not(None))
        )
        with self._database.transaction() as connection:
            return {row.id: Standing(row.frame, row.code) for row in connection.execute(query)}

    def is_empty(self) -> bool:
        """Whether there is not a single copy."""
        with self._database.transaction() as connection:
            return connection.execute(self._mine(sa.select(appointments.c.id)).limit(1)).scalar() is None

    def strays(self) -> frozenset[int]:
        """The rows of copies that nobody agreed on: left over from a collection that was replaced."""
        query = self._mine(sa.select(appointments.c.id)).where(appointments.c.agreed.is_(False))
        with self._database.transaction() as connection:
            return frozenset(connection.execute(query).scalars())

    def holds(self, uids: Iterable[str]) -> bool:
        """Whether an object of any of these UIDs is here."""
        for some in _some(self._blind("uid", uid) for uid in uids):
            query = self._mine(sa.select(appointments.c.id)).where(appointments.c.uid.in_(some)).limit(1)
            with self._database.transaction() as connection:
                if connection.execute(query).scalar() is not None:
                    return True
        return False

    def rows_of(self, uids: Iterable[str]) -> tuple[int, ...]:
        """The rows of the objects of these UIDs."""
        found: list[int] = []
        for some in _some(self._blind("uid", uid) for uid in uids):
            query = self._mine(sa.select(appointments.c.id)).where(appointments.c.uid.in_(some))
            with self._database.transaction() as connection:
                found += connection.execute(query).scalars()
        return tuple(found)

    def holding(self) -> Callable[[str], bool]:
        """Whether an object of a UID is here now: for whoever asks that of many, one after the other."""
        query = self._mine(sa.select(appointments.c.uid))
        with self._database.transaction() as connection:
            held = frozenset(connection.execute(query).scalars())
        return lambda uid: self._blind("uid", uid) in held

    def texts(self, rows: Iterable[int] | None = None) -> Iterator[tuple[int, bytes]]:
        """Row and text of these copies (all when None), a batch at a time."""
        wanted = rows if rows is not None else [copy.row for copy in self.all()]
        columns = (appointments.c.id, appointments.c.place, appointments.c.key, appointments.c.body)
        for some in _some(wanted):
            query = self._mine(sa.select(*columns)).where(appointments.c.id.in_(some))
            with self._database.transaction() as connection:
                batch = connection.execute(query).all()
            for row in batch:
                yield row.id, open_bytes(self._database.key, row.key, self._context("body", row.place), row.body)

    def text(self, copy: Copy) -> bytes:
        """The text of one copy."""
        return dict(self.texts([copy.row]))[copy.row]

    def store(self, items: Sequence[tuple[Item, str]], now: datetime) -> None:
        """Write objects with their UIDs, in one transaction; what they overwrite is kept.

        A copy that nobody agreed on is replaced by an object of the same UID: a moved collection brings its own back.
        """
        values = [self._values(item, uid) for item, uid in items]
        if not values:
            return
        with self._database.transaction() as connection:
            self._keep_old(appointments.c.place.in_([value["place"] for value in values]), "overwritten", now)
            write_many(connection, _UPSERT, values)
            if self.strays():
                uids = [value["uid"] for value, (_, uid) in zip(values, items, strict=True) if uid]
                stray = sa.and_(appointments.c.agreed.is_(False), appointments.c.uid.in_(uids))
                self._keep_old(stray, "replaced", now)
                connection.execute(self._mine(sa.delete(appointments)).where(stray))

    def forget(self, rows: Iterable[int], now: datetime) -> None:
        """Drop copies, in one transaction; they are kept among what was removed."""
        with self._database.transaction() as connection:
            for some in _some(rows):
                which = appointments.c.id.in_(some)
                self._keep_old(which, "deleted", now)
                connection.execute(self._mine(sa.delete(appointments)).where(which))

    # --- readings --------------------------------------------------------------------------------------------------

    def readings(self) -> Iterator[StoredReading]:
        """What every copy was read as; an empty reading for one that nobody has read yet."""
        columns = (appointments.c.id, appointments.c.key, appointments.c.reading, appointments.c.frame)
        query = self._mine(sa.select(*columns, appointments.c.code))
        with self._database.transaction() as connection:
            rows = connection.execute(query).all()
        for row in rows:
            yield StoredReading(row.id, row.frame, self._reading(row))

    def unread(self) -> int:
        """How many copies nobody has ever read."""
        query = self._mine(sa.select(sa.func.count()).select_from(appointments)).where(appointments.c.reading.is_(None))
        with self._database.transaction() as connection:
            return int(connection.execute(query).scalar_one())

    def record(self, readings: Iterable[StoredReading]) -> None:
        """Store readings, in one transaction."""
        key = self._database.key
        with self._database.transaction() as connection:
            for stored in readings:
                packed = [_pack(occurrence) for occurrence in stored.reading.occurrences]
                sealed = seal_json(key, f"appointments/{self._id}/reading/{stored.row}", packed)
                values = {"reading": sealed, "frame": stored.frame, "code": stored.reading.code}
                connection.execute(self._mine(sa.update(appointments)).where(appointments.c.id == stored.row), values)

    # --- inside ----------------------------------------------------------------------------------------------------

    def _find_id(self) -> int | None:
        query = sa.select(calendars.c.id).where(calendars.c.name == self._name)
        with self._database.transaction() as connection:
            found: int | None = connection.execute(query).scalar()
        return found

    def _mine(self, statement: Any) -> Any:
        return statement.where(appointments.c.calendar_id == self._id)

    def _context(self, column: str, place: bytes) -> str:
        return f"appointments/{self._id}/{column}/{place.hex()}"

    def _blind(self, what: str, value: str) -> bytes:
        return self._database.key.blind(f"{what}/{self._id}", value)

    def _values(self, item: Item, uid: str) -> dict[str, Any]:
        key, place = self._database.key, self._blind("href", item.href)
        head = {"href": item.href, "etag": item.etag, "uid": uid}
        return {
            "calendar_id": self._id,
            "place": place,
            "uid": self._blind("uid", uid),
            "agreed": True,
            "key": key.name,
            "head": seal_json(key, self._context("head", place), head),
            "body": key.seal(self._context("body", place), item.body),
        }

    def _copies(self, query: Any) -> tuple[Copy, ...]:
        with self._database.transaction() as connection:
            rows = connection.execute(query).all()
        return tuple(self._copy(row) for row in rows)

    def _copy(self, row: Row[Any]) -> Copy:
        head = open_json(self._database.key, row.key, self._context("head", row.place), row.head)
        return Copy(row.id, head["href"], head["etag"], head["uid"], row.agreed, row.frame, row.code)

    def _reading(self, row: Row[Any]) -> Reading:
        if row.reading is None:
            return Reading(code=row.code)
        context = f"appointments/{self._id}/reading/{row.id}"
        packed = json.loads(open_bytes(self._database.key, row.key, context, row.reading))
        return Reading(tuple(_unpack(values) for values in packed), row.code)

    def _keep_old(self, which: sa.ColumnElement[bool], reason: str, now: datetime) -> None:
        with self._database.transaction() as connection:
            for row in connection.execute(self._mine(sa.select(appointments)).where(which)).all():
                head = open_json(self._database.key, row.key, self._context("head", row.place), row.head)
                body = open_bytes(self._database.key, row.key, self._context("body", row.place), row.body)
                keep(self._database, of_calendar(self._name), reason, head["href"], body, now)


def _some(values: Iterable[T]) -> Iterator[list[T]]:
    """Values in batches: a statement takes only so many."""
    source = iter(values)
    while batch := list(islice(source, _BATCH)):
        yield batch


def _pack(occurrence: Occurrence) -> list[Any]:
    start, end = int(occurrence.start.timestamp()), int(occurrence.end.timestamp())
    return [start, end, int(occurrence.all_day), occurrence.stand.value, occurrence.component]


def _unpack(values: list[Any]) -> Occurrence:
    start, end, all_day, stand, component = values
    return Occurrence(
        datetime.fromtimestamp(start, UTC), datetime.fromtimestamp(end, UTC), bool(all_day), Stand(stand), component
    )
