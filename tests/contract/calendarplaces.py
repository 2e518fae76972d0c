"""A calendar server under test, whichever it is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import uuid4

from coachsync.adapters.caldav.hrefs import path
from coachsync.adapters.calendars import CalendarServer
from coachsync.model import Listing
from events import event


def session(uid: str, title: str = "Séance") -> bytes:
    return event(uid, datetime(2026, 1, 5, 9, tzinfo=UTC), title=title)


NO_DELTAS = ("sabre18",)  # no sync-collection: what changed is told by a complete listing
FORGETFUL = ("davical", "sogo")  # a token they do not know is answered as if it were none, and that is not said
BARE_NUMBERS = ("sabre18", "davical", "sogo", "cyrus")  # one calendar's token may happen to be another's as well


@dataclass
class Place:
    """A server under test: a client, another client of the same account, and a calendar's URL that is free."""

    name: str
    client: CalendarServer
    other: CalendarServer
    new_url: Callable[[], str]

    @property
    def deltas(self) -> bool:
        return self.name not in NO_DELTAS

    def calendar(self, name: str = "Coaching") -> str:
        url = self.new_url()
        self.client.make(url, name)
        return url

    def put(self, url: str, uid: str | None = None) -> str:
        """Store an event as another client does; its href."""
        href = f"{path(url)}{uuid4().hex}.ics"
        self.other.create(href, session(uid or uuid4().hex))
        return href


def news(before: Listing, after: Listing) -> tuple[set[str], set[str]]:
    """What a later listing tells beyond an earlier complete one: hrefs that are new or changed, and those that went.

    A delta may repeat what is known (SOGo does, for a second); a complete listing does in any case.
    """
    came = {href for href, etag in after.etags.items() if before.etags.get(href) != etag}
    gone = set(before.etags) - set(after.etags) if after.complete else set(after.gone)
    return came, gone
