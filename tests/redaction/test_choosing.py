"""Which appointments a share is made from."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coachsync.model import EVERYTHING, Choice, Traits, Whose
from coachsync.redaction.choosing import is_chosen

MARIE, OMER = "C-MARIE0", "C-OEMER0"
SURE = Traits(Whose(MARIE, frozenset({MARIE})), frozenset({"coaching"}))
OPEN = Traits(Whose(None, frozenset({MARIE, OMER})), frozenset({"coaching", "équipe"}))
NOBODYS = Traits()


def only(*codes: str) -> Choice:
    return Choice(frozenset(codes))


def without(*codes: str) -> Choice:
    return Choice(None, frozenset(codes))


@pytest.mark.parametrize("traits", [SURE, OPEN, NOBODYS])
def test_without_a_choice_everything_counts(traits: Traits) -> None:
    assert is_chosen(traits, EVERYTHING, EVERYTHING)


@pytest.mark.parametrize(
    ("traits", "clients", "expected"),
    [
        (SURE, only(MARIE), True),
        (SURE, only(OMER), False),
        (OPEN, only(MARIE, OMER), False),
        (NOBODYS, only(MARIE), False),
        (SURE, only(), False),
        (SURE, without(MARIE), False),
        (SURE, without(OMER), True),
        (OPEN, without(OMER), False),
        (NOBODYS, without(OMER), True),
    ],
)
def test_p02_whoever_might_be_left_out_is_left_out(traits: Traits, clients: Choice, *, expected: bool) -> None:
    assert is_chosen(traits, clients, EVERYTHING) is expected


@pytest.mark.parametrize(("traits", "expected"), [(SURE, True), (OPEN, False), (NOBODYS, False)])
def test_a_share_for_a_sponsor_shows_what_is_sure(traits: Traits, *, expected: bool) -> None:
    assert is_chosen(traits, EVERYTHING, EVERYTHING, sure_only=True) is expected


@pytest.mark.parametrize(
    ("traits", "categories", "expected"),
    [
        (SURE, only("coaching"), True),
        (SURE, only("équipe"), False),
        (NOBODYS, only("coaching"), False),
        (OPEN, without("équipe"), False),
        (SURE, without("équipe"), True),
    ],
)
def test_categories_are_chosen_alike(traits: Traits, categories: Choice, *, expected: bool) -> None:
    assert is_chosen(traits, EVERYTHING, categories) is expected


CODES = st.frozensets(st.sampled_from([MARIE, OMER, "C-OTHER0"]))


@given(CODES, st.none() | CODES, CODES)
def test_p02_nobody_who_is_left_out_is_ever_shown(
    candidates: frozenset[str], chosen: frozenset[str] | None, left_out: frozenset[str]
) -> None:
    client = next(iter(candidates)) if len(candidates) == 1 else None
    if is_chosen(Traits(Whose(client, candidates)), Choice(chosen, left_out), EVERYTHING):
        assert not candidates & left_out
        assert chosen is None or client in chosen
