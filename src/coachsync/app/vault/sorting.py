"""Sorting: what was written while no spare shelf was left goes to its client's own shelf, in the coach's session, and
the key that opened it among the unsorted goes for good."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import replace

from coachsync.app.vault import erasing
from coachsync.app.vault.reading import Read, Session
from coachsync.app.vault.resealing import everything, reseal
from coachsync.app.vault.shelving import assign, current_key, mint
from coachsync.errors import Altered, CoachsyncError, Problem, UsageError
from coachsync.phrases import say, say_count
from coachsync.vault import bodies
from coachsync.vault.bodies import Body
from coachsync.vault.envelope import ID_BYTES
from coachsync.vault.keys import ShelfKey
from coachsync.vault.shelves import UNSORTED, is_client

OF_NOBODY = "unsorted-of-nobody"


def sort(session: Session) -> None:
    """Seal every unsorted record that says whom it is about to that client's shelf, and give the shelf of the unsorted
    another key. All of a shelf or nothing; called again there is nothing to do. What does not say it stays.

    Raises Altered for a record that does not open or is missing: nobody knows whose it is, and it would be lost; and
    CoachsyncError where the system refuses something.
    """
    for shelf in erasing.shelves_of(session, UNSORTED):
        about = _about(everything(session, shelf))
        if about:
            _move(session, shelf, about)


def give(session: Session, record: bytes, client: str) -> bool:
    """Seal a record that lies unsorted to the shelf of the client whom the coach names. False for one that is sorted
    already. Raises as `sort` does, and UsageError for no code."""
    if not is_client(client):
        raise UsageError("no-client-code", say("That is no client's code."), say("A code is like C-7F3K2M."))
    shelf = session.vault.history.records[record, 1].shelf
    if shelf not in erasing.shelves_of(session, UNSORTED):
        return False
    _move(session, shelf, {client: [one for one in everything(session, shelf) if one.header.record == record]})
    return True


def settle(session: Session) -> None:
    """The same at the begin of a session: what cannot be done now goes to the problems of the vault."""
    try:
        sort(session)
    except CoachsyncError as problem:
        session.vault.problems.append(problem.problem("practice.state"))
        return
    history = session.vault.history
    shelves = erasing.shelves_of(session, UNSORTED)
    if left := len({key[0] for key, stored in history.records.items() if stored.shelf in shelves}):
        session.vault.problems.append(_of_nobody(left))


def holds_unsorted_of_colleagues(session: Session) -> bool:
    """Whether records of other coaches lie unsorted: nobody here knows whom they are about."""
    history = session.vault.history
    shelves = {
        shelf for shelf, one in history.shelves.items() if one.client == UNSORTED and one.coach != session.fingerprint
    }
    return any(stored.shelf in shelves for stored in history.records.values())


def _of_nobody(number: int) -> Problem:
    return Problem(
        OF_NOBODY,
        "vault",
        say_count(
            "{number} record lies unsorted: it does not say whom it is about.",
            "{number} records lie unsorted: they do not say whom they are about.",
            number,
        ),
        say(
            "Find its id: coachsync note list. To say whose it is: coachsync note sort ID CODE. To be rid of it: "
            "coachsync note erase ID"
        ),
    )


def _about(reads: Iterable[Read]) -> dict[str, list[Read]]:
    """Versions of records by the client whom the newest version is about; without those that say none."""
    records: dict[bytes, list[Read]] = {}
    for one in reads:
        records.setdefault(one.header.record, []).append(one)
    found: dict[str, list[Read]] = {}
    for versions in records.values():
        body = _understood(max(versions, key=lambda one: one.header.version))
        if body is not None and is_client(body.client):
            found.setdefault(body.client, []).extend(versions)
    return found


def _move(session: Session, shelf: bytes, about: dict[str, list[Read]]) -> None:
    vault = session.vault
    category = vault.history.shelves[shelf].category
    with vault.transaction():
        for client, reads in about.items():
            reseal(session, _key(session, client, category), reads, _sorted)
        stone = erasing.renewed(session, shelf)
    erasing.finish(session, stone)


def _key(session: Session, client: str, category: str) -> ShelfKey:
    """The key of the client's shelf, which is made where there is none: spares are for when the coach is away."""
    vault = session.vault
    shelf = vault.history.shelf_of(session.fingerprint, client, category)
    if shelf is not None:
        return current_key(vault, shelf)
    key = mint(vault, session.coach, os.urandom(ID_BYTES))
    assign(vault, session.coach, key.shelf, client, category)
    return key


def _sorted(read: Read) -> bytes:
    body = _understood(read)
    return read.body if body is None else bodies.packed(replace(body, client=""))


def _understood(read: Read) -> Body | None:
    """What it says; None for what opens and is not ours: that stays as it is, and reading it tells why."""
    try:
        return bodies.unpacked(read.header.kind, read.body)
    except Altered:
        return None
