"""Addresses of servers and collections: which are refused, and when two name the same place."""

from __future__ import annotations

import unicodedata
from contextlib import suppress
from posixpath import normpath
from urllib.parse import SplitResult, quote, unquote, urljoin, urlsplit

from coachsync.loopback import is_loopback
from coachsync.phrases import say

_PORTS = {"http": 80, "https": 443}
_UNSAFE = ("Cc", "Zs", "Zl", "Zp", "Cf")


def wrong(url: str) -> tuple[str, str, str] | None:
    """Why an absolute URL is refused (code, message, hint), None when it is fine."""
    parts = _split(url)
    if parts is None or any(unicodedata.category(character) in _UNSAFE for character in url):
        return "bad-url", say("This is not an address."), say("Copy it from your calendar program, without spaces.")
    if parts.scheme not in _PORTS or not parts.hostname:
        return (
            "bad-url",
            say("This is not the address of a server."),
            say('It begins with "https://" and the name of the server.'),
        )
    if "@" in parts.netloc:
        return (
            "credentials-in-url",
            say("An address must hold no user name or password."),
            say("Use username and password."),
        )
    if parts.query or parts.fragment:
        return "bad-url", say('An address of a calendar has no "?" or "#" part.'), say("Leave that part away.")
    if parts.scheme == "http" and not is_loopback(parts.hostname):
        return "no-tls", say("The password would travel unencrypted."), say('Use "https://".')
    return None


def wrong_collection(url: str) -> tuple[str, str, str] | None:
    """The same for a collection's URL, which may be relative to that of its account."""
    if not url.strip():
        return (
            "bad-url",
            say("The address is empty."),
            say("Give name instead, or copy the address from your calendar program."),
        )
    parts = _split(url)
    return wrong(url if parts is None or parts.scheme else urljoin("https://server.invalid/", url))


def wrong_link(url: str) -> tuple[str, str, str] | None:
    """The same for a public link, which lets in whoever has it: it may have a part after "?"."""
    if urlsplit(url).query if _split(url) else False:
        url = url.partition("?")[0]
    fault = wrong(url)
    if fault is not None and fault[0] == "no-tls":
        return "no-tls", say("What the link shows would travel unencrypted."), fault[2]
    return fault


def same(base: str, url: str = "") -> str:
    """One spelling for every way to write a place: two URLs that name it give the same text."""
    parts = urlsplit(urljoin(base, url))
    host = (parts.hostname or "").rstrip(".")
    with suppress(UnicodeError):
        host = host.encode("idna").decode()
    port = parts.port or _PORTS.get(parts.scheme)
    path = normpath("/" + quote(unquote(parts.path), safe="/")).replace("//", "/")
    return f"{parts.scheme}://{host}:{port}{path}"


def _split(url: str) -> SplitResult | None:
    try:
        parts = urlsplit(url)
        return parts if parts.port != 0 else None
    except ValueError:
        return None
