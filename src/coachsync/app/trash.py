"""A trash of the server's own: what lies there must go before the same appointment can be made again (Nextcloud)."""

from __future__ import annotations

from collections.abc import Set

from coachsync.adapters.calendars import CalendarServer
from coachsync.app.writing import raise_if_of_all
from coachsync.errors import CoachsyncError
from coachsync.model import Item

_MAYBE_WHY = ("server-error", "refused")  # 500; 400


def may_be_why(failure: CoachsyncError) -> bool:
    """Whether a new object may have been refused because the trash has one of its UID."""
    return failure.code in _MAYBE_WHY


def look(server: CalendarServer, url: str, uids: Set[str] | None) -> tuple[Item, ...]:
    """What the trash of the calendar at `url` has of these UIDs (None: of any); nothing where it cannot be looked at.

    Raises what is the trouble of the whole server.
    """
    try:
        return server.in_trash(url, uids)
    except CoachsyncError as failure:
        raise_if_of_all(failure)
        return ()


def discard(server: CalendarServer, item: Item) -> bool:
    """Take one thing out of the trash for good; whether that was done. Raises what is the trouble of the server."""
    try:
        return server.remove(item.href, item.etag)
    except CoachsyncError as failure:
        raise_if_of_all(failure)
        return False
