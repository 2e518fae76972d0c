"""One dropped file: journaled, sealed, read back, set aside, compared, overwritten and removed, in this order.

Cut short at any point, the file is still there, or sealed and readable; and the journal knows which, so that the next
look goes on from there and seals nothing twice.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from typing import BinaryIO, NamedTuple

from coachsync.adapters.database import Begun, InboxJournal
from coachsync.adapters.database.vaults import VaultStore
from coachsync.adapters.inbox import Found, Inbox, opened_by
from coachsync.adapters.room import is_full, no_room
from coachsync.app.inbox.reading import Read, digest_of, read
from coachsync.app.vault import notes
from coachsync.app.vault.attaching import attach
from coachsync.app.vault.opening import Vault
from coachsync.app.vault.sessions import about
from coachsync.app.wiring import Wiring
from coachsync.errors import Altered, CoachsyncError
from coachsync.inbox import names
from coachsync.inbox.settling import Open, Why
from coachsync.inbox.texts import Front
from coachsync.inbox.whose import People, client_of
from coachsync.phrases import say
from coachsync.vault import envelope
from coachsync.vault.bodies import About, File, Note
from coachsync.vault.envelope import ID_BYTES
from coachsync.vault.keys import Signer
from coachsync.vault.shelves import UNSORTED

_FIRST = 1  # version of a record


@dataclass(frozen=True, slots=True)
class Desk:
    """All that it takes to seal what was dropped: nothing of it can read a record. `store` reads back what was written,
    and is another connection than the one that has written."""

    wiring: Wiring
    vault: Vault
    store: VaultStore
    signer: Signer
    coach: bytes
    people: People
    journal: InboxJournal


class Taken(NamedTuple):
    """What was sealed, and whose it is; None where nothing told it."""

    begun: Begun
    client: str | None


class Ended(NamedTuple):
    """What an earlier run had begun and this one has looked at: paths, and of them what could not be ended, and why."""

    dealt: frozenset[bytes]
    stuck: tuple[tuple[Found, Why], ...]


def take(desk: Desk, inbox: Inbox, found: Found, client: str | None = None, *, stays: bool = False) -> Taken | None:
    """Seal a file that is whole, and read back what is stored; it is to be removed then, unless it `stays`. None when
    it was changed meanwhile: then it is looked at again. `client` is known already, or told by the file.

    Raises OSError where the system refuses the file, and CoachsyncError where the vault does.
    """
    file = inbox.opened(found, stays=stays)
    if file is None:
        return None
    with file:
        content = read(file)
        begun = Begun(os.urandom(ID_BYTES), found.stamp, content.digest)
        desk.journal.begin(begun)
        file.seek(0)
        client = client or client_of(content.hints(found.folders, found.name), desk.people)
        seal(desk, file, content, client, found.name, begun)
    return Taken(begun, client)


def seal(desk: Desk, file: BinaryIO, content: Read, client: str | None, name: bytes, begun: Begun) -> None:
    """Store a file as a note, or as an attachment, of a client, or unsorted; and read back what is stored. Raises
    CoachsyncError."""
    vault, signer, coach, now, whose = desk.vault, desk.signer, desk.coach, desk.wiring.now, client or UNSORTED
    if content.text is not None:
        note = Note(content.text, _about(desk.wiring, content.front), name=names.readable(name))
        notes.add(vault, signer, coach, whose, note, now, begun.record)
    else:
        described = File(names.readable(name), content.media)
        attach(vault, signer, coach, whose, file, described, now, begun.record)
    refuse_unlike(desk, begun.record)


def refuse_unlike(desk: Desk, record: bytes) -> None:
    """Compare what is stored with what the log says, byte for byte as it is on the disk, and open nothing. Raises
    Altered."""
    stored = desk.vault.history.records.get((record, _FIRST))
    sealed = desk.store.record(record, _FIRST)
    if stored is None or sealed is None or envelope.digest(sealed) != stored.digest:
        raise _not_stored()
    if stored.file is not None and desk.vault.files.bodies.told((record, _FIRST)) != stored.file:
        raise _not_stored()


def remove(desk: Desk, inbox: Inbox, found: Found, begun: Begun) -> bool:
    """Overwrite and remove a file that is sealed and was read back. False when it is not there, or not what was sealed
    any more: then it stays, as what it is now. Raises OSError."""
    name = names.aside(begun.record)
    if found.name != name and not inbox.set_aside(found, name):
        return False  # changed, or renamed: the next look tells which
    moved = found if found.name == name else inbox.at(found.folders, name)
    if moved is None:
        desk.journal.end(begun.record)
        return True
    if not begun.wiping:
        if not _same(inbox, moved, begun):  # the next look goes on with what it is now
            inbox.put_back(moved, found.name if found.name != name else _anew(begun))
            return False
        desk.journal.begin(replace(begun, wiping=True))
    inbox.destroy(moved)
    desk.journal.end(begun.record)
    return True


def resume(desk: Desk, inbox: Inbox, found: tuple[Found, ...], *, whole: bool) -> Ended:
    """End what an earlier run has begun: what is sealed is removed, what is not is as good as new. `whole`: `found` is
    everything that there is."""
    dealt: set[bytes] = set()
    stuck: list[tuple[Found, Why]] = []
    for begun in desk.journal.begun():
        if not _is_stored(desk, begun.record):
            desk.journal.end(begun.record)
            continue
        mine = [one for one in found if names.set_aside_as(one.name) == begun.record or begun.means(one.stamp)]
        if not mine and whole:
            desk.journal.end(begun.record)
        for one in mine:
            try:
                if _end(desk, inbox, one, begun):
                    dealt.add(one.path)
            except OSError as problem:
                if is_full(problem):
                    raise no_room("inbox.folder") from None
                dealt.add(one.path)
                stuck.append((one, Why.NOT_REMOVED))
            except Altered:
                dealt.add(one.path)
                stuck.append((one, Why.REFUSED))
    return Ended(frozenset(dealt), tuple(stuck))


def _end(desk: Desk, inbox: Inbox, one: Found, begun: Begun) -> bool:
    """Remove what may be a file that is sealed; whether it was that, or may still be."""
    aside = names.set_aside_as(one.name) == begun.record
    if not aside and _same(inbox, one, begun) is False:  # a file that got the number of one that went
        desk.journal.end(begun.record)
        return False
    if begun.record not in desk.vault.history.erased:
        refuse_unlike(desk, begun.record)
    remove(desk, inbox, one, begun if aside else replace(begun, wiping=False))
    return True


def _is_stored(desk: Desk, record: bytes) -> bool:
    """Whether a record is in the log, or was: what a coach has erased since is not sealed again."""
    history = desk.vault.history
    return (record, _FIRST) in history.records or record in history.erased


def _same(inbox: Inbox, found: Found, begun: Begun) -> bool | None:
    """Whether a file still holds what was sealed; None while somebody may be writing it."""
    file = inbox.opened(found, stays=True)
    if file is None:
        return None
    with file:
        if opened_by(file) is Open.SOMEBODY:
            return None
        return digest_of(file) == begun.content


def _anew(begun: Begun) -> bytes:
    """A name for what was changed while it was on its way out, and whose name nobody knows any more."""
    return f"{begun.record.hex()}.changed".encode()


def _about(wiring: Wiring, front: Front) -> About | None:
    """The appointment that a text names; a wrong one keeps no note from being sealed, and stays in its text."""
    if not front.appointment:
        return None
    try:
        return about(wiring, front.appointment, front.day)
    except CoachsyncError:
        return None


def _not_stored() -> Altered:
    return Altered(
        "inbox-not-stored",
        say("What was sealed out of the inbox is not in the vault as it should be. The file stays where it is."),
        say("The disk may be failing. To see what is damaged, run: coachsync vault verify"),
        where="practice.state",
    )
