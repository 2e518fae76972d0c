"""The content of an attachment, sealed as a stream: it is never whole in memory, and none of it counts before its end.

FORMAT.md, section 11, describes it. Each content has a key of its own, which stands in the record; what it belongs to
is authenticated with it. How long it is, is told in steps: the log, which outlives it, names the size of the file.
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Iterable, Iterator
from contextlib import suppress

from cryptography.exceptions import InvalidTag

from coachsync.errors import Altered, UsageError
from coachsync.phrases import say
from coachsync.vault.suite import refuse_missing

with suppress(ImportError):  # another version: `refuse_missing` tells it
    from cryptography.cobblestone import Cobblestone256Decryptor, Cobblestone256Encryptor

KEY_BYTES = 32
LONGEST = 2 << 30  # bytes
PIECE = 64 << 10  # bytes that are in memory at once
_LABEL = b"coachsync/file/v1\0"
_VERSION = struct.Struct(">I")
_STEP = 4096
_STEPS = 6  # bits: at least 32 steps between a length and its double, which makes a file longer by 3 % at most
_BEFORE, _CHUNK, _TAG = 56, 16384, 16  # of Cobblestone: what stands before the chunks, and of each of them


def new_key() -> bytes:
    """A key for one content."""
    refuse_missing()
    return Cobblestone256Encryptor.generate_key()


def context(vault: bytes, record: bytes, version: int) -> bytes:
    """What a content belongs to."""
    return _LABEL + vault + record + _VERSION.pack(version)


def padded(length: int) -> int:
    """How long a content of this length is once zeros follow it."""
    step = max(_STEP, 1 << max(length.bit_length() - _STEPS, 0))
    return max(-(-length // step), 1) * step


def sealed_size(length: int) -> int:
    """How many bytes the sealed file of a content of this length has."""
    full = padded(length)
    return _BEFORE + full + _TAG * (full // _CHUNK + 1)


def refuse_long(length: int) -> None:
    """Raise UsageError for a content that is too long for one file."""
    if length > LONGEST:
        raise UsageError(
            "file-too-long",
            say("A file has at most 2 GiB here."),
            say("Nothing was stored. Make several of it, or keep it elsewhere, encrypted."),
        )


def sealed(key: bytes, belongs: bytes, pieces: Iterable[bytes]) -> Iterator[bytes]:
    """The sealed file of a content, piece by piece; `belongs` is its `context`. Raises UsageError where it is too
    long."""
    refuse_missing()
    encryptor, length = Cobblestone256Encryptor(key, belongs), 0
    for piece in pieces:
        length += len(piece)
        refuse_long(length)
        yield encryptor.update(piece)
    missing = padded(length) - length
    for start in range(0, missing, PIECE):
        yield encryptor.update(bytes(min(PIECE, missing - start)))
    yield encryptor.finalize()


def opened(key: bytes, belongs: bytes, size: int, digest: bytes, pieces: Iterable[bytes]) -> Iterator[bytes]:
    """The content of `size` bytes and this SHA-256 out of its sealed file. What comes counts once all has come: raises
    Altered, at the latest at the end, for a file that was altered, cut, lengthened or is another's."""
    refuse_missing()
    left, length, found = size, 0, hashlib.sha256()
    try:
        for plain in _decrypted(key, belongs, pieces):
            length += len(plain)
            content, rest = plain[:left], plain[left:]
            left -= len(content)
            found.update(content)
            if rest.count(0) != len(rest):
                raise altered()
            if content:
                yield content
    except (InvalidTag, ValueError):
        raise altered() from None
    if left or length != padded(size) or found.digest() != digest:
        raise altered()


def altered() -> Altered:
    """That a file is not the one that was sealed."""
    return Altered(
        "file-altered",
        say("A file that was attached was altered, cut or exchanged: it is not handed out."),
        say("Restore the folder vault/files of the state folder from a backup; to see what else is damaged, run: "
            "coachsync vault verify"),
    )  # fmt: skip


def _decrypted(key: bytes, belongs: bytes, pieces: Iterable[bytes]) -> Iterator[bytes]:
    decryptor = Cobblestone256Decryptor(key, belongs)
    for piece in pieces:
        yield decryptor.update(piece)
    yield decryptor.finalize()
