"""What a log tells of: shelves, versions of records on them, and what was erased."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from coachsync.vault.envelope import Kind

WHOLE = ("shelf", "client")  # what takes whole shelves; "note" and "keys" take some generations of a shelf
UNSORTED = ""  # instead of a client: records of which nobody knows yet whose they are
_CLIENT = re.compile(r"C-[0-9A-Z]{6}")


@dataclass(frozen=True, slots=True)
class Shelf:
    """One shelf: whose (a fingerprint), up to which generation it has keys, and what it was assigned to: a client's
    code, or UNSORTED, and a class of records; None while it is a spare."""

    coach: bytes
    generation: int
    client: str | None = None
    category: str = ""


class SealedFile(NamedTuple):
    """A file with the sealed content of an attachment: its SHA-256 and its bytes, which anybody can compare."""

    digest: bytes
    size: int


@dataclass(frozen=True, slots=True)
class Stored:
    """A version of a record in the vault. `writer` is who sealed it first; an attachment has a file beside it."""

    shelf: bytes
    generation: int
    kind: Kind
    digest: bytes
    writer: bytes
    file: SealedFile | None = None


@dataclass(frozen=True, slots=True)
class Tombstone:
    """What a coach has had erased, whether or not that is done: every grant and record of these shelves up to a
    generation, but for records that were sealed anew before. `number` is that of its entry."""

    number: int
    coach: bytes
    what: str  # note | keys | shelf | client
    client: str
    shelves: Mapping[bytes, int]
    records: tuple[bytes, ...]
    keys: tuple[bytes, ...]  # digests of the grants that are destroyed
    done: bool = False

    @property
    def lasts(self) -> bool:
        """Whether it names more than keys of shelves that stay."""
        return bool(self.records) or self.what in WHOLE


def is_client(code: str) -> bool:
    """Whether a shelf can be assigned to a client of this code."""
    return _CLIENT.fullmatch(code) is not None
