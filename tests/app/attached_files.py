"""Files that are attached in tests of a vault, and what is read of them again."""

from __future__ import annotations

import io
from typing import BinaryIO

from coachsync.app.vault import notes
from coachsync.app.vault.attached import attached, content
from coachsync.app.vault.attaching import attach
from coachsync.app.vault.reading import Session
from coachsync.app.vault.writing import Written
from coachsync.errors import CoachsyncError
from coachsync.vault.bodies import File, Note
from vault_house import CLIENT, COACH, VaultHouse

CONTENT = bytes(range(251)) * 700  # some chunks, and not of whole steps
NAME = "Lettre de Zoubrowka.pdf"
FILE = File(NAME, "application/pdf")


def attach_to(
    house: VaultHouse,
    source: BinaryIO | bytes = CONTENT,
    client: str = CLIENT,
    to: bytes | None = None,
    record: bytes | None = None,
    name: str = COACH,
) -> Written:
    """Have the daemon attach something, with nothing unlocked."""
    source = io.BytesIO(source) if isinstance(source, bytes) else source
    with house.open() as vault:
        coach, about = house.coach(vault, name), File(NAME, "application/pdf", to)
        return attach(vault, house.daemon(vault), coach, client, source, about, house.now, record)


def write(house: VaultHouse, text: str = "a note", client: str = CLIENT) -> Written:
    """Have the daemon write a note."""
    with house.open() as vault:
        return notes.add(vault, house.daemon(vault), house.coach(vault), client, Note(text), house.now)


def read(session: Session, record: bytes) -> bytes:
    """The content of an attachment, whole."""
    return b"".join(content(session, session.record(record)))


def contents(house: VaultHouse) -> dict[bytes, bytes]:
    """The content of every attachment of the coach, each of which opens."""
    with house.session() as session:
        found = list(attached(session))
        assert not [one for one in found if isinstance(one, CoachsyncError)]
        return {one.record: read(session, one.record) for one in found if not isinstance(one, CoachsyncError)}


def files(house: VaultHouse) -> set[str]:
    """The names of all that lies in the folder of contents."""
    return {path.name for path in (house.vault_folder / "files").iterdir()}


def named(*written: Written) -> set[str]:
    """The names that the files of these records have once all is done."""
    return {f"{one.record.hex()}.1" for one in written}
