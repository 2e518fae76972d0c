"""The one way in which anything is sealed to somebody: HPKE (RFC 9180), base mode, one suite.

MLKEM768_X25519 (X-Wing: open as long as either half holds), HKDF-SHA256, AES-256-GCM. A private key is a seed of 32
bytes. HPKE draws a fresh key for each seal, so there is no nonce to manage. `info` is authenticated and not sent: what
a sealed text is, and where it belongs, stands there.
"""

from __future__ import annotations

import hashlib

from cryptography.exceptions import InvalidTag, UnsupportedAlgorithm

from coachsync.errors import Altered, CoachsyncError, WrongKey
from coachsync.phrases import say

try:
    import cryptography.cobblestone  # noqa: F401 - the contents of attachments: all of it is there, or nothing is sealed
    from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey, MLKEM768PublicKey
    from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
    from cryptography.hazmat.primitives.hpke import (
        AEAD,
        KDF,
        KEM,
        MLKEM768X25519PrivateKey,
        MLKEM768X25519PublicKey,
        Suite,
    )
    from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

    _SUITE: Suite | None = Suite(KEM.MLKEM768_X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)
    MLKEM768PrivateKey.from_seed_bytes(bytes(64))  # a build without ML-KEM has the name, and fails when it is used
except (ImportError, AttributeError, UnsupportedAlgorithm):  # another version, or a build with another OpenSSL
    _SUITE = None

NUMBER = 1  # of this suite in every header; there is no other
SEED_BYTES = 32
PUBLIC_BYTES = 1216  # ML-KEM-768, then X25519
OVERHEAD = 1136  # of a sealed text: the encapsulated key (1120) and the tag (16)
_KEM_BYTES = 1184
_KEM_SEED = 64


class Sealer:
    """Seals to whoever holds the seed behind a public key."""

    def __init__(self, public: bytes) -> None:
        """Raises CoachsyncError for bytes that are no public key."""
        _suite()
        if len(public) != PUBLIC_BYTES:
            raise _no_key()
        try:
            kem = MLKEM768PublicKey.from_public_bytes(public[:_KEM_BYTES])
            self._key = MLKEM768X25519PublicKey(kem, X25519PublicKey.from_public_bytes(public[_KEM_BYTES:]))
        except ValueError:
            raise _no_key() from None

    def seal(self, info: bytes, plain: bytes) -> bytes:
        """`plain`, sealed: `OVERHEAD` bytes longer. Raises CoachsyncError when the public key is a trap."""
        try:
            return _suite().encrypt(plain, self._key, info=info)
        except ValueError:  # a point of low order
            raise _no_key() from None


class Opener:
    """Opens what was sealed to the public key of a seed."""

    def __init__(self, seed: bytes) -> None:
        _suite()
        if len(seed) != SEED_BYTES:
            raise _no_key()
        expanded = hashlib.shake_256(seed).digest(96)  # X-Wing, draft-connolly-cfrg-xwing-kem, "expandDecapsulationKey"
        kem = MLKEM768PrivateKey.from_seed_bytes(expanded[:_KEM_SEED])
        point = X25519PrivateKey.from_private_bytes(expanded[_KEM_SEED:])
        self.public = kem.public_key().public_bytes_raw() + point.public_key().public_bytes_raw()
        self._key = MLKEM768X25519PrivateKey(kem, point)

    def open(self, info: bytes, sealed: bytes) -> bytes:
        """What `Sealer.seal` was given with the same `info`. Raises WrongKey for anything else."""
        try:
            return _suite().decrypt(sealed, self._key, info=info)
        except (InvalidTag, ValueError):
            raise WrongKey(
                "does-not-open",
                say("Something that is sealed does not open with this key: it was altered, moved or replaced."),
                say("Run: coachsync vault verify"),
            ) from None


def stretched(secret: bytes, salt: bytes, length: int, passes: int, memory: int, lanes: int) -> bytes:
    """A key out of what a person knows (Argon2id, RFC 9106); `memory` in KiB. Raises CoachsyncError where this Python
    cannot, and MemoryError where the machine cannot."""
    _suite()
    try:
        slow = Argon2id(salt=salt, length=length, iterations=passes, lanes=lanes, memory_cost=memory)
        return slow.derive(secret)
    except UnsupportedAlgorithm:
        raise _missing() from None


def refuse_missing() -> None:
    """Raise CoachsyncError where this Python cannot seal."""
    _suite()


def unknown() -> Altered:
    """The error for another suite than this one."""
    return Altered(
        "unknown-suite",
        say("Something is sealed in a way that this version does not know."),
        say("Install the newest version of coachsync; if it is that, run: coachsync vault verify"),
    )


def _suite() -> Suite:
    if _SUITE is None:
        raise _missing()
    return _SUITE


def _missing() -> CoachsyncError:
    return CoachsyncError(
        "sealing-missing",
        say(
            "This installation cannot seal records: its `cryptography` is too old, or was built without what it takes."
        ),
        say("Install coachsync in an environment of its own, as the README says: it brings the right one with it."),
    )


def _no_key() -> CoachsyncError:
    return CoachsyncError(
        "no-public-key",
        say("Something that should be a public key is none."),
        say("Run: coachsync vault verify"),
    )
