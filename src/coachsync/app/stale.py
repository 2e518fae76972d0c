"""Slots that a share still serves although they should have gone."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from coachsync.adapters.database import Entry
from coachsync.app.publish import wanted
from coachsync.app.wiring import Wiring
from coachsync.config import Share
from coachsync.errors import NotInitialised
from coachsync.model import Finding
from coachsync.phrases import say_count
from coachsync.redaction import schedule
from coachsync.redaction.kinds import Kind

# A daemon writes at an edge of the schedule, and at midnight the window moves on. One pass over every account, with a
# server that asks to come back later, is done within this time.
_GRACE = timedelta(minutes=30)


def stale(wiring: Wiring, share: Share, published_at: int | None, entries: Sequence[Entry]) -> tuple[Finding, ...]:
    """Whether live entries are no longer wanted, although the schedule has let them go since.

    What goes at an edge may stay for half an hour after it. `published_at` in seconds since 1970; of a share that was
    never written whole, the oldest entry counts. While a client cannot be read, nothing is said: what is wanted is not
    known, and publishing tells that.
    """
    if published_at is None:
        published_at = min((entry.since for entry in entries if entry.since is not None), default=0)
    if wiring.clients.unreadable() or not _due(wiring, share, datetime.fromtimestamp(published_at, UTC)):
        return ()
    try:
        with wiring.database.rehearsal():  # whoever looks gives nobody a pseudonym
            now = frozenset(wanted(wiring, share))
    except NotInitialised:
        return ()
    stays = sum(entry.live and entry.slot not in now for entry in entries)
    if not stays:
        return ()
    detail = say_count(
        "{number} time is still served that should no longer be",
        "{number} times are still served that should no longer be",
        stays,
    )
    return (Finding(Kind.STALE_SLOT, f"shares.{share.name}", detail),)


def _due(wiring: Wiring, share: Share, published: datetime) -> bool:
    last = schedule.edge(wiring.now - _GRACE, wiring.zone, share.profile.publish)
    return last > published
