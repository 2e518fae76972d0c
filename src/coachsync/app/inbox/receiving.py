"""One look at the inbox: what is whole is imported, as much as one look takes; what cannot be is told, once."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from coachsync.adapters.database import InboxJournal
from coachsync.adapters.database.vaults import open_vault_store
from coachsync.adapters.inbox import Found, Inbox, Listing
from coachsync.adapters.room import is_full, no_room
from coachsync.app.inbox.importing import Desk, remove, resume, take
from coachsync.app.inbox.people import people_of
from coachsync.app.inbox.watch import Looked, Watch, wrong
from coachsync.app.vault import making
from coachsync.app.vault.opening import open_vault
from coachsync.app.vault.trusting import coach_of, trusted, vault_folder
from coachsync.app.wiring import Wiring
from coachsync.config.values import Inbox as Settings
from coachsync.errors import CoachsyncError, Locked, NotInitialised, Problem, Temporary, UsageError
from coachsync.inbox.settling import UNFINISHED, Stamp, Why
from coachsync.phrases import say

FILES, BYTES = 50, 64 << 20  # of one look: then it is the turn of the calendars again
_ID = 6  # hexadecimal signs that stand for a file in reports
_CHANGED = "file-changed"


@dataclass(slots=True)
class Received:
    """What one look has done. `told` is all that stands and is not imported, `news` what of it is told for the first
    time, by its id and code; `until` is when to look again, by the clock of the watch; `failure` is why nothing can be
    imported at all."""

    imported: int = 0
    waiting: tuple[Found, ...] = ()
    told: list[tuple[Found, Why]] = field(default_factory=list)
    news: list[tuple[str, Why]] = field(default_factory=list)
    until: float = math.inf
    more: bool = False
    failure: CoachsyncError | None = None

    @property
    def trouble(self) -> Problem | None:
        """Why nothing can be imported, as it is kept."""
        return None if self.failure is None else self.failure.problem("inbox.folder")


def receive(
    wiring: Wiring, settings: Settings, watch: Watch, at: float, alive: Callable[[], None] = lambda: None
) -> Received:
    """Look at the inbox at a time of the watch's clock. Nothing raised is about a single file: that is told. Raises
    CoachsyncError when the folder cannot be used."""
    journal = InboxJournal(wiring.database)
    inbox = Inbox(settings.folder)
    try:
        listing = inbox.look()
        places = {journal.place(one.path): one.path for one in listing.found}
        known = {places[place]: told for place, told in journal.told().items() if place in places}
        looked = watch.look(inbox, listing, at, known)
        received = Received(waiting=looked.waiting, told=list(looked.told), until=looked.until)
        if looked.ready or journal.begun():
            _work(wiring, settings, _Look(inbox, listing, looked, watch, at, alive), received)
        for folder in looked.empty:
            inbox.remove_folder(folder)
        _keep(journal, listing, received)
        return received
    finally:
        inbox.close()


def survey(wiring: Wiring, settings: Settings) -> list[tuple[Found, Why | None]]:
    """Everything in the inbox that waits, and why: nothing is imported. None for what is imported once it has settled.
    Raises CoachsyncError when the folder cannot be used."""
    inbox, watch = Inbox(settings.folder), Watch()
    known = InboxJournal(wiring.database)
    try:
        listing = inbox.look()
        for at in (0.0, 2 * UNFINISHED):  # as if nothing changed for long
            looked = watch.look(inbox, listing, at, {})
    finally:
        inbox.close()
    told = known.told()
    ready = [(one, _standing(one, told.get(known.place(one.path)))) for one in looked.ready]
    return sorted([*looked.told, *ready], key=lambda entry: entry[0].path)


def _standing(found: Found, told: tuple[Why, Stamp] | None) -> Why | None:
    """Why a file that could be imported is not: the vault does not take it, or the user of the service, who is another
    than who asks, may not."""
    if told is None or (told[0] is Why.UNREADABLE and told[1] != found.stamp):
        return None
    return told[0] if told[0] in (Why.REFUSED, Why.NOT_REMOVED, Why.UNREADABLE) else None


@dataclass(frozen=True, slots=True)
class _Look:
    inbox: Inbox
    listing: Listing
    looked: Looked
    watch: Watch
    at: float
    alive: Callable[[], None]


def refuse_nobody(wiring: Wiring, coach: str | None, where: str) -> bytes:
    """The fingerprint of whose notes are dropped; `where` is who can say it. Raises NotInitialised without a vault, or
    when it is not said."""
    trust = trusted(wiring.config)
    try:
        return coach_of(trust, coach)
    except UsageError:
        raise _whose(", ".join(sorted(trust.coaches)), where) from None


@contextmanager
def desk_of(wiring: Wiring, coach: str | None, where: str) -> Iterator[Desk]:
    """What it takes to seal for a coach; `where` is who can say which. Raises NotInitialised."""
    fingerprint = refuse_nobody(wiring, coach, where)
    with open_vault(wiring.config, wiring.now) as vault:
        daemon = making.writer_of(vault.files, wiring.database.key)
        store = open_vault_store(vault_folder(wiring.config))
        try:
            people = people_of(wiring, vault)
            yield Desk(wiring, vault, store, daemon, fingerprint, people, InboxJournal(wiring.database))
        finally:
            store.close()


def _work(wiring: Wiring, settings: Settings, look: _Look, received: Received) -> None:
    """Import what is ready; what stops all of it is the trouble, and stands until it is over."""
    try:
        with desk_of(wiring, settings.coach, "inbox.coach") as desk:
            ended = resume(desk, look.inbox, look.listing.found, whole=_is_all(look.listing))
            received.told += ended.stuck
            _import(desk, look, [one for one in look.looked.ready if one.path not in ended.dealt], received)
    except CoachsyncError as problem:
        received.failure = problem
        received.waiting += tuple(one for one in look.looked.ready if one not in received.waiting)


def _is_all(listing: Listing) -> bool:
    """Whether a file that is not there is nowhere: it may lie in a folder that cannot be read now."""
    return listing.whole and all(wrong(one) is not Why.UNREADABLE for one in listing.found)


def _import(desk: Desk, look: _Look, ready: list[Found], received: Received) -> None:
    files, size = 0, 0
    for number, one in enumerate(ready):
        if files >= FILES or size >= BYTES:
            received.more = True
            received.waiting += tuple(ready[number:])
            return
        files, size = files + 1, size + one.stamp.size
        look.alive()
        _take(desk, look, one, received)


def _take(desk: Desk, look: _Look, one: Found, received: Received) -> None:
    """Import a file; what is wrong with it alone is told, and stops no other."""
    why = Why.UNREADABLE
    try:
        taken = take(desk, look.inbox, one)
        if taken is None:
            received.until = look.at
            return
        why = Why.NOT_REMOVED
        received.imported += 1
        if not remove(desk, look.inbox, one, taken.begun):
            received.until = look.at
    except OSError as problem:
        if is_full(problem):
            raise no_room("inbox.folder") from None
        received.told.append((one, why))
    except (Locked, NotInitialised):
        raise
    except CoachsyncError as problem:
        if isinstance(problem, Temporary) and problem.code != _CHANGED:
            raise
        received.told.append((one, Why.REFUSED))
        look.watch.refused(one, look.at)


def _keep(journal: InboxJournal, listing: Listing, received: Received) -> None:
    """Keep in mind what was told; and forget of what is not there any more, where all was seen."""
    known, standing = journal.told(), set()
    for found, why in received.told:
        place = journal.place(found.path)
        standing.add(place)
        if known.get(place) != (why, found.stamp):
            journal.tell(place, why, found.stamp)
            received.news.append((place.hex()[:_ID], why))
    if listing.whole:
        journal.forget_told(known.keys() - standing)


def _whose(names: str, where: str) -> NotInitialised:
    return NotInitialised(
        "inbox-whose",
        say("Several coaches share this vault: it is not said whose notes are dropped into the inbox."),
        say("There are: {names}. Write one of them: coach = ... in [inbox]", names=names),
        where=where,
    )
