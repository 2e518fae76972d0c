"""What the log tells: who there is, which shelves there are and whose, which records are stored, what was erased.

An entry counts only when whoever signed it may say so; the rules are here and nowhere else.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from coachsync.errors import Altered
from coachsync.phrases import say
from coachsync.vault.chain import Entry, Head, verified
from coachsync.vault.envelope import Kind
from coachsync.vault.keys import Actor, Role

_CLIENT = re.compile(r"C-[0-9A-Z]{6}")
_CLASS = re.compile(r"[a-z][a-z-]{0,19}")
UNSORTED = ""  # instead of a client: records of which nobody knows yet whose they are
_ID, _DIGEST = 16, 32


@dataclass(frozen=True, slots=True)
class Shelf:
    """One shelf: whose (a fingerprint), up to which generation it has keys, and what it was assigned to: a client's
    code, or UNSORTED, and a class of records; None while it is a spare."""

    coach: bytes
    generation: int
    client: str | None = None
    category: str = ""


@dataclass(frozen=True, slots=True)
class Stored:
    """A version of a record in the vault. `writer` is who sealed it first."""

    shelf: bytes
    generation: int
    kind: Kind
    digest: bytes
    writer: bytes


@dataclass(frozen=True, slots=True)
class Tombstone:
    """What a coach has had erased, whether or not that is done: every grant and record of these shelves up to a
    generation, but for records that were sealed anew before. `number` is that of its entry."""

    number: int
    coach: bytes
    what: str  # note | shelf | client
    client: str
    shelves: Mapping[bytes, int]
    records: tuple[bytes, ...]
    keys: tuple[bytes, ...]  # digests of the grants that are destroyed
    done: bool = False


class _Said(NamedTuple):
    entry: Entry
    actor: Actor
    event: dict[str, Any]


@dataclass(slots=True)
class History:
    """All of it, up to `head`. `coaches` are those whom trust.toml names, by fingerprint."""

    vault: bytes
    coaches: Mapping[bytes, Actor]
    head: Head = field(default_factory=Head)
    remembered: Head = field(default_factory=Head)  # where the log once ended, as somebody knows
    actors: dict[bytes, Actor] = field(default_factory=dict)
    shelves: dict[bytes, Shelf] = field(default_factory=dict)
    records: dict[tuple[bytes, int], Stored] = field(default_factory=dict)
    keys: dict[bytes, dict[int, bytes]] = field(default_factory=dict)  # of each shelf, SHA-256 of each generation's key
    grants: dict[bytes, frozenset[bytes]] = field(default_factory=dict)  # digests of the grants of each shelf
    erased: set[bytes] = field(default_factory=set)  # the shelves and records that must never come back
    tombstones: dict[int, Tombstone] = field(default_factory=dict)
    graves: dict[bytes, Tombstone] = field(default_factory=dict)  # by the digest of the entry, also of another branch

    def take(self, entries: Iterable[Entry]) -> None:
        """Go on with these entries. Raises Altered at the first one that is not in order, not signed by who may say
        so, says what makes no sense, or is another one than was remembered; those before it are taken."""
        for entry, head in verified(entries, self.vault, self.actor, self.head, self.remembered):
            self._take(entry)
            self.head = head

    def bury(self, entry: Entry) -> Tombstone:
        """A tombstone of another branch of this log: an older copy of the vault was put in the place of the one that
        had it. What it names is gone, as far as it is here and its coach's; of a shelf that lost a note, the others
        stay. Twice is once. Raises Altered for anything that no coach has signed, or may erase."""
        digest, actor = entry.digest(self.vault), self.coaches.get(entry.actor)
        if digest in self.graves:
            return self.graves[digest]
        if actor is None:
            raise _refused(entry.number)
        actor.check(b"log", digest, entry.signature)
        try:
            _only(entry.event["e"] == "erase")
            stone = _stone(_Said(entry, actor, entry.event))
            _bury(self, stone)
        except (KeyError, TypeError, ValueError, AttributeError):
            raise _refused(entry.number) from None
        self.graves = self.graves | {digest: stone}
        return stone

    def owed(self, coach: bytes) -> dict[bytes, int]:
        """The shelves of this coach that need another generation, and the last one that is to go: an older copy has
        brought back a key that opens a note that was erased, and others beside it."""
        held = [(shelf, through) for stone in self.graves.values() for shelf, through in stone.shelves.items()]
        mine = {shelf: one.generation for shelf, one in self.shelves.items() if one.coach == coach}
        return {shelf: mine[shelf] for shelf, through in held if through >= mine.get(shelf, through + 1)}

    def actor(self, fingerprint: bytes) -> Actor | None:
        """Whoever has this fingerprint: a coach, or somebody whom one has let in."""
        return self.coaches.get(fingerprint) or self.actors.get(fingerprint)

    def spares(self, coach: bytes) -> list[bytes]:
        """The shelves of this coach that were not assigned yet."""
        return [shelf for shelf, one in self.shelves.items() if one.coach == coach and one.client is None]

    def shelf_of(self, coach: bytes, client: str, category: str) -> bytes | None:
        """The shelf that a coach has for a client and a class of records."""
        wanted = (coach, client, category)
        return next((shelf for shelf, one in self.shelves.items() if _place(one) == wanted), None)

    def latest(self, record: bytes) -> int:
        """The newest version of a record; 0 when there is none."""
        return max((version for known, version in self.records if known == record), default=0)

    def _take(self, entry: Entry) -> None:
        event = entry.event
        rule = _RULES.get(event["e"])
        actor = self.actor(entry.actor)
        try:
            if rule is None or actor is None:
                raise ValueError
            rule(self, _Said(entry, actor, event))
        except (KeyError, TypeError, ValueError, AttributeError):
            raise _refused(entry.number) from None


def is_client(code: str) -> bool:
    """Whether a shelf can be assigned to a client of this code."""
    return _CLIENT.fullmatch(code) is not None


def _place(shelf: Shelf) -> tuple[bytes, str | None, str]:
    return shelf.coach, shelf.client, shelf.category


# --- what each kind of entry means, and who may make it; ValueError for what nobody may say ---------------------------


def _vault(history: History, said: _Said) -> None:
    """A coach opens the log, or joins it."""
    _only(said.actor.role is Role.COACH and said.event.keys() == {"e"} and said.entry.actor in history.coaches)


def _actor(history: History, said: _Said) -> None:
    """A coach lets in somebody who writes."""
    event = said.event
    _only(said.actor.role is Role.COACH and event.keys() == {"e", "role", "verify"} and event["role"] == "daemon")
    new = Actor(Role.DAEMON, _bytes(event["verify"], 32))
    history.actors[new.fingerprint] = new


def _shelf(history: History, said: _Said) -> None:
    """A coach makes a shelf, or the next generation of one of their own. One that was erased never comes back."""
    event, coach = said.event, said.entry.actor
    _only(said.actor.role is Role.COACH and event.keys() == {"e", "shelf", "generation", "key", "grants"})
    shelf, generation, key = _bytes(event["shelf"], _ID), _number(event["generation"]), _bytes(event["key"], _DIGEST)
    grants = set(_listed(event["grants"], _DIGEST))
    known = history.shelves.get(shelf, Shelf(coach, 0))
    _only(known.coach == coach and generation == known.generation + 1 and shelf not in history.erased)
    history.shelves[shelf] = replace(known, generation=generation)
    history.keys[shelf] = history.keys.get(shelf, {}) | {generation: key}
    history.grants[shelf] = history.grants.get(shelf, frozenset()) | grants


def _assign(history: History, said: _Said) -> None:
    """A spare shelf becomes a client's."""
    event = said.event
    _only(event.keys() == {"e", "shelf", "client", "class"})
    shelf, client, category = _bytes(event["shelf"], _ID), event["client"], event["class"]
    known = history.shelves[shelf]
    _only(_is_code(client))
    _only(_CLASS.fullmatch(category) is not None and known.client is None)
    _only(said.actor.role is Role.DAEMON or said.entry.actor == known.coach)
    _only(history.shelf_of(known.coach, client, category) is None)
    history.shelves[shelf] = replace(known, client=client, category=category)


def _record(history: History, said: _Said) -> None:
    """A version of a record is stored, where those before it are. Its coach may seal it anew, and it stays what it was
    and whose it was: in a later generation, or on another shelf."""
    event, coach = said.event, said.entry.actor
    _only(event.keys() == {"e", "shelf", "generation", "record", "version", "kind", "digest"})
    shelf, record, digest = _bytes(event["shelf"], _ID), _bytes(event["record"], _ID), _bytes(event["digest"], _DIGEST)
    generation, version, kind = _number(event["generation"]), _number(event["version"]), Kind(_number(event["kind"]))
    known = history.shelves[shelf]
    _only(known.client is not None and generation == known.generation and record not in history.erased)
    _only(said.actor.role is Role.DAEMON or coach == known.coach)
    before, writer = history.records.get((record, version)), said.entry.actor
    if before is None:
        last = history.records.get((record, version - 1))
        _only(version == 1 if last is None else (last.shelf, last.kind) == (shelf, kind))
    else:
        _only(coach == known.coach == history.shelves[before.shelf].coach and kind is before.kind)
        _only(before.shelf != shelf or before.generation < generation)
        writer = before.writer
    history.records[record, version] = Stored(shelf, generation, kind, digest, writer)


def _erase(history: History, said: _Said) -> None:
    """A coach has something erased: it is gone from here on, whatever else is still there. What it names must be all
    that these shelves hold up to those generations, and no more."""
    stone = _stone(said)
    _only(said.actor.role is Role.COACH)
    _only(all(history.shelves[shelf].coach == stone.coach for shelf in stone.shelves))
    _only(all(through <= history.shelves[shelf].generation for shelf, through in stone.shelves.items()))
    gone = {key for key, one in history.records.items() if one.generation <= stone.shelves.get(one.shelf, 0)}
    named = set(stone.records)
    left = {key: one for key, one in history.records.items() if key not in gone}
    _only({record for record, _ in gone} == named and not any(record in named for record, _ in left))
    _only(all(any(key in history.grants[shelf] for shelf in stone.shelves) for key in stone.keys))
    whole = {shelf for shelf, through in stone.shelves.items() if through == history.shelves[shelf].generation}
    kept = {shelf: one for shelf, one in history.shelves.items() if shelf not in whole}
    _only(stone.what != "client" or not any(_place(one)[:2] == (stone.coach, stone.client) for one in kept.values()))
    history.tombstones[stone.number] = history.graves[said.entry.digest(history.vault)] = stone
    history.records, history.shelves = left, kept
    history.erased |= whole | named
    history.keys = {shelf: _later(keys, stone.shelves.get(shelf, 0)) for shelf, keys in history.keys.items()}
    history.grants = {shelf: held - set(stone.keys) for shelf, held in history.grants.items() if shelf not in whole}


def _bury(history: History, stone: Tombstone) -> None:
    named, shelves = set(stone.records), history.shelves
    touched = {one.shelf for (record, _), one in history.records.items() if record in named}
    _only(all(shelves[shelf].coach == stone.coach for shelf in touched | (stone.shelves.keys() & shelves.keys())))
    last = {shelf: one.generation for shelf, one in shelves.items()}
    gone = stone.shelves if stone.what != "note" else {}
    whole = {shelf for shelf, through in gone.items() if last.get(shelf, 0) <= through}
    left = {key: one for key, one in history.records.items() if key[0] not in named and one.shelf not in whole}
    history.records = left
    history.erased |= whole | named
    history.shelves = {shelf: one for shelf, one in shelves.items() if shelf not in whole}
    history.grants = {shelf: held for shelf, held in history.grants.items() if shelf not in whole}
    history.keys = {shelf: held for shelf, held in history.keys.items() if shelf not in whole}


def _stone(said: _Said) -> Tombstone:
    event = said.event
    _only(event.keys() == {"e", "what", "client", "shelves", "records", "keys"})
    what, client, shelves = event["what"], event["client"], event["shelves"]
    _only(what in ("note", "shelf", "client") and _is_code(client) and isinstance(shelves, dict))
    _only(what != "client" or client != UNSORTED)
    through = {_bytes(shelf, _ID): _number(generation) for shelf, generation in shelves.items()}
    records, keys = _listed(event["records"], _ID), _listed(event["keys"], _DIGEST)
    return Tombstone(said.entry.number, said.entry.actor, what, client, through, tuple(records), tuple(keys))


def _later(keys: Mapping[int, bytes], through: int) -> dict[int, bytes]:
    return {generation: key for generation, key in keys.items() if generation > through}


def _buried(history: History, said: _Said) -> None:
    """Somebody found in the ledger what a coach had erased in another branch of the log. Its own signature counts."""
    event = dict(said.event)
    parts = [_bytes(event.pop(name), size) for name, size in (("previous", _DIGEST), ("actor", _ID), ("signature", 64))]
    number, text = _number(event.pop("number")), event.pop("said")
    _only(event == {"e": "buried"})
    try:
        history.bury(Entry(number, parts[0], parts[1], text.encode("ascii"), parts[2]))
    except Altered:
        raise ValueError from None


def _erased(history: History, said: _Said) -> None:
    """And that is done."""
    _only(said.event.keys() == {"e", "entry"})
    stone = history.tombstones[_number(said.event["entry"])]
    _only(stone.coach == said.entry.actor)
    history.tombstones[stone.number] = replace(stone, done=True)


def _slot(_: History, said: _Said) -> None:
    """A coach has a new passphrase, or a new recovery code."""
    event = said.event
    _only(said.actor.role is Role.COACH and event.keys() == {"e", "kind"})
    _only(event["kind"] in ("passphrase", "recovery"))


_RULES: Mapping[str, Callable[[History, _Said], None]] = {
    "vault": _vault,
    "actor": _actor,
    "shelf": _shelf,
    "assign": _assign,
    "record": _record,
    "erase": _erase,
    "erased": _erased,
    "buried": _buried,
    "slot": _slot,
}


def _only(allowed: object) -> None:
    if not allowed:
        raise ValueError


def _bytes(text: Any, size: int) -> bytes:
    found = bytes.fromhex(text)
    _only(len(found) == size and found.hex() == text)
    return found


def _listed(found: Any, size: int) -> list[bytes]:
    _only(isinstance(found, list))
    return [_bytes(one, size) for one in found]


def _is_code(client: str) -> bool:
    return client == UNSORTED or is_client(client)


def _number(value: Any) -> int:
    _only(type(value) is int and 0 < value < 1 << 32)
    return int(value)


def _refused(number: int) -> Altered:
    return Altered(
        "log-not-allowed",
        say("Entry {number} of the log says what nobody, or not this one, may say.", number=number),
        say("Run: coachsync vault verify"),
    )
