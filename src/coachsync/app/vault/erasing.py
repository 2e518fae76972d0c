"""Erasing records: the tombstone first, in the log and in the ledger; then keys, rows and journal; then the proof."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import NamedTuple

from coachsync.app.vault.attached import with_attached
from coachsync.app.vault.burying import line_of, write_down
from coachsync.app.vault.opening import sweep
from coachsync.app.vault.reading import Session
from coachsync.app.vault.resealing import everything, reseal
from coachsync.app.vault.shelving import last_of, mint
from coachsync.errors import CoachsyncError, UsageError
from coachsync.phrases import say
from coachsync.vault import chain
from coachsync.vault.chain import Entry
from coachsync.vault.shelves import UNSORTED, Tombstone

_LONGEST = chain.LONGEST * 3 // 4  # bytes of a tombstone: an entry of another branch must be able to hold it


class Erased(NamedTuple):
    """What was erased: the tombstone, and whether all of it is done."""

    stone: Tombstone
    done: bool


def erase_records(session: Session, records: Iterable[bytes]) -> list[Erased]:
    """Erase every version of some records, and what is attached to them, shelf by shelf: a shelf gets a new key, the
    others on it are sealed to that, and the old key goes.

    Killed before a tombstone, nothing is erased on that shelf; after it, the next opening finishes. Raises UsageError
    when there is no such record of this coach, Altered when another one on the shelf does not open: it would be lost.
    """
    history = session.vault.history
    shelves: dict[bytes, list[bytes]] = {}
    for record in with_attached(session, records):
        place = history.records.get((record, history.latest(record)))
        if place is None or history.shelves[place.shelf].coach != session.fingerprint:
            raise UsageError("no-such-record", say("There is no such record."))
        shelves.setdefault(place.shelf, []).append(record)
    return [_renew(session, shelf, without) for shelf, without in shelves.items()]


def erase_shelves(session: Session, what: str, client: str, shelves: Iterable[bytes]) -> Erased:
    """Erase whole shelves of a client, with every record and every key of them. `what` is "shelf" or "client"; a client
    of whom nothing is kept here is erased too. Raises UsageError for a shelf that is not this coach's."""
    history = session.vault.history
    through = {shelf: last_of(session.vault, shelf) for shelf in shelves if shelf in shelves_of(session, client)}
    if through.keys() != set(shelves):
        raise UsageError("no-such-shelf", say("That is no shelf of this coach and client."))
    records = {record for (record, _), stored in history.records.items() if stored.shelf in through}
    with session.vault.transaction():
        entry = _tombstone(session, what, client, through, sorted(records))
    return finish(session, session.vault.history.tombstones[entry.number])


def shelves_of(session: Session, client: str) -> list[bytes]:
    """The shelves that the coach has for a client."""
    wanted = (session.fingerprint, client)
    return [shelf for shelf, one in session.vault.history.shelves.items() if (one.coach, one.client) == wanted]


def finish(session: Session, stone: Tombstone) -> Erased:
    """End what a tombstone began; not while somebody reads in the database. Raises CoachsyncError where the system
    refuses something."""
    vault = session.vault
    vault.files.bury(line_of(next(vault.store.entries(stone.number - 1))))
    done = sweep(vault)
    if done and not vault.history.tombstones[stone.number].done:
        with vault.transaction():
            vault.append(session.coach, e="erased", entry=stone.number)
    return Erased(vault.history.tombstones[stone.number], done)


def settle(session: Session) -> None:
    """Do what erasing still owes: end what was cut short, let log and ledger tell the same, and seal anew what lies
    beside a note that an older copy has brought back. What cannot be done now goes to the problems of the vault."""
    vault, me = session.vault, session.fingerprint
    begun = [stone for stone in vault.history.tombstones.values() if stone.coach == me and not stone.done]
    try:
        for stone in begun:
            finish(session, stone)
        vault.catch_up(session.coach)
        write_down(vault.history, vault.store.entries(), vault.files)
        for shelf in vault.history.owed(me):
            _renew(session, shelf, [])
    except CoachsyncError as problem:
        vault.problems.append(problem.problem("practice.state"))


def renewed(session: Session, shelf: bytes, without: Collection[bytes] = ()) -> Tombstone:
    """Give a shelf its next generation, with all but some records, inside of a transaction: the one before is erased
    once that is committed and `finish` is done. Raises as `resealing.everything` does."""
    vault = session.vault
    known = vault.history.shelves[shelf]
    kept = everything(session, shelf, without)
    reseal(session, mint(vault, session.coach, shelf), kept)
    entry = _tombstone(session, "note", known.client or UNSORTED, {shelf: known.generation}, without)
    return vault.history.tombstones[entry.number]


def _renew(session: Session, shelf: bytes, without: Collection[bytes]) -> Erased:
    with session.vault.transaction():
        stone = renewed(session, shelf, without)
    return finish(session, stone)


def _tombstone(
    session: Session, what: str, client: str, shelves: Mapping[bytes, int], records: Collection[bytes]
) -> Entry:
    event = {
        "e": "erase",
        "what": what,
        "client": client,
        "shelves": {shelf.hex(): through for shelf, through in shelves.items()},
        "records": [record.hex() for record in records],
        "keys": _keys(session, shelves),
    }
    if len(chain.canonical(event)) > _LONGEST:
        raise CoachsyncError(
            "erasure-too-large",
            say("There are too many records to erase at once."),
            say("Nothing was erased. Erase notes of the client one by one first."),
        )
    return session.vault.append(session.coach, **event)


def _keys(session: Session, shelves: Mapping[bytes, int]) -> list[str]:
    """The digests of all grants of these shelves up to these generations that the log knows, and has not erased."""
    vault, found = session.vault, list[str]()
    for entry in vault.store.entries() if shelves else ():
        event = entry.event
        shelf = bytes.fromhex(event["shelf"]) if event["e"] == "shelf" else b""
        if event["e"] == "shelf" and event["generation"] <= shelves.get(shelf, 0):
            held = {key.hex() for key in vault.history.grants[shelf]}
            found += [key for key in event["grants"] if key in held]
    return found
