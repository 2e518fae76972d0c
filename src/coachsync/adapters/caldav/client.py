"""A calendar server over CalDAV (RFC 4791): the calendars of one account, read and written.

What each kind of server does differently is handled where it shows: hrefs in `hrefs.py`, tokens and ctags in
`listing.py`, batches in `multiget.py`, logging in and redirects in `transport.py`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Set
from dataclasses import replace
from functools import partial
from http import HTTPStatus
from pathlib import Path
from typing import TypeVar

from coachsync.adapters.caldav import (
    delegation,
    everything,
    hrefs,
    listing,
    multiget,
    nextcloud_trash,
    principal,
    sharing,
)
from coachsync.adapters.caldav.dav import Dav, Told
from coachsync.adapters.caldav.lanes import Lanes
from coachsync.adapters.caldav.multistatus import APPLE, CAL, DAV, OWNCLOUD, Prop, Response
from coachsync.adapters.caldav.network_errors import truncated
from coachsync.adapters.caldav.software import recognise, unconditional
from coachsync.adapters.caldav.transport import Scheme, Transport
from coachsync.adapters.calendars import CalendarServer
from coachsync.errors import CoachsyncError, Misconfigured, NotThere, Refused, Stale, Temporary
from coachsync.model import Collection, Grant, Item, Listing, Principal, Software
from coachsync.model import Told as Text
from coachsync.phrases import say

T = TypeVar("T")

# What asks a server to write to nobody: RFC 6638 section 8.1 (also sabre/dav, for every change), Cyrus, Nextcloud 31.
_QUIET = {
    "Schedule-Reply": "F",
    "Scheduling-Enabled": "F",
    "X-NC-Scheduling": "false",
}
_MAYBE_NO_CALENDAR = ("forbidden", "refused")  # what Cyrus (403) and DAViCal (405) answer to a PUT into nothing
_BATCHES = 2  # read at once: each is in memory with its text, its tree and its objects
_TYPE, _NAME = f"{DAV}resourcetype", f"{DAV}displayname"
_DESCRIPTION, _COLOUR = f"{CAL}calendar-description", f"{APPLE}calendar-color"
_REPORTS, _COMPONENTS = f"{DAV}supported-report-set", f"{CAL}supported-calendar-component-set"
_IDS = (f"{DAV}resource-id", f"{OWNCLOUD}id")
_IDENTITY = (*_IDS, f"{DAV}owner")
_DESCRIBED = (_TYPE, _NAME, _DESCRIPTION, _COLOUR, _REPORTS, _COMPONENTS, *_IDENTITY)


class CalDav:
    """One account on one CalDAV server; see `CalendarServer` for what each method promises.

    `url` may be the server's root, a DAV root, a principal, a calendar home or a calendar. `timeout` is in seconds, to
    connect and for each read; a whole listing may take ten times as long to begin. `ca_file` replaces the system's
    certificate authorities. `scheme` is what an earlier process negotiated: it saves a refused request. No proxy is
    used: the environment's settings are not read. `renewing` is what a refused login tells the coach aside.
    """

    def __init__(
        self,
        url: str,
        username: str,
        password: str,
        timeout: float = 30,
        ca_file: Path | None = None,
        scheme: Scheme | None = None,
        renewing: str = "",
    ) -> None:
        self._url = hrefs.origin(url) + hrefs.path(url)
        self._again = partial(CalDav, url, username, password, timeout, ca_file, renewing=renewing)
        self._transport = Transport(url, username, password, timeout, ca_file, scheme, renewing)
        self._dav = Dav(self._transport)
        self._principal: Principal | None = None
        self._origins: dict[str, str] = {}  # of collections met: where the objects in them are
        self._lanes: Lanes[CalDav] = Lanes(self, self._another)

    @property
    def scheme(self) -> Scheme | None:
        """The authentication scheme the server asked for, to be remembered; None when it has not asked yet."""
        return self._transport.scheme

    def whoami(self) -> Principal:
        found = principal.discover(self._transport, self._dav, self._url)
        software, schedules = self.recognised(found.homes[0])
        self._principal = replace(found, software=software, schedules=schedules)
        return self._principal

    def recognised(self, home: str) -> tuple[Software, bool]:
        try:
            answer = self._transport.send("OPTIONS", self._trusted(home))
        except CoachsyncError as problem:
            if isinstance(problem, Temporary | Refused):
                raise
            return recognise(home, {})
        return recognise(home, answer.headers)

    def collections(self) -> tuple[Collection, ...]:
        known = self._principal or self.whoami()
        return tuple(
            calendar
            for home in known.homes
            for calendar in self._described(self._dav.propfind(self._own(home), _DESCRIBED, depth=1))
        )

    def collection(self, url: str) -> Collection:
        for calendar in self._described(self._dav.propfind(self._own(url), _DESCRIBED)):
            return calendar
        raise NotThere("not-a-calendar", say("What is there is not a calendar."), say("Check the calendar's url."))

    def exposure(self, url: str) -> tuple[Grant, ...]:
        asked = self._dav.propfind(self._own(url), sharing.ASKED)
        return sharing.exposure(asked)

    def delegates(self, principal: str) -> tuple[Grant, ...]:
        return delegation.delegates(self._dav, self._trusted(principal))

    def everything(self, url: str) -> tuple[Text, ...]:
        return everything.told(self._dav, self._own(url))

    def queried(self, url: str) -> frozenset[str] | None:
        return everything.queried(self._dav, self._own(url))

    def changes(self, url: str, token: str | None) -> Listing:
        return listing.changes(self._dav, self._own(url), token)

    def fetch(self, url: str, hrefs: Iterable[str]) -> Iterator[Item]:
        tasks = multiget.batches(self._own(url), hrefs)
        return multiget.collected(self._lanes.run((partial(_asked, ask) for ask in tasks), ahead=1, most=_BATCHES))

    def together(self, tasks: Iterable[Callable[[CalendarServer], T]]) -> Generator[T, None, None]:
        return self._lanes.run(tasks)

    def create(self, href: str, body: bytes, *, notify: bool = False) -> str | None:
        url = self._at(href)
        if unconditional(url) and multiget.current_etag(self._dav, url) is not None:
            raise Stale("stale", say("There is another entry at this place already."))
        condition = {"If-None-Match": "*", **_letters(notify=notify)}
        try:
            answer = self._dav.put(url, body, condition)
        except CoachsyncError as problem:
            if problem.code in _MAYBE_NO_CALENDAR and not self._exists(url.rpartition("/")[0] + "/"):
                raise NotThere("not-there", say("The calendar does not exist on the server.")) from None
            raise
        return multiget.strong(answer.headers.get("ETag"))

    def update(self, href: str, body: bytes, etag: str, *, notify: bool = False) -> str | None:
        if not etag:
            raise Stale("stale", say("An entry whose version is unknown is not written over."))
        url = self._at(href)
        if unconditional(url) and multiget.current_etag(self._dav, url) is None:
            raise _gone()
        try:
            answer = self._dav.put(url, body, {"If-Match": etag, **_letters(notify=notify)})
        except NotThere:  # what is gone has no version that could match (RFC 9110 section 13.1.1)
            raise _gone() from None
        return multiget.strong(answer.headers.get("ETag"))

    def remove(self, href: str, etag: str, *, notify: bool = False) -> bool:
        if not etag:
            raise Stale("stale", say("An entry whose version is unknown is not deleted."))
        url = self._at(href)
        if unconditional(url) and multiget.current_etag(self._dav, url) not in (None, etag):
            raise Stale("stale", say("The entry on the server is not the version that this was meant for."))
        try:
            self._dav.delete(url, {"If-Match": etag, **_letters(notify=notify)})
        except NotThere:
            return False
        except Stale:  # sabre/dav 1.8 says so too of what is not there
            if multiget.current_etag(self._dav, url) is None:
                return False
            raise
        return True

    def in_trash(self, url: str, uids: Set[str] | None) -> tuple[Item, ...]:
        return nextcloud_trash.in_trash(self._dav, self._own(url), uids)

    def etag(self, href: str) -> str | None:
        return multiget.current_etag(self._dav, self._at(href))

    def make(self, url: str, name: str) -> None:
        """An existing URL is refused with 405, 409 (Radicale) or 403 (Xandikos, Cyrus): a look tells which it is."""
        try:
            self._dav.mkcalendar(self._own(url), name)
        except CoachsyncError as problem:
            if problem.code not in ("forbidden", "refused") or not self._exists(url):
                raise
            raise Stale("exists", say("There is something at this address already.")) from None

    def destroy(self, url: str) -> None:
        self._dav.delete(self._own(url), {**_QUIET, "X-NC-CalDAV-No-Trashbin": "1"})

    def abandon(self) -> None:
        """End what is under way with an error; called from another thread."""
        self._transport.abandon()

    def close(self) -> None:
        self._lanes.close()
        self._transport.close()

    def _another(self) -> CalDav:
        """A connection of its own to the same account, logging in as this one does."""
        lane = self._again(self.scheme)
        lane._origins = self._origins
        return lane

    def _own(self, url: str) -> str:
        """A collection's URL, once it is clear that the credential may go there."""
        place = hrefs.Folder.at(self._trusted(url))
        self._origins[place.path] = place.origin
        return place.url

    def _trusted(self, url: str) -> str:
        if not principal.trusted(url, self._url):
            raise Misconfigured(
                "url-elsewhere", say("The calendar is not on the account's server."), say("Check its url.")
            )
        return url

    def _at(self, href: str) -> str:
        """The URL of an object: as given, else where its collection was met, else on the account's own host."""
        if not href.startswith("/"):
            return self._trusted(href)
        return self._origins.get(href.rpartition("/")[0] + "/", hrefs.origin(self._url)) + href

    def _exists(self, url: str) -> bool:
        try:
            return bool(self._dav.propfind(url, (_TYPE,)).status.responses)
        except NotThere:
            return False

    def _described(self, told: Told) -> Iterator[Collection]:
        """The calendars among the resources of an answer: no inboxes, none that Nextcloud has in its trash."""
        seen: set[str] = set()
        for response in told.status.responses:
            path = told.folder.resolve(response.href)
            if path is None or _TYPE not in response.found or path.rstrip("/") in seen:
                continue
            seen.add(path.rstrip("/"))
            if f"{CAL}calendar" in response.found[_TYPE].tags:
                yield _collection(told.folder.origin + path.rstrip("/") + "/", response)


def _gone() -> Stale:
    return Stale("stale", say("The entry is no longer on the server."))


def _letters(*, notify: bool) -> Mapping[str, str]:
    return {} if notify else _QUIET


def _asked(ask: Callable[[Dav], T], lane: CalDav) -> T:
    """A task on requests, done on the lane that it was given."""
    return ask(lane._dav)


def _collection(url: str, response: Response) -> Collection:
    components = response.found.get(_COMPONENTS)
    reports = response.found.get(_REPORTS)
    return Collection(
        url,
        name=response.text(_NAME),
        description=response.text(_DESCRIPTION),
        colour=response.text(_COLOUR),
        identity=_identity(response),
        own_id=any(tag in response.found and _stated(response.found[tag]) for tag in _IDS),
        sync_collection=reports is not None and f"{DAV}sync-collection" in reports.tags,
        events=components is None or not components.names or "VEVENT" in components.names,
    )


def _identity(response: Response) -> str:
    """What tells this collection from another at the same URL: a hash of its own id and its owner, as far as told.

    Raises Temporary when the server failed to tell: that is no sign of another collection.
    """
    if any(response.failed.get(tag, 0) >= HTTPStatus.INTERNAL_SERVER_ERROR for tag in _IDENTITY):
        raise truncated()
    known = [(tag, _stated(response.found[tag])) for tag in _IDENTITY if tag in response.found]
    told = [f"{tag} {said}" for tag, said in known if said]
    return hashlib.sha256("\n".join(told).encode()).hexdigest()[:32] if told else ""


def _stated(prop: Prop) -> str:
    return f"{prop.text.strip()} {' '.join(prop.hrefs)}" if prop.text.strip() or prop.hrefs else ""
