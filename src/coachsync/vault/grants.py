"""A grant: the seed of one generation of a shelf, sealed to one person, in a file of 4096 bytes.

Which grants exist is who can read: consent, hand-over and erasure make and destroy them. A file, because bytes that
were deleted from a database stay on the disk, and a file of one block that is overwritten in place does not.
"""

from __future__ import annotations

import hashlib
import struct
from dataclasses import dataclass

from coachsync.errors import Altered
from coachsync.phrases import say
from coachsync.vault.keys import Actor, Person, ShelfKey
from coachsync.vault.suite import NUMBER, OVERHEAD, SEED_BYTES, Opener, Sealer, unknown

FILE_BYTES = 4096
DIRECT = 1  # sealed to a person; the layers of a hand-over come above
_MAGIC = b"CSG1"
_HEADER = struct.Struct(">4sBBH16s16sI16s")
_LABEL = b"coachsync/grant/v1\0"
_DIGEST = b"coachsync/grant-digest/v1\0"
_SEALED = OVERHEAD + SEED_BYTES


@dataclass(frozen=True, slots=True)
class GrantHeader:
    """Which shelf a grant opens, and for whom (a fingerprint)."""

    vault: bytes
    shelf: bytes
    generation: int
    recipient: bytes

    def packed(self) -> bytes:
        """The 60 bytes that stand before the sealed seed."""
        return _HEADER.pack(_MAGIC, NUMBER, DIRECT, 0, self.vault, self.shelf, self.generation, self.recipient)


def grant(shelf: ShelfKey, seed: bytes, recipient: Actor) -> bytes:
    """The content of the file that lets somebody open a shelf of which `seed` is the secret."""
    header = GrantHeader(shelf.vault, shelf.shelf, shelf.generation, recipient.fingerprint).packed()
    return (header + Sealer(recipient.sealing).seal(_LABEL + header, seed)).ljust(FILE_BYTES, b"\0")


def header_of(content: bytes) -> GrantHeader:
    """What a grant is for, which nothing has authenticated yet. Raises Altered when it is none."""
    if len(content) != FILE_BYTES or any(content[_HEADER.size + _SEALED :]):
        raise _damaged()
    magic, suite, layer, reserved, vault, shelf, generation, recipient = _HEADER.unpack_from(content)
    if magic == _MAGIC and suite != NUMBER:
        raise unknown()
    if (magic, layer, reserved) != (_MAGIC, DIRECT, 0):
        raise _damaged()
    return GrantHeader(vault, shelf, generation, recipient)


def opened(content: bytes, shelf: ShelfKey, person: Person) -> Opener:
    """What opens the records of a shelf. Raises Altered for a grant that is none, or is not for this person and this
    certified key; WrongKey when it does not open."""
    header = header_of(content)
    if header != GrantHeader(shelf.vault, shelf.shelf, shelf.generation, person.actor.fingerprint):
        raise _damaged()
    start = _HEADER.size
    opener = Opener(person.opener.open(_LABEL + content[:start], content[start : start + _SEALED]))
    if opener.public != shelf.public:
        raise _damaged()
    return opener


def digest(content: bytes) -> bytes:
    """What the log calls a grant by: 32 bytes."""
    return hashlib.sha256(_DIGEST + content).digest()


def _damaged() -> Altered:
    return Altered(
        "grant-damaged",
        say("A file in the folder keys/ of the vault was altered, moved or replaced: it opens no notes."),
        say("Restore it from a backup; to see what else is damaged, run: coachsync vault verify"),
    )
