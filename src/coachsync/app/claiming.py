"""What a share may not be published to: a source calendar, by whatever name, and another share's collection."""

from __future__ import annotations

from collections.abc import Iterable

from coachsync import contentline
from coachsync.adapters.database import Copies, Shares
from coachsync.app import locating
from coachsync.app.people import invites
from coachsync.app.wiring import Wiring
from coachsync.config import CalDavTarget, Share
from coachsync.errors import CoachsyncError, Misconfigured, NotThere, WrongKey
from coachsync.model import Item
from coachsync.phrases import say

_IS_NOT_THERE = frozenset(("calendar-not-found", "not-a-calendar"))


def find(wiring: Wiring, share: Share, to: CalDavTarget) -> str | None:
    """The absolute URL of the collection that the configuration names, None when there is none yet."""
    server = wiring.server(to.account)
    if to.url is None:
        wiring.signin(to.account)
        found = locating.by_name(server, to.display_name or "", f"shares.{share.name}.to")
        return found.url if found else None
    try:
        return server.collection(locating.absolute(wiring.config.accounts[to.account], to.url)).url
    except NotThere:
        return None


def refuse_known_source(wiring: Wiring, share: str, url: str) -> None:
    """Raise Misconfigured when the collection is a source calendar as it was last found; asks no server."""
    for calendar in wiring.config.calendars:
        endpoint = Copies(wiring.database, calendar).endpoint()
        if endpoint is not None and same_collection(endpoint.url, url):
            raise _is_source(
                share, say("The share would be written into one of your private calendars; nothing was written.")
            )


def refuse_source(wiring: Wiring, share: str, account: str, url: str) -> None:
    """Raise Misconfigured when the collection is a source calendar, also one that was never read, or another share's.

    Calendars of the target's account that cannot be looked for now raise what keeps them from it: one of them may be
    the target.
    """
    refuse_known_source(wiring, share, url)
    for name, calendar in wiring.config.calendars.items():
        if Copies(wiring.database, name).endpoint() is None:
            try:
                found = locating.source(wiring, name).url
            except CoachsyncError as problem:
                if calendar.account == account and not (isinstance(problem, NotThere) or problem.code in _IS_NOT_THERE):
                    raise
            else:
                if same_collection(found, url):
                    raise _is_source(
                        share,
                        say("The share would be written into one of your private calendars; nothing was written."),
                    )
    if any(_shows(wiring, other, url) for other in wiring.config.shares if other != share):
        raise _taken(share)


def _shows(wiring: Wiring, share: str, url: str) -> bool:
    """Whether a share is bound to this collection; of one whose record is damaged nobody knows, and it keeps no other
    from being written or taken away."""
    try:
        bound = Shares(wiring.database, share).share()
    except WrongKey:
        return False
    return bound is not None and same_collection(bound.url, url)


def refuse_returned(wiring: Wiring, share: str) -> None:
    """Raise Misconfigured when the share's own objects have come in as appointments: its target is a source calendar.

    One server can be reached by two names, and an empty calendar does not tell that it is the private one. Then most of
    what was written comes back, and as it was written: it invites nobody. A few may be there for other reasons, for
    whoever sees a share knows its UIDs and can invite the coach to an event that bears one.
    """
    uids = [entry.uid for entry in Shares(wiring.database, share).entries()]
    for calendar in wiring.config.calendars:
        copies = Copies(wiring.database, calendar)
        back = sum(not invites(body) for _, body in copies.texts(copies.rows_of(uids)))
        if 2 * back > len(uids):
            raise _is_source(share, say("What the share publishes comes back as appointments of a private calendar."))


def refuse_appointments(wiring: Wiring, share: str, items: Iterable[Item]) -> None:
    """Raise Misconfigured when a collection holds appointments of a source calendar.

    One server can be reached by two names: what a collection holds tells that it is a source all the same.
    """
    copies = (Copies(wiring.database, calendar) for calendar in wiring.config.calendars)
    private = {copy.uid for held in copies for copy in held.all() if copy.uid}
    if any(contentline.uid(item.body) in private for item in items):
        raise _is_source(
            share, say("The calendar of the share holds appointments of a private calendar; nothing was removed.")
        )


def same_collection(one: str, other: str) -> bool:
    """Whether two absolute URLs name one collection."""
    return one.rstrip("/") == other.rstrip("/")


def _is_source(share: str, message: str) -> Misconfigured:
    where = f"shares.{share}.to"
    return Misconfigured("target-is-source", message, say("Give the share a calendar of its own."), where=where)


def _taken(share: str) -> Misconfigured:
    return Misconfigured(
        "same-target",
        say("The destination already shows another share; nothing was written."),
        say("Give each share a calendar of its own."),
        where=f"shares.{share}.to",
    )
