"""What coachsync asks of a calendar server; CalDAV (package `caldav`) and the one in memory (`memory.py`) answer it."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator, Set
from typing import Protocol, TypeVar

from coachsync.model import Collection, Grant, Item, Listing, Principal, Software, Told

T = TypeVar("T")


class CalendarServer(Protocol):
    """One account on one server. Collections are named by absolute URL, objects by path-absolute href as listings give
    it; where one object is meant, its absolute URL will do as well.

    Raises only errors of `coachsync.errors`: Refused (401), Barred (403 at login), NotThere (404, 410), Stale (412),
    Temporary (timeouts, broken or truncated answers, 429, 5xx), CoachsyncError for any other refusal.
    """

    @property
    def scheme(self) -> str | None:
        """How the server wants the credential ("basic", "digest"), once that is known."""

    def whoami(self) -> Principal:
        """Discover the account's principal (RFC 6764, RFC 5397), its calendar homes and its addresses, and what the
        server is."""

    def recognised(self, home: str) -> tuple[Software, bool]:
        """What the server is that answers at a calendar home, and whether it may write to people by itself, as in
        `Principal`. One request."""

    def collections(self) -> tuple[Collection, ...]:
        """The calendars below the account's homes."""

    def collection(self, url: str) -> Collection:
        """One calendar by its URL. Raises NotThere when it does not exist or is not a calendar."""

    def exposure(self, url: str) -> tuple[Grant, ...]:
        """Who else can see a calendar or change it, as far as the server tells; nobody where it tells nothing."""

    def delegates(self, principal: str) -> tuple[Grant, ...]:
        """Who may act for the whole account whose principal this is (absolute URL); nobody where the server tells
        nothing."""

    def everything(self, url: str) -> tuple[Told, ...]:
        """Every text of every property that the server tells of a collection and of what is in it."""

    def queried(self, url: str) -> frozenset[str] | None:
        """The events that a search (calendar-query) without any condition gives; None where there is no search."""

    def changes(self, url: str, token: str | None) -> Listing:
        """What changed since `token` (as an earlier Listing gave it); a complete listing when it is None or refused.

        One request when nothing changed.
        """

    def fetch(self, url: str, hrefs: Iterable[str]) -> Iterator[Item]:
        """The objects named, in bounded batches; one that vanished meanwhile is left out.

        When the server refuses a few of them, the others come first and then ObjectsRefused is raised with the hrefs of
        those not given. Any other error means that the fetch stopped where it was.
        """

    def together(self, tasks: Iterable[Callable[[CalendarServer], T]]) -> Generator[T, None, None]:
        """Do what does not depend on each other, several at a time where that is quicker; the results in their order.

        Each task is handed the server it must use, and may run in another thread. The first error begins nothing new:
        what is under way ends and gives its results, then the error is raised.
        """

    def create(self, href: str, body: bytes, *, notify: bool = False) -> str | None:
        """Store a new object (`If-None-Match: *`); its ETag, None where the server tells none.

        Raises Stale when the place is taken, NotThere when the collection is gone. `notify` as for `update`.
        """

    def update(self, href: str, body: bytes, etag: str, *, notify: bool = False) -> str | None:
        """Replace one version of an object (`If-Match`); the new version's ETag, None where the server tells none.

        Raises Stale for another version and for an object that is gone. Whatever the server may be asked not to send to
        attendees, it is asked not to send unless `notify`.
        """

    def remove(self, href: str, etag: str, *, notify: bool = False) -> bool:
        """Delete one version of an object (`If-Match`); False when the server says that it has none.

        Raises Stale for another version. `notify` as for `update`.
        """

    def in_trash(self, url: str, uids: Set[str] | None) -> tuple[Item, ...]:
        """What a server has of these UIDs (None: of any), out of the calendar at `url`, in a trash of its own, for
        which it refuses another object of the UID; nothing where there is no such trash. `remove` takes it out of there
        for good."""

    def etag(self, href: str) -> str | None:
        """The object's current ETag, None when there is no such object."""

    def make(self, url: str, name: str) -> None:
        """Create a calendar collection (RFC 4791 section 5.3.1). One that already exists at the URL raises Stale."""

    def destroy(self, url: str) -> None:
        """Delete a calendar collection with all that it holds, and out of the server's trash where it has one.

        Raises NotThere when there is none."""

    def close(self) -> None:
        """Let go of the connections."""
