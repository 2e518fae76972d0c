"""Erasing records: the tombstone first, in the log and in the ledger; then keys, rows and journal; then the proof."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from coachsync.app.vault.attached import with_attached
from coachsync.app.vault.burying import line_of, write_down
from coachsync.app.vault.opening import sweep
from coachsync.app.vault.reading import Session
from coachsync.app.vault.resealing import everything, reseal
from coachsync.app.vault.shelving import last_of, mint
from coachsync.errors import Altered, CoachsyncError, UsageError, WrongKey
from coachsync.phrases import say
from coachsync.vault import chain
from coachsync.vault.chain import Entry
from coachsync.vault.shelves import UNSORTED, Tombstone

_SHELVES = 500  # whose generations one tombstone takes at most
_LONGEST = chain.LONGEST * 3 // 4  # bytes of a tombstone: an entry of another branch must be able to hold it


@dataclass(slots=True)
class Rekeyed:
    """Shelves that have another generation, with the one before; how many records were sealed anew; the shelves that
    could not be, with why; and the tombstone of the generations before, where there is one."""

    through: dict[bytes, int] = field(default_factory=dict)
    records: int = 0
    failed: dict[bytes, CoachsyncError] = field(default_factory=dict)
    stones: list[Tombstone] = field(default_factory=list)


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
    done = finish_all(session, [stone])
    return Erased(session.vault.history.tombstones[stone.number], done)


def finish_all(session: Session, stones: Collection[Tombstone]) -> bool:
    """The same for several at once: what was deleted is overwritten once. Whether all of it is done."""
    vault = session.vault
    for stone in stones:
        vault.files.bury(line_of(next(vault.store.entries(stone.number - 1))))
    done = not stones or sweep(vault)
    if done:
        with vault.transaction():
            for stone in stones:
                if not vault.history.tombstones[stone.number].done:
                    vault.append(session.coach, e="erased", entry=stone.number)
    return done


def settle(session: Session) -> None:
    """Do what erasing still owes: end what was cut short, let log and ledger tell the same, and seal anew what lies
    beside a note that an older copy has brought back. What cannot be done now goes to the problems of the vault."""
    vault, me = session.vault, session.fingerprint
    history = vault.history
    begun = [stone for stone in history.tombstones.values() if history.heir(stone.coach) == me and not stone.done]
    try:
        finish_all(session, begun)
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


def rekeyed(session: Session, shelves: Iterable[bytes], most: int) -> Rekeyed:
    """Give these shelves their next generation with all that is on them, inside of one transaction and until so many
    records were sealed anew; the generations before go with `finish_all`. A shelf with a record that does not open
    stays as it is: it would be lost."""
    vault = session.vault
    found = Rekeyed()
    with vault.transaction():
        for shelf in shelves:
            if found.records >= most or len(found.through) >= _SHELVES:
                break
            try:
                kept = everything(session, shelf)
            except (Altered, WrongKey) as problem:
                found.failed[shelf] = problem
                continue
            found.through[shelf] = vault.history.shelves[shelf].generation
            reseal(session, mint(vault, session.coach, shelf), kept)
            found.records += len(kept)
        if found.through:
            entry = _tombstone(session, "keys", UNSORTED, found.through, ())
            found.stones.append(vault.history.tombstones[entry.number])
    return found


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
    history = session.vault.history
    return [
        key.hex()
        for shelf, through in shelves.items()
        for generation, keys in history.granted.get(shelf, {}).items()
        for key in keys
        if generation <= through and key in history.grants[shelf]
    ]
