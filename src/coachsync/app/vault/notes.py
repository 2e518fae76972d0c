"""Notes, agreements and disclosures: written by anybody who may write, read in the coach's session alone."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Generic, TypeVar

from coachsync import folding
from coachsync.app.vault.naming import names
from coachsync.app.vault.opening import Vault
from coachsync.app.vault.reading import Read, Session
from coachsync.app.vault.shelving import CLASSES, current_key, shelf_for
from coachsync.app.vault.writing import Written, amended, new, refuse_taken, store
from coachsync.errors import Altered, CoachsyncError, UsageError, WrongKey
from coachsync.phrases import say
from coachsync.vault import bodies
from coachsync.vault.bodies import Body, Note
from coachsync.vault.envelope import Header, Kind
from coachsync.vault.keys import Signer
from coachsync.vault.shelves import UNSORTED


@dataclass(frozen=True, slots=True)
class Listed:
    """A record without what it says. `version` is the newest; times are of the first one and of that. `name` is what
    its file was called, where somebody has opened it for that."""

    id: str
    record: bytes
    client: str
    kind: Kind
    version: int
    written_at: datetime
    changed_at: datetime
    name: str = ""


@dataclass(frozen=True, slots=True)
class Shown:
    """A version of a record with what it says."""

    id: str
    client: str
    version: int
    written_at: datetime
    body: Body


@dataclass(frozen=True, slots=True)
class Hit:
    """A note that says a word, and the lines that do; none where only what its file was called says it."""

    id: str
    client: str
    lines: tuple[str, ...]
    name: str = ""


_BEYOND = re.compile(r"[^\t\n\r -~]+")
_ANYWHERE = timedelta(days=1)  # more than any time zone is ahead
_Item = TypeVar("_Item", Listed, Shown)


@dataclass(slots=True)
class Gathered(Generic[_Item]):
    """Everything that was found, and what cannot be shown: why, once for each."""

    found: list[_Item] = field(default_factory=list)
    failures: list[CoachsyncError] = field(default_factory=list)


def add(
    vault: Vault, signer: Signer, coach: bytes, client: str, body: Body, now: datetime, record: bytes | None = None
) -> Written:
    """Store a new record about a client; nothing need be unlocked. The caller may have chosen its id: then a run that
    was cut short knows whether it is stored. Raises as `shelf_for` does, and UsageError for an id that is taken."""
    if record is not None:
        refuse_taken(vault, record)
    kind = bodies.kind_of(body)
    key = shelf_for(vault, signer, coach, client, CLASSES[kind])
    if vault.history.shelves[key.shelf].client == UNSORTED:
        body = replace(body, client=client)  # nothing else would tell whom it is about
    return new(vault, signer, key, kind, bodies.packed(body), now, record)


def amend(session: Session, record: bytes, text: str, now: datetime) -> Written | None:
    """Store a further version of a note; those before it stay. None when it says the same already."""
    vault = session.vault
    read = session.record(record)
    body = bodies.unpacked(read.header.kind, read.body)
    if not isinstance(body, Note) or body.text == text:
        return None
    before = vault.history.records[record, read.header.version].digest
    key = current_key(vault, read.header.shelf)
    header = amended(read.header, before, key, session.coach, now)
    return store(vault, session.coach, key, header, bodies.packed(replace(body, text=text)))


def show(session: Session, record: bytes, version: int | None = None) -> Shown:
    """A version of a record, the newest without one. Raises as `Session.record` does, and Altered for a body that is
    none."""
    read = session.record(record, version)
    return _shown(session, names(session.vault.history, session.fingerprint), read)


def listed(session: Session, kind: Kind, client: str | None = None) -> Gathered[Listed]:
    """The records of a kind, of one client or of all, the latest first: what their headers tell, compared with the log.
    Nothing is opened but what lies unsorted."""
    gathered: Gathered[Listed] = Gathered()
    ids = names(session.vault.history, session.fingerprint)
    headers: dict[bytes, list[Header]] = {}
    for header in session.headers(_shelves(session, kind, client), kind):
        if isinstance(header, CoachsyncError):
            gathered.failures.append(header)
        else:
            headers.setdefault(header.record, []).append(header)
    for record, known in headers.items():
        try:
            gathered.found.append(_listed(session, ids[record], known))
        except (Altered, WrongKey) as problem:
            gathered.failures.append(problem)
    return _of(gathered, client)


def everything(session: Session, kind: Kind, client: str | None = None) -> Gathered[Shown]:
    """The newest version of every record of a kind, open, the latest first."""
    gathered: Gathered[Shown] = Gathered()
    ids = names(session.vault.history, session.fingerprint)
    for read in session.newest(_shelves(session, kind, client), kind):
        if isinstance(read, CoachsyncError):
            gathered.failures.append(read)
            continue
        try:
            gathered.found.append(_shown(session, ids, read))
        except Altered as problem:
            gathered.failures.append(problem)
    return _of(gathered, client)


def written_at(header: Header) -> datetime:
    """When a version of a record was written. Raises Altered for a time that no calendar has, wherever one is."""
    try:
        return datetime.fromtimestamp(header.time, UTC) + _ANYWHERE - _ANYWHERE
    except (ValueError, OverflowError, OSError):
        raise bodies.damaged() from None


def comparable(notes: Iterable[Shown]) -> list[tuple[Shown, str]]:
    """Open notes, each with its text as it is compared: once, for any number of words."""
    return [(note, folded(note.body.text)) for note in notes if isinstance(note.body, Note)]


def search(notes: Iterable[tuple[Shown, str]], word: str) -> Iterator[Hit]:
    """The notes that say a word, or whose file was called so, whatever its case and accents; `comparable` ones are
    looked through in memory.

    Raises UsageError for a word of nothing that can be looked for.
    """
    wanted = folding.plain(" ".join(word.split()))
    if not wanted.strip():
        raise UsageError("no-word", say("There is nothing to look for in that word."), say("Type a word."))
    for note, text in notes:
        if isinstance(body := note.body, Note) and (wanted in text or (body.name and wanted in folded(body.name))):
            lines = zip(body.text.split("\n"), text.split("\n"), strict=True)
            yield Hit(note.id, note.client, tuple(line for line, plain in lines if wanted in plain), body.name)


def folded(text: str) -> str:
    """The same as `folding.plain`, in a third of the time for long texts of few signs beyond ASCII."""
    return _BEYOND.sub(lambda run: _plain(run[0]), text).lower()


@lru_cache(4096)
def _plain(run: str) -> str:
    return folding.plain(run)


def _of(gathered: Gathered[_Item], client: str | None) -> Gathered[_Item]:
    """Those of a client, the latest first."""
    found = [one for one in gathered.found if client in (None, one.client)]
    return Gathered(sorted(found, key=lambda one: (one.written_at, one.id), reverse=True), gathered.failures)


def _shelves(session: Session, kind: Kind, client: str | None) -> list[bytes]:
    """The coach's shelves where such records may be; those of the unsorted are among them."""
    wanted = None if client is None else (client, UNSORTED)
    return [
        shelf
        for shelf, one in session.vault.history.shelves.items()
        if one.coach == session.fingerprint
        and one.category == CLASSES[kind]
        and (wanted is None or one.client in wanted)
    ]


def _listed(session: Session, name: str, known: list[Header]) -> Listed:
    first, last = min(known, key=lambda one: one.version), max(known, key=lambda one: one.version)
    client = session.vault.history.shelves[last.shelf].client or show(session, last.record).client
    return Listed(name, last.record, client, last.kind, last.version, written_at(first), written_at(last))


def _shown(session: Session, ids: dict[bytes, str], read: Read) -> Shown:
    body = bodies.unpacked(read.header.kind, read.body)
    client = session.vault.history.shelves[read.header.shelf].client or body.client
    return Shown(ids[read.header.record], client, read.header.version, written_at(read.header), body)
