"""Notes as a list, with what their files were called, and what is attached to them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace

from coachsync.app.vault.naming import names
from coachsync.app.vault.notes import Gathered, Listed, Shown, everything, listed
from coachsync.app.vault.reading import Session
from coachsync.vault.bodies import Attachment, Note
from coachsync.vault.envelope import Kind


def notes_listed(session: Session, client: str | None = None) -> tuple[Gathered[Listed], Mapping[str, int]]:
    """The notes, of one client or of all, and the attachments that belong to none of them, the latest first; and how
    many files are attached to each note, by its id. A note that does not open is listed without a name: showing it
    tells why."""
    found, files = _called(session, client), everything(session, Kind.ATTACHMENT, client)
    ids, known = names(session.vault.history, session.fingerprint), {one.record: one.id for one in found.found}
    counts: Counter[str] = Counter()
    for one in files.found:
        note = _note(one)
        if note in known:
            counts[known[note]] += 1
        else:
            found.found.append(_listed(one, {name: record for record, name in ids.items()}))
    found.found.sort(key=lambda one: (one.written_at, one.id), reverse=True)
    return Gathered(found.found, found.failures + files.failures), counts


def attached_to(session: Session, note: bytes, client: str) -> Gathered[Shown]:
    """The files that are attached to a note of a client, the first first."""
    files = everything(session, Kind.ATTACHMENT, client)
    found = [one for one in files.found if _note(one) == note]
    return Gathered(sorted(found, key=lambda one: (one.written_at, _name(one))), files.failures)


def _called(session: Session, client: str | None) -> Gathered[Listed]:
    found = listed(session, Kind.NOTE, client)
    names = {
        one.id: one.body.name for one in everything(session, Kind.NOTE, client).found if isinstance(one.body, Note)
    }
    return Gathered([replace(one, name=names.get(one.id, "")) for one in found.found], found.failures)


def _note(one: Shown) -> bytes:
    return (one.body.file.to or b"") if isinstance(one.body, Attachment) else b""


def _name(one: Shown) -> str:
    return one.body.file.name if isinstance(one.body, Attachment) else ""


def _listed(one: Shown, records: Mapping[str, bytes]) -> Listed:
    at = one.written_at
    return Listed(one.id, records[one.id], one.client, Kind.ATTACHMENT, one.version, at, at, _name(one))
