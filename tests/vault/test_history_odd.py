"""What the log may not tell: entries that make no sense, and whatever anybody says, at random."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coachsync.errors import Altered
from coachsync.vault.chain import LONGEST
from coachsync.vault.history import History
from coachsync.vault.keys import Signer
from coachsync.vault.shelves import UNSORTED
from vaultpeople import (
    CLIENT,
    COACH,
    COACHES,
    COLLEAGUE,
    DAEMON,
    OTHER_CLIENT,
    OTHER_DAEMON,
    OTHER_RECORD,
    OTHER_SHELF,
    RECORD,
    SHELF,
    VAULT,
    Book,
    Event,
    assigns,
    copied,
    digest,
    erased,
    erases,
    lets_in,
    makes,
    practice,
    stores,
)

THIRD_SHELF = b"u" * 16


# --- what makes no sense ----------------------------------------------------------------------------------------------

GOOD: tuple[tuple[Signer, Event], ...] = (
    (COACH, {"e": "vault"}),
    (COACH, lets_in(OTHER_DAEMON)),
    (COACH, makes(THIRD_SHELF)),
    (DAEMON, assigns(OTHER_SHELF, OTHER_CLIENT)),
    (DAEMON, stores(version=3)),
    (COACH, erases(records=(RECORD,))),
    (COACH, erased(10)),
    (COACH, {"e": "slot", "kind": "recovery"}),
    (COACH, {"e": "unslot", "kind": "credential"}),
)
ODD = (
    None,
    True,
    0,
    -1,
    1 << 32,
    1.5,
    "",
    "x",
    "zz" * 16,
    " " * 32,
    "AB" * 16,
    "ab" * 17,
    [],
    [1],
    ["x"],
    {},
    {"x": 1},
)


def ready() -> Book:
    book = practice()
    book.says(COACH, makes(b"x" * 16, grants=()), {"e": "slot", "kind": "recovery"})
    book.says(COACH, erases(shelves={b"x" * 16: 1}, keys=()))
    return book


@pytest.mark.parametrize(("who", "event"), GOOD, ids=lambda one: one["e"] if isinstance(one, dict) else "")
def test_an_entry_with_a_key_too_many_too_few_or_of_another_sort_is_refused(who: Signer, event: Event) -> None:
    book = ready()
    for name in event.keys() - {"e"}:
        book.refuses(who, {key: value for key, value in event.items() if key != name})
        for value in ODD:
            if value != event[name] and (name, value) not in FINE:
                book.refuses(who, dict(event) | {name: value})
    book.refuses(who, dict(event) | {"more": 1})
    book.says(who, event)


FINE = [("client", ""), ("class", "x"), ("grants", []), ("keys", [])]  # another value that makes sense


@pytest.mark.parametrize("kind", ["", "Vault", "open", "__init__"])
def test_an_entry_of_an_unknown_kind_is_refused(book: Book, kind: str) -> None:
    book.refuses(COACH, {"e": kind})


def test_lists_and_tables_are_what_they_should_be(book: Book) -> None:
    for event in (
        dict(makes(THIRD_SHELF)) | {"grants": {digest(1): 1}},
        dict(makes(THIRD_SHELF)) | {"grants": digest(1)},
        dict(erases(records=(RECORD,))) | {"records": {RECORD.hex(): 1}},
        dict(erases(records=(RECORD,))) | {"shelves": [SHELF.hex()]},
        dict(erases(records=(RECORD,))) | {"shelves": [[SHELF.hex(), 1]]},
        dict(erases(records=(RECORD,))) | {"shelves": {SHELF.hex(): True}},
        dict(erases(records=(RECORD,))) | {"shelves": {SHELF.hex().upper(): 1}},
    ):
        book.refuses(COACH, event)


def test_what_is_refused_names_the_entry(book: Book) -> None:
    with pytest.raises(Altered) as caught:
        book.history.take([book.next(DAEMON, makes(THIRD_SHELF))])
    assert f"Entry {len(book.entries) + 1} " in caught.value.message


def test_an_event_that_is_too_long_is_never_taken(book: Book) -> None:
    with pytest.raises(ValueError, match="1 MiB"):
        book.next(COACH, {"e": "vault", "x": "x" * LONGEST})


# --- whatever anybody says --------------------------------------------------------------------------------------------

SHELVES, RECORDS = st.sampled_from([SHELF, OTHER_SHELF, THIRD_SHELF]), st.sampled_from([RECORD, OTHER_RECORD])
GENERATIONS = st.integers(1, 3)
SAYS: tuple[st.SearchStrategy[Event], ...] = (
    st.builds(makes, SHELVES, GENERATIONS, st.lists(st.integers(1, 5), max_size=2).map(tuple)),
    st.builds(assigns, SHELVES, st.sampled_from([CLIENT, OTHER_CLIENT, UNSORTED])),
    st.builds(stores, RECORDS, GENERATIONS, SHELVES, GENERATIONS, st.integers(1, 2)),
    st.builds(
        erases,
        st.sampled_from(["note", "shelf", "client"]),
        st.dictionaries(SHELVES, GENERATIONS, max_size=2),
        st.lists(RECORDS, max_size=2, unique=True).map(tuple),
        st.just(()),
    ),
    st.builds(erased, st.integers(1, 12)),
)
SIGNERS = st.sampled_from([COACH, COACH, COACH, COLLEAGUE, DAEMON])


@settings(max_examples=60)
@given(st.lists(st.tuples(SIGNERS, st.one_of(SAYS)), max_size=25))
def test_whatever_anybody_says_nothing_is_half_taken_and_nothing_erased_comes_back(
    said: list[tuple[Signer, Event]],
) -> None:
    book, gone = practice(), set[bytes]()
    for who, event in said:
        before = copied(book.history)
        try:
            book.says(who, event)
        except Altered:
            assert book.history == before
            continue
        gone |= book.history.erased
        sound(book.history, gone)
    again = History(VAULT, COACHES)
    again.take(book.entries)
    assert again == book.history


def sound(history: History, gone: set[bytes]) -> None:
    """What must be so whatever the log says."""
    assert history.erased == gone
    assert not gone & (history.shelves.keys() | {record for record, _ in history.records})
    assert history.grants.keys() == history.shelves.keys()
    for (record, version), one in history.records.items():
        shelf = history.shelves[one.shelf]
        assert one.generation <= shelf.generation
        assert shelf.client is not None
        assert version == 1 or (record, version - 1) in history.records
        assert history.shelves[history.records[record, 1].shelf].coach == shelf.coach
    places = [(one.coach, one.client, one.category) for one in history.shelves.values() if one.client is not None]
    assert len(set(places)) == len(places)
