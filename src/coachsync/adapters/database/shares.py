"""The journal of shares: what each target serves, or may serve after a run cut short."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from itertools import repeat
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.sqlite import insert

from coachsync.adapters.database.bulk import write_many
from coachsync.adapters.database.engine import Database
from coachsync.adapters.database.sealing import open_json, seal_json
from coachsync.adapters.database.tables import published, series, shares
from coachsync.errors import WrongKey
from coachsync.model import Label, Pseudonym, Slot

_UPSERT = insert(published).on_conflict_do_update(
    index_elements=["tag"], set_={name: insert(published).excluded[name] for name in ("live", "key", "sealed")}
)


@dataclass(frozen=True, slots=True)
class Share:
    """The target a share is bound to.

    `target` tells one target of the configuration from another; `url` is the collection (empty for a file);
    `made` is False from just before MKCALENDAR until the server has it; `digest` is of the file that was written, and
    `next_digest` of the one that is being written.
    `account` is the account of the configuration that it was published with, `settings` tells its settings then from
    others.
    `fallen` says what became of it after a leak: "busy" while it shows busy times in place of its own, "away" when
    nobody can reach it any more, and `leaving` that this is settled and not done yet; `fallen_for` holds the codes of
    what was found.
    `token` is what the collection's changes are asked for with, and `confirmed_at` (seconds since 1970) when it was
    last compared with the journal.
    """

    target: str
    account: str = ""
    url: str = ""
    made: bool = True
    digest: str = ""
    next_digest: str = ""
    settings: str = ""
    token: str | None = None
    confirmed_at: int | None = None
    fallen: str = ""
    fallen_for: str = ""
    leaving: bool = False


@dataclass(frozen=True, slots=True)
class Entry:
    """One published object, and what its label said then. `live` is False while the server may or may not have it.
    `since` is when it was published, in seconds since 1970. `going`: it is to be taken back in any case."""

    slot: Slot
    text: str
    uid: str
    href: str
    etag: str | None = None
    live: bool = False
    since: int | None = None
    going: bool = False
    tag: bytes = field(default_factory=lambda: os.urandom(16))


class Shares:
    """The journal of one share of the configuration."""

    def __init__(self, database: Database, name: str) -> None:
        self._database = database
        self._name = name
        self._id = self._find_id()

    def share(self) -> Share | None:
        """The target this share is bound to, None before it was first published."""
        query = sa.select(shares).where(shares.c.name == self._name)
        with self._database.transaction() as connection:
            row = connection.execute(query).one_or_none()
        if row is None:
            return None
        return Share(**open_json(self._database.key, row.key, f"shares/{self._name}", row.sealed))

    def published_at(self) -> int | None:
        """When everything wanted was last served, in seconds since 1970."""
        with self._database.transaction() as connection:
            found: int | None = connection.execute(
                sa.select(shares.c.published_at).where(shares.c.name == self._name)
            ).scalar()
        return found

    def bind(self, share: Share) -> None:
        """Store what the share is bound to."""
        key = self._database.key
        values = {"key": key.name, "sealed": seal_json(key, f"shares/{self._name}", asdict(share))}
        statement = insert(shares).values(name=self._name, **values)
        with self._database.transaction() as connection:
            connection.execute(statement.on_conflict_do_update(index_elements=["name"], set_=values))
        self._id = self._find_id()

    def unbind(self) -> None:
        """Forget the target, and everything that was published to it."""
        with self._database.transaction() as connection:
            connection.execute(sa.delete(shares).where(shares.c.name == self._name))
        self._id = None

    def done(self, now: datetime) -> None:
        """Everything wanted is served as of now."""
        statement = sa.update(shares).where(shares.c.name == self._name)
        with self._database.transaction() as connection:
            connection.execute(statement, {"published_at": int(now.timestamp())})

    def entries(self) -> tuple[Entry, ...]:
        """Everything the target serves or may serve. Raises WrongKey when one of them does not open."""
        entries, damaged = self.opened()
        for problem in damaged.values():
            raise problem
        return entries

    def readable(self) -> tuple[Entry, ...]:
        """Of everything the target serves or may serve what opens, for whoever must go on without the rest."""
        return self.opened()[0]

    def opened(self) -> tuple[tuple[Entry, ...], dict[bytes, WrongKey]]:
        """What opens, and by its tag why the rest does not."""
        with self._database.transaction() as connection:
            rows = connection.execute(sa.select(published).where(published.c.share_id == self._id)).all()
        entries: list[Entry] = []
        damaged: dict[bytes, WrongKey] = {}
        for row in rows:
            try:
                values = open_json(self._database.key, row.key, self._context(row.tag), row.sealed)
            except WrongKey as problem:
                damaged[row.tag] = problem
            else:
                entries.append(_unpack(values, row.tag, live=row.live))
        return tuple(entries), damaged

    def held(self) -> frozenset[tuple[bytes, bool]]:
        """The tag of everything the target serves or may serve, and whether it surely does: opens nothing."""
        query = sa.select(published.c.tag, published.c.live).where(published.c.share_id == self._id)
        with self._database.transaction() as connection:
            return frozenset((row.tag, row.live) for row in connection.execute(query))

    def write(self, entries: Iterable[Entry]) -> None:
        """Store or replace entries by their tag, in one transaction."""
        rows = [self._row(entry) for entry in entries]
        with self._database.transaction() as connection:
            write_many(connection, _UPSERT, rows)

    def take_back(self) -> None:
        """Mark everything that the target serves or may serve, and that opens, as to be taken back, in one
        transaction."""
        self.write([replace(entry, going=True) for entry in self.readable()])

    def drop(self, entries: Iterable[Entry]) -> None:
        """The target no longer serves these."""
        self._forget(entry.tag for entry in entries)

    def drop_all(self) -> None:
        """The target no longer serves anything, whether what is kept of it opens or not."""
        with self._database.transaction() as connection:
            connection.execute(sa.delete(published).where(published.c.share_id == self._id))

    def drop_damaged(self) -> None:
        """Forget what does not open: what the target has of it counts as somebody else's from now on."""
        self._forget(self.opened()[1])

    def number(self, place: str, draw: Callable[[int], int]) -> int:
        """The number that this share gives to a series; a new one is drawn until no other series has it. It stays.

        `draw` is told how many are taken, and must have more than these to draw from.
        """
        blind = self._database.key.blind(f"series/{self._name}", place)
        with self._database.transaction() as connection:
            rows = connection.execute(sa.select(series.c.place, series.c.number).where(series.c.share == self._name))
            known = {row.place: row.number for row in rows}
            if blind not in known:
                taken = set(known.values())
                known[blind] = next(drawn for drawn in map(draw, repeat(len(taken))) if drawn not in taken)
                values = {"share": self._name, "place": blind, "number": known[blind]}
                connection.execute(sa.insert(series), values)
        return int(known[blind])

    def _forget(self, tags: Iterable[bytes]) -> None:
        gone = [{"gone": tag} for tag in tags]
        if gone:
            with self._database.transaction() as connection:
                connection.execute(sa.delete(published).where(published.c.tag == sa.bindparam("gone")), gone)

    def _row(self, entry: Entry) -> dict[str, Any]:
        key = self._database.key
        sealed = seal_json(key, self._context(entry.tag), _pack(entry))
        return {"tag": entry.tag, "share_id": self._id, "live": entry.live, "key": key.name, "sealed": sealed}

    def _find_id(self) -> int | None:
        with self._database.transaction() as connection:
            found: int | None = connection.execute(sa.select(shares.c.id).where(shares.c.name == self._name)).scalar()
        return found

    def _context(self, tag: bytes) -> str:
        return f"published/{self._id}/{tag.hex()}"


def share_names(database: Database) -> frozenset[str]:
    """Every share that still is bound to a target, also those that the configuration no longer names."""
    with database.transaction() as connection:
        return frozenset(connection.execute(sa.select(shares.c.name)).scalars())


def confirmed(entry: Entry, etag: str | None) -> Entry:
    """The entry once the server has its object."""
    return replace(entry, etag=etag, live=True)


def _pack(entry: Entry) -> dict[str, Any]:
    slot = entry.slot
    return {
        "start": int(slot.start.timestamp()),
        "end": int(slot.end.timestamp()),
        "label": slot.label.value,
        "pseudonym": slot.pseudonym,
        "series": slot.series,
        "text": entry.text,
        "uid": entry.uid,
        "href": entry.href,
        "etag": entry.etag,
        "since": entry.since,
        "going": entry.going,
    }


def _unpack(values: dict[str, Any], tag: bytes, *, live: bool) -> Entry:
    start, end = (datetime.fromtimestamp(values[edge], UTC) for edge in ("start", "end"))
    pseudonym = values.get("pseudonym")
    slot = Slot(
        start, end, Label(values["label"]), Pseudonym(pseudonym) if pseudonym else None, values.get("series", 0)
    )
    return Entry(
        slot,
        values["text"],
        values["uid"],
        values["href"],
        values["etag"],
        live,
        values.get("since"),
        values.get("going", False),
        tag,
    )
