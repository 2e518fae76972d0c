"""What shares choose by, beside times: kept for each copy until its text or the directory of clients changes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa

from coachsync.adapters.database.engine import Database
from coachsync.adapters.database.sealing import open_json, seal_json
from coachsync.adapters.database.tables import appointments, calendars
from coachsync.model import Traits, Whose

Of = tuple[Traits, ...]  # of one object: one for each VEVENT, in their order


class StoredTraits:
    """The traits of the copies of one source calendar."""

    def __init__(self, database: Database, calendar: str) -> None:
        self._database = database
        self._mine = appointments.c.calendar_id == (
            sa.select(calendars.c.id).where(calendars.c.name == calendar).scalar_subquery()
        )

    def stale(self, frame: str) -> list[int]:
        """The rows whose traits are not known in this frame."""
        query = sa.select(appointments.c.id).where(self._mine)
        query = query.where(sa.or_(appointments.c.traits_frame.is_(None), appointments.c.traits_frame != frame))
        with self._database.transaction() as connection:
            return list(connection.execute(query).scalars())

    def record(self, frame: str, found: Iterable[tuple[int, Of]]) -> None:
        """Store traits by row, in one transaction. Where a text says nothing any more, what it said before stays."""
        key, mine = self._database.key, appointments.c.id == sa.bindparam("row")
        known, silent = [], []
        for row, traits in found:
            if traits:
                sealed = seal_json(key, _context(row), [_pack(one) for one in traits])
                known.append({"row": row, "sealed": sealed})
            else:
                silent.append({"row": row})
        framed = sa.update(appointments).where(mine).values(traits_frame=frame)
        with self._database.transaction() as connection:
            if known:
                connection.execute(framed.values(traits=sa.bindparam("sealed")), known)
            if silent:
                connection.execute(framed, silent)

    def all(self) -> dict[int, Of]:
        """What is known, by row."""
        query = sa.select(appointments.c.id, appointments.c.key, appointments.c.traits).where(self._mine)
        with self._database.transaction() as connection:
            rows = connection.execute(query.where(appointments.c.traits.is_not(None))).all()
        key = self._database.key
        return {row.id: tuple(map(_unpack, open_json(key, row.key, _context(row.id), row.traits))) for row in rows}


def _context(row: int) -> str:
    return f"appointments/traits/{row}"


def _pack(traits: Traits) -> list[Any]:
    whose = traits.whose
    return [whose.client, sorted(whose.candidates), sorted(traits.categories), traits.visibility]


def _unpack(values: list[Any]) -> Traits:
    client, candidates, categories, visibility = values
    return Traits(Whose(client, frozenset(candidates)), frozenset(categories), visibility)
