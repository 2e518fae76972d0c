"""The log: entries that follow from one another, each signed by who made it, none with a word of a record.

Each entry holds the digest of the one before, so that none can be changed, removed or put elsewhere. That the last ones
are missing shows only beside a head that somebody remembers.
"""

from __future__ import annotations

import hashlib
import json
import struct
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from coachsync.errors import Altered, CoachsyncError
from coachsync.phrases import say
from coachsync.vault.keys import Actor, Signer

DIGEST_BYTES = 32
LONGEST = 1 << 20  # bytes of what an entry says: a tombstone names every record that goes
_NUMBER = struct.Struct(">Q")
_AFTER = 1 << 32  # seconds: times are before February 2106
_WHAT = b"log"
_ENCODER = json.JSONEncoder(sort_keys=True, separators=(",", ":"), allow_nan=False)


@dataclass(frozen=True, slots=True)
class Head:
    """Where a log ends: how many entries it has, and the digest of the last one."""

    count: int = 0
    digest: bytes = bytes(DIGEST_BYTES)


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry: `number` from 1, who made it (a fingerprint), what it says (canonical JSON), the signature."""

    number: int
    previous: bytes
    actor: bytes
    said: bytes
    signature: bytes

    def digest(self, vault: bytes) -> bytes:
        """What the next entry calls it by."""
        parts = (vault, _NUMBER.pack(self.number), self.previous, self.actor, self.said)
        return hashlib.sha256(b"coachsync/log/v1\0" + b"".join(parts)).digest()

    @property
    def event(self) -> dict[str, Any]:
        """What it says, as a table with the kind of the event under "e". Raises Altered when it is none."""
        return self._read()[0]

    @property
    def at(self) -> int:
        """When its actor has written it, by the clock there: seconds since 1970. Raises as `event`."""
        return self._read()[1]

    def _read(self) -> tuple[dict[str, Any], int]:
        try:
            found = json.loads(self.said) if len(self.said) <= LONGEST else None
            if isinstance(found, dict) and isinstance(found.get("e"), str) and canonical(found) == self.said:
                at = found.pop("at")
                if type(at) is int and 0 < at < _AFTER:
                    return found, at
        except (ValueError, KeyError, RecursionError):
            pass
        raise _broken(self.number)


def canonical(event: Mapping[str, Any]) -> bytes:
    """The one way to write an event: JSON with sorted keys, ASCII, no blanks. Raises ValueError for what is no JSON."""
    return _ENCODER.encode(event).encode()


def entry(head: Head, vault: bytes, signer: Signer, event: Mapping[str, Any], at: int) -> tuple[Entry, Head]:
    """The entry that follows `head`, written `at` (seconds since 1970), and the head that it makes. Raises ValueError
    for an event that is too long, and CoachsyncError for a time that nobody could read."""
    if not 0 < at < _AFTER:
        raise CoachsyncError(
            "clock-wrong",
            say("The clock of this machine is wrong by many years: nothing can be written with the time that it says."),
            say("Set the clock, and try again."),
        )
    said = canonical({**event, "at": at})
    if len(said) > LONGEST:
        raise ValueError("an entry has at most 1 MiB")
    unsigned = Entry(head.count + 1, head.digest, signer.actor.fingerprint, said, b"")
    found = unsigned.digest(vault)
    signed = Entry(unsigned.number, head.digest, unsigned.actor, said, signer.sign(_WHAT, found))
    return signed, Head(signed.number, found)


def verified(
    entries: Iterable[Entry],
    vault: bytes,
    who: Callable[[bytes], Actor | None],
    since: Head = Head(),
) -> Iterator[tuple[Entry, Head]]:
    """Each entry after `since`, in order, once it is known to follow from the one before and to be signed by its actor.

    `who` is asked for the actor of a fingerprint after all earlier entries were taken: one may let another in. Raises
    Altered at the first entry that is changed, missing, out of place, or of somebody who is not known.
    """
    head = since
    for one in entries:
        if (one.number, one.previous) != (head.count + 1, head.digest):
            raise _broken(head.count + 1)
        actor = who(one.actor)
        if actor is None or actor.fingerprint != one.actor:
            raise of_nobody(one.number)
        found = one.digest(vault)
        try:
            actor.check(_WHAT, found, one.signature)
        except Altered:
            raise _broken(one.number) from None
        head = Head(one.number, found)
        yield one, head


def cut() -> Altered:
    """That the log is not the one that somebody remembers."""
    return Altered(
        "log-cut",
        say("The log is shorter than it was, or another one: an older copy was put in its place."),
        say(
            "If you have put a backup back, go on with it by: coachsync vault unlock --accept-restored, or without the "
            "passphrase: coachsync vault recovery --use --accept-restored. Else look for who has done it."
        ),
    )


def older_than_keys() -> Altered:
    """That the log does not come to where the keys of a coach were replaced."""
    return Altered(
        "log-cut",
        say("This is an older copy of the vault, from before the keys of a coach were replaced, or another one."),
        say(
            "If you have put a backup back, the coach goes on with it, by the passphrase of then: coachsync vault "
            "passphrase --leaked --accept-restored. Else look for who has done it."
        ),
    )


def of_nobody(number: int) -> Altered:
    """The error for an entry of this number whose actor nobody has let in."""
    return Altered(
        "log-of-nobody",
        say("Entry {number} of the log is of somebody who is not known.", number=number),
        say("Run: coachsync vault verify"),
    )


def _broken(number: int) -> Altered:
    return Altered(
        "log-broken",
        say("Entry {number} of the log is missing, or was changed.", number=number),
        say("Restore the vault from a backup; to see what else is damaged, run: coachsync vault verify"),
    )
