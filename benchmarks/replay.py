"""A CalDAV server whose answers are prepared: what is measured against it is the client.

    replay.py PORT DELAY_MS COUNT [COUNT ...]

Serves /user/n<COUNT>/ with that many events, and says that it writes to nobody who is invited to them. It knows what
the measured clients send: PROPFIND, the reports sync-collection, calendar-multiget and calendar-query, GET, PUT,
DELETE, MKCALENDAR. A write under a condition that is not met is refused (412), one that is accepted is answered with
the ETag. Connections are kept alive, nothing is compressed, no login is asked for. DELAY_MS is waited before each
answer: a round trip over a network.

For the driver alone: POST /__change/user/n<COUNT>/ changes ten events; GET /__stats tells what passed since it was last
asked as JSON: requests, also by method, writes under a condition, connections, bytes each way.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import re
import sys
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from xml.sax.saxutils import escape

from events import objects

_HEAD = (
    b'<?xml version="1.0" encoding="utf-8"?>\n<multistatus xmlns="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav" '
    b'xmlns:S="http://calendarserver.org/ns/">'
)
_FOOT = b"</multistatus>"
_HREF = re.compile(rb"<(?:\w+:)?href[^>]*>([^<]+)</")
_TOKEN = re.compile(rb"<(?:\w+:)?sync-token[^>]*>([^<]*)</")
_OK = "</prop><status>HTTP/1.1 200 OK</status></propstat></response>"
_OPTIONS = b"DAV: 1, 3, access-control, calendar-access\r\n"
_USER = "/user/"
_XML = b"Content-Type: application/xml; charset=utf-8\r\n"
_CHANGED_AT_ONCE = 10


@dataclass(frozen=True)
class Stored:
    """One object and the answers about it."""

    etag: bytes
    revision: int
    listed: bytes
    given: bytes
    body: bytes


@dataclass
class Collection:
    """A calendar: its objects by path, and a revision that counts every change."""

    objects: dict[str, Stored] = field(default_factory=dict)
    revision: int = 1

    @property
    def token(self) -> bytes:
        return b"http://sabre.io/ns/sync/%d" % self.revision

    def put(self, path: str, body: bytes) -> Stored:
        self.revision += 1
        etag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
        start = f"<response><href>{path}</href><propstat><prop><getetag>{etag}</getetag>"
        kind = "<getcontenttype>text/calendar; component=VEVENT</getcontenttype><resourcetype/>"
        data = f"<C:calendar-data>{escape(body.decode())}</C:calendar-data>"
        listed, given = f"{start}{kind}{_OK}".encode(), f"{start}{data}{_OK}".encode()
        self.objects[path] = Stored(etag.encode(), self.revision, listed, given, body)
        return self.objects[path]

    def change_some(self) -> None:
        """Another summary for the first objects."""
        for path in list(self.objects)[:_CHANGED_AT_ONCE]:
            changed = self.objects[path].body.replace(b"\r\nSUMMARY:", b"\r\nSUMMARY:%d " % self.revision, 1)
            self.put(path, changed)


@dataclass(frozen=True)
class Reply:
    """Status line, extra header lines, body."""

    status: bytes
    headers: bytes = b""
    body: bytes = b""


class Replay:
    """The server's collections and its counters."""

    def __init__(self) -> None:
        self.collections: dict[str, Collection] = {}
        self.stats: Counter[str] = Counter()

    def answer(self, method: bytes, path: str, headers: dict[bytes, bytes], body: bytes) -> Reply:
        if path.startswith("/__change"):
            self.collections[path.removeprefix("/__change")].change_some()
            return Reply(b"204 No Content")
        if method == b"MKCALENDAR":
            self.collections[path] = Collection()
            return Reply(b"201 Created")
        if path in ("/", _USER):
            return _account(path) if method == b"PROPFIND" else Reply(b"200 OK", _OPTIONS)
        folder = path if path.endswith("/") else path.rpartition("/")[0] + "/"
        if folder not in self.collections:
            return Reply(b"404 Not Found")
        return _asked(self.collections[folder], folder, method, path, headers, body)

    def count(self, method: bytes, headers: dict[bytes, bytes]) -> None:
        self.stats.update(("requests", method.decode()))
        if headers.keys() & {b"if-match", b"if-none-match"}:
            self.stats["conditional"] += 1


def _account(path: str) -> Reply:
    """Whose server it is: one user, who is principal and calendar home in one (RFC 5397, RFC 4791 section 6.2.1)."""
    home = f"<href>{_USER}</href>"
    itself = (
        f"<response><href>{path}</href><propstat><prop><current-user-principal>{home}</current-user-principal>"
        f"<C:calendar-home-set>{home}</C:calendar-home-set><resourcetype><collection/></resourcetype>{_OK}"
    ).encode()
    return Reply(b"207 Multi-Status", _XML, _HEAD + itself + _FOOT)


def _asked(
    collection: Collection, folder: str, method: bytes, path: str, headers: dict[bytes, bytes], body: bytes
) -> Reply:
    match method:
        case b"OPTIONS":
            return Reply(b"200 OK", _OPTIONS)
        case b"PROPFIND":
            return _described(collection, folder, deep=headers.get(b"depth") == b"1")
        case b"REPORT":
            return _reported(collection, body)
        case _:
            return _object(collection, method, path, headers, body)


def _object(collection: Collection, method: bytes, path: str, headers: dict[bytes, bytes], body: bytes) -> Reply:
    if not _is_met(collection.objects.get(path), headers):
        return Reply(b"412 Precondition Failed")
    if method == b"PUT":
        status = b"204 No Content" if path in collection.objects else b"201 Created"
        return Reply(status, b"ETag: " + collection.put(path, body).etag + b"\r\n")
    if path not in collection.objects:
        return Reply(b"404 Not Found")
    if method == b"DELETE":
        del collection.objects[path]
        collection.revision += 1
        return Reply(b"204 No Content")
    found = collection.objects[path]
    kind = b"Content-Type: text/calendar; charset=utf-8\r\n"
    return Reply(b"200 OK", b"ETag: " + found.etag + b"\r\n" + kind, found.body)


def _is_met(there: Stored | None, headers: dict[bytes, bytes]) -> bool:
    """RFC 9110 section 13.1, for one ETag or `*`."""
    etags = (b"*", there.etag) if there is not None else ()
    return headers.get(b"if-none-match") not in etags and (b"if-match" not in headers or headers[b"if-match"] in etags)


def _described(collection: Collection, folder: str, *, deep: bool) -> Reply:
    token = collection.token.decode()
    itself = (
        f'<response><href>{folder}</href><propstat><prop><getetag>"{token}"</getetag><S:getctag>{token}</S:getctag>'
        f"<sync-token>{token}</sync-token><resourcetype><collection/><C:calendar/></resourcetype>"
        "<supported-report-set><supported-report><report><sync-collection/></report></supported-report>"
        f"</supported-report-set>{_OK}"
    ).encode()
    members = b"".join(stored.listed for stored in collection.objects.values()) if deep else b""
    return Reply(b"207 Multi-Status", _XML, _HEAD + itself + members + _FOOT)


def _reported(collection: Collection, body: bytes) -> Reply:
    with_text = b"calendar-data" in body
    if b"sync-collection" in body:
        given = _TOKEN.search(body)
        since = int(given[1].rpartition(b"/")[2]) if given and given[1] else 0
        found = [stored for stored in collection.objects.values() if stored.revision > since]
        end = b"<sync-token>" + collection.token + b"</sync-token>" + _FOOT
        answers = b"".join(stored.given if with_text else stored.listed for stored in found)
        return Reply(b"207 Multi-Status", _XML, _HEAD + answers + end)
    if b"calendar-multiget" in body:
        answers = b"".join(collection.objects[href.decode()].given for href in _HREF.findall(body))
    else:
        answers = b"".join(stored.given for stored in collection.objects.values())
    return Reply(b"207 Multi-Status", _XML, _HEAD + answers + _FOOT)


async def _read(reader: asyncio.StreamReader) -> tuple[bytes, str, dict[bytes, bytes], bytes, int]:
    """Method, path, headers, body and size of the next request."""
    head = await reader.readuntil(b"\r\n\r\n")
    first, *rest = head[:-4].split(b"\r\n")
    method, path, _ = first.split(b" ")
    headers = {name.strip().lower(): value.strip() for name, _, value in (line.partition(b":") for line in rest)}
    body = b""
    if b"content-length" in headers:
        body = await reader.readexactly(int(headers[b"content-length"]))
    elif headers.get(b"transfer-encoding") == b"chunked":
        while size := int((await reader.readline()).split(b";")[0], 16):
            body += await reader.readexactly(size)
            await reader.readline()
        await reader.readline()
    return method, path.decode(), headers, body, len(head) + len(body)


async def serve(port: int, delay: float, counts: list[int]) -> None:
    """Answer until the process is ended. `delay` is in seconds."""
    replay, today = Replay(), datetime.now(UTC).date()
    for count in counts:
        folder = f"/user/n{count}/"
        collection = replay.collections[folder] = Collection()
        for name, body in objects(count, today):
            collection.put(folder + name, body)

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        fresh = True
        try:
            while True:
                method, path, headers, body, size = await _read(reader)
                inside = path.startswith("/__")
                if path == "/__stats":
                    reply = Reply(b"200 OK", b"", json.dumps(replay.stats).encode())
                    replay.stats.clear()
                else:
                    reply = replay.answer(method, path, headers, body)
                    await asyncio.sleep(0 if inside else delay)
                head = b"HTTP/1.1 %s\r\n%sContent-Length: %d\r\n\r\n" % (reply.status, reply.headers, len(reply.body))
                if not inside:
                    replay.count(method, headers)
                    replay.stats.update(connections=int(fresh), up=size, down=len(head) + len(reply.body))
                    fresh = False
                writer.write(head + reply.body)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    async with await asyncio.start_server(connected, "127.0.0.1", port, limit=1 << 20) as server:
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1]), float(sys.argv[2]) / 1000, [int(word) for word in sys.argv[3:]]))
