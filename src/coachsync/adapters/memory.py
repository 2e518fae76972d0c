"""A calendar server in memory, for tests: it keeps the promises of `CalendarServer`, and fails on request.

What it says is always true of what it holds, unless a test asks for a server that misbehaves: `MemoryServer.fail`,
`show_half` and `forget_history` stand for faults that have been seen on real ones.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Generator, Iterable, Iterator, Set
from dataclasses import dataclass, field
from typing import TypeVar
from urllib.parse import urlsplit

from coachsync import contentline
from coachsync.adapters.calendars import CalendarServer
from coachsync.errors import CoachsyncError, NotThere, Refused, Stale, Temporary
from coachsync.model import Collection, Grant, Item, Listing, Principal, Software, Told
from coachsync.phrases import say

T = TypeVar("T")


@dataclass(slots=True)
class _Calendar:
    """A collection: its objects as (ETag, text), and at which revision each href was last touched."""

    about: Collection
    objects: dict[str, tuple[str, bytes]] = field(default_factory=dict)
    touched: dict[str, int] = field(default_factory=dict)
    revision: int = 0
    exposure: tuple[Grant, ...] = ()
    said: dict[str, str] = field(default_factory=dict)  # what else it tells of itself, by property
    history: int = 0  # goes up when the server forgets: tokens of an earlier history are refused


@dataclass(slots=True)
class _Failing:
    """A method that raises instead of answering, this many times more."""

    method: str
    error: CoachsyncError
    left: int


class MemoryServer:
    """The server: shared by the accounts of its users. Its changes by other clients are `store` and `delete`."""

    def __init__(self, url: str = "https://calendar.example/") -> None:
        self.url = url
        self.requests: Counter[str] = Counter()  # by method of CalendarServer
        self.letters = 0  # how often it was allowed to write to attendees
        self.software = Software.OTHER  # what it says that it is, and whether it writes to people by itself
        self.schedules = False
        self.delegates: tuple[Grant, ...] = ()  # of every account
        self.has_trash = False  # whether it refuses a UID that was deleted until that is out of its trash (Nextcloud)
        self.shut: set[str] = set()  # the calendars that nobody but their owner gets
        self.has_ids = True  # whether it tells one collection of an owner from another (Radicale does not)
        self._trash: dict[str, tuple[str, str, bytes]] = {}  # by href: the calendar, the ETag, the text
        self._calendars: dict[str, _Calendar] = {}
        self._made = 0
        self._failures: list[_Failing] = []
        self._hidden: dict[str, frozenset[str]] = {}

    def account(self, username: str) -> MemoryCalendars:
        """One user's view; the user's calendars lie under `home`."""
        return MemoryCalendars(self, username)

    def home(self, username: str) -> str:
        return f"{self.url}{username}/"

    def add(self, url: str, name: str = "", owner: str = "") -> None:
        """Make a calendar. Raises Stale when there is one."""
        if url in self._calendars:
            raise Stale("exists", say("There is something at this address already."))
        self._made += 1
        owner = owner or urlsplit(url).path.split("/")[1]
        identity = f"{owner}:{self._made}" if self.has_ids else owner
        about = Collection(url, name, identity=identity, own_id=self.has_ids, sync_collection=True)
        self._calendars[url] = _Calendar(about, history=self._made)

    def drop(self, url: str) -> None:
        """Delete a calendar: every question about it is answered with NotThere."""
        self._calendars.pop(url, None)

    def store(self, url: str, href: str, body: bytes) -> str:
        """Put an object there, whatever was there before; its new ETag."""
        calendar = self.calendar(url)
        calendar.revision += 1
        etag = f'"{calendar.about.identity}-{calendar.revision}"'
        calendar.objects[href] = (etag, body)
        calendar.touched[href] = calendar.revision
        return etag

    def delete(self, url: str, href: str) -> None:
        """Take an object away."""
        calendar = self.calendar(url)
        calendar.revision += 1
        etag, body = calendar.objects.pop(href)
        if self.has_trash:
            self._trash[f"/trashbin/{calendar.about.identity}-{calendar.revision}.ics"] = (url, etag, body)
        calendar.touched[href] = calendar.revision

    def empty(self, url: str) -> None:
        """Take every object away: the collection stays, and says so."""
        for href in list(self.calendar(url).objects):
            self.delete(url, href)

    def objects(self, url: str) -> dict[str, bytes]:
        """What the calendar holds, by href."""
        return {href: body for href, (_, body) in self.calendar(url).objects.items()}

    def fail(self, method: str, error: CoachsyncError, times: int = 1) -> None:
        """The next calls of this method raise `error` instead of answering."""
        self._failures.append(_Failing(method, error, times))

    def expose(self, url: str, *grants: Grant) -> None:
        """Let these others see a calendar, and nobody else."""
        self.calendar(url).exposure = grants

    def forget_history(self, url: str) -> None:
        """Every token handed out for this calendar is refused from now on."""
        self._made += 1
        self.calendar(url).history = self._made

    def show_half(self, url: str, hidden: Iterable[str] = ()) -> None:
        """Complete listings leave these objects out, as if the storage were read only in part; () ends it."""
        self._hidden[url] = frozenset(hidden)

    def calendar(self, url: str) -> _Calendar:
        try:
            return self._calendars[url]
        except KeyError:
            raise NotThere("not-there", say("The server says that this does not exist.")) from None

    def calendars(self, home: str) -> tuple[Collection, ...]:
        return tuple(calendar.about for url, calendar in self._calendars.items() if url.startswith(home))

    def holder(self, href: str) -> tuple[str, _Calendar]:
        """The calendar an object lies in."""
        url = self.url.rstrip("/") + href.rpartition("/")[0] + "/"
        return url, self.calendar(url)

    def listing(self, url: str, token: str | None) -> Listing:
        """What changed since the token; everything when it is None or of another collection or history."""
        calendar = self.calendar(url)
        history = f"sync:{calendar.about.identity}/{calendar.history}/"
        now = f"{history}{calendar.revision}"
        since = token.removeprefix(history) if token else ""
        if not token or since == token or int(since) > calendar.revision:
            hidden = self._hidden.get(url, frozenset())
            shown = {href: etag for href, (etag, _) in calendar.objects.items() if href not in hidden}
            return Listing(shown, complete=True, token=now, refused=bool(token))
        touched = {href for href, revision in calendar.touched.items() if revision > int(since)}
        there = {href: calendar.objects[href][0] for href in touched if href in calendar.objects}
        return Listing(there, gone=frozenset(touched - there.keys()), token=now)

    def trashed(self, url: str, uids: Set[str] | None) -> tuple[Item, ...]:
        """What of a calendar and of these UIDs (any when None) lies in the trash."""
        mine = (Item(href, etag, body) for href, (of, etag, body) in self._trash.items() if of == url)
        return tuple(item for item in mine if uids is None or contentline.uid(item.body) in uids)

    def discard(self, href: str, etag: str) -> bool:
        """Take a version of something out of the trash for good; whether it was there."""
        if href not in self._trash:
            return False
        if self._trash[href][1] != etag:
            raise _stale()
        del self._trash[href]
        return True

    def called(self, method: str) -> None:
        """Count a request, and fail it when a test has asked for that."""
        self.requests[method] += 1
        for failing in self._failures:
            if failing.method == method and failing.left:
                failing.left -= 1
                raise failing.error


class MemoryCalendars:
    """One account on a MemoryServer; see `CalendarServer` for what each method promises."""

    def __init__(self, server: MemoryServer, username: str) -> None:
        self._server = server
        self._username = username

    @property
    def scheme(self) -> str | None:
        """It takes no password."""
        return None

    def whoami(self) -> Principal:
        self._server.called("whoami")
        if not self._username:
            raise Refused("login-refused", say("The server refuses the user name or password."))
        home = self._server.home(self._username)
        own = frozenset({f"mailto:{self._username}@calendar.example"})
        return Principal(home, (home,), own, self._server.software, self._server.schedules)

    def recognised(self, home: str) -> tuple[Software, bool]:
        self._server.called("recognised")
        if home != self._server.home(self._username):
            return Software.OTHER, True
        return self._server.software, self._server.schedules

    def collections(self) -> tuple[Collection, ...]:
        self._server.called("collections")
        return self._server.calendars(self._server.home(self._username))

    def collection(self, url: str) -> Collection:
        self._server.called("collection")
        if url in self._server.shut and not url.startswith(self._server.home(self._username)):
            raise NotThere("not-there", say("The server says that this does not exist."))
        return self._server.calendar(url).about

    def exposure(self, url: str) -> tuple[Grant, ...]:
        self._server.called("exposure")
        return self._server.calendar(url).exposure

    def delegates(self, principal: str) -> tuple[Grant, ...]:
        self._server.called("delegates")
        return self._server.delegates if principal == self._server.home(self._username) else ()

    def everything(self, url: str) -> tuple[Told, ...]:
        self._server.called("everything")
        calendar = self._server.calendar(url)
        about, path = calendar.about, urlsplit(url).path
        own = {"displayname": about.name, "calendar-description": about.description, "calendar-color": about.colour}
        told = [Told(path, name, text) for name, text in {**own, **calendar.said}.items() if text]
        return (*told, *(Told(href, "getetag", etag) for href, (etag, _) in calendar.objects.items()))

    def queried(self, url: str) -> frozenset[str] | None:
        self._server.called("queried")
        return frozenset(self._server.calendar(url).objects)

    def changes(self, url: str, token: str | None) -> Listing:
        self._server.called("changes")
        return self._server.listing(url, token)

    def fetch(self, url: str, hrefs: Iterable[str]) -> Iterator[Item]:
        hrefs = tuple(hrefs)
        if not hrefs:  # nothing to ask for
            return
        self._server.called("fetch")
        calendar = self._server.calendar(url)
        for href in hrefs:
            if href in calendar.objects:
                yield Item(href, *calendar.objects[href])

    def together(self, tasks: Iterable[Callable[[CalendarServer], T]]) -> Generator[T, None, None]:
        """One after the other: there is nothing to wait for."""
        for task in tasks:
            yield task(self)

    def create(self, href: str, body: bytes, *, notify: bool = False) -> str | None:
        self._server.called("create")
        self._server.letters += notify
        href = urlsplit(href).path
        url, calendar = self._server.holder(href)
        if href in calendar.objects:
            raise _stale()
        if self._server.trashed(url, {contentline.uid(body)} - {""}):
            raise Temporary("server-error", say("The server failed with status {status}.", status=500))
        return self._server.store(url, href, body)

    def update(self, href: str, body: bytes, etag: str, *, notify: bool = False) -> str | None:
        self._server.called("update")
        self._server.letters += notify
        href = urlsplit(href).path
        url, calendar = self._server.holder(href)
        if not etag or href not in calendar.objects or calendar.objects[href][0] != etag:
            raise _stale()
        return self._server.store(url, href, body)

    def remove(self, href: str, etag: str, *, notify: bool = False) -> bool:
        self._server.called("remove")
        self._server.letters += notify
        href = urlsplit(href).path
        try:
            url, calendar = self._server.holder(href)
        except NotThere:
            return self._server.discard(href, etag)
        if not etag or (href in calendar.objects and calendar.objects[href][0] != etag):
            raise _stale()
        if href not in calendar.objects:
            return False
        self._server.delete(url, href)
        return True

    def in_trash(self, url: str, uids: Set[str] | None) -> tuple[Item, ...]:
        self._server.called("in_trash")
        return self._server.trashed(url, uids)

    def etag(self, href: str) -> str | None:
        self._server.called("etag")
        href = urlsplit(href).path
        try:
            found = self._server.holder(href)[1].objects.get(href)
        except NotThere:
            return None
        return found[0] if found else None

    def destroy(self, url: str) -> None:
        self._server.called("destroy")
        self._server.calendar(url)
        self._server.drop(url)

    def make(self, url: str, name: str) -> None:
        self._server.called("make")
        self._server.add(url, name, self._username)

    def close(self) -> None:
        """Nothing is held open."""


def _stale() -> Stale:
    return Stale("stale", say("The entry on the server is not the version that this was meant for."))
