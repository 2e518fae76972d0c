"""A share served as a CalDAV collection: one object for each slot, with a random UID and a random address."""

from __future__ import annotations

import random
import uuid
from collections.abc import Callable, Iterable
from urllib.parse import urljoin, urlsplit

from coachsync import contentline
from coachsync.adapters.calendars import CalendarServer
from coachsync.adapters.database import Copies, Entry, Shares
from coachsync.adapters.database import Share as Bound
from coachsync.adapters.database.removed import keep
from coachsync.adapters.database.shares import confirmed
from coachsync.app import locating
from coachsync.app.target import not_empty
from coachsync.app.wiring import Wiring
from coachsync.config import CalDavTarget, Share
from coachsync.errors import CoachsyncError, Misconfigured, NotThere, Problem, Stale
from coachsync.model import Item, Slot
from coachsync.redaction.publication import document

_FLUSH = 20  # objects written before the journal is told; a run cut short asks the server about these again


class CollectionTarget:
    """The collection of one share."""

    def __init__(self, wiring: Wiring, share: Share, journal: Shares) -> None:
        if not isinstance(share.to, CalDavTarget):
            raise TypeError("a collection target needs a CalDAV target of the configuration")
        self._wiring, self._share, self._journal, self._to = wiring, share, journal, share.to
        self._server = wiring.server(share.to.account)
        self._url = ""
        self.noticed: tuple[Problem, ...] = ()

    @property
    def described(self) -> str:
        """What tells this target from another one."""
        account = self._wiring.config.accounts[self._to.account]
        return "\n".join(("caldav", account.url, account.username, self._to.display_name or "", self._to.url or ""))

    # --- binding ---------------------------------------------------------------------------------------------------

    def bind(self, *, replace: bool) -> None:
        """Find or make the collection; see `open_target`."""
        bound = self._journal.share()
        if bound is None or bound.target != self.described:
            bound = self._adopt(replace=replace)
        self._refuse_source(bound.url)
        if not bound.made:
            bound = self._make(bound)
        self._url = bound.url
        if replace:
            self._empty(bound)

    def _adopt(self, *, replace: bool) -> Bound:
        """The collection to publish to for the first time: one that is there and empty, or a new one."""
        there = self._find()
        if there is None:
            return Bound(self.described, self._to.account, url=self._new_url(), made=False)
        self._refuse_source(there)
        if not replace and (held := len(self._server.changes(there, None).etags)):
            raise not_empty(self._share, held)
        bound = Bound(self.described, self._to.account, url=there)
        self._journal.bind(bound)
        return bound

    def _find(self) -> str | None:
        key = f"shares.{self._share.name}.to"
        if self._to.url is None:
            self._wiring.signin(self._to.account)
            found = locating.by_name(self._server, self._to.display_name or "", key)
            return found.url if found else None
        try:
            return self._server.collection(self._given_url()).url
        except NotThere:
            return None

    def _given_url(self) -> str:
        return locating.absolute(self._wiring.config.accounts[self._to.account], self._to.url or "")

    def _new_url(self) -> str:
        if self._to.url is not None:
            return self._given_url()
        homes = self._wiring.signin(self._to.account).homes
        if not homes:
            raise Misconfigured(
                "no-calendar-home",
                "The server does not say where new calendars go.",
                "Make the calendar in your calendar program and give its url.",
                where=f"shares.{self._share.name}.to",
            )
        return f"{homes[0].rstrip('/')}/{uuid.uuid4().hex}/"

    def _make(self, bound: Bound) -> Bound:
        """Journaled first: a collection that was made by a run cut short is found again by its URL, not by its name."""
        self._journal.bind(bound)
        try:
            self._server.make(bound.url, self._to.display_name or self._share.name)
        except Stale:
            held = len(self._server.changes(bound.url, None).etags)
            if held:
                raise not_empty(self._share, held) from None
        done = Bound(bound.target, bound.account, bound.url)
        self._journal.bind(done)
        return done

    def _refuse_source(self, url: str) -> None:
        for calendar in self._wiring.config.calendars:
            endpoint = Copies(self._wiring.database, calendar).endpoint()
            if endpoint is not None and same_collection(endpoint.url, url):
                raise self._is_source("The target of the share is a source calendar; nothing was written.")

    def _is_source(self, message: str) -> Misconfigured:
        where = f"shares.{self._share.name}.to"
        return Misconfigured("target-is-source", message, "Give the share a calendar of its own.", where=where)

    def _refuse_appointments(self, items: Iterable[Item]) -> None:
        """One server can be reached by two names: what a collection holds tells that it is a source all the same."""
        copies = (Copies(self._wiring.database, calendar) for calendar in self._wiring.config.calendars)
        private = {copy.uid for held in copies for copy in held.all() if copy.uid}
        if any(contentline.uid(item.body) in private for item in items):
            raise self._is_source(
                "The target of the share holds appointments of a source calendar; nothing was removed."
            )

    def _empty(self, bound: Bound) -> None:
        """Remove everything that the collection holds; what we did not publish is kept for 30 days."""
        try:
            listing = self._server.changes(bound.url, None)
        except NotThere:
            self._journal.drop(self._journal.entries())
            self._make(Bound(bound.target, bound.account, bound.url, made=False))
            return
        ours = {entry.href for entry in self._journal.entries()}
        foreign = [href for href in listing.etags if href not in ours]
        origin = f"share {self._share.name}"
        held = list(self._server.fetch(bound.url, foreign))
        self._refuse_appointments(held)
        for item in held:
            keep(self._wiring.database, origin, "replaced", {"href": item.href}, item.body, self._wiring.now)
        for href, etag in listing.etags.items():
            self._server.remove(urljoin(bound.url, href), etag)
        self._journal.drop(self._journal.entries())

    # --- publishing ------------------------------------------------------------------------------------------------

    def apply(
        self, create: tuple[Slot, ...], delete: tuple[Entry, ...], resume: tuple[Entry, ...]
    ) -> tuple[Problem, ...]:
        """See `Target`. Writes go out in random order: together they would tell which slot became which."""
        path = urlsplit(self._url).path
        texts = self._share.texts
        fresh = tuple(
            Entry(slot, texts[slot.label], str(uuid.uuid4()), f"{path}{uuid.uuid4().hex}.ics") for slot in create
        )
        self._journal.write(fresh)
        work: list[tuple[Callable[[Entry], Entry | None], Entry]] = [(self._put, entry) for entry in fresh + resume]
        work += [(self._delete, entry) for entry in delete]
        random.SystemRandom().shuffle(work)
        try:
            self._work(work)
        except NotThere:
            raise self._gone() from None
        return self.noticed

    def _work(self, work: list[tuple[Callable[[Entry], Entry | None], Entry]]) -> None:
        served: list[Entry] = []
        withdrawn: list[Entry] = []
        try:
            for done, (act, entry) in enumerate(work, 1):
                result = act(entry)
                (withdrawn if result is None else served).append(result or entry)
                if done % _FLUSH == 0 or done == len(work):
                    self._flush(served, withdrawn)
                    self._wiring.progress(f"shares.{self._share.name}", done, len(work))
        finally:
            self._flush(served, withdrawn)

    def _flush(self, served: list[Entry], withdrawn: list[Entry]) -> None:
        if served:
            self._journal.write(served)
        if withdrawn:
            self._journal.drop(withdrawn)
        served.clear()
        withdrawn.clear()

    def _put(self, entry: Entry) -> Entry:
        body = document(entry.uid, entry.slot, entry.text)
        try:
            etag = self._server.create(self._address(entry.href), body)
        except Stale:  # an earlier try of ours arrived after all: nobody else can know the address
            etag = None
        return confirmed(entry, etag or self._server.etag(self._address(entry.href)))

    def _delete(self, entry: Entry) -> None:
        try:
            _remove(self._server, self._url, entry)
        except Stale:
            self._delete_changed(entry)

    def _delete_changed(self, entry: Entry) -> None:
        """Somebody edited our object: their version is kept for 30 days, and the slot goes all the same."""
        origin = f"share {self._share.name}"
        for item in self._server.fetch(self._url, [entry.href]):
            keep(self._wiring.database, origin, "edited", {"href": item.href}, item.body, self._wiring.now)
            self._server.remove(self._address(item.href), item.etag)
        self.noticed += (
            Problem(
                "share-object-edited",
                f"shares.{self._share.name}",
                "Somebody edited an object of the share; it was removed, and their version is kept for 30 days.",
                "See who may write to the share: its audience needs to read only.",
            ),
        )

    def _address(self, href: str) -> str:
        return urljoin(self._url, href)

    def _gone(self) -> CoachsyncError:
        return CoachsyncError(
            "target-missing",
            "The share's calendar is no longer on the server.",
            f"Run: coachsync share publish {self._share.name} --replace, which makes and fills it again.",
            where=f"shares.{self._share.name}.to",
        )


def remove_from(server: CalendarServer | None, url: str, entries: Iterable[Entry]) -> None:
    """Remove what these entries say the collection serves. Raises CoachsyncError when it cannot be reached."""
    if server is None:
        raise CoachsyncError("account-gone", "its account is no longer configured.")
    for entry in entries:
        _remove(server, url, entry)


def _remove(server: CalendarServer, url: str, entry: Entry) -> None:
    address = urljoin(url, entry.href)
    etag = entry.etag if entry.live and entry.etag else server.etag(address)
    if etag is not None:
        server.remove(address, etag)


def same_collection(one: str, other: str) -> bool:
    """Whether two absolute URLs name one collection."""
    return one.rstrip("/") == other.rstrip("/")
