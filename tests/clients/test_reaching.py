"""Clients by the addresses and phone numbers that a title or the name of a guest holds."""

from __future__ import annotations

import pytest

from coachsync.clients.directory import Client, Directory
from coachsync.clients.facts import Facts
from coachsync.clients.matching import Matcher
from coachsync.model import Whose

ZOE = Client("C-ZOE000", ("Zoe Zed",), ("zz@acme.example", "hall@acme.example"), ("+33 (0)6 12 34 56 78",))
JO = Client("C-JO0000", ("Jo Acme",), ("hall@acme.example", "o'jo@acme.example"), ("12 34",))
MATCHER = Matcher(Directory({one.code: one for one in (ZOE, JO)}, {}))
SURE, OPEN = Whose(ZOE.code, frozenset({ZOE.code})), Whose(None, frozenset({ZOE.code}))
BOTH = frozenset({ZOE.code, JO.code})


@pytest.mark.parametrize(
    "title",
    [
        *(
            "30 min with zz@acme.example",
            "zz@acme.example",
            "(ZZ@Acme.example)",
            "Call <zz@acme.example>.",
            "'zz@acme.example'",
        ),
        *(
            "mailto:zz@acme.example",
            "zz\u200b@acme.example",
            "zz＠acme.example",
            "@zz@acme.example",
            "Zoe: zz@acme.example!",
        ),
    ],
)
def test_an_address_tells_whose_it_is_as_a_whole_name_does(title: str) -> None:
    assert MATCHER.whose(Facts(title=title)) == SURE
    assert MATCHER.whose(Facts(called=(title,))) == SURE
    assert MATCHER.whose(Facts(mentioned=(title,))) == OPEN


@pytest.mark.parametrize(
    "title", ["azz@acme.example", "zz@acme.example.org", "zz@acme", "zz @ acme.example", "zz+zz@acme.example"]
)
def test_another_address_is_somebody_elses(title: str) -> None:
    assert ZOE.code not in MATCHER.whose(Facts(title=title)).candidates


def test_an_address_of_several_stays_open_and_an_address_known_names_nobody_else() -> None:
    assert MATCHER.whose(Facts(title="hall@acme.example")) == Whose(None, BOTH)
    assert MATCHER.whose(Facts(title="zz@acme.example, o'jo@acme.example")) == Whose(None, BOTH)
    assert MATCHER.whose(Facts(title="Zoe o'jo@acme.example Zed")) == Whose(JO.code, BOTH)
    assert MATCHER.whose(Facts(title="Jo Acme", mentioned=("zz@acme.example",))) == Whose(JO.code, BOTH)


@pytest.mark.parametrize(
    "title",
    [
        *("Call +33612345678", "Call 06 12 34 56 78", "0033 6 12 34 56 78", "06.12.34.56.78", "tel:+33-6-12-34-56-78"),
        *(
            "(0)612345678",
            "06 12 34\u200b56 78",
            "06 12 34 56 78 10h",
            "02/03 0612345678",
            "06 - 12 - 34 - 56 - 78",
            "2345678",
            "٠٦١٢٣٤٥٦٧٨",
            "０６１２３４５６７８",
        ),
    ],
)
def test_a_phone_number_makes_a_candidate(title: str) -> None:
    assert MATCHER.whose(Facts(title=title)) == OPEN
    assert MATCHER.whose(Facts(called=(title,))) == OPEN
    assert MATCHER.whose(Facts(mentioned=(title,))) == OPEN


@pytest.mark.parametrize(
    "title", ["06 12 34 56 79", "1 34 56 78", "12 34", "2026-03-02 10:30", "345678", "6 12 34 : 56 78"]
)
def test_another_number_is_nobodys(title: str) -> None:
    assert MATCHER.whose(Facts(title=title)) == Whose()


def test_a_client_who_is_invited_stays_sure_whatever_is_mentioned() -> None:
    invited = Facts(frozenset({"zz@acme.example"}), ("Zoe",), "Coaching", mentioned=("Zoe Zed", "+33612345678"))
    assert MATCHER.whose(invited) == SURE
