"""Who there is: persons who seal, open and sign, and the keys of shelves, which a coach has certified.

A person is one seed of 32 bytes. Everything else is derived from it (HKDF-Expand, RFC 5869 section 2.3: the seed is
uniformly random), so that whoever has the seed has all of it, and nothing else must be kept.
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from functools import cached_property, lru_cache

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

from coachsync.errors import Altered
from coachsync.phrases import say
from coachsync.vault.suite import PUBLIC_BYTES, SEED_BYTES, Opener, Sealer

FINGERPRINT_BYTES = 16
VERIFY_BYTES = 32
SIGNATURE_BYTES = 64
_ID_BYTES = 16
_SHELF = struct.Struct(">16s16sI16s")  # vault, shelf, generation, the coach whose shelf it is


class Role(IntEnum):
    """What somebody may do: a coach everything with shelves of their own, a daemon write only."""

    COACH = 1
    DAEMON = 2


@dataclass(frozen=True, slots=True)
class Actor:
    """What everybody may know of somebody: `verify` checks signatures, `sealing` seals to them (empty: nobody can)."""

    role: Role
    verify: bytes
    sealing: bytes = b""

    @property
    def fingerprint(self) -> bytes:
        """What they are called in headers and in the log: 16 bytes."""
        said = bytes([self.role]) + self.verify + self.sealing
        return hashlib.sha256(b"coachsync/actor/v1\0" + said).digest()[:FINGERPRINT_BYTES]

    def check(self, what: bytes, message: bytes, signature: bytes) -> None:
        """Raise Altered unless they have signed this message as `what`."""
        try:
            Ed25519PublicKey.from_public_bytes(self.verify).verify(signature, _labelled(what, message))
        except (InvalidSignature, ValueError):
            raise Altered(
                "signature-invalid",
                say("Something that should be signed is not signed by who should have signed it."),
                say("Run: coachsync vault verify"),
            ) from None


class Signer:
    """Somebody who signs, and can open nothing: the daemon."""

    role = Role.DAEMON

    def __init__(self, seed: bytes) -> None:
        if len(seed) != SEED_BYTES:
            raise ValueError("a seed has 32 bytes")
        self._seed = seed
        self._signing = Ed25519PrivateKey.from_private_bytes(self._derived(b"signing"))

    @cached_property
    def actor(self) -> Actor:
        """What everybody may know of them."""
        return Actor(self.role, self._signing.public_key().public_bytes_raw())

    def sign(self, what: bytes, message: bytes) -> bytes:
        """Their signature of 64 bytes; it holds for nothing but `what`."""
        return self._signing.sign(_labelled(what, message))

    def _derived(self, part: bytes) -> bytes:
        label = b"coachsync/person/" + part + b"/v1"
        return HKDFExpand(hashes.SHA256(), SEED_BYTES, label).derive(self._seed)


class Person(Signer):
    """Somebody who also opens what is sealed to them: a coach."""

    role = Role.COACH

    @cached_property
    def opener(self) -> Opener:
        """Opens what is sealed to them."""
        return Opener(self._derived(b"sealing"))

    @cached_property
    def actor(self) -> Actor:
        """What everybody may know of them."""
        return Actor(self.role, self._signing.public_key().public_bytes_raw(), self.opener.public)

    @property
    def seed(self) -> bytes:
        """The secret itself, for a keyslot."""
        return self._seed


@dataclass(frozen=True, slots=True)
class ShelfKey:
    """The public key of one generation of a shelf, with the signature of the coach whose shelf it is."""

    vault: bytes
    shelf: bytes
    generation: int
    coach: bytes
    public: bytes
    signature: bytes = b""

    def signed(self, coach: Signer) -> ShelfKey:
        """The same, certified by its coach."""
        signature = coach.sign(b"shelf", self._message())
        return ShelfKey(self.vault, self.shelf, self.generation, self.coach, self.public, signature)

    def check(self, coaches: Mapping[bytes, Actor]) -> None:
        """Raise Altered unless one of these coaches, by fingerprint, has certified it as a shelf of their own: whoever
        can write the database could send future notes to himself with any other one."""
        coach = coaches.get(self.coach)
        if coach is None or coach.role is not Role.COACH:
            raise Altered(
                "shelf-of-nobody",
                say("A key that notes would be sealed to belongs to no coach whom trust.toml names."),
                say("Nothing was sealed to it. Run: coachsync vault verify"),
            )
        _certified(coach, self._message(), self.signature)

    @property
    def sealer(self) -> Sealer:
        """Seals to it. Raises CoachsyncError for a key that is none."""
        return _sealer(self.public)

    def _message(self) -> bytes:
        ids = (self.vault, self.shelf, self.coach)
        well = all(len(one) == _ID_BYTES for one in ids) and 0 < self.generation < 1 << 32
        if not well or len(self.public) != PUBLIC_BYTES:  # a struct would cut or fill up what is too long or too short
            raise Altered(
                "shelf-key-damaged",
                say("A key that notes would be sealed to is damaged."),
                say("Nothing was sealed to it. Run: coachsync vault verify"),
            )
        return _SHELF.pack(self.vault, self.shelf, self.generation, self.coach) + self.public


@lru_cache(64)
def _certified(coach: Actor, message: bytes, signature: bytes) -> None:
    """Raise Altered unless the coach has signed it. What held once always holds, and is kept: note after note goes to
    the same few shelves. What did not is not kept."""
    coach.check(b"shelf", message, signature)


_sealer = lru_cache(64)(Sealer)  # public keys alone


def _labelled(what: bytes, message: bytes) -> bytes:
    return b"coachsync/sign/" + what + b"/v1\0" + message
