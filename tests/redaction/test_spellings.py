"""A client is found in every spelling, alphabet and part of a name; common words are not taken for clients."""

from __future__ import annotations

from time import process_time

import pytest

from coachsync.redaction.spellings import Spellings

FOUND = {
    "Юрий Щербаков": "Iouri Chtcherbakov|Yuri|Shcherbakov|Schtscherbakow|Juri|ЩЕРБАКОВ|Щербаков",
    "Сергей Хрущёв": "Khrouchtchev|Chruschtschow|Khrushchev|Serguei",
    "Марина Цветаева": "Zwetajewa|Tsvetaeva",
    "Пётр Чайковский": "Tschaikowski|Tchaïkovski|Tchaikovsky",
    "Marina Dupont": "Марина|Дюпон|M. Dupont|Dupont, Marie|DUPONT|leprojetdupont2026",
    "Γιώργος Παπαδόπουλος": "Papadopoulos|Giorgos",
    "Nikos Papadopoulos": "ΝΙΚΟΣ|Παπαδόπουλος",
    "محمد بن سلمان": "Mohamed|Muhammad|Salman",
    "Fatima Haddad": "فاطمة حداد|حداد فاطمة",
    "דוד כהן": "David Cohen|Kohen, David",
    "Sarah Levy": "שרה לוי",
    "李伟": "Li Wei|Wei LI|与李伟会面|liwei",
    "王小明": "Wang Xiaoming|Xiaoming|Xiao Ming Wang",
    "Wang Xiaoming": "王小明|会议王小明",
    "たなか ひろし": "Tanaka|Hiroshi",
    "Tanaka Hiroshi": "タナカ|ひろし",
    "김민수": "Kim Min-su|Minsoo Kim",
    "Park Ji-sung": "박지성",
    "이영희": "Lee Young-hee",
    "Արամ Խաչատրյան": "Khatchatrian|Khachatryan",
    "გიორგი შევარდნაძე": "Shevardnadze|Chevardnadze",
    "राहुल शर्मा": "Rahul Sharma|SHARMA Rahul|Rahul",
    "Rahul Sharma": "राहुल शर्मा",
    "Jürgen Größe": "Juergen|Jurgen|Groesse|GROSSE|Ju\u0308rgen|Jür\u00adgen",
    "Mueller": "Müller",
    "Øyvind Ångström": "Oyvind|Oeyvind|Aangstroem|Angstrom",
    "Bo Li": "Bo Li|Li, Bo|li-bo|BoLi",
    "Léa Zyx": "lea|LÉA",
    "BK": "avec BK|BK-2",
    "K2 Phase": "le K2 phase",
    "Jean-Pierre O'Brien": "Pierre|JeanPierre|obrien",
    "+33 6 12 34 56 78": "06 12 34 56 78|0033612345678|poste 345678",
    "marina.dupont@firma.example": "marina.dupont|dupont|firma.example|Firma",
}


@pytest.mark.parametrize(("client", "text"), [(one, text) for one, all_ in FOUND.items() for text in all_.split("|")])
def test_p03_a_client_is_found(client: str, text: str) -> None:
    assert Spellings([client]).within(f"x {text} y") or Spellings([client]).within(text)


@pytest.mark.parametrize(
    "text",
    [
        *("bk", "Li", "Bo and more", "Li then Bo", "B. and L.", "madame", "von der", "gmail.com", "34 56 78 90 12"),
        *("5678", "2026-01-05", "Séance", "Indisponible", "Session", "Busy", "Office", "rien", "lien", "column", "are"),
        *("les", "die", "und", "coaching", "semaine", "lundi", "Coaching (secrétariat)", "Marin", "pont", "du pont"),
    ],
)
def test_what_is_not_matched(text: str) -> None:
    clients = [one for one in FOUND if one not in ("Wang Xiaoming", "K2 Phase")]
    assert not Spellings([*clients, "Madame von Zyxwvut", "z.zyxwvut@gmail.com"]).within(text)


@pytest.mark.parametrize(
    "etag", ['"0bo1li2face4dead"', '"34567812cafe"', '"12-bk-lea-5f"', '"deadbeefcafe0123456789abcdef0123"']
)
def test_codes_give_no_short_words_and_no_short_numbers(etag: str) -> None:
    assert not Spellings(["Bo Li", "BK", "Léa", "Dead Face", "+33612345678"]).within(etag, coded=True)


@pytest.mark.parametrize("etag", ['"dupont-5f"', '"marina.dupont"', '"612345678-1"', '"Марина"'])
def test_p03_names_are_found_in_codes_too(etag: str) -> None:
    assert Spellings(["Marina Dupont", "+33612345678"]).within(etag, coded=True)


LONG = 200_000
CLIENTS = ("Marguerite Lenoir", "Юрий Щербаков", "김민수", "李伟", "דוד כהן", "marie@dupont.example", "राहुल शर्मा")


@pytest.mark.parametrize("text", ["a", "jc", "Ж", "ш", "א", "र", "é", "李", "김", "1 ", "a@", "a b ", "A1-", "schtsch"])
def test_long_texts_and_identifiers_hold_nothing_up(text: str) -> None:
    length = LONG // 4 if text in "李김" else LONG  # each sign is a word and is looked up in several ways
    long, spellings = (text * length)[:length], Spellings(CLIENTS)
    started = process_time()
    assert not spellings.within(long)
    searched = process_time()
    Spellings([long, f"{long}@x.example", f"x@{long}"])
    assert (searched - started < 1, process_time() - searched < 1) == (True, True)


def test_a_client_is_found_in_a_long_text_and_a_long_identifier_by_its_beginning() -> None:
    assert Spellings(CLIENTS).within("x " * 10_000 + "Lenoir")
    assert Spellings(CLIENTS).within("会" * 10_000 + "李伟" + "议" * 10_000)
    assert Spellings(["Lenoir " + "x" * LONG]).within("Mme Lenoir")


@pytest.mark.parametrize(
    "identifier", ["@coach Lea <lea@dupont.example>", "a@@ lea@dupont.example", "lea@dupont.example"]
)
def test_an_address_is_found_wherever_it_stands_in_an_identifier(identifier: str) -> None:
    spellings = Spellings([identifier])
    assert spellings.within("write to lea@dupont.example")
    assert spellings.within("DUPONT")
    assert not spellings.within("example")
