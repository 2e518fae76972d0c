"""What the log tells: who there is, which shelves there are and whose, which records are stored, what was erased.

An entry counts only when whoever signed it may say so: `rules` has that.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from coachsync.errors import Altered
from coachsync.phrases import say
from coachsync.vault import chain
from coachsync.vault.chain import Entry, Head, cut, of_nobody, older_than_keys, verified
from coachsync.vault.formers import Former, understood
from coachsync.vault.keys import Actor, ShelfKey, Signer
from coachsync.vault.rules import RULES, Said, bury, stone_of
from coachsync.vault.shelves import Shelf, Stored, Tombstone


@dataclass(slots=True)
class History:
    """All of it, up to `head`. `coaches` are those whom trust.toml names, by fingerprint, and `formers` the keys that
    they had before."""

    vault: bytes
    coaches: Mapping[bytes, Actor]
    formers: Mapping[bytes, Former] = field(default_factory=dict)
    head: Head = field(default_factory=Head)
    remembered: Head = field(default_factory=Head)  # where the log once ended, as somebody knows
    met: Head = field(default_factory=Head)  # where this one was when it had as many entries
    given_up: dict[Head, int] = field(
        default_factory=dict
    )  # where it once ended, in another branch: which entry says it
    reached: set[Head] = field(default_factory=set)  # of where former keys end, those that this log came through
    actors: dict[bytes, Actor] = field(default_factory=dict)
    ended: dict[bytes, Actor] = field(default_factory=dict)  # who wrote once, and may not any more
    replaced: dict[bytes, bytes] = field(default_factory=dict)  # a former key, and the one that has come in its place
    successions: set[bytes] = field(default_factory=set)  # the entries that say so, by their digests
    vouched: set[bytes] = field(default_factory=set)  # the tombstones of former keys that count, by their digests
    later: dict[bytes, Former] = field(default_factory=dict)  # keys in the place of one of today, as the ledger says
    followed: set[bytes] = field(default_factory=set)  # the entries of which that was learned in the log, by digest
    hearsay: set[bytes] = field(default_factory=set)  # and those of which only the ledger says so
    shelves: dict[bytes, Shelf] = field(default_factory=dict)
    records: dict[tuple[bytes, int], Stored] = field(default_factory=dict)
    keys: dict[bytes, dict[int, bytes]] = field(default_factory=dict)  # of each shelf, SHA-256 of each generation's key
    made: dict[bytes, frozenset[int]] = field(default_factory=dict)  # of each shelf, the generations it ever had
    makers: dict[bytes, dict[int, bytes]] = field(default_factory=dict)  # and the coach who has certified each
    owing: dict[bytes, int] = field(default_factory=dict)  # through which generation a shelf's keys open what is buried
    grants: dict[bytes, frozenset[bytes]] = field(default_factory=dict)  # digests of the grants of each shelf
    granted: dict[bytes, dict[int, tuple[bytes, ...]]] = field(default_factory=dict)  # and of each generation it had
    erased: set[bytes] = field(default_factory=set)  # the shelves and records that must never come back
    tombstones: dict[int, Tombstone] = field(default_factory=dict)
    graves: dict[bytes, Tombstone] = field(default_factory=dict)  # by the digest of the entry, also of another branch

    def take(self, entries: Iterable[Entry]) -> None:
        """Go on with these entries. Raises Altered at the first one that is not in order, not signed by who may say
        so, or says what makes no sense; those before it are taken."""
        for entry, head in verified(entries, self.vault, self.actor, self.head):
            self._take(entry)
            self.head = head
            if head.count == self.remembered.count:
                self.met = head
            if head in self._ends():
                self.reached.add(head)

    def refuse_cut(self) -> None:
        """Raise Altered when all that was taken is not the log that somebody remembers, or does not go on from there:
        one that was cut may have grown again since. Not where a coach has given up what is remembered."""
        missed = self.missed()
        if missed:
            raise older_than_keys() if self._ends() & set(missed) else cut()

    def missed(self) -> list[Head]:
        """The heads that this log does not go on from, and no coach has given up: the one that is remembered, and those
        where trust.toml says that a former key ends."""
        heads = self._ends() - self.reached
        heads |= {self.remembered} - {self.met, Head()}
        return sorted(heads - self.given_up.keys(), key=lambda head: (head.count, head.digest))

    def add(self, signer: Signer, event: Mapping[str, Any], at: int) -> Entry:
        """The entry that follows, written `at` (seconds since 1970), signed here and taken: its signature need not be
        checked. Raises Altered when this
        signer may not say so or what it says makes no sense, and ValueError for an event that is too long."""
        if self.actor(signer.actor.fingerprint) != signer.actor:
            raise of_nobody(self.head.count + 1)
        entry, head = chain.entry(self.head, self.vault, signer, event, at)
        self._take(entry)
        self.head = head
        return entry

    def bury(self, entry: Entry, at: int | None = None) -> Tombstone:
        """A tombstone of another branch of this log: an older copy of the vault was put in the place of the one that
        had it; `at` is the entry here that holds it. What it names is gone, as far as it is here and its coach's; of a
        shelf that lost a note, the others stay. Twice is once. Raises Altered for anything that no coach has signed, or
        may erase."""
        digest = entry.digest(self.vault)
        if digest in self.graves:
            return self.graves[digest]
        actor = self.coaches.get(entry.actor) or self._former(entry.actor, digest, at) or self._later(entry.actor)
        if actor is None:
            raise _refused(entry.number)
        actor.check(b"log", digest, entry.signature)
        try:
            stone = stone_of(Said(entry, actor, entry.event))
            bury(self, stone)
        except (KeyError, TypeError, ValueError, AttributeError):
            raise _refused(entry.number) from None
        self.graves = self.graves | {digest: stone}
        return stone

    def is_idle(self, entry: Entry) -> bool:
        """Whether it is a tombstone that a key of another time has signed and that names no record: it took keys which
        are gone with a former one, or with a later one are those of a later log, whether it counts or not."""
        other = self.formers.get(entry.actor) or self.later.get(entry.actor)
        try:
            if other is None:
                return False
            other.actor.check(b"log", entry.digest(self.vault), entry.signature)
            stone = stone_of(Said(entry, other.actor, entry.event))
        except (KeyError, TypeError, ValueError, AttributeError, Altered):
            return False
        return not stone.lasts

    def owed(self, coach: bytes) -> dict[bytes, int]:
        """The shelves of this coach that need another generation, and the last one that is to go: an older copy has
        brought back a key that opens a note that was erased, and others beside it."""
        held = [(shelf, through) for stone in self.graves.values() for shelf, through in stone.shelves.items()]
        held += self.owing.items()
        mine = {shelf: one.generation for shelf, one in self.shelves.items() if one.coach == coach}
        return {shelf: mine[shelf] for shelf, through in held if through >= mine.get(shelf, through + 1)}

    def actor(self, fingerprint: bytes) -> Actor | None:
        """Whoever has this fingerprint: a coach, also one whose key was not replaced yet here, or somebody whom one has
        let in."""
        found = self.coaches.get(fingerprint) or self.actors.get(fingerprint)
        if found is None and fingerprint in self.formers and fingerprint not in self.replaced:
            return self.formers[fingerprint].actor
        return found

    def heir(self, coach: bytes) -> bytes:
        """The coach of today who had this fingerprint, or has it."""
        known = self.formers.get(coach) or self.later.get(coach)
        return known.heir if known else coach

    def hear(self, entry: Entry) -> None:
        """A line of the ledger that tells which tombstones of a former key count: it does where trust.toml knows the
        key in its place. One of a key of today tells that trust.toml is of before: what the key in its place erases is
        erased. Raises Altered for one that no coach has signed."""
        former = self.formers.get(entry.actor)
        actor = former.actor if former else self.coaches.get(entry.actor) or self._later(entry.actor)
        try:
            if actor is None:
                raise ValueError
            actor.check(b"log", entry.digest(self.vault), entry.signature)
            renewal = understood(self.vault, entry.actor, entry.event)
        except (KeyError, TypeError, ValueError, AttributeError):
            raise _refused(entry.number) from None
        if former is None:
            self.later[renewal.new.fingerprint] = Former(renewal.new, Head(), self.heir(entry.actor), frozenset())
        elif renewal.new.fingerprint in former.later:
            self.hearsay |= renewal.stones

    def follow(self, entry: Entry) -> None:
        """The same of one that an entry of the log holds. Raises Altered."""
        self.hear(entry)
        self.followed = self.followed | {entry.digest(self.vault)}

    def stale(self, coach: bytes) -> list[bytes]:
        """The shelves of this coach whose newest key was made with a former one."""
        mine = ((shelf, one.generation) for shelf, one in self.shelves.items() if one.coach == coach)
        return [shelf for shelf, generation in mine if self.makers[shelf][generation] != coach]

    def spares(self, coach: bytes) -> list[bytes]:
        """The shelves of this coach that were not assigned yet."""
        return [shelf for shelf, one in self.shelves.items() if one.coach == coach and one.client is None]

    def shelf_of(self, coach: bytes, client: str, category: str) -> bytes | None:
        """The shelf that a coach has for a client and a class of records."""
        places = ((shelf, (one.coach, one.client, one.category)) for shelf, one in self.shelves.items())
        return next((shelf for shelf, place in places if place == (coach, client, category)), None)

    def check_key(self, key: ShelfKey) -> None:
        """Raise Altered unless it is the key that the coach of its shelf has made for that generation: a colleague can
        certify one too, and would read what is sealed to it."""
        known = self.shelves.get(key.shelf)
        maker = known and self.makers[key.shelf].get(key.generation, known.coach)
        actor = maker and (self.coaches.get(maker) or (self.formers[maker].actor if maker in self.formers else None))
        key.check({maker: actor} if maker and actor else {})
        if self.keys.get(key.shelf, {}).get(key.generation) != hashlib.sha256(key.public).digest():
            raise Altered(
                "shelf-key-replaced",
                say("A key that notes would be sealed to is not the one that the coach has made."),
                say("Nothing was sealed to it. Run: coachsync vault verify"),
            )

    def latest(self, record: bytes) -> int:
        """The newest version of a record; 0 when there is none."""
        return max((version for known, version in self.records if known == record), default=0)

    def _former(self, fingerprint: bytes, digest: bytes, at: int | None) -> Actor | None:
        """Whoever had this key, where a tombstone of theirs counts: it was in the log in their time, or whoever has
        come in their place vouches for it."""
        former = self.formers.get(fingerprint)
        if former is None:
            return None
        in_time = at is not None and at <= former.until.count and fingerprint not in self.replaced
        return former.actor if in_time or digest in self.vouched | self.hearsay else None

    def _later(self, fingerprint: bytes) -> Actor | None:
        return self.later[fingerprint].actor if fingerprint in self.later else None

    def _ends(self) -> set[Head]:
        """Where former keys end."""
        return {former.until for former in self.formers.values()}

    def _may_speak(self, entry: Entry, kind: str) -> bool:
        """A former key says nothing beyond its end, but who comes in its place."""
        former = self.formers.get(entry.actor)
        return former is None or kind == "renewed" or entry.number <= former.until.count

    def _take(self, entry: Entry) -> None:
        event = entry.event
        rule = RULES.get(event["e"])
        actor = self.actor(entry.actor)
        try:
            if rule is None or actor is None or not self._may_speak(entry, event["e"]):
                raise ValueError
            rule(self, Said(entry, actor, event))
        except (KeyError, TypeError, ValueError, AttributeError):
            raise _refused(entry.number) from None


def _refused(number: int) -> Altered:
    return Altered(
        "log-not-allowed",
        say("Entry {number} of the log says what nobody, or not this one, may say.", number=number),
        say("Run: coachsync vault verify"),
    )
