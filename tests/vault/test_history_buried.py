"""What another branch of the log has erased: an older copy of the vault was put back beside the ledger."""

from __future__ import annotations

import pytest

from coachsync.vault.keys import Signer
from vaultpeople import (
    COACH,
    COLLEAGUE,
    DAEMON,
    OTHER_RECORD,
    OTHER_SHELF,
    RECORD,
    SHELF,
    Book,
    Event,
    assigns,
    erases,
    makes,
    practice,
    stores,
)


def elsewhere(who: Signer, event: Event) -> Event:
    """A tombstone that another branch of the log has, as somebody writes it into this one."""
    other = practice()
    stone = other.next(who, event)
    parts = {name: getattr(stone, name).hex() for name in ("previous", "actor", "signature")}
    return {"e": "buried", "number": stone.number, "said": stone.said.decode()} | parts


@pytest.mark.parametrize("who", [COACH, DAEMON, COLLEAGUE], ids=["coach", "daemon", "colleague"])
def test_whoever_finds_a_tombstone_may_write_it_down(book: Book, who: Signer) -> None:
    event = elsewhere(COACH, erases("client", records=(RECORD,)))
    book.says(who, event)
    assert (SHELF in book.history.shelves, book.history.records) == (False, {})
    assert book.history.erased == {SHELF, RECORD}
    book.says(who, event)  # twice is once
    book.refuses(COACH, makes(SHELF, 2))
    book.refuses(DAEMON, stores(version=3))
    book.says(DAEMON, assigns(OTHER_SHELF))  # the client may have another one now


def test_what_lies_beside_a_note_stays_and_its_coach_owes_another_generation(book: Book) -> None:
    book.says(DAEMON, stores(OTHER_RECORD))
    book.says(DAEMON, elsewhere(COACH, erases("note", records=(RECORD,))))
    assert {record for record, _ in book.history.records} == {OTHER_RECORD}
    assert book.history.owed(COACH.actor.fingerprint) == {SHELF: 1}
    assert book.history.owed(COLLEAGUE.actor.fingerprint) == {}
    book.says(COACH, makes(SHELF, 2, grants=(5,)), stores(OTHER_RECORD, generation=2))
    book.says(COACH, erases("note", records=()))
    assert book.history.owed(COACH.actor.fingerprint) == {}


def test_a_note_that_lay_beside_others_in_a_later_generation_here_owes_another_one_too(book: Book) -> None:
    """The other branch knew the first key of the shelf alone; what it has erased opens here with the second."""
    book.says(COACH, makes(SHELF, 2, grants=(5,)), stores(generation=2), stores(version=2, generation=2))
    book.says(DAEMON, stores(OTHER_RECORD, generation=2), elsewhere(COACH, erases("note", records=(RECORD,))))
    assert book.history.owed(COACH.actor.fingerprint) == {SHELF: 2}
    book.says(COACH, makes(SHELF, 3, grants=(6,)), stores(OTHER_RECORD, generation=3))
    book.says(COACH, erases("note", {SHELF: 2}, keys=(5,)))
    assert book.history.owed(COACH.actor.fingerprint) == {}


def test_of_two_notes_that_were_buried_the_later_key_is_owed(book: Book) -> None:
    """Whichever of them is heard of last."""
    book.says(DAEMON, stores(OTHER_RECORD))
    book.says(COACH, makes(SHELF, 2, grants=(5,)), stores(generation=2), stores(version=2, generation=2))
    for record in (RECORD, OTHER_RECORD):  # the second lies in the first generation still
        book.says(DAEMON, elsewhere(COACH, erases("note", records=(record,))))
    assert book.history.owed(COACH.actor.fingerprint) == {SHELF: 2}


@pytest.mark.parametrize(
    ("who", "change"),
    [
        (DAEMON, {}),
        (COLLEAGUE, {}),
        (COACH, {"number": 99}),
        (COACH, {"said": "{}"}),
        (COACH, {"said": "\u00e9"}),
        (COACH, {"said": 1}),
        (COACH, {"signature": "00" * 64}),
        (COACH, {"more": 1}),
    ],
)
def test_a_tombstone_that_its_coach_has_not_signed_buries_nothing(book: Book, who: Signer, change: Event) -> None:
    event = dict(elsewhere(who, erases("client", records=(RECORD,)))) | dict(change)
    book.refuses(COACH, event)


def test_only_a_tombstone_is_buried(book: Book) -> None:
    book.refuses(COACH, elsewhere(COACH, makes(b"x" * 16)))
