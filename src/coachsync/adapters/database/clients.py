"""The client directory as it is stored: each client under a key of its own, everything else under the device key."""

from __future__ import annotations

from dataclasses import asdict, fields
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.sqlite import insert

from coachsync.adapters.clientkeys import ClientKeys
from coachsync.adapters.database.engine import Database
from coachsync.adapters.database.sealing import open_json, seal_json
from coachsync.adapters.database.tables import assignments, clients, pseudonyms, sponsors
from coachsync.clients.comparing import folded
from coachsync.clients.directory import Client, Directory, Sponsor
from coachsync.errors import CoachsyncError, UsageError, WrongKey
from coachsync.model import Pseudonym
from coachsync.phrases import say

NOBODY = ""  # instead of a client's code: the appointment is no client's
KEPT_OUT = "kept-out"  # it was of a client whom no share showed, and who is erased: none shows it from now on either
_EVERYBODY = sa.union_all(
    sa.select(sa.literal(1).label("client"), clients), sa.select(sa.literal(0), sponsors)
).order_by("code")
_MANY = frozenset(("names", "addresses", "phones", "aliases", "cards"))


class Clients:
    """The directory, the pseudonyms of each share, and the coach's word on appointments."""

    def __init__(self, database: Database, keys: ClientKeys) -> None:
        self._database = database
        self._keys = keys
        self._found: tuple[Directory, dict[str, CoachsyncError]] | None = None

    @property
    def keys(self) -> ClientKeys:
        """Each client's own key."""
        return self._keys

    def directory(self) -> Directory:
        """Everybody who can be read. Clients whose key is missing, and whose row does not open, are left out, and so
        are sponsors: `unreadable` names them."""
        return self._everybody()[0]

    def unreadable(self) -> tuple[str, ...]:
        """The codes of the clients and sponsors who cannot be read."""
        return tuple(self._everybody()[1])

    def failures(self) -> tuple[CoachsyncError, ...]:
        """Why not, one for each of them, in the same order."""
        return tuple(self._everybody()[1].values())

    def save(self, client: Client) -> None:
        """Store or replace a client; the first time under a new key. Raises CoachsyncError when the key of one who is
        stored is missing: another one would open nothing."""
        with self._database.transaction() as connection:
            query = sa.select(clients.c.code).where(clients.c.code == client.code)
            stored = connection.execute(query).one_or_none() is not None
            key = self._keys.load(client.code) if stored else self._keys.make(client.code)
            values = {"key": key.name, "sealed": seal_json(key, f"clients/{client.code}", _packed(client))}
            statement = insert(clients).values(code=client.code, **values)
            connection.execute(statement.on_conflict_do_update(index_elements=["code"], set_=values))
        self._found = None

    def save_sponsor(self, sponsor: Sponsor) -> None:
        """Store or replace a sponsor."""
        key, code = self._database.key, sponsor.code
        values = {"key": key.name, "sealed": seal_json(key, f"sponsors/{code}", {"name": sponsor.name})}
        statement = insert(sponsors).values(code=code, **values)
        with self._database.transaction() as connection:
            connection.execute(statement.on_conflict_do_update(index_elements=["code"], set_=values))
        self._found = None

    def pseudonyms(self, share: str) -> dict[str, Pseudonym]:
        """What the share calls each client now, by the client's code."""
        query = sa.select(pseudonyms).where(pseudonyms.c.share == share, pseudonyms.c.current)
        with self._database.transaction() as connection:
            rows = connection.execute(query).all()
        return {row.client: Pseudonym(self._pseudonym(row)) for row in rows}

    def name(self, share: str, code: str, pseudonym: Pseudonym) -> None:
        """Let the share call the client so from now on; what it said before stays taken.

        Raises UsageError when another share has ever used it, or this one for somebody else.
        """
        key, tag = self._database.key, self._tag(pseudonym)
        mine = (pseudonyms.c.share == share) & (pseudonyms.c.client == code)
        values = {"current": True, "key": key.name, "sealed": seal_json(key, _place(tag), {"name": pseudonym})}
        statement = insert(pseudonyms).values(tag=tag, share=share, client=code, **values)
        with self._database.transaction() as connection:
            row = connection.execute(sa.select(pseudonyms).where(pseudonyms.c.tag == tag)).one_or_none()
            if row is not None and (row.share, row.client) != (share, code):
                raise _used()
            connection.execute(sa.update(pseudonyms).where(mine).values(current=False))
            connection.execute(statement.on_conflict_do_update(index_elements=["tag"], set_=values))

    def reserved(self) -> frozenset[str]:
        """Every pseudonym that was ever given, in any share."""
        with self._database.transaction() as connection:
            rows = connection.execute(sa.select(pseudonyms)).all()
        return frozenset(self._pseudonym(row) for row in rows)

    def blind(self, uid: str) -> bytes:
        """How `assigned` names the appointment of this iCalendar UID; of an object without one, by its href."""
        return self._database.key.blind("assignments", uid)

    def assigned(self, calendar: str) -> dict[bytes, str]:
        """The coach's word on appointments of this calendar: the client's code, NOBODY or KEPT_OUT, by the blind
        UID."""
        with self._database.transaction() as connection:
            rows = connection.execute(sa.select(assignments).where(assignments.c.calendar == calendar)).all()
        key = self._database.key
        return {row.uid: open_json(key, row.key, _decision(row.uid), row.sealed)["client"] for row in rows}

    def assign(self, calendar: str, uid: str, code: str) -> None:
        """Store the coach's word: `code` is the client's, NOBODY or KEPT_OUT."""
        key, blind = self._database.key, self.blind(uid)
        values = {"key": key.name, "sealed": seal_json(key, _decision(blind), {"client": code, "uid": uid})}
        statement = insert(assignments).values(calendar=calendar, uid=blind, **values)
        with self._database.transaction() as connection:
            connection.execute(statement.on_conflict_do_update(index_elements=["calendar", "uid"], set_=values))

    def unassign(self, calendar: str, uid: str) -> None:
        """Forget the coach's word on an appointment."""
        which = (assignments.c.calendar == calendar) & (assignments.c.uid == self.blind(uid))
        with self._database.transaction() as connection:
            connection.execute(sa.delete(assignments).where(which))

    def keep_out(self, code: str) -> None:
        """Where the coach has said that an appointment is this client's, say KEPT_OUT instead."""
        key = self._database.key
        with self._database.transaction() as connection:
            for row in self._decided_as(connection, code):
                said = open_json(key, row.key, _decision(row.uid), row.sealed)
                sealed = seal_json(key, _decision(row.uid), said | {"client": KEPT_OUT})
                connection.execute(sa.update(assignments).where(_same(row)).values(key=key.name, sealed=sealed))

    def forget(self, code: str) -> None:
        """Delete all that is stored of a client, with the coach's word on their appointments, and destroy the key. What
        shares called them stays taken, and does not say whom it named. Twice is once. The bytes of the rows stay until
        the database has forgotten them."""
        with self._database.transaction() as connection:
            connection.execute(sa.delete(clients).where(clients.c.code == code))
            for row in self._decided_as(connection, code):
                connection.execute(sa.delete(assignments).where(_same(row)))
            named = sa.update(pseudonyms).where(pseudonyms.c.client == code)
            connection.execute(named.values(client=NOBODY, current=False))
        self._keys.destroy(code)
        self._found = None

    def _decided_as(self, connection: sa.Connection, code: str) -> list[sa.Row[Any]]:
        return [row for row in connection.execute(sa.select(assignments)).all() if self._decided(row) == code]

    def _decided(self, row: sa.Row[Any]) -> str:
        """Whose the coach has said that an appointment is; NOBODY where that does not open, and so names nobody."""
        try:
            return str(open_json(self._database.key, row.key, _decision(row.uid), row.sealed)["client"])
        except (WrongKey, ValueError):
            return NOBODY

    def is_known(self, code: str) -> bool:
        """Whether anything is here of a client: a row, or the key."""
        with self._database.transaction() as connection:
            row = connection.execute(sa.select(clients.c.code).where(clients.c.code == code)).one_or_none()
        return row is not None or self._keys.is_here(code)

    def _everybody(self) -> tuple[Directory, dict[str, CoachsyncError]]:
        """One query, remembered until something is saved."""
        if self._found is None:
            with self._database.transaction() as connection:
                rows = connection.execute(_EVERYBODY).all()
            people: dict[str, Client] = {}
            payers: dict[str, Sponsor] = {}
            failures: dict[str, CoachsyncError] = {}
            for row in rows:
                try:
                    if row.client:
                        people[row.code] = self._client(row)
                    else:
                        payers[row.code] = Sponsor(row.code, self._sponsor(row))
                except CoachsyncError as problem:
                    failures[row.code] = problem
            self._found = (Directory(people, payers), failures)
        return self._found

    def _client(self, row: Any) -> Client:
        values = open_json(self._keys.load(row.code), row.key, f"clients/{row.code}", row.sealed)
        return _unpacked(row.code, values)

    def _sponsor(self, row: Any) -> str:
        name: str = open_json(self._database.key, row.key, f"sponsors/{row.code}", row.sealed)["name"]
        return name

    def _pseudonym(self, row: Any) -> str:
        name: str = open_json(self._database.key, row.key, _place(row.tag), row.sealed)["name"]
        return name

    def _tag(self, pseudonym: str) -> bytes:
        return self._database.key.blind("pseudonyms", folded(pseudonym))


def _packed(client: Client) -> dict[str, Any]:
    return {name: value for name, value in asdict(client).items() if name != "code"}


def _unpacked(code: str, values: dict[str, Any]) -> Client:
    known = {one.name for one in fields(Client)} & set(values)
    told: dict[str, Any] = {name: tuple(values[name]) if name in _MANY else values[name] for name in known}
    return Client(code, **told)


def _place(tag: bytes) -> str:
    return f"pseudonyms/{tag.hex()}"


def _same(row: sa.Row[Any]) -> sa.ColumnElement[bool]:
    mine: sa.ColumnElement[bool] = (assignments.c.calendar == row.calendar) & (assignments.c.uid == row.uid)
    return mine


def _decision(uid: bytes) -> str:
    """The same in every calendar: a calendar can get another name in the configuration."""
    return f"assignments/{uid.hex()}"


def _used() -> UsageError:
    return UsageError(
        "pseudonym-used",
        say("That name was given before, to another client or in another share."),
        say("Choose another one: a name that two shares have in common would join them."),
    )
