from __future__ import annotations

import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coachsync.config.faults import Fault, dotted, meant
from coachsync.config.lines import find

TEXT = '''\
# a remark
version = 1

[practice]   # with a remark
name = """
[not.a.section]
x = 1
"""
"quoted key" = 2
dotted.key = 3
[shares.office]
from = [
  "one",   # [no.section]
  "two",
]
to = { account = "cloud", name = "x" }
[[list.of.tables]]
inside = 1
[[list.of.tables]]
inside = 2
'''


def test_each_key_has_the_line_where_its_statement_begins() -> None:
    assert find(TEXT) == {
        ("version",): 2,
        ("practice",): 4,
        ("practice", "name"): 5,
        ("practice", "quoted key"): 9,
        ("practice", "dotted"): 10,
        ("practice", "dotted", "key"): 10,
        ("shares",): 11,
        ("shares", "office"): 11,
        ("shares", "office", "from"): 12,
        ("shares", "office", "to"): 16,
        ("shares", "office", "to", "account"): 16,
        ("shares", "office", "to", "name"): 16,
        ("list",): 17,
        ("list", "of"): 17,
        ("list", "of", "tables"): 17,
        ("list", "of", "tables", "inside"): 18,
    }


def test_line_endings_do_not_matter() -> None:
    assert find(TEXT.replace("\n", "\r\n")) == find(TEXT)
    assert find(TEXT.rstrip("\n")) == find(TEXT)


def test_characters_that_only_look_like_line_endings_do_not_count() -> None:
    assert find('a = "x\u2028y\u0085z"\nb = 1') == {("a",): 1, ("b",): 2}


def test_keys_inside_a_list_are_found() -> None:
    assert find("x = 0\na = [{ b = 1 }, 2]") == {("x",): 1, ("a",): 2, ("a", "b"): 2}


def test_statement_of_enormous_length_is_given_up() -> None:
    assert find("a = 1\nb = [\n" + "1,\n" * 1000 + "]\nc = 2\n") == {("a",): 1}


@given(
    st.lists(st.tuples(st.from_regex(r"[a-z]{1,8}", fullmatch=True), st.integers(0, 3)), unique_by=lambda pair: pair[0])
)
def test_every_key_is_found_after_any_number_of_blank_lines(keys: list[tuple[str, int]]) -> None:
    text, expected, line = "", {}, 1
    for number, (key, blanks) in enumerate(keys):
        text += "\n" * blanks + f"{key} = {number}\n"
        line += blanks
        expected[(key,)] = line
        line += 1
    assert find(text) == expected
    assert set(tomllib.loads(text)) == {key for (key,) in expected}


@pytest.mark.parametrize(("key", "line"), [(("a", "b", "c"), 7), (("a", "b"), 7), (("a", "x"), 3), (("z",), 0)])
def test_key_that_is_not_there_has_the_line_of_its_table(key: tuple[str, ...], line: int) -> None:
    problem = Fault("code", key, "Message.", "Hint.").problem({("a",): 3, ("a", "b"): 7})
    assert problem.message == (f"Line {line}: Message." if line else "Message.")


def test_words_that_are_no_names_are_not_shown() -> None:
    assert dotted(("shares", "Zoé", "from")) == "shares.?.from"


def test_hint_names_the_closest_word_or_all() -> None:
    assert meant("Coachin", ["coaching", "second"], "They are") == 'Did you mean "coaching"?'
    assert meant("zzz", ["coaching", "second"], "They are") == "They are coaching, second."
    assert meant("FR", ["en", "fr"], "They are") == 'Did you mean "fr"?'
    assert meant(12, ["a"], "They are") == "They are a."
    assert meant("x", [], "They are") == ""
