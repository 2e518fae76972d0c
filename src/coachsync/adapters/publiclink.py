"""What a public link gives to somebody who has nothing but the link: no login, no cookie, no other host.

HTTP is the standard library's: certificates verified, no proxy and no .netrc out of the environment, no answer of
unbounded size. The link itself is a secret that lets anybody in: it is in no error.
"""

from __future__ import annotations

import http.client
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from urllib.parse import urljoin, urlsplit

from coachsync.adapters.caldav import everything, hrefs, multistatus
from coachsync.adapters.caldav.network_errors import network_error
from coachsync.adapters.tls import trusting
from coachsync.errors import CoachsyncError, Misconfigured, NotThere, Temporary
from coachsync.loopback import is_loopback
from coachsync.model import Told
from coachsync.phrases import say

_LIMIT = 64 << 20  # bytes of one answer
_MOST_REDIRECTS = 3
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_BUSY = frozenset({HTTPStatus.TOO_MANY_REQUESTS, *range(500, 600)})
# The page that Nextcloud shows for a link, and where the calendar behind it is.
_NEXTCLOUD_PAGE = re.compile(r"(?P<base>.*?/)(?:index\.php/)?apps/calendar/(?:p|embed)/(?P<token>[^/?#]+)[^?#]*")


@dataclass(frozen=True, slots=True)
class Given:
    """What somebody with the link gets: calendars that it exports, properties of the collection, heads of answers by
    name, and whatever else came as text."""

    calendars: tuple[bytes, ...]
    told: tuple[Told, ...]
    heads: tuple[tuple[str, str], ...]
    pages: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class _Answer:
    status: int
    heads: tuple[tuple[str, str], ...]
    body: bytes

    @property
    def is_calendar(self) -> bool:
        return (
            self.status == HTTPStatus.OK and self.body.lstrip(b"\xef\xbb\xbf\r\n ")[:15].upper() == b"BEGIN:VCALENDAR"
        )


def look(link: str, timeout: float = 30, ca_file: Path | None = None) -> Given:
    """Open a public link as anybody can: the link, what it lists as a DAV collection, and its export as a calendar.

    Raises NotThere when nothing is there, Temporary for trouble with the network, CoachsyncError when it gives no
    calendar.
    """
    anybody = _Anybody(timeout, ca_file)
    page = anybody.ask("GET", link)
    answers = [page]
    told: list[Told] = []
    for url in _collections(link):
        listing = anybody.ask("PROPFIND", url, multistatus.allprop(), {"Depth": "1", "Content-Type": "application/xml"})
        answers.append(listing)
        told += _told(listing)
        if listing.status == HTTPStatus.MULTI_STATUS or not page.is_calendar:
            answers.append(anybody.ask("GET", f"{url.partition('?')[0]}?export"))
    if all(answer.status in (HTTPStatus.NOT_FOUND, HTTPStatus.GONE) for answer in answers):
        raise NotThere("public-link-missing", say("Nothing is there any more."), say("Check the share's public_link."))
    calendars = tuple(dict.fromkeys(answer.body for answer in answers if answer.is_calendar))
    if not calendars:
        raise CoachsyncError(
            "public-link-no-calendar",
            say("The public link gives no calendar."),
            say("Copy the link for subscribers, which ends in ?export or .ics, into public_link."),
        )
    heads = tuple(dict.fromkeys(head for answer in answers for head in answer.heads))
    pages = tuple(answer.body for answer in answers if not answer.is_calendar and answer.status == HTTPStatus.OK)
    return Given(calendars, tuple(told), heads, pages)


def _collections(link: str) -> Iterator[str]:
    page = _NEXTCLOUD_PAGE.fullmatch(link)
    if page:
        yield f"{page['base']}remote.php/dav/public-calendars/{page['token']}"
    elif not urlsplit(link).path.endswith(".ics"):
        yield link


def _told(listing: _Answer) -> Iterator[Told]:
    try:
        responses = multistatus.read(listing.body).responses if listing.status == HTTPStatus.MULTI_STATUS else ()
    except (multistatus.TruncatedError, multistatus.UnreadableError):
        return
    for href, name, text in everything.texts(responses):
        yield Told(href, name, text)


class _Anybody:
    """Somebody without a login."""

    def __init__(self, timeout: float, ca_file: Path | None) -> None:
        self._timeout, self._ca_file = timeout, ca_file

    def ask(
        self, method: str, url: str, body: bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> _Answer:
        """One request, and where it is redirected to on the same host."""
        for _ in range(1 + _MOST_REDIRECTS):
            answer = self._exchange(method, url, body, headers or {})
            if answer.status in _BUSY:
                raise Temporary("server-unavailable", say("The server asks us to come back later."))
            if answer.status not in _REDIRECTS:
                return answer
            there = urljoin(url, dict(answer.heads).get("location", ""))
            if hrefs.hostname(there) != hrefs.hostname(url):
                raise CoachsyncError(
                    "redirect-elsewhere",
                    say("The public link leads to another host; nothing was asked of it."),
                    say("Check the share's public_link."),
                )
            url = there
        raise Temporary("too-many-redirects", say("The server redirects in a circle."))

    def _exchange(self, method: str, url: str, body: bytes | None, headers: Mapping[str, str]) -> _Answer:
        connection = self._connect(url)
        parts = urlsplit(url)
        try:
            connection.request(
                method, (parts.path or "/") + (f"?{parts.query}" if parts.query else ""), body, dict(headers)
            )
            answer = connection.getresponse()
            content = answer.read(_LIMIT + 1)
        except (OSError, ValueError, http.client.HTTPException) as problem:
            raise network_error(problem) from None
        finally:
            connection.close()
        if len(content) > _LIMIT:
            raise CoachsyncError("answer-too-large", say("The server's answer is larger than can be read safely."))
        return _Answer(answer.status, tuple((name.lower(), value) for name, value in answer.getheaders()), content)

    def _connect(self, url: str) -> http.client.HTTPConnection:
        parts = urlsplit(url)
        host = parts.hostname or ""
        if parts.scheme == "https":
            return http.client.HTTPSConnection(host, parts.port, timeout=self._timeout, context=trusting(self._ca_file))
        if parts.scheme != "http" or not is_loopback(host):
            raise Misconfigured("no-tls", say("What the link shows would travel unencrypted."), say('Use "https://".'))
        return http.client.HTTPConnection(host, parts.port, timeout=self._timeout)
