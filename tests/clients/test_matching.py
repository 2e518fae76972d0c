"""Whose an appointment is, and where that stays open."""

from __future__ import annotations

import pytest

from coachsync.clients.directory import Client, Directory
from coachsync.clients.facts import Facts, facts
from coachsync.clients.matching import Matcher
from coachsync.model import Whose

MARIE = Client("C-MARIE0", ("Marie Dupont", "Marie Dupont-Lévêque"), ("marie@dupont.example",), aliases=("MD",))
MARIE_TOO = Client("C-MARIE1", ("Marie Petit",), ("m.petit@acme.example", "office@acme.example"))
OEMER = Client("C-OEMER0", ("Ömer Şahin",), ("omer@acme.example", "office@acme.example"), aliases=("Projet Phénix",))
LI = Client("C-BOLI00", ("Bo Li",))
MATCHER = Matcher(Directory({client.code: client for client in (MARIE, MARIE_TOO, OEMER, LI)}, {}))


def whose(title: str = "", *addresses: str, called: tuple[str, ...] = ()) -> Whose:
    return MATCHER.whose(Facts(frozenset(addresses), called, title))


def sure(client: Client) -> Whose:
    return Whose(client.code, frozenset({client.code}))


def open_between(*clients: Client) -> Whose:
    return Whose(None, frozenset(client.code for client in clients))


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (whose("Coaching", "marie@dupont.example"), sure(MARIE)),
        (whose("", "marie@dupont.example", "stranger@elsewhere.example"), sure(MARIE)),
        (whose("Séance MARIE DUPONT (3/10)"), sure(MARIE)),
        (whose("Dupont, Marie"), sure(MARIE)),
        (whose("dupont-leveque marie"), sure(MARIE)),
        (whose("MD: bilan"), sure(MARIE)),
        (whose("Atelier projet phenix"), sure(OEMER)),
        (whose("OMER SAHIN"), sure(OEMER)),
        (whose("bo li"), sure(LI)),
        (whose("Coaching", called=("Marie Petit",)), sure(MARIE_TOO)),
        (whose("Marie Dupont", "marie@dupont.example"), sure(MARIE)),
    ],
)
def test_an_address_a_whole_name_or_an_alias_is_sure(found: Whose, expected: Whose) -> None:
    assert found == expected


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (whose("Coaching Marie"), open_between(MARIE, MARIE_TOO)),
        (whose("Appeler Sahin"), open_between(OEMER)),
        (whose("", "office@acme.example"), open_between(MARIE_TOO, OEMER)),
        (whose("", "marie@dupont.example", "omer@acme.example"), open_between(MARIE, OEMER)),
        (whose("Marie Petit", "marie@dupont.example"), open_between(MARIE, MARIE_TOO)),
        (whose("Marie Dupont et Marie Petit"), open_between(MARIE, MARIE_TOO)),
    ],
)
def test_what_could_be_several_or_is_a_part_of_a_name_stays_open(found: Whose, expected: Whose) -> None:
    assert found == expected


@pytest.mark.parametrize("title", ["Dentiste", "Bo", "Lire", "Mdx", "Bolivie", "Mariage de Sahinoglu", "MARI E"])
def test_what_merely_looks_like_a_name_is_nobodys(title: str) -> None:
    assert whose(title) == Whose()


def test_a_name_inside_a_longer_one_of_somebody_else_is_that_ones() -> None:
    short, long = Client("C-SHORT0", ("Marie",)), Client("C-LONG00", ("Marie Curie",))
    matcher = Matcher(Directory({"C-SHORT0": short, "C-LONG00": long}, {}))
    assert matcher.whose(Facts(title="Marie Curie")) == sure(long)
    assert matcher.whose(Facts(title="Marie")) == sure(short)
    assert matcher.whose(Facts(title="Marie, then Marie Curie")) == open_between(short, long)


TEXT = """\
BEGIN:VCALENDAR
BEGIN:VEVENT
UID:1
SUMMARY:Coaching\\, Marie
CATEGORIES:Coaching,Supervision\\, groupe
CATEGORIES:ÉQUIPE
CLASS:CONFIDENTIAL
ORGANIZER;CN=Coach:mailto:Coach@Practice.example
ATTENDEE;CN="Dupont, Marie";EMAIL=other@dupont.example:mailto:Marie@Dupont.example
BEGIN:VALARM
SUMMARY:not this
ATTENDEE:mailto:nor@this.example
END:VALARM
END:VEVENT
BEGIN:VEVENT
UID:1
RECURRENCE-ID:20260302T090000Z
SUMMARY:Moved
END:VEVENT
END:VCALENDAR
"""


def test_facts_are_those_of_the_others_in_an_appointment() -> None:
    master, override = facts(TEXT, {"coach@practice.example"})
    assert {"marie@dupont.example", "other@dupont.example"} <= master.addresses
    assert not any("coach" in address or "this" in address for address in master.addresses)
    assert master.called == ("Dupont, Marie",)
    assert (master.title, master.visibility) == ("Coaching, Marie", "CONFIDENTIAL")
    assert master.categories == {"coaching", "supervision, groupe", "équipe"}
    assert override.is_override
    assert (override.title, override.called, override.categories) == ("Moved", master.called, master.categories)


@pytest.mark.parametrize("text", ["", "BEGIN:VCALENDAR\nBEGIN:VEVENT\nEND:VCALENDAR\n", "SUMMARY:Marie Dupont\n"])
def test_damaged_text_has_no_facts(text: str) -> None:
    assert facts(text, ()) == ()
