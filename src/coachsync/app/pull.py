"""One source calendar in: gather what the server says, decide, store. Writes nothing to the server."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from urllib.parse import urljoin

from coachsync import contentline
from coachsync.adapters.database import Copies, Copy, Edits, Endpoint
from coachsync.adapters.database.renaming import inherit
from coachsync.app import locating
from coachsync.app.due import due
from coachsync.app.outcome import MASS_DELETION, REPLACED, VANISHED, Pulled
from coachsync.app.wiring import Wiring
from coachsync.errors import CoachsyncError, Misconfigured, NotThere, ObjectsRefused, Problem, Temporary
from coachsync.model import Item, Listing
from coachsync.phrases import say, say_count
from coachsync.sync import guard
from coachsync.sync.plan import Plan, plan

FULL_LISTING_EVERY = timedelta(days=1)
_BATCH = 300  # objects stored in one transaction
_MOST_SILENT = 50  # objects listed and not given that are asked about one by one


def pull(wiring: Wiring, calendar: str, *, accept_deletions: bool = False) -> Pulled:
    """Bring the copies of one calendar in step with its server.

    Disappearances that look like an accident are held (promise 5) until `accept_deletions`. Raises CoachsyncError when
    the calendar cannot be read at all; the copies then stay as they were.
    """
    copies = Copies(wiring.database, calendar)
    try:
        endpoint, listing = _gather(wiring, calendar, copies, everything=accept_deletions)
    except NotThere:
        return _vanished(wiring, copies, accept_deletions=accept_deletions)
    if _unchanged(listing):
        waiting = copies.strays() if endpoint.held else frozenset()
        token, held = listing.token or endpoint.token, _reason(endpoint) if waiting else None
        copies.bind(replace(endpoint, token=token, synced_at=_seconds(wiring), held=held))
        return Pulled(held=len(waiting), why=held or "", held_rows=waiting)
    return _take_in(wiring, calendar, endpoint, listing, accept_deletions=accept_deletions)


# --- gather -------------------------------------------------------------------------------------------------------


def _gather(wiring: Wiring, calendar: str, copies: Copies, *, everything: bool) -> tuple[Endpoint, Listing]:
    """The endpoint and its listing. A collection that turns out to be another one is a first sync again."""
    server = wiring.server(wiring.config.calendars[calendar].account)
    known, described = copies.endpoint(), locating.described(wiring, calendar)
    endpoint = known if known is not None and known.source == described else _locate(wiring, calendar, copies, known)
    refused = False
    try:
        listing = server.changes(endpoint.url, None if everything else endpoint.token)
        refused = listing.refused
        if not listing.complete and _due(wiring, endpoint):
            listing = server.changes(endpoint.url, None)
    except NotThere:
        endpoint = _moved(wiring, calendar, copies, endpoint)
        listing = server.changes(endpoint.url, None)
    if listing.complete and endpoint.listed_at is not None:
        principal = wiring.signin(wiring.config.calendars[calendar].account, hopeful=True).principal
        endpoint = replace(endpoint, principal=endpoint.principal or principal)
        if _due(wiring, endpoint):  # what the server is, too: changes are refused by what is remembered of that
            with suppress(Temporary):
                wiring.recognised(wiring.config.calendars[calendar].account)
        found = server.collection(endpoint.url)
        if found.identity != endpoint.identity:
            endpoint = _rebind(wiring, calendar, replace(endpoint, identity=found.identity, token=None))
            listing = server.changes(endpoint.url, None)
        elif refused and not found.own_id and (missing := _missing(copies, listing)):  # its history is another one's
            endpoint = _doubted(copies, replace(endpoint, token=None), missing)
    return endpoint, listing


def _missing(copies: Copies, listing: Listing) -> list[int]:
    """The rows of what the calendar was last seen to have, and a complete listing does not name."""
    there = listing.etags.keys() | listing.unclear
    return [copy.row for copy in copies.all() if copy.agreed and copy.href not in there]


def _due(wiring: Wiring, endpoint: Endpoint) -> bool:
    # While something waits, a listing tells when it is back.
    return bool(endpoint.held) or due(wiring.now, endpoint.listed_at, FULL_LISTING_EVERY)


def _moved(wiring: Wiring, calendar: str, copies: Copies, endpoint: Endpoint) -> Endpoint:
    """The collection that bears the calendar's name now. Raises NotThere when there is none."""
    try:
        found = _locate(wiring, calendar, copies, endpoint)
    except Misconfigured as problem:
        raise NotThere(problem.code, problem.message, problem.hint, problem.where) from None
    if found.url == endpoint.url:
        raise NotThere("calendar-not-there", say("The server has no such calendar."))
    return found


def _locate(wiring: Wiring, calendar: str, copies: Copies, known: Endpoint | None) -> Endpoint:
    collection = locating.source(wiring, calendar)
    found = Endpoint(
        url=collection.url,
        source=locating.described(wiring, calendar),
        principal=wiring.signin(wiring.config.calendars[calendar].account).principal,
        identity=collection.identity,
    )
    known = known or inherit(wiring.database, calendar, wiring.config.calendars, found)
    if known is None:
        copies.bind(found)
        return found
    if (known.url, known.principal, known.identity) == (found.url, found.principal, found.identity):
        return replace(known, source=found.source)
    return _rebind(wiring, calendar, found)


def _rebind(wiring: Wiring, calendar: str, endpoint: Endpoint) -> Endpoint:
    Edits(wiring.database, calendar).disown()
    return _doubted(Copies(wiring.database, calendar), endpoint)


def _doubted(copies: Copies, endpoint: Endpoint, rows: Iterable[int] | None = None) -> Endpoint:
    """What is there may be another collection: as at a first sync, nothing is agreed of these copies, or of any."""
    fresh = replace(endpoint, listed_at=None, synced_at=None, held=None)
    copies.disown(rows)
    copies.bind(fresh)
    return fresh


# --- decide -------------------------------------------------------------------------------------------------------


def _unchanged(listing: Listing) -> bool:
    return not (listing.complete or listing.etags or listing.gone or listing.unclear)


def _decide(copies: Iterable[Copy], listing: Listing) -> Plan:
    copies = tuple(copies)
    base = {copy.href: copy.etag for copy in copies if copy.agreed}
    return plan(base, {copy.href for copy in copies}, listing)


# --- apply --------------------------------------------------------------------------------------------------------


def _take_in(wiring: Wiring, calendar: str, endpoint: Endpoint, listing: Listing, *, accept_deletions: bool) -> Pulled:
    copies = Copies(wiring.database, calendar)
    # What a delta does not name, it says nothing about: only a complete listing is compared with every copy.
    before = copies.all() if listing.complete else copies.at({*listing.etags, *listing.gone})
    todo, known = _decide(before, listing), copies.agreed()
    given, problems = _store(wiring, calendar, copies, endpoint.url, todo)
    missing = len(todo.fetch) - len(given) + len(listing.unclear)
    came = {href for href, uid in given.items() if uid is not None}
    disappeared = frozenset(todo.gone)
    gone = [copy for copy in before if copy.href in disappeared]
    renamed = [copy.row for copy in gone if copy.uid and copy.uid in given.values()]
    copies.forget(renamed, wiring.now)
    lost = [copy.row for copy in gone if copy.row not in renamed]
    waiting = _hold(copies, lost, known, listing)
    forgotten = {*lost, *waiting} if accept_deletions else set(lost) - waiting
    copies.forget(forgotten, wiring.now)
    held = frozenset() if accept_deletions else waiting
    why = _reason(endpoint) if held else ""
    now = _seconds(wiring)
    copies.bind(
        replace(
            endpoint,
            # The token moves on only when everything it stands for came in; otherwise the same changes are told again.
            token=endpoint.token if missing or None in given.values() else listing.token,
            listed_at=now if listing.complete else endpoint.listed_at,
            synced_at=endpoint.synced_at if _too_little(listing, missing) else now,
            held=why or None,
        )
    )
    return Pulled(
        added=len(came.intersection(todo.added)),
        changed=len(came.intersection(todo.changed)),
        removed=len(forgotten),
        held=len(held),
        why=why,
        held_rows=held,
        problems=_unclear(calendar, listing) + problems,
    )


def _hold(copies: Copies, gone: list[int], known: int, listing: Listing) -> frozenset[int]:
    """The rows that wait for a person: those that waited before, and those gone now if together they are too many.

    A copy that waits is no longer agreed on: it stays until it is seen again or a person says that it is gone. While
    something waits, listings are complete; what they name has not disappeared, also when it is not given.
    """
    there = listing.etags.keys() | listing.unclear
    strays = copies.some(copies.strays()) if listing.complete else ()
    waiting = frozenset(copy.row for copy in strays if copy.href not in there)
    if guard.refuses(known + len(waiting), len(gone) + len(waiting)):
        copies.disown(gone)
        return waiting | frozenset(gone)
    return waiting


def _too_little(listing: Listing, missing: int) -> bool:
    """Whether so much of a listing did not come in that what did must not pass for the calendar."""
    listed = len(listing.etags) + len(listing.unclear)
    return missing > 0 and (missing == listed or guard.refuses(listed, missing))


def _store(
    wiring: Wiring, calendar: str, copies: Copies, url: str, todo: Plan
) -> tuple[dict[str, str | None], tuple[Problem, ...]]:
    """Fetch and store, batch by batch; href and UID (None: it is said to be gone again), and what was refused.

    One object that the server lists and does not give stops no other: it is told, and asked again next time.
    """
    server = wiring.server(wiring.config.calendars[calendar].account)
    given: dict[str, str | None] = {}
    batch: list[Item] = []

    def flush() -> None:
        named = [(item, contentline.uid(item.body)) for item in batch]
        copies.store(named, wiring.now)
        given.update({item.href: uid for item, uid in named})
        batch.clear()
        wiring.progress(f"calendars.{calendar}", len(given), len(todo.fetch))

    problems: tuple[Problem, ...] = ()
    try:
        for item in server.fetch(url, todo.fetch):
            batch.append(item)
            if len(batch) == _BATCH:
                flush()
    except ObjectsRefused as refusal:
        problems = (_refused(calendar, len(refusal.hrefs), refusal),)
    finally:
        flush()
    if not problems:
        silent = [href for href in todo.fetch if href not in given]
        if len(silent) > _MOST_SILENT:
            raise Temporary(
                "answer-incomplete", say("The server lists entries and gives none of them."), say("Try again later.")
            )
        absent = {href for href in silent if server.etag(urljoin(url, href)) is None}
        given |= dict.fromkeys(absent)  # deleted between the listing and the question, or so it is said
        if len(silent) > len(absent):
            lost = CoachsyncError("not-given", say("It says nothing about it."))
            problems = (_refused(calendar, len(silent) - len(absent), lost),)
    return given, problems


def _refused(calendar: str, count: int, cause: CoachsyncError) -> Problem:
    return Problem(
        f"object-{cause.code}",
        f"calendars.{calendar}",
        say_count(
            "The server lists {number} entry and does not give it: {cause} Whatever else it lists came in.",
            "The server lists {number} entries and does not give them: {cause} Whatever else it lists came in.",
            count,
            cause=cause.message,
        ),
        say("They are asked for again at the next sync."),
    )


def _vanished(wiring: Wiring, copies: Copies, *, accept_deletions: bool) -> Pulled:
    """The server says that there is no such collection: what is here stays until a person says that it is gone."""
    rows = [copy.row for copy in copies.all()]
    endpoint = copies.endpoint()
    if endpoint is None or not rows:
        raise Misconfigured(
            "calendar-not-there",
            say("The server has no such calendar."),
            say("Check the calendar's url or name; `coachsync check` lists the calendars that are there."),
        )
    if accept_deletions:
        copies.forget(rows, wiring.now)
        copies.bind(replace(endpoint, token=None, listed_at=None, held=None))
        return Pulled(removed=len(rows))
    copies.bind(replace(endpoint, held=VANISHED))
    return Pulled(held=len(rows), why=VANISHED, held_rows=frozenset(rows))


def _reason(endpoint: Endpoint) -> str:
    """Why copies wait: as it was said when they began to, else by whether this collection was ever listed before."""
    if endpoint.held in (MASS_DELETION, REPLACED):
        return endpoint.held
    return MASS_DELETION if endpoint.listed_at else REPLACED


def _unclear(calendar: str, listing: Listing) -> tuple[Problem, ...]:
    if not listing.unclear:
        return ()
    return (
        Problem(
            "listing-unclear",
            f"calendars.{calendar}",
            say_count(
                "The server did not say what became of {number} entry; its copy stays.",
                "The server did not say what became of {number} entries; their copies stay.",
                len(listing.unclear),
            ),
            say("It is asked again at the next sync."),
        ),
    )


def _seconds(wiring: Wiring) -> int:
    return int(wiring.now.timestamp())
