"""Attaching a file to a client's records: streamed, with nothing unlocked, and stored whole or not at all."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator
from contextlib import suppress
from datetime import datetime
from typing import BinaryIO

from coachsync.app.vault.destroying import end_unfinished
from coachsync.app.vault.opening import Vault
from coachsync.app.vault.shelving import CLASSES, shelf_for
from coachsync.app.vault.writing import Written, new, refuse_taken
from coachsync.errors import CoachsyncError, Temporary, UsageError
from coachsync.phrases import say
from coachsync.vault import bodies, contents
from coachsync.vault.bodies import Attachment, File
from coachsync.vault.envelope import ID_BYTES, Kind
from coachsync.vault.keys import Signer
from coachsync.vault.shelves import UNSORTED, SealedFile

_FIRST = 1  # a file that has changed is another one: an attachment has one version


def attach(
    vault: Vault,
    signer: Signer,
    coach: bytes,
    client: str,
    source: BinaryIO,
    about: File,
    now: datetime,
    record: bytes | None = None,
) -> Written:
    """Seal all that `source` still holds, and store it as a new record about a client, not inside of a transaction; the
    caller may have chosen its id. The source stays as it is; one that can be rewound is read twice.

    Killed at any moment it leaves a record with its file, or nothing once the vault is opened again. Raises as
    `shelf_for` does, Temporary where the source changes meanwhile or the disk is full, UsageError for an id that is
    taken, for more than 2 GiB, and for a note that is not there or of another client.
    """
    record = record or os.urandom(ID_BYTES)
    refuse_taken(vault, record)
    _refuse_strange(vault, coach, client, about.to)
    key = shelf_for(vault, signer, coach, client, CLASSES[Kind.ATTACHMENT])
    unsorted = vault.history.shelves[key.shelf].client == UNSORTED
    place = (record, _FIRST)
    if place in vault.files.bodies.finished():  # of a newer copy of the vault
        raise UsageError("record-there", say("There is a file of this id already."), say("Run: coachsync vault verify"))
    try:
        body, file = _sealed(vault, record, source, about, client if unsorted else "")
        written = new(vault, signer, key, Kind.ATTACHMENT, bodies.packed(body), now, record, file)
    except BaseException:
        with suppress(CoachsyncError):  # else the next opening does it
            end_unfinished(vault.files, vault.history)
        raise
    try:
        vault.files.bodies.keep(place)
    except CoachsyncError as problem:  # it is stored, and the next opening names it
        vault.problems.append(problem.problem("practice.state"))
    return written


class _Measured:
    """Bytes that pass by: how many, and their SHA-256."""

    def __init__(self) -> None:
        self._digest = hashlib.sha256()
        self.size = 0

    def through(self, pieces: Iterable[bytes]) -> Iterator[bytes]:
        for piece in pieces:
            self._digest.update(piece)
            self.size += len(piece)
            yield piece

    @property
    def found(self) -> tuple[int, bytes]:
        return self.size, self._digest.digest()


def _sealed(vault: Vault, record: bytes, source: BinaryIO, about: File, client: str) -> tuple[Attachment, SealedFile]:
    """Write the sealed file under its scratch name; what the record is to say, and what the log."""
    rewinds, key, read = source.seekable(), contents.new_key(), _Measured()
    start = source.tell() if rewinds else 0
    if rewinds:  # else 2 GiB of it would be written first
        contents.refuse_long(source.seek(0, os.SEEK_END) - start)
        source.seek(start)
    belongs = contents.context(vault.id, record, _FIRST)
    file = vault.files.bodies.write((record, _FIRST), contents.sealed(key, belongs, read.through(_pieces(source))))
    if rewinds:
        source.seek(start)
        again = _Measured()
        for _ in again.through(_pieces(source)):
            if again.size > read.size:
                break
        if again.found != read.found:
            raise Temporary(
                "file-changed",
                say("The file changes while it is read. Nothing was stored."),
                say("Wait until whatever writes it is done, and try again."),
            )
    return Attachment(about, *read.found, key, client), file


def _pieces(source: BinaryIO) -> Iterator[bytes]:
    try:
        while piece := source.read(contents.PIECE):
            yield piece
    except OSError:
        raise CoachsyncError(
            "file-not-read",
            say("The file cannot be read to its end. Nothing was stored."),
            say("Copy it to another place, look at the copy, and attach that."),
        ) from None


def _refuse_strange(vault: Vault, coach: bytes, client: str, note: bytes | None) -> None:
    """Raise UsageError for a note that is none of this coach's, or is about another client."""
    if note is None:
        return
    stored = vault.history.records.get((note, _FIRST))
    shelf = vault.history.shelves[stored.shelf] if stored is not None else None
    if stored is None or shelf is None or stored.kind is not Kind.NOTE or shelf.coach != coach:
        raise UsageError("no-such-record", say("There is no such note."), say("Look at: coachsync note list"))
    if shelf.client not in (UNSORTED, client):
        raise UsageError(
            "note-of-another-client",
            say("The note is about another client."),
            say("Attach the file to a note about that client, or to the client alone."),
        )
