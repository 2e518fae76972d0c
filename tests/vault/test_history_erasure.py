"""What a log tells of what was erased, and of attachments."""

from __future__ import annotations

import hashlib

import pytest

from coachsync.errors import Altered
from coachsync.vault.keys import ShelfKey
from coachsync.vault.shelves import UNSORTED, Shelf
from vaultpeople import (
    CLIENT,
    COACH,
    COLLEAGUE,
    DAEMON,
    OPENER,
    OTHER_CLIENT,
    OTHER_OPENER,
    OTHER_RECORD,
    OTHER_SHELF,
    RECORD,
    SHELF,
    VAULT,
    Book,
    assigns,
    digest,
    erases,
    files,
    makes,
    stores,
)

MINE = COACH.actor.fingerprint
THIRD_SHELF, THIRD_RECORD = b"u" * 16, b"p" * 16
NAMED = bytes.fromhex(digest(1)), bytes.fromhex(digest(2))


def test_a_whole_shelf_is_erased_and_never_comes_back(book: Book) -> None:
    book.says(COACH, erases(records=(RECORD,)))
    history = book.history
    assert SHELF not in history.shelves
    assert SHELF not in history.grants
    assert history.records == {}
    assert history.erased == {SHELF, RECORD}
    assert history.shelf_of(MINE, CLIENT, "notes") is None
    for generation in (1, 2):
        book.refuses(COACH, makes(SHELF, generation))
        book.refuses(COLLEAGUE, makes(SHELF, generation))
    book.refuses(DAEMON, assigns(SHELF))
    book.says(DAEMON, assigns(OTHER_SHELF))
    for version in (1, 2, 3):
        for who in (DAEMON, COACH):
            book.refuses(who, stores(version=version, shelf=OTHER_SHELF))
            book.refuses(who, stores(version=version))


def test_a_note_is_erased_by_the_next_generation_and_the_others_stay(book: Book) -> None:
    book.says(DAEMON, stores(OTHER_RECORD))
    book.says(COACH, makes(generation=2, grants=(5,)))
    note = erases("note", records=(RECORD,))
    book.refuses(COACH, note)  # the other one is not yet sealed anew
    book.says(COACH, stores(OTHER_RECORD, generation=2, says=9), note)
    history = book.history
    assert history.records.keys() == {(OTHER_RECORD, 1)}
    assert history.shelves[SHELF] == Shelf(MINE, 2, CLIENT, "notes")
    assert {one.hex() for one in history.grants[SHELF]} == {digest(5)}
    assert history.erased == {RECORD}
    for generation in (1, 2):
        book.refuses(COACH, stores(generation=generation))
    book.says(DAEMON, stores(OTHER_RECORD, version=2, generation=2))
    book.says(COACH, makes(generation=3))


def test_a_tombstone_says_all_of_it(book: Book) -> None:
    number = book.says(COACH, erases("client", {SHELF: 1, OTHER_SHELF: 1}, (RECORD,), (1, 2))).number
    stone = book.history.tombstones[number]
    assert (stone.number, stone.coach, stone.what, stone.client) == (number, MINE, "client", CLIENT)
    assert (stone.shelves, stone.records, stone.keys) == ({SHELF: 1, OTHER_SHELF: 1}, (RECORD,), NAMED)


def test_a_client_is_erased_with_every_shelf_of_theirs(book: Book) -> None:
    book.says(DAEMON, assigns(OTHER_SHELF, category="agreements"), stores(OTHER_RECORD, shelf=OTHER_SHELF, kind=2))
    book.says(COLLEAGUE, makes(THIRD_SHELF, grants=(3,)), assigns(THIRD_SHELF))
    book.refuses(COACH, erases("client", {SHELF: 1}, (RECORD,), (1,)))
    book.refuses(COACH, erases("client", {}, (), ()))
    book.refuses(COACH, erases("client", {SHELF: 1, OTHER_SHELF: 1}, (RECORD, OTHER_RECORD), (1, 2), UNSORTED))
    book.says(COACH, erases("client", {SHELF: 1, OTHER_SHELF: 1}, (RECORD, OTHER_RECORD), (1, 2)))
    assert book.history.records == {}
    assert book.history.shelves.keys() == {THIRD_SHELF}  # which is another coach's


def test_a_tombstone_names_no_less_and_no_more_than_what_goes(book: Book) -> None:
    book.says(DAEMON, assigns(OTHER_SHELF, OTHER_CLIENT), stores(OTHER_RECORD, shelf=OTHER_SHELF))
    for shelves, records, keys in (
        ({SHELF: 1}, (), (1,)),  # what lies there
        ({SHELF: 1}, (RECORD, OTHER_RECORD), (1,)),  # what lies elsewhere
        ({SHELF: 1}, (RECORD, THIRD_RECORD), (1,)),  # what there never was
        ({}, (RECORD,), ()),
        ({SHELF: 0}, (RECORD,), (1,)),
        ({THIRD_SHELF: 1}, (), ()),
        ({SHELF: 1}, (RECORD,), (1, 2)),  # the grant of another shelf
        ({SHELF: 1}, (RECORD,), (1, 77)),  # a grant that there never was
    ):
        book.refuses(COACH, erases(shelves=shelves, records=records, keys=keys))
    book.refuses(COACH, erases("note", {SHELF: 2}, (RECORD,)))  # a generation that there is not
    book.says(COACH, erases(records=(RECORD,), keys=()))  # whose grant is gone by itself


def test_a_shelf_goes_whole_with_the_generations_of_another_branch(book: Book) -> None:
    book.says(COACH, erases(shelves={SHELF: 4}, records=(RECORD,)))
    assert SHELF not in book.history.shelves
    assert book.history.erased == {SHELF, RECORD}


def test_a_record_of_which_a_version_is_elsewhere_is_not_erased_by_halves(book: Book) -> None:
    book.says(COACH, makes(generation=2, grants=(5,)), stores(version=2, generation=2))
    book.refuses(COACH, erases("note", records=(RECORD,)))
    book.says(COACH, stores(version=1, generation=2))
    book.refuses(COACH, erases("note", records=(RECORD,)))  # all of it is in the generation that stays
    book.says(COACH, erases("note"))
    assert book.history.records.keys() == {(RECORD, 1), (RECORD, 2)}


def test_what_was_erased_is_not_erased_again(book: Book) -> None:
    book.says(COACH, erases(records=(RECORD,)))
    book.refuses(COACH, erases(records=(RECORD,)))
    book.refuses(COACH, erases())


def test_a_key_counts_only_as_its_own_coach_has_made_it(book: Book) -> None:
    """A colleague can certify a key for any shelf, and their signature holds; the log and its coach know better."""
    book.history.keys[SHELF][1] = hashlib.sha256(OPENER.public).digest()
    mine = ShelfKey(VAULT, SHELF, 1, COACH.actor.fingerprint, OPENER.public).signed(COACH)
    book.history.check_key(mine)
    theirs = ShelfKey(VAULT, SHELF, 1, COLLEAGUE.actor.fingerprint, OPENER.public).signed(COLLEAGUE)
    another = ShelfKey(VAULT, SHELF, 1, COACH.actor.fingerprint, OTHER_OPENER.public).signed(COACH)
    later = ShelfKey(VAULT, SHELF, 2, COACH.actor.fingerprint, OPENER.public).signed(COACH)
    nobodys = ShelfKey(VAULT, b"n" * 16, 1, COACH.actor.fingerprint, OPENER.public).signed(COACH)
    refused = {"shelf-of-nobody": (theirs, nobodys), "shelf-key-replaced": (another, later)}
    for key, code in ((key, code) for code, keys in refused.items() for key in keys):
        with pytest.raises(Altered) as caught:
            book.history.check_key(key)
        assert caught.value.code == code


# --- attachments ------------------------------------------------------------------------------------------------------


def test_an_attachment_is_stored_with_its_file_and_nothing_else_is(book: Book) -> None:
    for event in (
        stores(OTHER_RECORD, kind=4), stores(OTHER_RECORD) | {"file": digest(8), "size": 1},
        {name: value for name, value in files(OTHER_RECORD).items() if name != "size"},
        files(OTHER_RECORD) | {"more": 1}, files(OTHER_RECORD, size=0), files(OTHER_RECORD, size=1 << 32),
        files(OTHER_RECORD) | {"size": True}, files(OTHER_RECORD) | {"file": digest(8)[:-2]},
        files(OTHER_RECORD) | {"file": "AB" * 32}, files(OTHER_RECORD) | {"kind": 4.0},
    ):  # fmt: skip
        book.refuses(DAEMON, event)
    book.says(DAEMON, files(OTHER_RECORD))
    assert book.history.records[OTHER_RECORD, 1].file == (bytes.fromhex(digest(8)), 4168)
    assert book.history.records[RECORD, 1].file is None


def test_sealed_anew_it_keeps_its_file(book: Book) -> None:
    book.says(DAEMON, files(OTHER_RECORD))
    book.says(COACH, makes(generation=2))
    for other in ({"file": digest(9)}, {"size": 4169}):
        book.refuses(COACH, files(OTHER_RECORD, generation=2, says=9) | other)
    book.refuses(COACH, stores(OTHER_RECORD, generation=2))
    book.says(COACH, files(OTHER_RECORD, generation=2, says=9))
    assert book.history.records[OTHER_RECORD, 1].file == (bytes.fromhex(digest(8)), 4168)
