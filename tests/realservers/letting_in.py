"""How Alice lets Bob into her calendar on each Debian server, as its own programs or its administrator would."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

from coachsync.adapters.caldav.hrefs import path
from realservers.people import People
from realservers.postgres import Postgres

_XML = {"Content-Type": "application/xml; charset=utf-8"}
_INVERSE = "urn:inverse:params:xml:ns:inverse-dav"


def cyrus(people: People, access: str) -> None:
    """An invitation to share (draft-pot-webdav-resource-sharing-04): "read" or "read-write"."""
    who = f"<D:href>{people.bob.address}</D:href><D:share-access><D:{access}/></D:share-access>"
    body = f'<D:share-resource xmlns:D="DAV:"><D:sharee>{who}</D:sharee></D:share-resource>'
    _post(people, body, {"Content-Type": "application/davsharing+xml"})


def sogo(people: People, *roles: str) -> None:
    """Roles, one for each CLASS, as SOGo calls them."""
    given = "".join(f"<{role}/>" for role in roles)
    body = f'<acl-query xmlns="{_INVERSE}"><set-roles user="{people.bob.username}">{given}</set-roles></acl-query>'
    _post(people, body, _XML)


def davical(people: People, database: Postgres, *privileges: str, account: bool = False) -> None:
    """A grant on the calendar, or on the whole account; PHP's own server knows no method ACL."""
    names = ", ".join(f"'{privilege}'" for privilege in privileges)
    place = f"(SELECT collection_id FROM collection WHERE dav_name LIKE '%/{path(people.calendar).split('/')[-2]}/')"
    column, what = ("by_principal", _principal(people.alice.username)) if account else ("by_collection", place)
    database.sql(
        "davical",
        f"INSERT INTO grants ({column}, to_principal, privileges) "
        f"VALUES ({what}, {_principal(people.bob.username)}, privilege_to_bits(ARRAY[{names}]))",
    )


def sabre18(people: People, database: Path, group: str) -> None:
    """Membership of a delegates' group of Alice's: "calendar-proxy-read" or "calendar-proxy-write"."""
    alice, bob = (f"principals/{one.username}" for one in (people.alice, people.bob))
    with closing(sqlite3.connect(database, timeout=30)) as connection, connection:
        connection.execute("INSERT INTO principals (uri) VALUES (?)", (f"{alice}/{group}",))
        connection.execute(
            "INSERT INTO groupmembers (principal_id, member_id) "
            "SELECT one.id, other.id FROM principals one, principals other WHERE one.uri = ? AND other.uri = ?",
            (f"{alice}/{group}", bob),
        )


def _principal(user: str) -> str:
    return f"(SELECT principal_id FROM principal JOIN usr USING (user_no) WHERE username = '{user}')"


def _post(people: People, body: str, headers: Mapping[str, str]) -> None:
    answer = people.client._transport.send("POST", people.calendar, body.encode(), headers)
    assert answer.status < 300, answer.status
