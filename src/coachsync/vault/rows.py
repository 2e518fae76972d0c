"""Device-tier rows: what the daemon must know, sealed at rest under the device key.

Protects a backup and a stolen disk that does not hold the key; never a running machine. Every row has a key of its
own, derived with HKDF-SHA256 from the device key and 32 random bytes that stand in front of the row, so there is no
nonce to manage: AES-256-GCM uses each derived key once. The device key is 32 uniformly random bytes, a pseudorandom
key already, so the extraction step is left out (RFC 5869 section 3.3). The context (which table, column and row) is
authenticated, so a sealed value opens only in the place it was sealed for.
"""

from __future__ import annotations

import hmac
import os
from dataclasses import dataclass, field

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from coachsync.errors import WrongKey
from coachsync.phrases import say

KEY_BYTES = 32
_SALT_BYTES = 32
_TAG_BYTES = 16
_NONCE = bytes(12)  # each derived key encrypts exactly one row


@dataclass(frozen=True, slots=True, repr=False)
class DeviceKey:
    """The 32 bytes that open device-tier rows, and the name by which each row says which key it needs."""

    secret: bytes
    name: str = field(init=False, compare=False)  # sixteen hexadecimal digits that reveal nothing of the key
    _index: bytes = field(init=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "name", self._derived(b"coachsync device key name")[:8].hex())
        object.__setattr__(self, "_index", self._derived(b"coachsync blind index"))

    def seal(self, context: str, plain: bytes) -> bytes:
        """Seal `plain` for the place `context`: 32 bytes of salt, the ciphertext, a 16-byte tag."""
        salt = os.urandom(_SALT_BYTES)
        return salt + AESGCM(self._row_key(salt)).encrypt(_NONCE, plain, context.encode())

    def open(self, context: str, sealed: bytes) -> bytes:
        """Open what `seal` made for the same context. Raises WrongKey when it was altered or moved."""
        if len(sealed) < _SALT_BYTES + _TAG_BYTES:
            raise _damaged()
        try:
            return AESGCM(self._row_key(sealed[:_SALT_BYTES])).decrypt(_NONCE, sealed[_SALT_BYTES:], context.encode())
        except InvalidTag:
            raise _damaged() from None

    def blind(self, context: str, value: str) -> bytes:
        """A 16-byte index for looking `value` up without storing it: the same value gives the same bytes."""
        text = f"{context}\0{value}".encode("utf-8", "surrogateescape")
        return hmac.digest(self._index, text, "sha256")[:16]

    def _row_key(self, salt: bytes) -> bytes:
        """HKDF-Expand to the length of one hash (RFC 5869 section 2.3); the salt is a part of `info`."""
        return self._derived(b"coachsync device row" + salt + b"\x01")

    def _derived(self, label: bytes) -> bytes:
        return hmac.digest(self.secret, label, "sha256")


def new_device_key() -> DeviceKey:
    """A fresh random key."""
    return DeviceKey(os.urandom(KEY_BYTES))


def _damaged() -> WrongKey:
    return WrongKey(
        "row-does-not-open",
        say("Something that is stored here does not open with the device key."),
        say("The state folder was altered or belongs to another key; restore both from the same backup."),
    )
