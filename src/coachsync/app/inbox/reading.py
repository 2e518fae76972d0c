"""A dropped file as it is read before it is sealed: what it is, whose it is, and a digest of all of it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import BinaryIO, NamedTuple

from coachsync.inbox import kinds, letters, texts
from coachsync.inbox.texts import Front
from coachsync.inbox.whose import Hints

PIECE = 1 << 20  # bytes that are in memory at once
_BEGIN = max(texts.LONGEST, letters.LONGEST, kinds.HEAD)


class Read(NamedTuple):
    """What was read: the SHA-256 of all of it, the media type, the text of what becomes a note (None for anything
    else), what that says of itself, and the addresses in a message or a card."""

    digest: bytes
    media: str
    text: str | None
    front: Front
    addresses: frozenset[str]

    def hints(self, folders: tuple[bytes, ...], name: bytes) -> Hints:
        """What tells whose it is."""
        return Hints(folders, name, self.front.client, self.addresses)


def read(file: BinaryIO) -> Read:
    """Read a file once, to its end. Raises OSError."""
    begin = file.read(_BEGIN + 1)
    digest = hashlib.sha256(begin)
    for piece in pieces(file):
        digest.update(piece)
    media = kinds.media(begin[: kinds.HEAD])
    text = texts.text_of(begin) if media == kinds.TEXT and len(begin) <= texts.LONGEST else None
    if media == kinds.TEXT and text is None and len(begin) <= texts.LONGEST:
        media = kinds.OTHER
    front = Front() if text is None else texts.front_matter(text)
    return Read(digest.digest(), media, text, front, _addresses(media, begin))


def digest_of(file: BinaryIO) -> bytes:
    """The SHA-256 of a file from where it is read on. Raises OSError."""
    digest = hashlib.sha256()
    for piece in pieces(file):
        digest.update(piece)
    return digest.digest()


def pieces(file: BinaryIO) -> Iterator[bytes]:
    """The rest of a file, piece by piece."""
    while piece := file.read(PIECE):
        yield piece


def _addresses(media: str, begin: bytes) -> frozenset[str]:
    if media == kinds.MAIL:
        return letters.correspondents(begin)
    return letters.of_card(begin) if media == kinds.CARD else frozenset()
