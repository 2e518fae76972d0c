"""What the coach has changed here and the server does not have yet: each object's wanted text beside its copy.

A copy stays what the server was last seen to have. An edit knows the text that it was made from, so that it can be
merged with whatever the server has by then; it goes away once the server has accepted it, in one transaction with the
copy that follows from it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.engine import Row

from coachsync.adapters.database.engine import Database
from coachsync.adapters.database.sealing import open_bytes, open_json, seal_json
from coachsync.adapters.database.tables import calendars, edits


@dataclass(frozen=True, slots=True)
class Edit:
    """What one object is to become. `text` is None when it is to be deleted, `base` when there was nothing before.

    `made_at` is in seconds since 1970. With `clashes` a person must decide between it and what the server has.
    `notify`: a person has asked for attendees to be told. `bound` is False once the collection that it was made for is
    no longer there. `after` is the row of another edit that must be sent first; None again once the server has that
    one. `elsewhere` names the calendars that had an appointment of this UID too when it was made. `refusals` counts how
    often in a row the server would not take it, `refusal` is the code of the last time, at `refused_at` (seconds since
    1970). `row` is None until it is stored.
    """

    href: str
    uid: str
    text: bytes | None
    base: bytes | None
    made_at: int
    clashes: tuple[str, ...] = ()
    notify: bool = False
    bound: bool = True
    after: int | None = None
    elsewhere: tuple[str, ...] = ()
    refusals: int = 0
    refusal: str = ""
    refused_at: int = 0
    row: int | None = None


class Edits:
    """The edits of one calendar of the configuration; it must have been synced before one can be stored."""

    def __init__(self, database: Database, calendar: str) -> None:
        self._database = database
        query = sa.select(calendars.c.id).where(calendars.c.name == calendar)
        with database.transaction() as connection:
            self._id: int | None = connection.execute(query).scalar()

    def all(self) -> tuple[Edit, ...]:
        """Every edit, in the order in which they were made."""
        return self._found(sa.select(edits).order_by(edits.c.id))

    def at(self, href: str) -> Edit | None:
        """The edit of this object."""
        found = self._found(sa.select(edits).where(edits.c.place == self._place(href)))
        return found[0] if found else None

    def put(self, edit: Edit) -> Edit:
        """Store an edit in place of any other of the same object; it, with its row."""
        values = self._values(edit)
        new = insert(edits).values(**values)
        with self._database.transaction() as connection:
            if edit.row is None:
                connection.execute(new.on_conflict_do_update(index_elements=["calendar_id", "place"], set_=values))
            else:
                connection.execute(sa.update(edits).where(edits.c.id == edit.row).values(**values))
        stored = self.at(edit.href)
        assert stored is not None  # noqa: S101 - it was written above
        return stored

    def drop(self, rows: Iterable[int]) -> None:
        """These are no longer wanted, or the server has them."""
        with self._database.transaction() as connection:
            connection.execute(sa.delete(edits).where(edits.c.id.in_(list(rows))))

    def disown(self) -> None:
        """The calendar is another collection now: only a person may say that what was changed belongs into it."""
        for edit in self.all():
            self.put(replace(edit, bound=False))

    def _found(self, query: Any) -> tuple[Edit, ...]:
        with self._database.transaction() as connection:
            rows = connection.execute(query.where(edits.c.calendar_id == self._id)).all()
        return tuple(self._edit(row) for row in rows)

    def _edit(self, row: Row[Any]) -> Edit:
        head = open_json(self._database.key, row.key, self._context("head", row.place), row.head)
        return Edit(
            href=head["href"],
            uid=head["uid"],
            text=self._opened(row, "body", row.body),
            base=self._opened(row, "base", row.base),
            made_at=head["made_at"],
            clashes=tuple(head["clashes"]),
            notify=head["notify"],
            bound=head["bound"],
            after=row.after,
            elsewhere=tuple(head.get("elsewhere", ())),
            refusals=head["refusals"],
            refusal=head["refusal"],
            refused_at=head["refused_at"],
            row=row.id,
        )

    def _values(self, edit: Edit) -> dict[str, Any]:
        place = self._place(edit.href)
        head = {
            "href": edit.href,
            "uid": edit.uid,
            "made_at": edit.made_at,
            "clashes": edit.clashes,
            "notify": edit.notify,
            "bound": edit.bound,
            "elsewhere": edit.elsewhere,
            "refusals": edit.refusals,
            "refusal": edit.refusal,
            "refused_at": edit.refused_at,
        }
        return {
            "calendar_id": self._id,
            "place": place,
            "after": edit.after,
            "key": self._database.key.name,
            "head": seal_json(self._database.key, self._context("head", place), head),
            "body": self._sealed(place, "body", edit.text),
            "base": self._sealed(place, "base", edit.base),
        }

    def _sealed(self, place: bytes, column: str, text: bytes | None) -> bytes | None:
        return None if text is None else self._database.key.seal(self._context(column, place), text)

    def _opened(self, row: Row[Any], column: str, sealed: bytes | None) -> bytes | None:
        if sealed is None:
            return None
        return open_bytes(self._database.key, row.key, self._context(column, row.place), sealed)

    def _place(self, href: str) -> bytes:
        return self._database.key.blind(f"href/{self._id}", href)

    def _context(self, column: str, place: bytes) -> str:
        return f"edits/{self._id}/{column}/{place.hex()}"
