"""Writing records: by the coach, and by the daemon, which can read none of them."""

from __future__ import annotations

import os
from datetime import datetime
from typing import NamedTuple

from coachsync.app.vault.opening import Vault
from coachsync.app.vault.shelving import CLASSES, shelf_for
from coachsync.errors import UsageError
from coachsync.phrases import say
from coachsync.vault import envelope
from coachsync.vault.envelope import ID_BYTES, LONGEST, Header, Kind
from coachsync.vault.keys import ShelfKey, Signer
from coachsync.vault.shelves import SealedFile


class Written(NamedTuple):
    """A version of a record that is stored now."""

    record: bytes
    version: int
    digest: bytes


def add(vault: Vault, signer: Signer, coach: bytes, client: str, kind: Kind, body: bytes, now: datetime) -> Written:
    """Seal a new record to the client's shelf of its class and store it, with its entry in the log."""
    return new(vault, signer, shelf_for(vault, signer, coach, client, CLASSES[kind]), kind, body, now)


def new(
    vault: Vault,
    signer: Signer,
    key: ShelfKey,
    kind: Kind,
    body: bytes,
    now: datetime,
    record: bytes | None = None,
    file: SealedFile | None = None,
) -> Written:
    """The same to a shelf that was found already, under the id `record` where the caller has chosen one; `file` is the
    one of an attachment."""
    header = Header(
        kind, vault.id, key.shelf, key.generation, record or os.urandom(ID_BYTES), 1, int(now.timestamp()),
        signer.actor.fingerprint,
    )  # fmt: skip
    return store(vault, signer, key, header, body, file)


def refuse_taken(vault: Vault, record: bytes) -> None:
    """Raise UsageError where there is, or was, a record of this id."""
    history = vault.history
    if history.latest(record) or record in history.erased:
        raise UsageError("record-there", say("There is a record of this id already."), say("Look at the vault."))


def amended(previous: Header, digest: bytes, key: ShelfKey, signer: Signer, now: datetime) -> Header:
    """The header of the version that follows."""
    return Header(
        previous.kind, previous.vault, key.shelf, key.generation, previous.record, previous.version + 1,
        int(now.timestamp()), signer.actor.fingerprint, digest,
    )  # fmt: skip


def store(
    vault: Vault, signer: Signer, key: ShelfKey, header: Header, body: bytes, file: SealedFile | None = None
) -> Written:
    """Seal and store one version. Row and entry are written together, or neither is. The file of an attachment that is
    sealed anew is the one it has."""
    if len(body) > LONGEST:
        raise UsageError("record-too-long", say("A record has at most 16 MiB."), say("Make several of it."))
    record = envelope.seal(header, body, key.sealer)
    digest = envelope.digest(record)
    before = vault.history.records.get((header.record, header.version))
    file = file or (before.file if before else None)
    with vault.transaction():
        vault.store.put_record(header, record)
        vault.append(
            signer,
            e="record",
            shelf=header.shelf.hex(),
            generation=header.generation,
            record=header.record.hex(),
            version=header.version,
            kind=int(header.kind),
            digest=digest.hex(),
            **({} if file is None else {"file": file.digest.hex(), "size": file.size}),
        )
    return Written(header.record, header.version, digest)
