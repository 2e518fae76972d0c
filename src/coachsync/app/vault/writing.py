"""Writing records: by the coach, and by the daemon, which can read none of them."""

from __future__ import annotations

import os
from datetime import datetime
from typing import NamedTuple

from coachsync.app.vault.opening import Vault
from coachsync.app.vault.shelving import shelf_for
from coachsync.errors import UsageError
from coachsync.phrases import say
from coachsync.vault import envelope
from coachsync.vault.envelope import ID_BYTES, LONGEST, Header, Kind
from coachsync.vault.keys import ShelfKey, Signer

# The class of records, which retention is decided by, of each kind.
CLASSES = {Kind.NOTE: "notes", Kind.AGREEMENT: "agreements", Kind.DISCLOSURE: "disclosures"}


class Written(NamedTuple):
    """A version of a record that is stored now."""

    record: bytes
    version: int
    digest: bytes


def add(vault: Vault, signer: Signer, coach: bytes, client: str, kind: Kind, body: bytes, now: datetime) -> Written:
    """Seal a new record to the client's shelf of its class and store it, with its entry in the log."""
    return new(vault, signer, shelf_for(vault, signer, coach, client, CLASSES[kind]), kind, body, now)


def new(vault: Vault, signer: Signer, key: ShelfKey, kind: Kind, body: bytes, now: datetime) -> Written:
    """The same to a shelf that was found already."""
    header = Header(
        kind, vault.id, key.shelf, key.generation, os.urandom(ID_BYTES), 1, int(now.timestamp()),
        signer.actor.fingerprint,
    )  # fmt: skip
    return store(vault, signer, key, header, body)


def amended(previous: Header, digest: bytes, key: ShelfKey, signer: Signer, now: datetime) -> Header:
    """The header of the version that follows."""
    return Header(
        previous.kind, previous.vault, key.shelf, key.generation, previous.record, previous.version + 1,
        int(now.timestamp()), signer.actor.fingerprint, digest,
    )  # fmt: skip


def store(vault: Vault, signer: Signer, key: ShelfKey, header: Header, body: bytes) -> Written:
    """Seal and store one version. Row and entry are written together, or neither is."""
    if len(body) > LONGEST:
        raise UsageError("record-too-long", say("A record has at most 16 MiB."), say("Make several of it."))
    record = envelope.seal(header, body, key.sealer)
    digest = envelope.digest(record)
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
        )
    return Written(header.record, header.version, digest)
