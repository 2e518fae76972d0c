"""Calendar servers as any client sees them: plain HTTP, and what they serve read by plain pattern."""

from __future__ import annotations

import base64
import http.client
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import urljoin, urlsplit
from xml.etree import ElementTree
from xml.sax.saxutils import escape

from accounts import Account

DAV = "{DAV:}"
NAMESPACES = 'xmlns="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav"'

Slot = tuple[datetime, datetime, str]  # what a share says: two UTC instants and the text of a label


@dataclass(frozen=True)
class Answer:
    """What a server said, nothing left out."""

    status: int
    head: str
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode()


@dataclass(frozen=True)
class Web:
    """Plain HTTP with the login of an account: nothing of the program is in between."""

    account: Account

    def ask(self, method: str, url: str, body: bytes | str = b"", **headers: str) -> Answer:
        """One request; `url` may be a path, header names are written with underscores."""
        server = urlsplit(self.account.url).netloc
        address = urlsplit(urljoin(self.account.url, url))
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        named.setdefault("Content-Type", "application/xml; charset=utf-8")
        if self.account.password:
            login = f"{self.account.username}:{self.account.password}".encode()
            named["Authorization"] = "Basic " + base64.b64encode(login).decode()
        connection = http.client.HTTPConnection(server, timeout=60)
        try:
            octets = body.encode() if isinstance(body, str) else body
            connection.request(method, address.path, octets or None, named)
            answer = connection.getresponse()
            return Answer(answer.status, str(answer.msg), answer.read())
        finally:
            connection.close()

    def make(self, url: str, name: str = "", description: str = "") -> str:
        """Create a calendar; its URL."""
        props = f"<displayname>{escape(name)}</displayname>" if name else ""
        if description:
            props += f"<C:calendar-description>{escape(description)}</C:calendar-description>"
        settings = f"<set><prop>{props}</prop></set>" if props else ""
        body = f'<?xml version="1.0"?><C:mkcalendar {NAMESPACES}>{settings}</C:mkcalendar>'
        made = self.ask("MKCALENDAR", url, body)
        assert made.status == 201, made
        return url

    def put(self, url: str, body: bytes | str) -> Answer:
        return self.ask("PUT", url, body, Content_Type="text/calendar; charset=utf-8")

    def put_all(self, url: str, objects: Mapping[str, bytes]) -> None:
        for name, body in objects.items():
            assert self.put(f"{url}{name}", body).status in (201, 204)

    def delete(self, url: str) -> None:
        assert self.ask("DELETE", url).status in (200, 204)

    def hrefs(self, url: str) -> list[str]:
        """The path of every object of a calendar, sorted."""
        listed = self.ask("PROPFIND", url, f"<propfind {NAMESPACES}><prop><getetag/></prop></propfind>", Depth="1")
        assert listed.status == 207, listed
        own = urlsplit(url).path.rstrip("/")
        found = [href.text or "" for href in ElementTree.fromstring(listed.body).iter(f"{DAV}href")]
        return sorted(href for href in found if urlsplit(href).path.rstrip("/") != own)

    def objects(self, url: str) -> dict[str, bytes]:
        """Path and text of every object of a calendar, as GET serves them."""
        return {href: self.ask("GET", href).body for href in self.hrefs(url)}

    def calendar(self, name: str) -> str:
        """The URL of the one calendar of this name in the account's home."""
        (found,) = self.calendars(name)
        return found

    def calendars(self, name: str) -> list[str]:
        asked = f"<propfind {NAMESPACES}><prop><displayname/></prop></propfind>"
        listed = self.ask("PROPFIND", self.account.home, asked, Depth="1")
        responses = ElementTree.fromstring(listed.body).iter(f"{DAV}response")
        return [
            urljoin(self.account.url, response.findtext(f"{DAV}href") or "")
            for response in responses
            if name in [given.text for given in response.iter(f"{DAV}displayname")]
        ]

    def slots(self, url: str) -> list[Slot]:
        """What a shared calendar says, sorted; one entry for each event served."""
        return sorted(slot for body in self.objects(url).values() for slot in slots_of(body))


_EVENT = re.compile(r"BEGIN:VEVENT\r?\n(.*?)END:VEVENT", re.S)


def slots_of(body: bytes) -> list[Slot]:
    """The slots in a served text, read by plain pattern: what is not written as a slot is written is an error."""
    return [
        (_instant(event, "DTSTART"), _instant(event, "DTEND"), _value(event, "SUMMARY"))
        for event in _EVENT.findall(body.decode())
    ]


def _value(event: str, name: str) -> str:
    (value,) = re.findall(rf"^{name}:(.*?)\r?$", event, re.M)
    return str(value)


def _instant(event: str, name: str) -> datetime:
    return datetime.strptime(_value(event, name), "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
