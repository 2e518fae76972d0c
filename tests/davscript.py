"""Answers for scripted servers: multistatus bodies, and a server with one calendar that asks for a login."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Callable
from xml.sax.saxutils import escape

from coachsync.adapters.caldav.client import CalDav
from servers import Reply, Request, Scripted

Start = Callable[..., Scripted]  # what the fixture `scripted` gives
Connect = Callable[..., CalDav]  # what the fixture `connect` gives

USER, PASSWORD = "alice-canary", "pässword-canary"
CALENDAR = "/dav/alice/coaching/"
_NAMESPACES = 'xmlns="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav" xmlns:S="http://calendarserver.org/ns/"'


def calendar_url(server: Scripted) -> str:
    """CALENDAR on this server."""
    return server.url + CALENDAR.removeprefix("/")


def member(href: str, etag: str | None = '"1"', status: str = "200 OK", data: str | None = None) -> str:
    """A response with an ETag (and text) under a propstat of this status."""
    text = "" if data is None else f"<C:calendar-data>{escape(data)}</C:calendar-data>"
    tag = "" if etag is None else f"<getetag>{escape(etag)}</getetag>"
    propstat = f"<propstat><prop>{tag}{text}</prop><status>HTTP/1.1 {status}</status></propstat>"
    return f"<response><href>{escape(href)}</href>{propstat}</response>"


def about(href: str, *properties: str) -> str:
    """A response with these properties."""
    props = "".join(properties)
    propstat = f"<propstat><prop>{props}</prop><status>HTTP/1.1 200 OK</status></propstat>"
    return f"<response><href>{href}</href>{propstat}</response>"


def whole(href: str, status: str) -> str:
    """A response with a status of its own, as for a removed member."""
    return f"<response><href>{escape(href)}</href><status>HTTP/1.1 {status}</status></response>"


def multistatus(*responses: str, token: str | None = None) -> Reply:
    end = "" if token is None else f"<sync-token>{escape(token)}</sync-token>"
    text = f'<?xml version="1.0" encoding="utf-8"?><multistatus {_NAMESPACES}>{"".join(responses)}{end}</multistatus>'
    return Reply(207, text.encode(), {"Content-Type": "application/xml; charset=utf-8"})


def error(status: int, condition: str) -> Reply:
    """A refusal that names a precondition, e.g. `valid-sync-token`."""
    return Reply(status, f"<error {_NAMESPACES}><{condition}/></error>".encode())


def asked_hrefs(request: Request) -> list[str]:
    return re.findall(r"<(?:\w+:)?href>([^<]*)</", request.body.decode())


def asked_token(request: Request) -> str | None:
    """The sync token in a sync-collection report; None when the request is none."""
    found = re.search(r"sync-token(?:/>|>([^<]*)<)", request.body.decode())
    return (found[1] or "") if found else None


def basic(script: Callable[[Request], Reply], password: str = PASSWORD) -> Callable[[Request], Reply]:
    """Ask for Basic authentication first."""
    expected = "Basic " + base64.b64encode(f"{USER}:{password}".encode()).decode()

    def guarded(request: Request) -> Reply:
        if request.headers.get("Authorization") == expected:
            return script(request)
        return Reply(401, b"who are you", {"WWW-Authenticate": 'Basic realm="calendars", charset="UTF-8"'})

    return guarded


def digest(script: Callable[[Request], Reply], password: str = PASSWORD) -> Callable[[Request], Reply]:
    """Ask for Digest authentication (RFC 7616, MD5, qop=auth) first."""
    secret = _md5(f"{USER}:calendars:{password}")

    def guarded(request: Request) -> Reply:
        given = dict(re.findall(r'(\w+)="?([^",]+)"?', request.headers.get("Authorization", "")))
        answer = _md5(f"{request.method}:{request.path}")
        numbers = [given.get(name, "") for name in ("nonce", "nc", "cnonce", "qop")]
        if given.get("nonce") == "n0nce" and given["response"] == _md5(":".join([secret, *numbers, answer])):
            return script(request)
        return Reply(401, b"", {"WWW-Authenticate": 'Digest realm="calendars", qop="auth", nonce="n0nce", opaque="o"'})

    return guarded


def _md5(text: str) -> str:
    return hashlib.md5(text.encode()).hexdigest()


def always(reply: Reply) -> Callable[[Request], Reply]:
    return lambda _: reply


def unchanged(request: Request) -> Reply:
    """A calendar in which nothing changes."""
    return multistatus(token="http://server.example/7")


def collection(request: Request) -> Reply:
    """A server whose every URL leads to one principal with one home and one calendar."""
    calendar = "<resourcetype><collection/><C:calendar/></resourcetype><displayname>Coaching</displayname>"
    if request.headers.get("Depth") == "1":
        return multistatus(
            about("/dav/alice/", "<resourcetype><collection/></resourcetype>"), about(CALENDAR, calendar)
        )
    return multistatus(
        about(
            request.path,
            "<current-user-principal><href>/dav/principals/alice/</href></current-user-principal>",
            "<C:calendar-home-set><href>/dav/alice/</href></C:calendar-home-set>",
            "<C:calendar-user-address-set><href>mailto:Alice@Example.org</href></C:calendar-user-address-set>",
        )
    )
