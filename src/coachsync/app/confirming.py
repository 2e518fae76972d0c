"""What was written to a share counts once the server lists it: an answer alone may be lost, or be somebody else's.

A proxy that answers in a server's place says 404 for an object that is there and 412 for one that is not, and a
connection that has lost count gives one request's answer to the next. So what a run has written is compared with what
the server lists, and so is the whole share once a day.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import timedelta

from coachsync.adapters.calendars import CalendarServer
from coachsync.adapters.database import Entry, Shares
from coachsync.adapters.database import Share as Bound
from coachsync.model import Listing

CONFIRMED_EVERY = timedelta(days=1)
NOT_CONFIRMED = "share-not-confirmed"  # the code of what is raised when the server does not show all that it said


@dataclass(slots=True)
class Written:
    """What a run has done to a share: put there, and deleted. `absent` was to be there already and is not; of
    `doubtful`, which was to be deleted, the server says that it has none."""

    served: list[Entry] = field(default_factory=list)
    absent: list[Entry] = field(default_factory=list)
    withdrawn: list[Entry] = field(default_factory=list)
    doubtful: list[Entry] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.served or self.absent or self.withdrawn or self.doubtful)


def confirm(server: CalendarServer, bound: Bound, journal: Shares, written: Written) -> tuple[str | None, bool]:
    """Put into the journal what the server lists in place of what it said; the token to ask with next time, and
    whether everything is as it was said.

    What is missing is planned again, what is still there is to be deleted again. Raises what the server raises.
    """
    listing = server.changes(bound.url, None if written.doubtful else bound.token)
    if not _explains(listing, written):
        listing = server.changes(bound.url, None)
    asked = {entry.tag for entry in written.doubtful}
    wanted = [entry for entry in journal.entries() if entry.live and entry.tag not in asked]
    missing = [entry for entry in wanted if _is_missing(entry, listing)]
    left = [entry for entry in written.withdrawn if entry.href in listing.etags]
    gone = [entry for entry in written.doubtful if not _is_there(entry, listing)]
    journal.write(replace(entry, live=False, etag=None) for entry in missing + left)
    journal.drop(gone)
    return listing.token, not (missing or left or written.absent or len(gone) < len(written.doubtful))


def _explains(listing: Listing, written: Written) -> bool:
    """Whether a delta tells of everything that was written; a complete listing needs to tell nothing more."""
    if listing.complete:
        return True
    served = all(entry.href in listing.etags for entry in written.served)
    return served and all(entry.href in listing.gone for entry in written.withdrawn)


def _is_missing(entry: Entry, listing: Listing) -> bool:
    return not _is_there(entry, listing) if listing.complete else entry.href in listing.gone


def _is_there(entry: Entry, listing: Listing) -> bool:
    return entry.href in listing.etags or entry.href in listing.unclear
