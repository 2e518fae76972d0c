"""One source calendar in: gather what the server says, decide, store. Writes nothing to the server."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta

from coachsync import contentline
from coachsync.adapters.database import Copies, Copy, Endpoint
from coachsync.app import locating
from coachsync.app.outcome import Pulled
from coachsync.app.wiring import Wiring
from coachsync.errors import CoachsyncError, Misconfigured, NotThere, Problem, Refused, Temporary
from coachsync.model import Item, Listing
from coachsync.sync import guard
from coachsync.sync.plan import Plan, plan

FULL_LISTING_EVERY = timedelta(days=1)
_BATCH = 200  # objects stored in one transaction


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
        stays = listing.token if listing.token is not None else endpoint.token
        copies.bind(replace(endpoint, token=stays, synced_at=_seconds(wiring), held=endpoint.held))
        return _still_held(copies, endpoint)
    return _take_in(wiring, calendar, endpoint, listing, accept_deletions=accept_deletions)


# --- gather -------------------------------------------------------------------------------------------------------


def _gather(wiring: Wiring, calendar: str, copies: Copies, *, everything: bool) -> tuple[Endpoint, Listing]:
    """The endpoint and its listing. A collection that turns out to be another one is a first sync again."""
    server = wiring.server(wiring.config.calendars[calendar].account)
    known, described = copies.endpoint(), locating.described(wiring, calendar)
    endpoint = known if known is not None and known.source == described else _locate(wiring, calendar, copies, known)
    try:
        listing = server.changes(endpoint.url, None if everything or _due(wiring, endpoint) else endpoint.token)
    except NotThere:
        endpoint = _moved(wiring, calendar, copies, endpoint)
        listing = server.changes(endpoint.url, None)
    if listing.complete and endpoint.listed_at is not None:
        identity = server.collection(endpoint.url).identity
        if identity != endpoint.identity:
            endpoint = _rebind(copies, replace(endpoint, identity=identity, token=None))
            listing = server.changes(endpoint.url, None)
    return endpoint, listing


def _due(wiring: Wiring, endpoint: Endpoint) -> bool:
    if endpoint.listed_at is None:
        return True
    return wiring.now.timestamp() - endpoint.listed_at >= FULL_LISTING_EVERY.total_seconds()


def _moved(wiring: Wiring, calendar: str, copies: Copies, endpoint: Endpoint) -> Endpoint:
    """The collection that bears the calendar's name now. Raises NotThere when there is none."""
    try:
        found = _locate(wiring, calendar, copies, endpoint)
    except Misconfigured as problem:
        raise NotThere(problem.code, problem.message, problem.hint, problem.where) from None
    if found.url == endpoint.url:
        raise NotThere("calendar-not-there", "The server has no such calendar.")
    return found


def _locate(wiring: Wiring, calendar: str, copies: Copies, known: Endpoint | None) -> Endpoint:
    collection = locating.source(wiring, calendar)
    found = Endpoint(
        url=collection.url,
        source=locating.described(wiring, calendar),
        principal=wiring.signin(wiring.config.calendars[calendar].account).principal,
        identity=collection.identity,
    )
    if known is None:
        copies.bind(found)
        return found
    if (known.url, known.principal, known.identity) == (found.url, found.principal, found.identity):
        return replace(known, source=found.source)
    return _rebind(copies, found)


def _rebind(copies: Copies, endpoint: Endpoint) -> Endpoint:
    fresh = replace(endpoint, listed_at=None, synced_at=None, held=None)
    copies.disown()
    copies.bind(fresh)
    return fresh


# --- decide -------------------------------------------------------------------------------------------------------


def _unchanged(listing: Listing) -> bool:
    return not (listing.complete or listing.etags or listing.gone or listing.unclear)


def _decide(copies: Iterable[Copy], listing: Listing) -> tuple[Plan, int]:
    """The plan, and how many objects the base has."""
    copies = tuple(copies)
    base = {copy.href: copy.etag for copy in copies if copy.agreed}
    return plan(base, {copy.href for copy in copies}, listing), len(base)


# --- apply --------------------------------------------------------------------------------------------------------


def _take_in(wiring: Wiring, calendar: str, endpoint: Endpoint, listing: Listing, *, accept_deletions: bool) -> Pulled:
    copies = Copies(wiring.database, calendar)
    before = copies.all()
    todo, known = _decide(before, listing)
    refused = _store(wiring, calendar, copies, endpoint.url, todo)
    rows = {copy.href: copy.row for copy in before}
    gone = [rows[href] for href in todo.gone]
    strays = sorted(copies.strays())
    held = [] if accept_deletions else strays + (gone if guard.refuses(known, len(gone)) else [])
    forgotten = [row for row in gone + strays if row not in held]
    copies.forget(forgotten, wiring.now)
    why = "" if not held else "collection-replaced" if strays else "mass-deletion"
    # The token moves on only when everything it stands for was taken in; otherwise the same changes are told again.
    settled = not listing.unclear and not refused and (not held or held == strays)
    now = _seconds(wiring)
    copies.bind(
        replace(
            endpoint,
            token=listing.token if settled else endpoint.token,
            listed_at=now if listing.complete else endpoint.listed_at,
            synced_at=now,
            held=why or None,
        )
    )
    return Pulled(
        added=len(todo.added),
        changed=len(todo.changed),
        removed=len(forgotten),
        held=len(held),
        why=why,
        held_rows=frozenset(held),
        problems=_unclear(calendar, listing) + refused,
    )


def _store(wiring: Wiring, calendar: str, copies: Copies, url: str, todo: Plan) -> tuple[Problem, ...]:
    """Fetch and store, batch by batch. One object that the server refuses to give stops no other: it is told."""
    server = wiring.server(wiring.config.calendars[calendar].account)
    batch: list[Item] = []
    stored = 0

    def flush() -> None:
        nonlocal stored
        copies.store([(item, contentline.uid(item.body)) for item in batch], wiring.now)
        stored += len(batch)
        batch.clear()
        wiring.progress(f"calendars.{calendar}", stored, len(todo.fetch))

    try:
        for item in server.fetch(url, todo.fetch):
            batch.append(item)
            if len(batch) == _BATCH:
                flush()
    except (Temporary, Refused):
        raise
    except CoachsyncError as refusal:
        return (_refused_object(calendar, refusal),)
    finally:
        flush()
    return ()


def _refused_object(calendar: str, refusal: CoachsyncError) -> Problem:
    return Problem(
        f"object-{refusal.code}",
        f"calendars.{calendar}",
        f"The server lists an event and does not give it: {refusal.message} The others came in.",
        "It is asked again at the next sync.",
    )


def _vanished(wiring: Wiring, copies: Copies, *, accept_deletions: bool) -> Pulled:
    """The server says that there is no such collection: what is here stays until a person says that it is gone."""
    rows = [copy.row for copy in copies.all()]
    endpoint = copies.endpoint()
    if endpoint is None or not rows:
        raise NotThere(
            "calendar-not-there",
            "The server has no such calendar.",
            "Check the calendar's url or name; `coachsync check` lists the calendars that are there.",
        )
    if accept_deletions:
        copies.forget(rows, wiring.now)
        copies.bind(replace(endpoint, token=None, listed_at=None, held=None))
        return Pulled(removed=len(rows))
    copies.bind(replace(endpoint, held="calendar-vanished"))
    return Pulled(held=len(rows), why="calendar-vanished", held_rows=frozenset(rows))


def _still_held(copies: Copies, endpoint: Endpoint) -> Pulled:
    if endpoint.held is None:
        return Pulled()
    strays = copies.strays()
    return Pulled(held=len(strays), why=endpoint.held, held_rows=strays) if strays else Pulled()


def _unclear(calendar: str, listing: Listing) -> tuple[Problem, ...]:
    if not listing.unclear:
        return ()
    return (
        Problem(
            "listing-unclear",
            f"calendars.{calendar}",
            f"The server did not say what became of {len(listing.unclear)} objects; their copies stay.",
            "It is asked again at the next sync.",
        ),
    )


def _seconds(wiring: Wiring) -> int:
    return int(wiring.now.timestamp())
