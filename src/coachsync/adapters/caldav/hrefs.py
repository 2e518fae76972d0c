"""The names of objects on a server: one spelling for each resource, and nothing outside its collection.

Servers spell the same resource in different ways (percent-encoded or not, absolute, relative, in upper or lower case
hexadecimal), and an href is compared, stored and sent back: so it is brought to one form where it comes in. That form
is a path-absolute reference (RFC 3986 section 3.3) in which exactly the octets that need it are percent-encoded.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import quote_from_bytes, unquote_to_bytes, urlsplit

_PLAIN = re.compile(r"[A-Za-z0-9._~/-]*")
_AUTHORITY = re.compile(r"(?:https?:)?//(?P<authority>[^/?#]*)", re.IGNORECASE)
_PCHAR = "-._~!$&'()*+,;=:@"  # what a path segment may hold unencoded (RFC 3986 section 3.3)
_PORTS = {"http": 80, "https": 443}


def canonical(path: str) -> str:
    """The one spelling of a path; an encoded slash inside a segment stays encoded."""
    if _PLAIN.fullmatch(path):
        return path
    return "/".join(quote_from_bytes(unquote_to_bytes(segment), safe=_PCHAR) for segment in path.split("/"))


def origin(url: str) -> str:
    """Scheme, host and port of an absolute URL in one spelling, without a default port: `https://dav.example`.

    Empty when the URL makes no sense; so is the host name below. A user name in it is dropped.
    """
    try:
        parts = urlsplit(url)
        number = parts.port
    except ValueError:
        return ""
    host = parts.hostname or ""
    host = f"[{host}]" if ":" in host else host
    port = "" if number in (None, _PORTS.get(parts.scheme)) else f":{number}"
    return f"{parts.scheme}://{host}{port}"


def path(url: str) -> str:
    """The canonical path of an absolute URL; "/" when it makes no sense."""
    try:
        return canonical(urlsplit(url).path or "/")
    except ValueError:
        return "/"


def hostname(url: str) -> str:
    """The host of an absolute URL, lower case."""
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


def is_below(host: str, domain: str) -> bool:
    """Whether a host is a domain or below it (RFC 6764 section 8)."""
    return host == domain or host.endswith(f".{domain}")


@dataclass(frozen=True, slots=True)
class Folder:
    """A collection, as the place against which a server's hrefs are understood."""

    origin: str
    path: str  # canonical, ends with a slash

    @classmethod
    def at(cls, url: str) -> Folder:
        return cls(origin(url), path(url).rstrip("/") + "/")

    @property
    def url(self) -> str:
        return self.origin + self.path

    def resolve(self, href: str) -> str | None:
        """The canonical path an href means here; None when it names another host or climbs out with dot segments.

        A relative href is resolved by hand: `a:b.ics`, as Xandikos sends it, is a name and not a scheme.
        """
        href = href.strip()
        if authority := _AUTHORITY.match(href):
            if hostname(f"http://{authority['authority']}") != hostname(self.origin):
                return None
            href = href[authority.end() :] or "/"
        elif not href.startswith("/"):
            href = self.path + href.removeprefix("./")
        found = canonical(href)
        return None if "/../" in f"{found}/" or "/./" in f"{found}/" else found

    def is_itself(self, path: str) -> bool:
        return path.rstrip("/") == self.path.rstrip("/")

    def holds(self, path: str) -> bool:
        """Whether a canonical path is an object directly in this collection."""
        rest = path.removeprefix(self.path)
        return rest not in (path, "") and "/" not in rest


def absolute(href: str, base: str) -> str:
    """The absolute URL of an href that may name another host, as a calendar home may (RFC 4791 section 6.2.1).

    On the same host the scheme and port of `base` stay: a server behind a proxy does not always know its own.
    """
    href = href.strip()
    authority = _AUTHORITY.match(href)
    if authority and hostname(f"http://{authority['authority']}") != hostname(base):
        url = href if "://" in authority[0] else f"{urlsplit(base).scheme}:{href}"
        return origin(url) + path(url)
    return origin(base) + (Folder.at(base).resolve(href) or "/")
