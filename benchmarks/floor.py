"""The least that a CalDAV client can do: the standard library's HTTP, lxml and sqlite3, and no safety of any kind.

    floor.py TASK URL STATE [--target PATH] [--count N] [--connections N]

One process does one task on the collection at URL and prints how long the work took without the start:

    initial   sync-collection for the ETags, calendar-multiget in batches of 200, every text into one table
    poll      sync-collection with the token from before
    changes   the same, and the texts of what changed
    push      one PUT under its ETag for each of ten changed texts of the table
    publish   MKCALENDAR of the target, then one PUT for each of the first `count` texts in the table
"""

from __future__ import annotations

import argparse
import http.client
import json
import sqlite3
import threading
import time
from collections.abc import Callable, Collection, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from http import HTTPStatus
from pathlib import Path
from urllib.parse import urlsplit

import edit
from lxml import etree

_DAV, _CAL = "{DAV:}", "{urn:ietf:params:xml:ns:caldav}"
_XML = {"Content-Type": "application/xml; charset=utf-8"}
_EVENT = {"Content-Type": "text/calendar; charset=utf-8"}
_WRITTEN = (HTTPStatus.CREATED, HTTPStatus.NO_CONTENT)
_NAMESPACES = 'xmlns="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav"'
_BATCH = 200
Row = tuple[str, str, str]  # href, ETag, text


class Client:
    """One server; each thread has a connection of its own."""

    def __init__(self, url: str) -> None:
        self._place, self._local = urlsplit(url), threading.local()
        self.path = self._place.path

    def ask(self, method: str, path: str, body: bytes, headers: dict[str, str], wanted: int) -> bytes:
        return self._answer(method, path, body, headers, (wanted,))[0]

    def put(self, path: str, text: str, condition: dict[str, str]) -> str:
        """The ETag of what was written."""
        return self._answer("PUT", path, text.encode(), {**_EVENT, **condition}, _WRITTEN)[1]["ETag"]

    def _answer(
        self, method: str, path: str, body: bytes, headers: dict[str, str], wanted: Collection[int]
    ) -> tuple[bytes, http.client.HTTPMessage]:
        for again in (True, False):
            if not hasattr(self._local, "connection"):
                self._local.connection = http.client.HTTPConnection(self._place.netloc, timeout=600)
            try:
                self._local.connection.request(method, path, body or None, headers)
                answer = self._local.connection.getresponse()
                text = answer.read()
            except (http.client.HTTPException, ConnectionError):
                del self._local.connection
                if not again:
                    raise
                continue
            if answer.status not in wanted:
                raise SystemExit(f"{method}: {answer.status}")
            return text, answer.headers
        raise AssertionError

    def changed(self, token: str) -> tuple[list[str], str]:
        """The hrefs of what changed, and the next token."""
        body = (
            f"<sync-collection {_NAMESPACES}><sync-token>{token}</sync-token><sync-level>1</sync-level>"
            "<prop><getetag/></prop></sync-collection>"
        )
        root = _tree(self.ask("REPORT", self.path, body.encode(), {**_XML, "Depth": "0"}, 207))
        found = [
            (one.findtext(f"{_DAV}href"), one.find(f".//{_DAV}getetag")) for one in root.iterfind(f"{_DAV}response")
        ]
        return [href for href, etag in found if etag is not None and href.endswith(".ics")], root.findtext(
            f"{_DAV}sync-token"
        )

    def texts(self, hrefs: list[str]) -> list[Row]:
        wanted = "".join(f"<href>{href}</href>" for href in hrefs)
        asked = f"<prop><getetag/><C:calendar-data/></prop>{wanted}"
        body = f"<C:calendar-multiget {_NAMESPACES}>{asked}</C:calendar-multiget>"
        root = _tree(self.ask("REPORT", self.path, body.encode(), {**_XML, "Depth": "1"}, 207))
        return [
            (
                one.findtext(f"{_DAV}href"),
                next(one.iter(f"{_DAV}getetag")).text,
                next(one.iter(f"{_CAL}calendar-data")).text,
            )
            for one in root.iterfind(f"{_DAV}response")
        ]


def _tree(body: bytes) -> etree._Element:
    return etree.fromstring(body, etree.XMLParser(huge_tree=True, resolve_entities=False))


def each(act: Callable[..., object], items: Iterable[object], connections: int) -> list[object]:
    """What `act` makes of every item, over so many connections."""
    if connections == 1:
        return [act(item) for item in items]
    with ThreadPoolExecutor(connections) as pool:
        return list(pool.map(act, items))


def pull(client: Client, state: Path, token: str, connections: int) -> int:
    """Bring in what changed since the token; how much that was."""
    hrefs, following = client.changed(token)
    batches = [hrefs[first : first + _BATCH] for first in range(0, len(hrefs), _BATCH)]
    rows = [row for batch in each(client.texts, batches, connections) for row in batch]
    with closing(sqlite3.connect(state.with_suffix(".db"))) as database, database:
        database.execute("CREATE TABLE IF NOT EXISTS event (href TEXT PRIMARY KEY, etag TEXT, text TEXT) WITHOUT ROWID")
        database.executemany(
            "INSERT INTO event VALUES (?, ?, ?) "
            "ON CONFLICT (href) DO UPDATE SET etag = excluded.etag, text = excluded.text",
            rows,
        )
    state.write_text(json.dumps({"token": following}))
    return len(rows)


def push(client: Client, state: Path, connections: int) -> int:
    """Change the first texts of the table, here and on the server."""

    def sent(row: Row) -> tuple[str, str, str]:
        href, etag, text = row
        new = edit.changed(text)
        return client.put(href, new, {"If-Match": etag}), new, href

    with closing(sqlite3.connect(state.with_suffix(".db"))) as database, database:
        rows = database.execute("SELECT href, etag, text FROM event ORDER BY href LIMIT ?", (edit.COUNT,)).fetchall()
        database.executemany("UPDATE event SET etag = ?, text = ? WHERE href = ?", each(sent, rows, connections))
    return len(rows)


def publish(client: Client, state: Path, target: str, count: int, connections: int) -> int:
    """Copy the first texts of the table into a new collection."""
    with closing(sqlite3.connect(state.with_suffix(".db"))) as database:
        rows = database.execute("SELECT href, text FROM event ORDER BY href LIMIT ?", (count,)).fetchall()
    client.ask("MKCALENDAR", target, b"", {}, 201)
    condition = {"If-None-Match": "*"}
    each(lambda row: client.put(target + row[0].rpartition("/")[2], row[1], condition), rows, connections)
    return len(rows)


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("task", choices=("initial", "poll", "changes", "push", "publish"))
    options.add_argument("url")
    options.add_argument("state", type=Path)
    options.add_argument("--target", default="")
    options.add_argument("--count", type=int, default=0)
    options.add_argument("--connections", type=int, default=1)
    given = options.parse_args()
    client, begun = Client(given.url), time.perf_counter()
    cpu = time.process_time()
    known = json.loads(given.state.read_text())["token"] if given.task in ("poll", "changes") else ""
    if given.task == "publish":
        done = publish(client, given.state, given.target, given.count, given.connections)
    elif given.task == "push":
        done = push(client, given.state, given.connections)
    elif given.task == "poll":
        done = len(client.changed(known)[0])
    else:
        done = pull(client, given.state, known, given.connections)
    print(json.dumps({"done": done, "wall": time.perf_counter() - begun, "cpu": time.process_time() - cpu}))


if __name__ == "__main__":
    main()
