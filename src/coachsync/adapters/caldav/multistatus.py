"""The XML of WebDAV and CalDAV: request bodies built, multistatus answers read (RFC 4918, RFC 4791, RFC 6578).

An answer comes from outside: entities are not resolved, no DTD is accepted, nothing is loaded, and libxml2's limits
stay on (a single text of more than 10 MB is refused).
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple

from lxml import etree

DAV = "{DAV:}"
CAL = "{urn:ietf:params:xml:ns:caldav}"
SERVER = "{http://calendarserver.org/ns/}"
APPLE = "{http://apple.com/ns/ical/}"
OWNCLOUD = "{http://owncloud.org/ns}"

ETAG, CTAG, DATA = f"{DAV}getetag", f"{SERVER}getctag", f"{CAL}calendar-data"

_RESPONSE, _HREF, _STATUS = f"{DAV}response", f"{DAV}href", f"{DAV}status"
_PROPSTAT, _PROP, _TOKEN = f"{DAV}propstat", f"{DAV}prop", f"{DAV}sync-token"
_PREFIXES = {"D": "DAV:", "C": "urn:ietf:params:xml:ns:caldav"}
_SABRE = "http://sabredav.org/ns"  # sabre/dav declares it in whatever it answers
_CLOSED = re.compile(rb"</(?:[\w.-]+:)?multistatus\s*>\s*\Z")
_DEEPEST = 20  # elements inside one another that are looked at; real properties have six
_SAFE = {
    "resolve_entities": False,
    "no_network": True,
    "load_dtd": False,
    "huge_tree": False,
    "remove_comments": True,
    "remove_pis": True,
}


class TruncatedError(ValueError):
    """The answer ends before its multistatus is closed."""


class UnreadableError(ValueError):
    """The answer is not a multistatus that can be read."""


class Node(NamedTuple):
    """An element inside a property: its name, its text, the elements in it."""

    tag: str
    text: str
    children: tuple[Node, ...]

    def has(self, *tags: str) -> bool:
        """Whether an element of one of these names is in it, at any depth."""
        return any(child.tag in tags or child.has(*tags) for child in self.children)

    def texts(self, tag: str) -> tuple[str, ...]:
        """The texts of the elements of this name in it, at any depth."""
        return tuple(
            text for child in self.children for text in ((child.text,) if child.tag == tag else child.texts(tag))
        )


class Prop(NamedTuple):
    """The value of a property: its text, the hrefs in it, the names of all elements in it, their `name` attributes;
    `children` is the same as a tree."""

    text: str
    hrefs: tuple[str, ...] = ()
    tags: frozenset[str] = frozenset()
    names: frozenset[str] = frozenset()
    children: tuple[Node, ...] = ()


@dataclass(frozen=True, slots=True)
class Response:
    """What an answer says about one resource: the status of the whole (None if only its properties have one), the
    properties it has, and the status of those it did not give."""

    href: str
    status: int | None
    found: Mapping[str, Prop]
    failed: Mapping[str, int]

    def text(self, tag: str) -> str:
        """The text of a property, stripped; empty when there is none."""
        return self.found[tag].text.strip() if tag in self.found else ""


@dataclass(frozen=True, slots=True)
class Multistatus:
    """An answer about several resources, and the sync token beside them (RFC 6578 section 6.4).

    `lost_returns`: it was written with CRLF, of which XML leaves LF, also in texts that are not XML's own (XML 1.0
    section 2.11): a server that means to keep a carriage return writes `&#13;`. Or it is of sabre/dav (Nextcloud,
    Baikal), which takes every carriage return out of a text that it puts into XML.
    """

    responses: tuple[Response, ...]
    sync_token: str | None
    lost_returns: bool = False


def propfind(tags: Iterable[str]) -> bytes:
    """A PROPFIND body that asks for these properties."""
    root = _element(f"{DAV}propfind")
    _props(root, tags)
    return _bytes(root)


def allprop() -> bytes:
    """A PROPFIND body that asks for whatever the server tells on its own (RFC 4918 section 14.2)."""
    root = _element(f"{DAV}propfind")
    _child(root, f"{DAV}allprop")
    return _bytes(root)


def sync_collection(token: str) -> bytes:
    """A sync-collection REPORT for ETags, one level deep; an empty token asks for everything.

    Never with a limit: Xandikos answers a limited request with a token that is already at the end.
    """
    root = _element(f"{DAV}sync-collection")
    _child(root, f"{DAV}sync-token", token)
    _child(root, f"{DAV}sync-level", "1")
    _props(root, (ETAG,))
    return _bytes(root)


def multiget(hrefs: Iterable[str]) -> bytes:
    """A calendar-multiget REPORT for ETag and text of these objects."""
    root = _element(f"{CAL}calendar-multiget")
    _props(root, (ETAG, DATA))
    for href in hrefs:
        _child(root, f"{DAV}href", href)
    return _bytes(root)


def query_events(tags: Iterable[str]) -> bytes:
    """A calendar-query REPORT (RFC 4791 section 7.8) for every event, with these properties."""
    root = _element(f"{CAL}calendar-query")
    _props(root, tags)
    inside = _child(root, f"{CAL}filter")
    for component in ("VCALENDAR", "VEVENT"):
        inside = _child(inside, f"{CAL}comp-filter")
        inside.set("name", component)
    return _bytes(root)


def mkcalendar(name: str) -> bytes:
    """A MKCALENDAR body for a calendar of events with a display name."""
    root = _element(f"{CAL}mkcalendar")
    prop = _child(_child(root, f"{DAV}set"), f"{DAV}prop")
    _child(prop, f"{DAV}displayname", "".join(character for character in name if character.isprintable()))
    _child(_child(prop, f"{CAL}supported-calendar-component-set"), f"{CAL}comp").set("name", "VEVENT")
    return _bytes(root)


def read(body: bytes) -> Multistatus:
    """Read a multistatus answer. Raises TruncatedError or UnreadableError."""
    responses: list[Response] = []
    token: str | None = None
    events = etree.iterparse(io.BytesIO(body), tag=(_RESPONSE, _TOKEN), **_SAFE)
    try:
        for _, element in events:
            if element.tag == _RESPONSE:
                responses.extend(_responses(element))
                _forget(element)
            elif element.getparent().tag == f"{DAV}multistatus":
                token = (element.text or "").strip() or None
    except etree.XMLSyntaxError:
        raise (UnreadableError if _CLOSED.search(body) else TruncatedError) from None
    if events.root.tag != f"{DAV}multistatus" or events.root.getroottree().docinfo.doctype:
        raise UnreadableError
    return Multistatus(tuple(responses), token, b"\r\n" in body or _SABRE in events.root.nsmap.values())


def preconditions(body: bytes) -> frozenset[str]:
    """The conditions a DAV:error body names (RFC 4918 section 16); empty when there is no such body."""
    try:
        root = etree.fromstring(body, etree.XMLParser(**_SAFE))
    except (etree.XMLSyntaxError, ValueError):
        return frozenset()
    return frozenset(str(child.tag) for child in root) if root.tag == f"{DAV}error" else frozenset()


def _responses(element: Any) -> Iterator[Response]:
    """One Response for each href: a removed member may share its status with others (RFC 4918 section 14.24)."""
    hrefs: list[str] = []
    status: int | None = None
    found: dict[str, Prop] = {}
    failed: dict[str, int] = {}
    for child in element:
        tag = child.tag
        if tag == _HREF:
            hrefs.append(child.text or "")
        elif tag == _STATUS:
            status = _status(child.text)
        elif tag == _PROPSTAT:
            _propstat(child, found, failed)
    for href in hrefs:
        yield Response(href, status, found, failed)


def _propstat(element: Any, found: dict[str, Prop], failed: dict[str, int]) -> None:
    """Sort the properties of a propstat by its status."""
    status, values = 0, []
    for child in element:
        tag = child.tag
        if tag == _PROP:
            values += child
        elif tag == _STATUS:
            status = _status(child.text)
    for value in values:
        if status == 200:  # noqa: PLR2004 - the status code is the plainest name of itself
            found[value.tag] = _value(value) if len(value) else Prop(value.text or "")
        else:
            failed[value.tag] = status


def _value(element: Any) -> Prop:
    inner = [child for child in element.iterdescendants() if isinstance(child.tag, str)]
    hrefs = tuple(child.text or "" for child in inner if child.tag == _HREF)
    names = frozenset(name for child in inner if (name := child.get("name")))
    return Prop(element.text or "", hrefs, frozenset(child.tag for child in inner), names, _tree(element))


def _tree(element: Any, depth: int = 0) -> tuple[Node, ...]:
    children = (child for child in element if isinstance(child.tag, str))
    return (
        ()
        if depth == _DEEPEST
        else tuple(Node(child.tag, (child.text or "").strip(), _tree(child, depth + 1)) for child in children)
    )


@lru_cache(maxsize=64)
def _status(line: str | None) -> int:
    """The code in a status line such as `HTTP/1.1 200 OK`; 0 when it cannot be told."""
    words = (line or "").split()
    return int(words[1]) if len(words) > 1 and words[1].isdigit() else 0


def _forget(element: Any) -> None:
    """Free what has been read, so that a long answer does not stay in memory as a tree."""
    element.clear()
    while element.getprevious() is not None:
        element.getparent().remove(element.getprevious())


def _props(parent: Any, tags: Iterable[str]) -> None:
    prop = _child(parent, f"{DAV}prop")
    for tag in tags:
        _child(prop, tag)


def _element(tag: str) -> Any:
    return etree.Element(tag, nsmap=_PREFIXES)


def _child(parent: Any, tag: str, text: str | None = None) -> Any:
    child = etree.SubElement(parent, tag)
    child.text = text
    return child


def _bytes(root: Any) -> bytes:
    return bytes(etree.tostring(root, xml_declaration=True, encoding="utf-8"))
