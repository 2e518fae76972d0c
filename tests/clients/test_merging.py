"""What is known of a client joined with what cards and people say, and what an import would do."""

from __future__ import annotations

import itertools
from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coachsync.clients.cards import Card
from coachsync.clients.directory import Client, Directory
from coachsync.clients.importing import Import, plan
from coachsync.clients.merging import Change, NotAmong, changed, merged, new

KNOWN = Client("C-1", ("Ana Lis", "Lis Ana"), ("ana@x.example",), ("+33 6 12 34",), ("Nan",), "Brume", cards=("u1",))
TEXTS = st.lists(st.sampled_from(["Ana", "ana@x.example", "+33 6", "0033 6", "Éa", " ", "B; C"]), max_size=3).map(tuple)
CARDS = st.lists(
    st.builds(
        Card, names=TEXTS.map(lambda found: (*found, "Z")), addresses=TEXTS, phones=TEXTS, aliases=TEXTS,
        organisations=TEXTS, uid=st.sampled_from(["", "", "u1", "u2"]),
    ),
    max_size=6,
)  # fmt: skip


def taking(directory: Directory, cards: Iterable[Card], category: str = "") -> tuple[Import, Directory]:
    numbers = itertools.count(len(directory.clients) + 1)
    found = plan(directory, cards, lambda: f"C-{next(numbers)}", category)
    changed_ones = {client.code: client for client in (*found.changed, *found.added)}
    return found, Directory({**directory.clients, **changed_ones}, directory.sponsors)


def test_a_card_only_adds_and_the_main_name_stays() -> None:
    card = Card(
        ("Ana Oro", "Lis  Ana"), ("MAILTO:Ana@X.example", "b@x.example"), ("0033 (0)6 12 34", "07"), ("Nan", "N."),
        ("Brume", "Ciel; Mer"), uid="u2",
    )  # fmt: skip
    assert merged(KNOWN, card) == Client(
        "C-1", ("Ana Lis", "Lis Ana", "Ana Oro"), ("ana@x.example", "b@x.example"), ("+33 6 12 34", "07"),
        ("Nan", "N."), "Brume; Ciel, Mer", cards=("u1", "u2"),
    )  # fmt: skip


def test_another_main_name_leaves_the_one_before_as_a_spelling() -> None:
    after = changed(KNOWN, Change(name="Ana Oro", aliases=("A",), without_phones=("0033 6 12 34",), unshared=True))
    assert after.names == ("Ana Oro", "Ana Lis", "Lis Ana")
    assert (after.aliases, after.phones, after.unshared) == (("Nan", "A"), (), True)
    assert changed(after, Change(name="Ana Lis")).names == ("Ana Lis", "Ana Oro", "Lis Ana")
    assert changed(KNOWN, Change()) == KNOWN
    assert changed(KNOWN, Change(name="Ana Oro", without_spellings=("Ana Lis",))).names == ("Ana Oro", "Lis Ana")
    assert changed(KNOWN, Change(organisation="", sponsor="S-1")).organisation == ""


@pytest.mark.parametrize(
    ("change", "field", "main"),
    [
        (Change(without_spellings=("Ana Lis",)), "names", True),
        (Change(without_spellings=("Nobody",)), "names", False),
        (Change(without_addresses=("b@x.example",)), "addresses", False),
        (Change(without_phones=("1",)), "phones", False),
        (Change(without_aliases=("nan",)), "aliases", False),
    ],
)
def test_what_is_not_there_cannot_be_taken_away(change: Change, field: str, main: bool) -> None:
    with pytest.raises(NotAmong) as caught:
        changed(KNOWN, change)
    assert (caught.value.field, caught.value.main) == (field, main)


def test_a_card_is_known_by_its_uid_else_by_an_address_of_one_client() -> None:
    before = Directory({"C-1": KNOWN, "C-2": Client("C-2", ("Bo",), ("both@x.example", "bo@x.example"))})
    found, after = taking(before, [Card(("Other",), uid="u1"), Card(("Bob",), ("bo@x.example",))])
    assert ([client.code for client in found.changed], found.added) == (["C-1", "C-2"], ())
    assert after.clients["C-1"].names == ("Ana Lis", "Lis Ana", "Other")


def test_an_address_that_two_have_says_nothing() -> None:
    both = {code: Client(code, (code,), ("office@x.example",)) for code in ("C-1", "C-2")}
    found, _ = taking(Directory(both), [Card(("New",), ("office@x.example",))])
    assert [client.names for client in found.added] == [("New",)]


def test_two_cards_with_one_address_are_two_people() -> None:
    cards = [Card(("Jean Oro",), ("oro@x.example",), uid="a"), Card(("Zoé Oro",), ("oro@x.example",), uid="b")]
    found, after = taking(Directory(), cards)
    assert len(found.added) == 2
    assert taking(after, cards)[0] == Import(unchanged=2)


def test_only_a_category_is_taken_in_and_groups_are_nobody() -> None:
    cards = [
        Card(("A",), categories=("Coaching",)),
        Card(("B",), categories=("Friends",)),
        Card(("C",), uid="c"),
        Card(("coaching",), group=True, members=("c",)),
    ]
    found, _ = taking(Directory(), cards, "COACHING")
    assert ([client.names[0] for client in found.added], found.left_out) == (["A", "C"], 2)
    assert taking(Directory(), cards)[0].left_out == 1


@given(CARDS)
def test_p13_a_second_import_changes_nothing_and_nothing_is_lost(cards: list[Card]) -> None:
    _, after = taking(Directory({"C-1": KNOWN}), cards)
    again, _ = taking(after, cards)
    assert (again.added, again.changed) == ((), ())
    told = set(after.identifiers())
    for card in cards:
        assert {name.strip() for name in card.names if name.strip()} <= told
        assert {address.strip().lower() for address in card.addresses if address.strip()} <= told


def test_a_new_client_is_all_that_the_card_says() -> None:
    assert new("C-9", Card(("A",), uid="u")) == Client("C-9", ("A",), cards=("u",))
