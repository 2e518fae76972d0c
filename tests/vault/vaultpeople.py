"""Persons, shelves and a log of a vault, from fixed seeds, for the tests of its format."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

import pytest

from coachsync.errors import Altered
from coachsync.vault.chain import Entry, Head, entry
from coachsync.vault.envelope import Header, Kind, body_of, header_of
from coachsync.vault.history import History
from coachsync.vault.keys import Person, ShelfKey, Signer
from coachsync.vault.suite import Opener, Sealer

VAULT, OTHER_VAULT = b"v" * 16, b"w" * 16
SHELF, OTHER_SHELF = b"\x5e" * 16, b"\x5f" * 16
RECORD, OTHER_RECORD = b"r" * 16, b"q" * 16
AT = 1_772_438_400  # Monday 2 March 2026, eight o'clock in UTC
CLIENT, OTHER_CLIENT = "C-ABC234", "C-ZZZ999"

COACH, COLLEAGUE, STRANGER = (Person(bytes([number]) * 32) for number in (1, 2, 3))
DAEMON, OTHER_DAEMON = (Signer(bytes([number]) * 32) for number in (4, 5))
COACHES = {one.actor.fingerprint: one.actor for one in (COACH, COLLEAGUE)}

SHELF_SEED, OTHER_SEED = b"\6" * 32, b"\7" * 32
OPENER, OTHER_OPENER = Opener(SHELF_SEED), Opener(OTHER_SEED)
SEALER, OTHER_SEALER = Sealer(OPENER.public), Sealer(OTHER_OPENER.public)

HEADER = Header(Kind.NOTE, VAULT, SHELF, 1, RECORD, 1, 1_790_000_000, DAEMON.actor.fingerprint)
Event = Mapping[str, Any]


def certified(coach: Person = COACH, opener: Opener = OPENER, shelf: bytes = SHELF, generation: int = 1) -> ShelfKey:
    """The key of a shelf, signed by its coach."""
    return ShelfKey(VAULT, shelf, generation, coach.actor.fingerprint, opener.public).signed(coach)


def flipped(content: bytes, bit: int) -> bytes:
    """The same but for one bit."""
    changed = bytearray(content)
    changed[bit // 8] ^= 1 << bit % 8
    return bytes(changed)


def digest(number: int) -> str:
    """A digest, as the log writes one."""
    return f"{number:064x}"


# --- what the log says ------------------------------------------------------------------------------------------------


def lets_in(daemon: Signer = DAEMON) -> Event:
    return {"e": "actor", "role": "daemon", "verify": daemon.actor.verify.hex()}


def makes(shelf: bytes = SHELF, generation: int = 1, grants: tuple[int, ...] = (1,)) -> Event:
    held = [digest(one) for one in grants]
    return {"e": "shelf", "shelf": shelf.hex(), "generation": generation, "key": digest(99), "grants": held}


def assigns(shelf: bytes = SHELF, client: str = CLIENT, category: str = "notes") -> Event:
    return {"e": "assign", "shelf": shelf.hex(), "client": client, "class": category}


def stores(
    record: bytes = RECORD, version: int = 1, shelf: bytes = SHELF, generation: int = 1, kind: int = 1, says: int = 7
) -> Event:
    where = {"shelf": shelf.hex(), "generation": generation, "record": record.hex(), "version": version}
    return {"e": "record", "kind": kind, "digest": digest(says)} | where


def files(record: bytes = RECORD, version: int = 1, file: int = 8, size: int = 4168, **more: Any) -> Event:
    """An attachment, which has a file."""
    return stores(record, version, kind=4, **more) | {"file": digest(file), "size": size}


def erases(
    what: str = "shelf",
    shelves: Mapping[bytes, int] = {SHELF: 1},
    records: tuple[bytes, ...] = (),
    keys: tuple[int, ...] = (1,),
    client: str = CLIENT,
) -> Event:
    gone = {shelf.hex(): through for shelf, through in shelves.items()}
    named = {"records": [one.hex() for one in records], "keys": [digest(one) for one in keys]}
    return {"e": "erase", "what": what, "client": client, "shelves": gone} | named


def erased(number: int) -> Event:
    return {"e": "erased", "entry": number}


def written(head: Head, who: Signer, event: Event) -> tuple[Entry, Head]:
    """What somebody would sign next, and where the log ends then."""
    return entry(head, VAULT, who, event, AT)


def open_record(record: bytes, shelf: Opener) -> tuple[Header, bytes]:
    """As whoever reads it does: the header first, which is compared with the log then."""
    return header_of(record), body_of(record, shelf)


class Book:
    """A log while it is written, and what it tells."""

    def __init__(self) -> None:
        self.history = History(VAULT, COACHES)
        self.entries: list[Entry] = []

    def says(self, who: Signer, *events: Event) -> Entry:
        """Somebody has something written: the (last) entry."""
        for event in events:
            made, alike = self.next(who, event), copied(self.history)
            self.history.take([made])
            assert (alike.add(who, event, AT), alike) == (made, self.history)  # whoever signs it hears the same
            self.entries.append(made)
        return self.entries[-1]

    def next(self, who: Signer, event: Event) -> Entry:
        """The entry that somebody would sign next."""
        return written(self.history.head, who, event)[0]

    def refuses(self, who: Signer, event: Event, code: str = "log-not-allowed") -> None:
        """Nobody lets somebody say that, and nothing of it is taken."""
        before = copied(self.history)
        for said in (lambda: self.history.take([self.next(who, event)]), lambda: self.history.add(who, event, AT)):
            with pytest.raises(Altered) as caught:
                said()
            assert caught.value.code == code
            assert self.history == before


def copied(history: History) -> History:
    """A history that goes its own way from here on."""
    names = (
        "actors",
        "shelves",
        "records",
        "keys",
        "made",
        "grants",
        "erased",
        "tombstones",
        "graves",
        "owing",
        "makers",
        "granted",
        "ended",
        "replaced",
        "successions",
        "vouched",
        "hearsay",
        "reached",
        "given_up",
    )
    held = {name: type(one)(one) for name in names for one in [getattr(history, name)]}
    return dataclasses.replace(history, **held)


def practice() -> Book:
    """A coach, a colleague and a daemon: the coach has a client's shelf with a note of two versions, and a spare."""
    book = Book()
    book.says(COACH, {"e": "vault"}, lets_in(), makes(), makes(OTHER_SHELF, grants=(2,)))
    book.says(DAEMON, assigns(), stores(says=7), stores(version=2, says=8))
    return book
