"""Former keys: what a coach signed with before the seed was replaced, after somebody else may have seen it.

`trust.toml` says which keys are former ones, and up to which head of the log each of them counts. In the log, the
former key says which one stands in its place, the new one proves itself, and names the erasures of the past that stay
in force: whoever holds the old seed can sign others at any time.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from coachsync.errors import Altered
from coachsync.phrases import say
from coachsync.vault.chain import Head, canonical
from coachsync.vault.keys import FINGERPRINT_BYTES, Actor, Person, Role
from coachsync.vault.suite import NUMBER, OVERHEAD, SEED_BYTES, Sealer, unknown

FILE_BYTES = 4096
_MAGIC = b"CSF1"
_HEADER = struct.Struct(">4sBBH16s16s16s")  # magic, suite, 0, 0, vault, whose seed it is, who may have it
_LABEL = b"coachsync/former/v1\0"
_SEALED = OVERHEAD + SEED_BYTES
_WHAT = b"renewed"


@dataclass(frozen=True, slots=True)
class Former:
    """A key that a coach had: `until` is where the log ended when it was replaced, `later` whoever may stand in its
    place, of whom `heir` is the coach of today (fingerprints)."""

    actor: Actor
    until: Head
    heir: bytes
    later: frozenset[bytes]


class Renewal(NamedTuple):
    """What a former key and a new one say together: who comes, and the tombstones (digests of their entries) of
    former keys that count from then on."""

    new: Actor
    stones: frozenset[bytes]


def renewal(vault: bytes, old: bytes, new: Person, stones: Iterable[bytes]) -> dict[str, Any]:
    """The event by which the person with the fingerprint `old` gives place to `new`."""
    said = {
        "verify": new.actor.verify.hex(),
        "sealing": new.actor.sealing.hex(),
        "stones": sorted(stone.hex() for stone in stones),
    }
    return {"e": "renewed", **said, "signature": new.sign(_WHAT, _message(vault, old, said)).hex()}


def understood(vault: bytes, old: bytes, event: Mapping[str, Any]) -> Renewal:
    """What such an event says, once the new key has proven it. Raises Altered, ValueError, KeyError or TypeError for
    anything else."""
    if event.keys() != {"e", "verify", "sealing", "stones", "signature"} or event["e"] != "renewed":
        raise ValueError
    said = {name: event[name] for name in ("verify", "sealing", "stones")}
    new = Actor(Role.COACH, bytes.fromhex(said["verify"]), bytes.fromhex(said["sealing"]))
    stones = [bytes.fromhex(stone) for stone in said["stones"]]
    again = sorted({one.hex() for one in stones})
    if said != {"verify": new.verify.hex(), "sealing": new.sealing.hex(), "stones": again}:
        raise ValueError
    new.check(_WHAT, _message(vault, old, said), bytes.fromhex(event["signature"]))
    return Renewal(new, frozenset(stones))


def handed_over(vault: bytes, old: Person, new: Actor) -> bytes:
    """The content of the file in which the new key finds the old seed, until everything is sealed anew."""
    header = _HEADER.pack(_MAGIC, NUMBER, 0, 0, vault, old.actor.fingerprint, new.fingerprint)
    return (header + Sealer(new.sealing).seal(_LABEL + header, old.seed)).ljust(FILE_BYTES, b"\0")


def heir_of(content: bytes) -> bytes:
    """For whom such a file is (a fingerprint), which nothing has authenticated yet. Raises Altered when it is none."""
    if len(content) != FILE_BYTES or any(content[_HEADER.size + _SEALED :]):
        raise _damaged()
    magic, suite, zero, more, _, _, new = _HEADER.unpack_from(content)
    if magic == _MAGIC and suite != NUMBER:
        raise unknown()
    if (magic, zero, more) != (_MAGIC, 0, 0):
        raise _damaged()
    return bytes(new)


def taken_over(content: bytes, vault: bytes, old: bytes, new: Person) -> Person:
    """Who had the fingerprint `old` before. Raises Altered for a file that is none, or another one, and WrongKey when
    it does not open."""
    heir_of(content)
    header = content[: _HEADER.size]
    if header != _HEADER.pack(_MAGIC, NUMBER, 0, 0, vault, old, new.actor.fingerprint):
        raise _damaged()
    person = Person(new.opener.open(_LABEL + header, content[_HEADER.size : _HEADER.size + _SEALED]))
    if person.actor.fingerprint != old:
        raise _damaged()
    return person


def _message(vault: bytes, old: bytes, said: Mapping[str, Any]) -> bytes:
    if len(old) != FINGERPRINT_BYTES:
        raise ValueError
    return vault + old + canonical(said)


def _damaged() -> Altered:
    return Altered(
        "former-damaged",
        say("The file in which the key of before waits to be replaced was altered, or cut."),
        say("Restore the folder vault/slots of the state folder from a backup."),
    )
