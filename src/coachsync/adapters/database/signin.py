"""How accounts sign in and where their calendars live, remembered so that a poll needs no discovery."""

from __future__ import annotations

from dataclasses import asdict, dataclass

import sqlalchemy as sa
from sqlalchemy.dialects.sqlite import insert

from coachsync.adapters.database.engine import Database
from coachsync.adapters.database.sealing import open_json, seal_json
from coachsync.adapters.database.tables import signins
from coachsync.model import Software


@dataclass(frozen=True, slots=True)
class SignIn:
    """What discovery found for one account; good only while the configuration's `url` and `username` stay the same.

    `software` is None in what a version stored that did not ask; the rest is as in `model.Principal`.
    """

    url: str
    username: str
    scheme: str | None
    principal: str
    homes: tuple[str, ...]
    addresses: tuple[str, ...]
    software: Software | None = None
    schedules: bool = True


class SignIns:
    """The remembered sign-ins, by account name."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def find(self, account: str) -> SignIn | None:
        """The account's sign-in, None when it never signed in."""
        query = sa.select(signins).where(signins.c.account == account)
        with self._database.transaction() as connection:
            row = connection.execute(query).one_or_none()
        if row is None:
            return None
        values = open_json(self._database.key, row.key, _context(account), row.sealed)
        software = values.get("software")
        told = {"software": Software(software) if software in set(Software) else None}
        return SignIn(**{**values, "homes": tuple(values["homes"]), "addresses": tuple(values["addresses"]), **told})

    def remember(self, account: str, signin: SignIn) -> None:
        """Store or replace the account's sign-in."""
        key = self._database.key
        values = {"key": key.name, "sealed": seal_json(key, _context(account), asdict(signin))}
        statement = insert(signins).values(account=account, **values)
        with self._database.transaction() as connection:
            connection.execute(statement.on_conflict_do_update(index_elements=["account"], set_=values))


def _context(account: str) -> str:
    return f"signins/{account}"
