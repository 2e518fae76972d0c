"""The journal of the inbox: which file is being sealed as which record, what the coach was told of, and what was sealed
and left where it is. No name stands in it: where a file lies is a keyed hash, and what tells it is sealed."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.sqlite import insert

from coachsync.adapters.database.engine import Database
from coachsync.adapters.database.sealing import open_json, seal_json
from coachsync.adapters.database.tables import inbox
from coachsync.errors import WrongKey
from coachsync.inbox.settling import Stamp, Why
from coachsync.vault.rows import DeviceKey, new_device_key

_SEALING, _TOLD, _LEFT = "sealing", "told", "left"
_PLACES, _OF_PLACES = "places", b"places"  # the row of the key by which places are hashed


@dataclass(frozen=True, slots=True)
class Begun:
    """A file that is sealed as a record, or about to be: what tells it, and the SHA-256 of its content. `wiping`: its
    content is the record's, and it is being overwritten."""

    record: bytes
    stamp: Stamp
    content: bytes
    wiping: bool = False

    def means(self, stamp: Stamp) -> bool:
        """Whether a file may be this one, under whichever name: a new one changes only when it was changed."""
        return self.stamp[:4] == stamp[:4]


class InboxJournal:
    """The journal of one state."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._places: DeviceKey | None = None

    def place(self, path: bytes) -> bytes:
        """What stands for where a file lies: the same under another device key, for no path is kept to make another one
        from."""
        if self._places is None:
            self._places = self._key_of_places()
        return self._places.blind("inbox/place", os.fsdecode(path))

    def begin(self, begun: Begun) -> None:
        """A file is going to be sealed as this record, or to be overwritten."""
        said = {"stamp": begun.stamp, "content": begun.content.hex(), "wiping": begun.wiping}
        self._put(_SEALING, begun.record, said)

    def begun(self) -> tuple[Begun, ...]:
        """Every file that was begun and has not ended; what does not open counts for nothing."""
        return tuple(
            Begun(tag, Stamp(*said["stamp"]), bytes.fromhex(said["content"]), said["wiping"])
            for tag, said in self._all(_SEALING)
        )

    def end(self, record: bytes) -> None:
        """Nothing is owed of this any more."""
        self._drop(_SEALING, [record])

    def told(self) -> dict[bytes, tuple[Why, Stamp]]:
        """What the coach was told of, by place: why, and as what it was then."""
        return {tag: (Why(said["why"]), Stamp(*said["stamp"])) for tag, said in self._all(_TOLD)}

    def tell(self, place: bytes, why: Why, stamp: Stamp) -> None:
        """The coach was told of a file."""
        self._put(_TOLD, place, {"why": why, "stamp": stamp})

    def forget_told(self, places: Iterable[bytes]) -> None:
        """These are not there any more, or others."""
        self._drop(_TOLD, places)

    def left(self, place: bytes) -> tuple[bytes, bytes] | None:
        """The record that a file in this place was sealed as while it stayed, and the SHA-256 of its content."""
        found = dict(self._all(_LEFT)).get(place)
        return (bytes.fromhex(found["record"]), bytes.fromhex(found["content"])) if found else None

    def leave(self, place: bytes, record: bytes, content: bytes) -> None:
        """A file was sealed and stays."""
        self._put(_LEFT, place, {"record": record.hex(), "content": content.hex()})

    def _key_of_places(self) -> DeviceKey:
        """The one that there is; another one where none opens: then nothing of before is known by its place."""
        kept = dict(self._all(_PLACES)).get(_OF_PLACES)
        if kept is not None:
            return DeviceKey(bytes.fromhex(kept["key"]))
        key = new_device_key()
        self._put(_PLACES, _OF_PLACES, {"key": key.secret.hex()})
        return key

    def _put(self, state: str, tag: bytes, said: dict[str, Any]) -> None:
        key = self._database.key
        values = {"key": key.name, "sealed": seal_json(key, _context(state, tag), said)}
        statement = insert(inbox).values(tag=tag, state=state, **values)
        with self._database.transaction() as connection:
            connection.execute(statement.on_conflict_do_update(index_elements=["tag"], set_=values))

    def _all(self, state: str) -> list[tuple[bytes, dict[str, Any]]]:
        with self._database.transaction() as connection:
            rows = connection.execute(sa.select(inbox).where(inbox.c.state == state).order_by(inbox.c.tag)).all()
        found = []
        for row in rows:
            try:
                said = open_json(self._database.key, row.key, _context(state, row.tag), row.sealed)
            except WrongKey:
                continue
            found.append((row.tag, said))
        return found

    def _drop(self, state: str, tags: Iterable[bytes]) -> None:
        if gone := list(tags):
            with self._database.transaction() as connection:
                for tag in gone:
                    connection.execute(sa.delete(inbox).where(inbox.c.state == state, inbox.c.tag == tag))


def _context(state: str, tag: bytes) -> str:
    return f"inbox/{state}/{tag.hex()}"
