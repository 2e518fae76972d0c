"""What is attached: which files belong to which notes, and what is in them, in a coach's session."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from coachsync.app.vault.reading import Read, Session
from coachsync.errors import Altered, CoachsyncError
from coachsync.phrases import say
from coachsync.vault import bodies, contents
from coachsync.vault.bodies import Attachment
from coachsync.vault.envelope import Kind


class Attached(NamedTuple):
    """An attachment: its record, and what that says."""

    record: bytes
    body: Attachment


def attached(session: Session, client: str | None = None) -> Iterator[Attached | CoachsyncError]:
    """Every attachment of this coach, on the shelves of one client or on all; in the place of one that cannot be read,
    why."""
    history = session.vault.history
    filed = {one.shelf for one in history.records.values() if one.kind is Kind.ATTACHMENT}
    mine = ((shelf, history.shelves[shelf]) for shelf in filed)
    shelves = {shelf for shelf, one in mine if one.coach == session.fingerprint and client in (None, one.client)}
    for read in session.newest(shelves, Kind.ATTACHMENT):
        try:
            yield read if isinstance(read, CoachsyncError) else understood(read)
        except Altered as problem:
            yield problem


def with_attached(session: Session, records: Iterable[bytes]) -> list[bytes]:
    """Some records, and after them what is attached to those that are notes. What cannot be read is attached to
    nothing: it keeps the others on its shelf from being erased without it."""
    wanted = list(dict.fromkeys(records))
    found = [one for one in attached(session) if isinstance(one, Attached)]
    return list(dict.fromkeys([*wanted, *(one.record for one in found if one.body.file.to in wanted)]))


def understood(read: Read) -> Attached:
    """An attachment out of an opened record. Raises Altered for a body that is none."""
    body = bodies.unpacked(read.header.kind, read.body)
    if not isinstance(body, Attachment):
        raise bodies.damaged()
    return Attached(read.header.record, body)


def content(session: Session, read: Read) -> Iterator[bytes]:
    """What is in the file of an attachment, piece by piece. It counts once all has come: raises Altered, at the latest
    at the end, for a file that is missing or not the one that was sealed."""
    vault, body = session.vault, understood(read).body
    place = (read.header.record, read.header.version)
    stored = vault.history.records[place].file
    there = vault.files.bodies.size(place)
    if there is None:
        raise missing()
    if stored is None or there != stored.size:
        raise contents.altered()
    belongs = contents.context(vault.id, *place)
    yield from contents.opened(body.key, belongs, body.size, body.digest, vault.files.bodies.pieces(place))


def missing() -> Altered:
    """That the file of an attachment is not there."""
    return Altered(
        "file-missing",
        say("The content of a file that was attached is missing from the vault."),
        say("Restore the folder vault/files of the state folder from a backup."),
    )
