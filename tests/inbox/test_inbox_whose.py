"""Whose a file is: the folder, what it says, its name, in this order."""

from __future__ import annotations

import pytest

from coachsync.inbox.whose import Hints, People, client_of, compared

ANNA, BO = "C-7F3K2M", "C-2M9Q7K"
PEOPLE = People(
    frozenset((ANNA, BO)),
    frozenset(("C-9Q4T2W",)),
    {compared("Anna Étoile"): frozenset((ANNA,)), compared("Twin"): frozenset((ANNA, BO))},
    {"anna@x.example": frozenset((ANNA,)), "bo@x.example": frozenset((BO,))},
)


@pytest.mark.parametrize(
    ("hints", "client"),
    [
        (Hints((b"anna  etoile",)), ANNA), (Hints(("Anna E\u0301toile".encode(),)), ANNA), (Hints((b"Twin",)), None),
        (Hints((b"scans of C-2M9Q7K",)), BO), (Hints((ANNA.encode(), b"2026")), ANNA),
        (Hints((ANNA.encode(), BO.encode())), BO),
        (Hints((b"Anna Etoile",), said=BO), ANNA),
        (Hints((b"x",), said="Anna Etoile", addresses=frozenset(("bo@x.example",))), ANNA),
        (Hints(name=BO.encode(), addresses=frozenset(("anna@x.example",))), ANNA),
        (Hints(addresses=frozenset(("anna@x.example", "bo@x.example"))), None), (Hints(said="ANNA@x.example "), ANNA),
        (Hints(said="C-9Q4T2W"), None), (Hints(said="C-ZZZZZZ", name=ANNA.encode()), ANNA), (Hints(said="Anna"), None),
        (Hints(name=f"{ANNA} {BO}".encode()), None), (Hints(name=f"{ANNA} {ANNA}".encode()), ANNA), (Hints(), None),
    ],
)  # fmt: skip
def test_the_first_that_tells_exactly_one(hints: Hints, client: str | None) -> None:
    assert client_of(hints, PEOPLE) == client


def test_where_nobody_is_known_a_code_is_believed_as_it_is_written() -> None:
    nobody = People(gone=frozenset((BO,)))
    assert client_of(Hints((ANNA.encode(),)), nobody) == ANNA
    assert client_of(Hints(name=b"c-graded work"), nobody) is None
    assert client_of(Hints((BO.encode(),)), nobody) is None
