"""What was overwritten or deleted, on either side, kept sealed for 30 days so that it can be brought back."""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import sqlalchemy as sa

from coachsync.adapters.database.engine import Database
from coachsync.adapters.database.sealing import open_bytes, open_json, seal_json
from coachsync.adapters.database.tables import removed

KEPT_FOR = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Removed:
    """One object that was overwritten or deleted: where it stood, why and when it went, its text.

    `tag` was drawn for it, and names it for as long as it is kept.
    """

    tag: bytes
    origin: str
    reason: str
    removed_at: datetime
    href: str
    body: bytes

    @property
    def source(self) -> tuple[str, str]:
        """The names of the calendar and of the share that it was in; one of them is ""."""
        kind, _, name = self.origin.partition(" ")
        return ("", name) if kind == "share" else (name, "")

    def is_expired(self, now: datetime) -> bool:
        """Whether it has been kept long enough: the next sync discards it."""
        return self.removed_at < now - KEPT_FOR


def of_calendar(name: str) -> str:
    """The origin of what was removed from a calendar."""
    return f"calendar {name}"


def of_share(name: str) -> str:
    """The origin of what was removed from a share."""
    return f"share {name}"


def keep(database: Database, origin: str, reason: str, href: str, body: bytes, now: datetime) -> None:
    """Keep one object's text, and where it stood."""
    key, tag = database.key, os.urandom(16)
    values = {
        "origin": origin,
        "reason": reason,
        "removed_at": int(now.timestamp()),
        "tag": tag,
        "key": key.name,
        "head": seal_json(key, f"removed/head/{tag.hex()}", {"href": href}),
        "body": key.seal(f"removed/body/{tag.hex()}", body),
    }
    with database.transaction() as connection:
        connection.execute(sa.insert(removed).values(**values))


def keep_from_now(database: Database, origin: str, reason: str, href: str, body: bytes, now: datetime) -> None:
    """Keep a text that may be kept already: then its time begins anew, under the tag that it has."""
    for one in kept(database, origin):
        if one.body == body:
            mine = sa.update(removed).where(removed.c.tag == one.tag)
            with database.transaction() as connection:
                connection.execute(mine.values(removed_at=int(now.timestamp())))
            return
    keep(database, origin, reason, href, body, now)


def kept(database: Database, origin: str | None = None) -> tuple[Removed, ...]:
    """What is kept of one origin, or of all, oldest first; what has expired and was not discarded yet is among it."""
    query = sa.select(removed).order_by(removed.c.removed_at, removed.c.id)
    if origin is not None:
        query = query.where(removed.c.origin == origin)
    with database.transaction() as connection:
        rows = connection.execute(query).all()
    return tuple(
        Removed(
            row.tag,
            row.origin,
            row.reason,
            datetime.fromtimestamp(row.removed_at, UTC),
            open_json(database.key, row.key, f"removed/head/{row.tag.hex()}", row.head)["href"],
            open_bytes(database.key, row.key, f"removed/body/{row.tag.hex()}", row.body),
        )
        for row in rows
    )


def discard_expired(database: Database, now: datetime) -> int:
    """Delete what has been kept long enough; how many there were."""
    before = int((now - KEPT_FOR).timestamp())
    with database.transaction() as connection:
        return connection.execute(sa.delete(removed).where(removed.c.removed_at < before)).rowcount
