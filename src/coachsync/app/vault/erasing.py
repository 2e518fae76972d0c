"""Erasing records: the tombstone first, in the log and in the ledger; then keys, rows and journal; then the proof."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from typing import NamedTuple

from coachsync.app.vault.destroying import destroy
from coachsync.app.vault.opening import Vault, line_of
from coachsync.app.vault.reading import Session
from coachsync.app.vault.shelving import mint
from coachsync.app.vault.writing import store
from coachsync.errors import CoachsyncError, Temporary, UsageError
from coachsync.phrases import say
from coachsync.vault import grants
from coachsync.vault.history import Tombstone


class Erased(NamedTuple):
    """What was erased: the tombstone, and whether all of it is done."""

    stone: Tombstone
    done: bool


def erase_record(session: Session, record: bytes) -> Erased:
    """Erase every version of a record: its shelf gets a new key, the others are sealed to that, and the old key goes.

    Killed before the tombstone, nothing is erased; after it, the next opening finishes. Raises UsageError when there is
    no such record of this coach, Altered when another one on the shelf does not open: it would be lost.
    """
    vault = session.vault
    place = vault.history.records.get((record, vault.history.latest(record)))
    if place is None or vault.history.shelves[place.shelf].coach != session.fingerprint:
        raise UsageError("no-such-record", say("There is no such record."))
    shelf = place.shelf
    old = vault.history.shelves[shelf].generation
    _move_on(session, shelf, without=record)
    return _erase(session, "note", vault.history.shelves[shelf].client or "", {shelf: old}, [record])


def erase_shelves(session: Session, what: str, client: str, shelves: Iterable[bytes]) -> Erased:
    """Erase whole shelves of a client, with every record and every key of them. `what` is "shelf" or "client"."""
    history = session.vault.history
    through = {shelf: history.shelves[shelf].generation for shelf in shelves}
    records = {record for (record, _), stored in history.records.items() if stored.shelf in through}
    return _erase(session, what, client, through, sorted(records))


def finish(session: Session, stone: Tombstone) -> Erased:
    """End what a tombstone began; not while somebody reads in the database. Raises CoachsyncError where the system
    refuses something."""
    vault = session.vault
    vault.files.bury(line_of(next(vault.store.entries(stone.number - 1))))
    done = destroy(vault.store, vault.files, stone)
    if done and not vault.history.tombstones[stone.number].done:
        with vault.transaction():
            vault.append(session.coach, e="erased", entry=stone.number)
    return Erased(vault.history.tombstones[stone.number], done)


def not_done() -> Temporary:
    """What a person is told while somebody reads in the database."""
    return Temporary(
        "erasure-not-done",
        say("Not done yet: another program is reading in the vault. The keys are destroyed already."),
        say("End that program, then run: coachsync vault verify"),
    )


def _erase(
    session: Session, what: str, client: str, shelves: Mapping[bytes, int], records: Collection[bytes]
) -> Erased:
    vault = session.vault
    keys = [grants.digest(content) for shelf, through in shelves.items() for content in _grants(vault, shelf, through)]
    with vault.transaction():
        entry = vault.append(
            session.coach,
            e="erase",
            what=what,
            client=client,
            shelves={shelf.hex(): through for shelf, through in shelves.items()},
            records=[record.hex() for record in records],
            keys=[key.hex() for key in keys],
        )
    return finish(session, vault.history.tombstones[entry.number])


def _grants(vault: Vault, shelf: bytes, through: int) -> list[bytes]:
    found = (
        vault.files.grant(shelf, generation, who)
        for generation, who in vault.files.grants(shelf)
        if generation <= through
    )
    return [content for content in found if content is not None]


def _move_on(session: Session, shelf: bytes, without: bytes) -> None:
    """Give a shelf its next generation and seal all but one record to that, each version after the one before."""
    vault = session.vault
    read = list(session.shelf(shelf))
    for one in read:
        if isinstance(one, CoachsyncError):
            raise one
    with vault.transaction():  # a version names the one before: neither is sealed anew alone
        key = mint(vault, session.coach, shelf, vault.history.shelves[shelf].generation + 1)
        digests: dict[tuple[bytes, int], bytes] = {}
        for one in read:
            if isinstance(one, CoachsyncError) or one.header.record == without:
                continue
            previous = digests.get((one.header.record, one.header.version - 1), one.header.previous)
            header = replace(one.header, generation=key.generation, previous=previous)
            digests[header.record, header.version] = store(vault, session.coach, key, header, one.body).digest
