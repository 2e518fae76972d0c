"""Everything that is sealed under one device key, sealed under another: in one transaction, or not at all.

A row that does not open stays as it is. What can be found by a blind index alone gets another index where it is known
what it stands for; else it keeps the old one, and its number or name is not given again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Row

from coachsync.adapters.database.engine import Database
from coachsync.adapters.database.sealing import open_json
from coachsync.adapters.database.tables import (
    appointments,
    assignments,
    calendars,
    edits,
    inbox,
    pseudonyms,
    published,
    removed,
    series,
    shares,
    signins,
    sponsors,
)
from coachsync.clients.comparing import folded
from coachsync.errors import WrongKey
from coachsync.vault.rows import DeviceKey

_Values = dict[str, Any]


def rekey(database: Database, old: DeviceKey, new: DeviceKey) -> None:
    """Seal anew whatever names the old key. Twice is once. The bytes of before stay until `Database.forget`."""
    with database.transaction() as connection:
        keys = _Keys(connection, old, new)
        uids = list(keys.uids())
        for row, values in (*keys.series(uids), *keys.assignments({uid for _, uid in uids})):
            connection.execute(row.values(**values))
        for row, values in (*keys.plain(), *keys.appointments(), *keys.edits(), *keys.pseudonyms()):
            connection.execute(row.values(**values))


class _Keys:
    """One transaction, and the two keys."""

    def __init__(self, connection: Connection, old: DeviceKey, new: DeviceKey) -> None:
        self._connection, self._old, self._new = connection, old, new

    def plain(self) -> Iterator[tuple[sa.Update, _Values]]:
        """Rows that stand where they stood: their context has no index in it."""
        tables: tuple[tuple[sa.Table, str, Callable[[Row[Any]], str]], ...] = (
            (signins, "account", lambda row: f"signins/{row.account}"),
            (calendars, "id", lambda row: f"calendars/{row.name}"),
            (shares, "id", lambda row: f"shares/{row.name}"),
            (published, "tag", lambda row: f"published/{row.share_id}/{row.tag.hex()}"),
            (sponsors, "code", lambda row: f"sponsors/{row.code}"),
            (inbox, "tag", lambda row: f"inbox/{row.state}/{row.tag.hex()}"),
        )
        for table, name, context in tables:
            for row in self._rows(table):
                with_key = self._resealed(row.sealed, context(row))
                if with_key is not None:
                    yield _at(table, name, row), {"key": self._new.name, "sealed": with_key}
        for row in self._rows(removed):
            parts = {
                part: self._resealed(getattr(row, part), f"removed/{part}/{row.tag.hex()}") for part in ("head", "body")
            }
            if None not in parts.values():
                yield _at(removed, "id", row), {"key": self._new.name} | parts

    def appointments(self) -> Iterator[tuple[sa.Update, _Values]]:
        """Copies, with what was read of them."""
        for row in self._rows(appointments):
            found = self._placed(row, "appointments", ("head", "body"))
            if found is None:
                continue
            head, values = found
            values["uid"] = self._new.blind(f"uid/{row.calendar_id}", head["uid"])
            also = {
                "reading": f"appointments/{row.calendar_id}/reading/{row.id}",
                "traits": f"appointments/traits/{row.id}",
            }
            for column, context in also.items():
                sealed = getattr(row, column)
                values[column] = None if sealed is None else self._resealed(sealed, context)
            values |= {"frame": None} if values["reading"] is None else {}
            values |= {"traits_frame": None} if values["traits"] is None else {}
            yield _at(appointments, "id", row), values

    def edits(self) -> Iterator[tuple[sa.Update, _Values]]:
        """What is to be sent."""
        for row in self._rows(edits):
            found = self._placed(row, "edits", ("head", "body", "base"))
            if found is not None:
                yield _at(edits, "id", row), found[1]

    def pseudonyms(self) -> Iterator[tuple[sa.Update, _Values]]:
        """What shares call clients."""
        for row in self._rows(pseudonyms):
            name = self._json(row, f"pseudonyms/{row.tag.hex()}")
            if name is not None:
                tag = self._new.blind("pseudonyms", folded(name["name"]))
                sealed = self._resealed(row.sealed, f"pseudonyms/{row.tag.hex()}", f"pseudonyms/{tag.hex()}")
                yield _at(pseudonyms, "tag", row), {"tag": tag, "key": self._new.name, "sealed": sealed}

    def uids(self) -> Iterator[tuple[str, str]]:
        """By what shares and the coach's word name an appointment, with the name of its calendar."""
        names = {row.id: row.name for row in self._connection.execute(sa.select(calendars.c.id, calendars.c.name))}
        for kind, table in (("appointments", appointments), ("edits", edits)):
            for row in self._rows(table):
                head = self._json(row, f"{kind}/{row.calendar_id}/head/{row.place.hex()}", row.head)
                if head is not None:
                    yield names[row.calendar_id], head["uid"] or head["href"]

    def series(self, uids: Iterable[tuple[str, str]]) -> Iterator[tuple[sa.Update, _Values]]:
        """The numbers of series that are here."""
        places = [f"{calendar}/{uid}" for calendar, uid in uids]
        for share in self._connection.execute(sa.select(series.c.share).distinct()).scalars().all():
            known = {self._old.blind(f"series/{share}", place): place for place in places}
            for row in self._connection.execute(sa.select(series).where(series.c.share == share)).all():
                if row.place in known:
                    mine = (series.c.share == share) & (series.c.place == row.place)
                    yield sa.update(series).where(mine), {"place": self._new.blind(f"series/{share}", known[row.place])}

    def assignments(self, uids: Iterable[str]) -> Iterator[tuple[sa.Update, _Values]]:
        """The coach's word on appointments, which says itself on which; of one that does not, if it is here."""
        known = {self._old.blind("assignments", uid): uid for uid in uids}
        for row in self._rows(assignments):
            said = self._json(row, f"assignments/{row.uid.hex()}")
            if said is None:
                continue
            uid = said.get("uid", known.get(row.uid))
            blind = row.uid if uid is None else self._new.blind("assignments", uid)
            sealed = self._resealed(row.sealed, f"assignments/{row.uid.hex()}", f"assignments/{blind.hex()}")
            mine = (assignments.c.calendar == row.calendar) & (assignments.c.uid == row.uid)
            yield sa.update(assignments).where(mine), {"uid": blind, "key": self._new.name, "sealed": sealed}

    def _placed(self, row: Row[Any], kind: str, columns: Iterable[str]) -> tuple[Any, _Values] | None:
        """What the head of a row says, and the row at the place that the new key gives it."""
        context = f"{kind}/{row.calendar_id}"
        head = self._json(row, f"{context}/head/{row.place.hex()}", row.head)
        if head is None:
            return None
        place = self._new.blind(f"href/{row.calendar_id}", head["href"])
        values: _Values = {"key": self._new.name, "place": place}
        for column in columns:
            sealed, there = getattr(row, column), f"{context}/{column}"
            values[column] = None
            if sealed is not None:
                values[column] = self._resealed(sealed, f"{there}/{row.place.hex()}", f"{there}/{place.hex()}")
                if values[column] is None:
                    return None
        return head, values

    def _rows(self, table: sa.Table) -> list[Row[Any]]:
        return list(self._connection.execute(sa.select(table).where(table.c.key == self._old.name)).all())

    def _json(self, row: Row[Any], context: str, sealed: bytes | None = None) -> Any:
        try:
            return open_json(self._old, row.key, context, row.sealed if sealed is None else sealed)
        except (WrongKey, ValueError):
            return None

    def _resealed(self, sealed: bytes, context: str, to: str | None = None) -> bytes | None:
        try:
            return self._new.seal(to or context, self._old.open(context, sealed))
        except WrongKey:
            return None


def _at(table: sa.Table, name: str, row: Row[Any]) -> sa.Update:
    return sa.update(table).where(table.c[name] == getattr(row, name))
