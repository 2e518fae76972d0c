"""What the log tells: who may say what, that nothing is half taken, and that what was erased never comes back."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from coachsync.vault.envelope import Kind
from coachsync.vault.shelves import UNSORTED, Shelf, Stored
from vaultpeople import (
    CLIENT,
    COACH,
    COLLEAGUE,
    DAEMON,
    OTHER_CLIENT,
    OTHER_DAEMON,
    OTHER_RECORD,
    OTHER_SHELF,
    RECORD,
    SHELF,
    Book,
    Event,
    assigns,
    copied,
    digest,
    erased,
    erases,
    lets_in,
    makes,
    stores,
)

MINE, THEIRS, THE_DAEMON = (one.actor.fingerprint for one in (COACH, COLLEAGUE, DAEMON))
THIRD_SHELF = b"u" * 16
NAMED = bytes.fromhex(digest(1)), bytes.fromhex(digest(2))


# --- what the log of a practice tells ---------------------------------------------------------------------------------


def test_a_history_knows_who_there_is_what_lies_where_and_which_grants_there_are(book: Book) -> None:
    history = book.history
    assert history.shelves == {SHELF: Shelf(MINE, 1, CLIENT, "notes"), OTHER_SHELF: Shelf(MINE, 1)}
    assert history.records == {
        (RECORD, 1): Stored(SHELF, 1, Kind.NOTE, bytes.fromhex(digest(7)), THE_DAEMON),
        (RECORD, 2): Stored(SHELF, 1, Kind.NOTE, bytes.fromhex(digest(8)), THE_DAEMON),
    }
    assert history.grants == {SHELF: {NAMED[0]}, OTHER_SHELF: {NAMED[1]}}
    assert (history.erased, history.tombstones) == (set(), {})
    assert history.actor(MINE) == COACH.actor
    assert history.actor(THE_DAEMON) == DAEMON.actor
    assert history.actor(OTHER_DAEMON.actor.fingerprint) is None


def test_who_is_not_known_says_nothing_nor_does_who_takes_the_place_of_another(book: Book) -> None:
    book.refuses(OTHER_DAEMON, stores(version=3, says=9), "log-of-nobody")
    book.history.actors[THE_DAEMON] = OTHER_DAEMON.actor
    book.refuses(DAEMON, stores(version=3, says=9), "log-of-nobody")


def test_what_is_where_can_be_asked(book: Book) -> None:
    history = book.history
    assert (history.latest(RECORD), history.latest(OTHER_RECORD)) == (2, 0)
    assert history.shelf_of(MINE, CLIENT, "notes") == SHELF
    assert history.shelf_of(MINE, CLIENT, "agreements") is None
    assert history.shelf_of(MINE, OTHER_CLIENT, "notes") is None
    assert history.shelf_of(THEIRS, CLIENT, "notes") is None
    assert (history.spares(MINE), history.spares(THEIRS)) == ([OTHER_SHELF], [])
    book.says(DAEMON, assigns(OTHER_SHELF, UNSORTED))
    assert history.spares(MINE) == []
    assert history.shelf_of(MINE, UNSORTED, "notes") == OTHER_SHELF


def test_a_coach_opens_the_log_another_joins_and_both_have_keyslots(book: Book) -> None:
    before = copied(book.history)
    book.says(COLLEAGUE, {"e": "vault"}, {"e": "slot", "kind": "passphrase"}, {"e": "slot", "kind": "recovery"})
    assert replace(copied(book.history), head=before.head) == before


def test_a_trusted_actor_that_is_no_coach_opens_nothing() -> None:
    """Even when trust.toml is made to name a daemon."""
    book = Book()
    book.history.coaches = {THE_DAEMON: DAEMON.actor}
    for event in ({"e": "vault"}, lets_in(OTHER_DAEMON), makes(), {"e": "slot", "kind": "recovery"}):
        book.refuses(DAEMON, event)


# --- who may say what -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "event",
    [
        {"e": "vault"},
        lets_in(OTHER_DAEMON),
        makes(THIRD_SHELF),
        makes(generation=2),
        erases(records=(RECORD,)),
        erases(shelves={}, keys=(), records=()),
        erases(shelves={OTHER_SHELF: 1}, keys=(2,), records=()),
        {"e": "slot", "kind": "passphrase"},
    ],
    ids=lambda event: event["e"],
)
def test_a_daemon_makes_no_keys_lets_nobody_in_and_erases_nothing(book: Book, event: Event) -> None:
    book.refuses(DAEMON, event)
    book.refuses(DAEMON, erases(shelves={}, keys=(), records=(RECORD,)))
    book.says(COACH, event)


@pytest.mark.parametrize(
    "event",
    [
        makes(generation=2),
        assigns(OTHER_SHELF, OTHER_CLIENT),
        stores(version=3),
        stores(OTHER_RECORD),
        erases(records=(RECORD,)),
        erases(shelves={OTHER_SHELF: 1}, keys=(2,)),
    ],
    ids=lambda event: event["e"],
)
def test_a_colleague_says_nothing_of_shelves_that_are_not_theirs(book: Book, event: Event) -> None:
    book.refuses(COLLEAGUE, event)
    book.says(COACH, event)


def test_a_colleague_erases_no_record_and_no_grant_of_a_shelf_that_is_not_theirs(book: Book) -> None:
    book.says(
        COLLEAGUE,
        makes(THIRD_SHELF, grants=(3,)),
        assigns(THIRD_SHELF, OTHER_CLIENT),
        stores(OTHER_RECORD, shelf=THIRD_SHELF),
    )
    theirs = {THIRD_SHELF: 1}
    for shelves, records, keys in (
        ({}, (RECORD,), ()),
        (theirs, (OTHER_RECORD, RECORD), (3,)),
        (theirs, (OTHER_RECORD,), (3, 1)),
        (theirs | {SHELF: 1}, (OTHER_RECORD, RECORD), (3, 1)),
    ):
        book.refuses(COLLEAGUE, erases(shelves=shelves, records=records, keys=keys))
    book.says(COLLEAGUE, erases(shelves=theirs, records=(OTHER_RECORD,), keys=(3,)))
    assert book.history.records.keys() == {(RECORD, 1), (RECORD, 2)}


def test_a_colleague_takes_over_no_record(book: Book) -> None:
    """Neither by a next version on a shelf of their own, nor by sealing one anew."""
    book.says(COLLEAGUE, makes(THIRD_SHELF), assigns(THIRD_SHELF, CLIENT))
    for version in (1, 2, 3):
        book.refuses(COLLEAGUE, stores(version=version, shelf=THIRD_SHELF))
    book.refuses(COACH, stores(version=2, shelf=THIRD_SHELF))


def test_a_daemon_seals_nothing_anew(book: Book) -> None:
    """It cannot have opened what it says that it has sealed again."""
    book.says(COACH, makes(generation=2))
    book.refuses(DAEMON, stores(version=2, generation=2))
    book.says(COACH, stores(version=2, generation=2))


def test_only_whoever_has_something_erased_says_that_it_is_done(book: Book) -> None:
    stone = book.says(COACH, erases(shelves={OTHER_SHELF: 1}, keys=(2,))).number
    assert not book.history.tombstones[stone].done
    for who in (DAEMON, COLLEAGUE):
        book.refuses(who, erased(stone))
    for number in (stone - 1, stone + 1, 1):
        book.refuses(COACH, erased(number))
    book.says(COACH, erased(stone))
    assert book.history.tombstones[stone].done


# --- shelves ----------------------------------------------------------------------------------------------------------


def test_generations_rise_and_may_pass_over_those_of_another_branch(book: Book) -> None:
    book.refuses(COACH, makes(generation=1))
    book.refuses(COACH, makes(THIRD_SHELF, generation=2))
    book.says(COACH, makes(generation=2, grants=(5, 6)), makes(generation=5, grants=()))
    for generation in (2, 3, 4, 5):
        book.refuses(COACH, makes(generation=generation))
    assert book.history.shelves[SHELF] == Shelf(MINE, 5, CLIENT, "notes")
    assert {one.hex() for one in book.history.grants[SHELF]} == {digest(1), digest(5), digest(6)}
    assert book.history.made[SHELF] == {1, 2, 5}
    book.says(COACH, stores(generation=5), stores(version=2, generation=5), erases("note", {SHELF: 2}, keys=(1, 5)))
    assert book.history.keys[SHELF].keys() == {5}
    assert book.history.made[SHELF] == {1, 2, 5}  # though two of them are gone


def test_a_spare_is_assigned_once(book: Book) -> None:
    book.refuses(DAEMON, assigns(SHELF, OTHER_CLIENT))
    book.refuses(DAEMON, assigns(SHELF, UNSORTED))
    book.says(DAEMON, assigns(OTHER_SHELF, UNSORTED))
    for client in (CLIENT, UNSORTED):
        book.refuses(DAEMON, assigns(OTHER_SHELF, client))
        book.refuses(COACH, assigns(OTHER_SHELF, client))


def test_a_client_has_one_shelf_for_a_class_of_records(book: Book) -> None:
    book.refuses(DAEMON, assigns(OTHER_SHELF))
    book.says(DAEMON, assigns(OTHER_SHELF, category="agreements"))
    book.says(COLLEAGUE, makes(THIRD_SHELF))
    book.says(DAEMON, assigns(THIRD_SHELF))  # and another coach has one of their own
    assert book.history.shelf_of(THEIRS, CLIENT, "notes") == THIRD_SHELF


@pytest.mark.parametrize("client", ["Marie", "C-", "C-abc234", "C-ABC234\n", "C-ABC2345", " ", None, 1, ["C-ABC234"]])
def test_the_log_holds_codes_and_never_a_name(book: Book, client: Any) -> None:
    book.refuses(DAEMON, assigns(OTHER_SHELF, client))
    book.refuses(COACH, erases(shelves={OTHER_SHELF: 1}, keys=(2,), client=client))


@pytest.mark.parametrize("category", ["", "Notes", "notes\n", "n" * 21, "-notes", "notes of Marie", None, 7])
def test_a_class_of_records_is_a_short_word(book: Book, category: Any) -> None:
    book.refuses(DAEMON, assigns(OTHER_SHELF, OTHER_CLIENT, category))


def test_a_shelf_that_is_not_there_is_assigned_to_nobody(book: Book) -> None:
    book.refuses(DAEMON, assigns(THIRD_SHELF))


# --- records ----------------------------------------------------------------------------------------------------------


def test_versions_come_one_after_the_other(book: Book) -> None:
    for version in (0, 1, 2, 4, -1, 1 << 32):
        book.refuses(DAEMON, stores(version=version))
    book.refuses(DAEMON, stores(OTHER_RECORD, version=2))
    book.says(DAEMON, stores(version=3), stores(OTHER_RECORD))
    book.says(COACH, stores(version=4))
    assert (book.history.latest(RECORD), book.history.latest(OTHER_RECORD)) == (4, 1)


def test_a_record_goes_to_the_newest_generation_of_an_assigned_shelf(book: Book) -> None:
    book.refuses(DAEMON, stores(OTHER_RECORD, shelf=OTHER_SHELF))  # a spare
    book.refuses(DAEMON, stores(OTHER_RECORD, shelf=THIRD_SHELF))  # not there
    book.says(COACH, makes(generation=2))
    for generation in (1, 3):
        book.refuses(DAEMON, stores(OTHER_RECORD, generation=generation))
    book.says(DAEMON, stores(OTHER_RECORD, generation=2))


def test_a_next_version_lies_where_those_before_it_are_and_is_of_their_kind(book: Book) -> None:
    book.says(DAEMON, assigns(OTHER_SHELF, OTHER_CLIENT))
    for who in (DAEMON, COACH):
        book.refuses(who, stores(version=3, shelf=OTHER_SHELF))
        book.refuses(who, stores(version=3, kind=2))
    book.says(COACH, makes(generation=2))
    book.says(DAEMON, stores(version=3, generation=2))


@pytest.mark.parametrize("kind", [0, 4, -1, True, 1.0, "1", None, [1]])
def test_a_record_is_of_a_known_kind(book: Book, kind: Any) -> None:
    book.refuses(DAEMON, stores(OTHER_RECORD, kind=kind))


def test_what_is_sealed_anew_stays_what_it_was_and_whose_it_was(book: Book) -> None:
    book.refuses(COACH, stores(version=2, says=9))  # the same place
    book.says(COACH, makes(generation=2))
    book.refuses(COACH, stores(version=2, generation=2, kind=3))
    book.says(COACH, stores(version=2, generation=2, says=9))
    assert book.history.records[RECORD, 2] == Stored(SHELF, 2, Kind.NOTE, bytes.fromhex(digest(9)), THE_DAEMON)
    assert book.history.records[RECORD, 1].generation == 1
    book.refuses(COACH, stores(version=2, generation=2, says=10))
    book.refuses(COACH, stores(version=2, generation=1, says=10))


def test_a_coach_moves_a_record_from_the_unsorted_to_a_clients_shelf(book: Book) -> None:
    book.says(DAEMON, assigns(OTHER_SHELF, UNSORTED), stores(OTHER_RECORD, shelf=OTHER_SHELF))
    book.refuses(DAEMON, stores(OTHER_RECORD))
    book.says(COACH, stores(OTHER_RECORD))
    assert book.history.records[OTHER_RECORD, 1].shelf == SHELF
    book.says(COACH, stores(OTHER_RECORD, version=2))
