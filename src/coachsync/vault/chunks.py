"""Pieces of files, sealed for a backup: the same piece is always the same object, and so is written once.

The key of a piece is made of what it says and of a salt that never leaves the practice: whoever has the objects alone
can neither open them nor try out what may be in them. Each key seals one text, so there is no nonce to manage. An
object is called by the digest of its bytes, so that everybody can see whether it is whole.
"""

from __future__ import annotations

import hashlib
import hmac
import os
from typing import NamedTuple

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from coachsync.errors import Altered
from coachsync.phrases import say

CHUNK = 1 << 20  # bytes of a file in one object
TAG_BYTES = 16
SALT_BYTES = 32
_LABEL = b"coachsync/backup-chunk/v1\0"
_NONCE = bytes(12)  # each key seals exactly one text


class Chunk(NamedTuple):
    """An object: what it is called by, what opens it, and its bytes."""

    name: bytes
    key: bytes
    sealed: bytes


def new_salt() -> bytes:
    """A fresh salt, of which the keys of one practice's pieces are made."""
    return os.urandom(SALT_BYTES)


def seal(salt: bytes, plain: bytes) -> Chunk:
    """The object of a piece; the same piece and salt always give the same."""
    key = hmac.digest(salt, _LABEL + plain, "sha256")
    sealed = AESGCM(key).encrypt(_NONCE, plain, _LABEL)
    return Chunk(name_of(sealed), key, sealed)


def name_of(sealed: bytes) -> bytes:
    """What an object of these bytes is called by."""
    return hashlib.sha256(sealed).digest()


def open_chunk(name: bytes, key: bytes, sealed: bytes) -> bytes:
    """What was sealed in an object. Raises Altered for another object than the one that is meant."""
    if name_of(sealed) == name:
        try:
            return AESGCM(key).decrypt(_NONCE, sealed, _LABEL)
        except (InvalidTag, ValueError):
            pass
    raise damaged()


def damaged() -> Altered:
    """That an object of a backup is not what was written."""
    return Altered(
        "backup-object-damaged",
        say("A part of the backup was altered, or cut."),
        say("Take an older backup with --snapshot; to see what else is damaged, run: coachsync backup verify"),
        where="backup.folder",
    )
