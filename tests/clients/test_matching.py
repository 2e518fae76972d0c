"""Whose an appointment is, and where that stays open."""

from __future__ import annotations

from time import process_time

import pytest

from coachsync.clients.directory import Client, Directory
from coachsync.clients.facts import Facts
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


@pytest.mark.parametrize(
    "title", ["Dentiste", "bo", "Boli", "Lire", "Mdx", "Bolivie", "Mariage de Sahinoglu", "MARI E"]
)
def test_what_merely_looks_like_a_name_is_nobodys(title: str) -> None:
    assert whose(title) == Whose()


def test_a_name_inside_a_longer_one_of_somebody_else_is_that_ones() -> None:
    short, long = Client("C-SHORT0", ("Marie",)), Client("C-LONG00", ("Marie Curie",))
    matcher = Matcher(Directory({"C-SHORT0": short, "C-LONG00": long}, {}))
    assert matcher.whose(Facts(title="Marie Curie")) == sure(long)
    assert matcher.whose(Facts(title="Marie")) == sure(short)
    assert matcher.whose(Facts(title="Marie, then Marie Curie")) == open_between(short, long)


PAUL = Client("C-PAUL00", ("Paul Martin",), ("paul@martin.example",))
MARGUERITE = Client("C-MARG00", ("Marguerite Lenoir",))
CLAIRE = Client("C-CLARE0", ("Claire",), aliases=("Projet: Lune",))
LI_NA, LI_NANA = Client("C-LINA00", ("李娜",)), Client("C-LINANA", ("李娜娜",))
MINSU = Client("C-MINSU0", ("김 민수",))
PEOPLE = Matcher(Directory({one.code: one for one in (MARIE, PAUL, MARGUERITE, CLAIRE, LI, LI_NA, LI_NANA, MINSU)}, {}))


def among(title: str, *addresses: str, called: tuple[str, ...] = ()) -> Whose:
    return PEOPLE.whose(Facts(frozenset(addresses), called, title))


def beside(sure_of: Client, *others: Client) -> Whose:
    return Whose(sure_of.code, frozenset(client.code for client in (sure_of, *others)))


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (among("Paul Martin et Marguerite"), beside(PAUL, MARGUERITE)),
        (among("Paul et Marguerite", "paul@martin.example"), beside(PAUL, MARGUERITE)),
        (among("Paul Martin, Marguerite Lenoir"), open_between(PAUL, MARGUERITE)),
        (
            among("Point", "paul@martin.example", called=("Paul", "Marguerite Lenoir")),
            open_between(PAUL, MARGUERITE),
        ),
        (among("Point", "paul@martin.example", called=("Paul", "Marguerite")), beside(PAUL, MARGUERITE)),
        (among("Point", called=("M. Lenoir",)), open_between(MARGUERITE)),
        (among("Marguerite Lenoir-Petit", "paul@martin.example"), open_between(PAUL, MARGUERITE)),
    ],
)
def test_who_else_is_named_is_a_candidate_beside_somebody_who_is_sure(found: Whose, expected: Whose) -> None:
    assert found == expected


def test_parts_of_the_name_of_an_invited_guest_mean_that_one_and_nobody_else() -> None:
    found = whose("Point", "marie@dupont.example", called=("Marie",))
    assert found == sure(MARIE)
    invited = Facts(frozenset({"marie@dupont.example"}), title="Point", mentioned=("Marie",))
    assert MATCHER.whose(invited) == sure(MARIE)


@pytest.mark.parametrize(
    "title",
    [
        *("Marie Dupont-Leroy", "Anne-Marie Dupont", "marie dupont-leroy", "Anne Marie Dupont", "ANNE MARIE DUPONT"),
        *("Marie Dupont Leroy", "Marie Dupont de Leroy", "Marie Dupont d'Ornano", "Séance Anne Marie Dupont 3/10"),
        *("Appeler Dupont, Marie", "Marie, Dupont: facture", "Dupont / Marie", "Marie (Dupont)", "Marie - Dupont"),
        *("Marie; Dupont", "Marie: Dupont", "Marie | Dupont", "MD-Leroy"),
        *("marie dupont leroy", "marie dupont leroy 10h", "anne marie dupont", "seance anne marie dupont"),
        *("Marie Dupont y Garcia", "Marie Dupont née Leroy", "Marie Dupont dos Santos", "Marie Dupont al-Leroy"),
        *(
            "Salah ben Marie Dupont",
            "Marie Dupont van der Leroy",
            "Marie Dupont محمد",
            "Marie Dupont@leroy",
            "md@elsewhere.example",
        ),
        *(
            "marie.dupont@elsewhere.example",
            "Petit, Marie / Dupont",
            "Dupont, Marie facture",
            "Petit, Marie: Dupont, visio",
        ),
    ],
)
def test_a_name_that_goes_on_or_is_divided_is_no_more_than_a_candidates(title: str) -> None:
    assert among(title) == open_between(MARIE)


@pytest.mark.parametrize(
    "title",
    [
        *("Claire Petit", "Marie-Claire", "Petit, Claire", "CLAIRE PETIT", "Petit Claire", "claire petit"),
        *("Claire petit", "petit claire", "petit, claire", "Séance claire petit"),
    ],
)
def test_a_name_of_one_word_beside_another_name_is_no_more_than_a_candidates(title: str) -> None:
    found = among(title)
    assert (found.client, CLAIRE.code in found.candidates) == (None, True)


@pytest.mark.parametrize(
    ("title", "client"),
    [
        *((title, MARIE) for title in ("Séance Marie Dupont", "Coaching Marie Dupont 3/10", "MARIE DUPONT (visio)")),
        *((title, MARIE) for title in ("RDV Marie Dupont", "SÉANCE DE MARIE DUPONT", "Rendez-vous Marie Dupont")),
        *((title, MARIE) for title in ("Marie Dupont: Budget", "Marie Dupont - Leroy", "Dupont, Marie: facture")),
        *((title, MARIE) for title in ("Appeler Marie Dupont demain", "Coaching-Marie Dupont", "Mme Marie Dupont")),
        *(
            (title, MARIE)
            for title in ("MD Budget", "Marie Dupont\u00ad", "Zoom [Marie Dupont]", "Marie DUPONT et Bob")
        ),
        *((title, MARIE) for title in ("marie dupont 10h", "10 h marie dupont", "seance coaching marie dupont")),
        *((title, MARIE) for title in ("marie dupont (budget)", "marie dupont - budget", "marie dupont, visio demain")),
        *(
            (title, MARIE)
            for title in ("Bilan de Marie Dupont", "Marie Dupont lundi 10h", "Marie Dupont budget annuel")
        ),
        *((title, MARIE) for title in ("Marie Dupont x2", "Marie Dupont van (bus)")),
        *((title, MARIE) for title in ("Anniversaire de Marie Dupont", "Salah, ben Marie Dupont")),
        *((title, MARIE) for title in ("Marie Dupont budget, Leroy", "Marie Dupont prépare son Budget")),
        *((title, CLAIRE) for title in ("Séance Claire budget", "claire 14h", "claire demain")),
        *((title, CLAIRE) for title in ("Claire", "Séance avec Claire", "CALL CLAIRE", "Claire - bilan")),
        *((title, CLAIRE) for title in ("Projet Lune", "Projet: Lune", "Atelier Projet Lune Acme")),
    ],
)
def test_a_name_beside_usual_words_of_titles_is_sure(title: str, client: Client) -> None:
    assert among(title) == sure(client)


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("与李娜会议", open_between(LI_NA)),
        ("李 娜", open_between(LI_NA)),
        ("李娜", sure(LI_NA)),
        ("李娜娜", sure(LI_NANA)),
        ("与李娜娜会议", open_between(LI_NA, LI_NANA)),
        ("김민수님", open_between(MINSU)),
        ("김 민수", sure(MINSU)),
        ("김밈수", Whose()),
        ("会议", Whose()),
        ("Appeler Bo", open_between(LI)),
        ("BO", open_between(LI)),
        ("Li (bo)", open_between(LI)),
        ("bo", Whose()),
    ],
)
def test_names_without_spaces_and_of_two_letters_make_candidates(title: str, expected: Whose) -> None:
    assert among(title) == expected


@pytest.mark.parametrize(
    ("name", "longer"),
    [
        *(
            ("محمد علي", "محمد علي حسن"),
            ("דוד כהן", "דוד כהן לוי"),
            ("राम कुमार", "राम कुमार वर्मा"),
            ("金 民", "金 民 秀"),
        ),
        *(("Иван Петров", "иван петров сидоров"), ("Ngoc Anh", "ngoc anh nguyen"), ("Anna", "anna karenina")),
        *(("Maria Silva", "Maria Silva dos Santos"), ("Mohamed Ali", "Mohamed Ali ben Salah")),
        ("Mohamed Ali", "Salah ben Mohamed Ali"),
    ],
)
def test_a_longer_name_is_somebody_elses_in_every_script(name: str, longer: str) -> None:
    client = Client("C-NAME00", (name,))
    matcher = Matcher(Directory({client.code: client}, {}))
    assert matcher.whose(Facts(title=longer)) == open_between(client)
    for title in (name, f"{name} 3/10", f"{name} (x)", f"Séance {name}", f"{name.lower()} 10h"):
        assert matcher.whose(Facts(title=title)) == sure(client)


def test_a_name_is_divided_where_a_comma_may_stand_and_nowhere_else() -> None:
    client = Client("C-NAME00", ("Marie Anne Dupont",))
    matcher = Matcher(Directory({client.code: client}, {}))
    assert matcher.whose(Facts(title="Dupont, Marie Anne / bilan")) == sure(client)
    for title in ("Dupont, Marie / Anne", "Dupont, Marie, Anne", "Petit, Marie / Anne Dupont"):
        assert matcher.whose(Facts(title=title)) == open_between(client)
    divided = Matcher(Directory({client.code: Client(client.code, ("Dupont, Marie Anne",))}, {}))
    assert divided.whose(Facts(title="Dupont, Marie Anne")) == sure(client)
    assert divided.whose(Facts(title="Anne Dupont, Marie")) == open_between(client)


def test_a_name_of_one_ideograph_is_found_by_itself_alone() -> None:
    client = Client("C-NAME00", ("林",))
    matcher = Matcher(Directory({client.code: client}, {}))
    assert matcher.whose(Facts(title="林")) == sure(client)
    assert matcher.whose(Facts(title="森林会议")) == Whose()


def test_a_name_that_goes_beyond_one_that_is_sure_is_found_too() -> None:
    one, other = Client("C-ONE000", ("王小明",)), Client("C-OTHER0", ("明李",))
    matcher = Matcher(Directory({client.code: client for client in (one, other)}, {}))
    assert matcher.whose(Facts(title="王小明/李")) == open_between(one, other)


def test_three_small_letters_of_a_name_make_a_candidate_and_a_number_makes_none() -> None:
    client = Client("C-EVA000", ("Eva Roy 42",))
    matcher = Matcher(Directory({client.code: client}, {}))
    assert matcher.whose(Facts(title="coaching eva")) == open_between(client)
    assert matcher.whose(Facts(title="Point 42")) == Whose()


SERIES = Facts(frozenset({"paul@martin.example"}), ("Paul",), "Paul Martin")


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("Bilan", sure(PAUL)),
        ("Paul", sure(PAUL)),
        ("Marguerite Lenoir", beside(MARGUERITE, PAUL)),
        ("Marguerite", open_between(MARGUERITE, PAUL)),
        ("Marie Dupont et Marguerite Lenoir", open_between(MARIE, MARGUERITE, PAUL)),
    ],
)
def test_a_date_of_a_series_knows_whose_the_series_is(title: str, expected: Whose) -> None:
    assert PEOPLE.whose(Facts(title=title, is_override=True, also=SERIES)) == expected


LE, BEN = Client("C-LE0000", ("Le",), phones=("+33 6 12 34 56 78",)), Client("C-BEN000", ("Ben",), ("b@x.example",))
TIRING = Matcher(Directory({one.code: one for one in (MARIE, LI, LI_NA, CLAIRE, LE, BEN)}, {}))


@pytest.mark.parametrize(
    "text",
    [
        *("Marie Dupont ", "李娜", "a-", "Marie", "Bo, ", "le ", "De le ", "ben ", "Ben ben ", "Marie Dupont de la "),
        *("a", "a@", "b@x.example ", ".@", "1", "1   ", "12345 a", "é@"),
    ],
)
def test_a_long_title_is_read_at_once(text: str) -> None:
    title = (text * 100_000)[:100_000] + " b@"
    started = process_time()
    TIRING.whose(Facts(title=title, mentioned=(title,)))
    assert process_time() - started < 2
