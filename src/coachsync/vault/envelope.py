"""A record: a header that everybody may read and nobody may change, and a body that only its shelf's key opens.

FORMAT.md describes both. The whole header is a part of what HPKE authenticates, so a record that is moved, renamed,
dated otherwise or given another version does not open. Versions of one record are a chain: each names the digest of the
one before it.
"""

from __future__ import annotations

import hashlib
import struct
from enum import IntEnum
from typing import NamedTuple

from coachsync.errors import Altered
from coachsync.phrases import say
from coachsync.vault.suite import NUMBER, OVERHEAD, Opener, Sealer, unknown

ID_BYTES = 16
DIGEST_BYTES = 32
FIRST = bytes(DIGEST_BYTES)  # instead of the digest of a version before the first one
LONGEST = 16 << 20  # bytes of a body; what is longer is the content of an attachment
_MAGIC = b"CSR1"
_HEADER = struct.Struct(">4sBBBB16s16sI16sIQ16s32s")
_LABEL = b"coachsync/record/v1\0"
_DIGEST = b"coachsync/record-digest/v1\0"
_LENGTH = struct.Struct(">I")
_STEP, _LARGE, _LARGE_STEP = 256, 4096, 4096  # bytes: how long a note is, is told in these steps only

HEADER_BYTES = _HEADER.size
SHORTEST = HEADER_BYTES + OVERHEAD + _STEP


class Kind(IntEnum):
    """What a record is."""

    NOTE = 1
    AGREEMENT = 2
    DISCLOSURE = 3
    ATTACHMENT = 4


_KINDS = {kind.value: kind for kind in Kind}


class Header(NamedTuple):
    """What a record says of itself: ids of 16 bytes, `version` from 1, `time` in seconds since 1970, `writer` the
    fingerprint of who sealed it, `previous` the digest of the version before."""

    kind: Kind
    vault: bytes
    shelf: bytes
    generation: int
    record: bytes
    version: int
    time: int
    writer: bytes
    previous: bytes = FIRST

    @property
    def plausible(self) -> bool:
        """Whether its numbers go together."""
        return self.generation > 0 and self.version > 0 and (self.version == 1) == (self.previous == FIRST)

    def packed(self) -> bytes:
        """The 120 bytes that stand before the body. Raises ValueError for what has no place in them."""
        ids = (self.vault, self.shelf, self.record, self.writer)
        if any(len(one) != ID_BYTES for one in ids) or len(self.previous) != DIGEST_BYTES:
            raise ValueError("an id has 16 bytes and a digest 32")
        if not self.plausible:
            raise ValueError("generations and versions count from 1, and the first version alone follows none")
        try:
            return _HEADER.pack(
                *(_MAGIC, NUMBER, self.kind, 0, 0, self.vault, self.shelf, self.generation),
                *(self.record, self.version, self.time, self.writer, self.previous),
            )
        except struct.error:
            raise ValueError("a number is too large") from None


def seal(header: Header, body: bytes, shelf: Sealer) -> bytes:
    """The record: header and sealed body. Raises ValueError for a body that is too long."""
    if len(body) > LONGEST:
        raise ValueError("a body has at most 16 MiB")
    packed = header.packed()
    return packed + shelf.seal(_LABEL + packed, _padded(body))


def header_of(record: bytes) -> Header:
    """The header of a record, which nothing has authenticated yet. Raises Altered when it is none."""
    if len(record) < SHORTEST:
        raise _unreadable()
    magic, suite, kind, flags, reserved, *fields = _HEADER.unpack_from(record)
    if magic == _MAGIC and suite != NUMBER:
        raise unknown()
    if magic != _MAGIC or flags or reserved or kind not in _KINDS:
        raise _unreadable()
    header = Header(_KINDS[kind], *fields)
    if not header.plausible:
        raise _unreadable()
    return header


def body_of(record: bytes, shelf: Opener) -> bytes:
    """The body of a record of which `header_of` has told. Raises Altered when it is none, and WrongKey when it does not
    open."""
    return _unpadded(shelf.open(_LABEL + record[:HEADER_BYTES], record[HEADER_BYTES:]))


def digest(record: bytes) -> bytes:
    """What the log, and the next version, call a record by: 32 bytes."""
    return hashlib.sha256(_DIGEST + record).digest()


def _padded(body: bytes) -> bytes:
    return _LENGTH.pack(len(body)) + body + _padding(len(body))


def _padding(length: int) -> bytes:
    """What follows a body of this length."""
    before = _LENGTH.size + length
    return bytes(-before % (_STEP if before <= _LARGE else _LARGE_STEP))


def _unpadded(content: bytes) -> bytes:
    if len(content) < _LENGTH.size:
        raise _unreadable()
    (length,) = _LENGTH.unpack_from(content)
    end = _LENGTH.size + length
    if end > len(content) or length > LONGEST or content[end:] != _padding(length):
        raise _unreadable()
    return content[_LENGTH.size : end]


def _unreadable() -> Altered:
    return Altered(
        "no-record",
        say("What is stored as a record is none: it was altered, or cut."),
        say("Restore it from a backup; to see what else is damaged, run: coachsync vault verify"),
    )
