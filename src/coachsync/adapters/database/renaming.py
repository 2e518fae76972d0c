"""Calendars that have another name in the configuration now, or none."""

from __future__ import annotations

from collections.abc import Collection

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from coachsync.adapters.database.appointments import Copies, Endpoint
from coachsync.adapters.database.engine import Database
from coachsync.adapters.database.removed import of_calendar
from coachsync.adapters.database.tables import assignments, calendars, edits, removed


def inherit(database: Database, name: str, configured: Collection[str], found: Endpoint) -> Endpoint | None:
    """Let a calendar that is new in the configuration have all that is here of its collection under a name that is not
    in it any more: copies, what was not sent, what was removed. The endpoint as it was known; None when there is none.
    """
    for old in _names(database, configured):
        known = Copies(database, old).endpoint()
        if known is not None and _place(known) == _place(found):
            with database.transaction() as connection:
                connection.execute(sa.update(calendars).where(calendars.c.name == old).values(name=name))
                mine = sa.update(removed).where(removed.c.origin == of_calendar(old))
                connection.execute(mine.values(origin=of_calendar(name)))
                _inherit_assignments(connection, old, name)
                Copies(database, name).bind(known)
            return known
    return None


def left_behind(database: Database, configured: Collection[str]) -> dict[str, int]:
    """How many edits there are of calendars that are not in the configuration any more, by their names."""
    query = sa.select(calendars.c.name, sa.func.count()).join(edits, edits.c.calendar_id == calendars.c.id)
    query = query.where(calendars.c.name.not_in(list(configured))).group_by(calendars.c.name)
    with database.transaction() as connection:
        return {row[0]: row[1] for row in connection.execute(query)}


def _inherit_assignments(connection: Connection, old: str, name: str) -> None:
    """The coach's word on appointments; what was said under the new name is the later word."""
    said = sa.select(assignments.c.uid).where(assignments.c.calendar == name)
    mine = sa.update(assignments).where(assignments.c.calendar == old, assignments.c.uid.not_in(said))
    connection.execute(mine.values(calendar=name))


def _names(database: Database, configured: Collection[str]) -> list[str]:
    query = sa.select(calendars.c.name).where(calendars.c.name.not_in(list(configured)))
    with database.transaction() as connection:
        return list(connection.execute(query).scalars())


def _place(endpoint: Endpoint) -> tuple[str, str, str]:
    return endpoint.url, endpoint.principal, endpoint.identity
