"""How text is compared, by both who look for clients in appointments and who look for them in what is served."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from coachsync.clients.comparing import folded
from coachsync.folding import plain
from coachsync.redaction import words

LETTERS = {"œ": "oe", "Æ": "ae", "Ø": "o", "Ł": "l", "đ": "d", "Ð": "d", "Þ": "th", "ı": "i", "ħ": "h", "Ŋ": "n"}


@pytest.mark.parametrize(("letter", "read"), LETTERS.items())
def test_letters_that_do_not_decompose_are_read_as_people_type_them(letter: str, read: str) -> None:
    assert plain(f"A{letter}b") == f"a{read}b"


@pytest.mark.parametrize(
    "hidden", ["\u0301", "\u20dd", "\x07", "\u200b", "\u00ad", "\ue000", "\U000e0041", "\U0003fffe", "\udce9"]
)
def test_what_nobody_can_see_changes_nothing(hidden: str) -> None:
    assert plain(f"Mar{hidden}guerite") == plain("MARGUERITE") == "marguerite"


@pytest.mark.parametrize(
    ("text", "read"),
    [("É\tè\n", "e\te\n"), ("Straße", "strasse"), ("ﬁn", "fin"), ("Ｍａｒｉｅ", "marie"), ("İz", "iz")],
)
def test_case_accents_and_forms_do_not_count_and_white_space_stays(text: str, read: str) -> None:
    assert plain(text) == read


@given(st.text(max_size=20))
@example("ſ\u0345Ǆ")
@settings(max_examples=60)
def test_two_spellings_of_one_text_are_the_same_for_both_who_compare(text: str) -> None:
    assert words.said([text]) == words.said([plain(text)])
    assert folded(text) == " ".join(plain(text).split())
    assert plain(unicodedata.normalize("NFD", text)) == plain(unicodedata.normalize("NFC", text))
    assert plain(plain(text)) == plain(text)
