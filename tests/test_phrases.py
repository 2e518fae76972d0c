"""Sentences that are written in English and said in another language later."""

from __future__ import annotations

import copy

import pytest

from coachsync.errors import CoachsyncError, Problem
from coachsync.phrases import Phrase, said, say, say_count

FRENCH = {
    "The account {name} is gone.": "Le compte {name} a disparu.",
    "Line {line}: {message}": "Ligne {line} : {message}",
    "{number} share": ("{number} partage", "{number} partages"),
    "Use {{ file = ... }}.": "Utilisez {{ file = ... }}.",
    "in {seconds:g} seconds": "en {seconds:g} secondes",
}


def gettext(pattern: str) -> str:
    return str(FRENCH.get(pattern, pattern))


def ngettext(one: str, many: str, number: int) -> str:
    """French: nothing is one."""
    translated = FRENCH.get(one, (one, many))
    return translated[number > 1]


def in_french(text: str) -> str:
    return said(text, gettext, ngettext)


def test_a_phrase_is_its_english_text() -> None:
    phrase = say("The account {name} is gone.", name="cloud")
    assert isinstance(phrase, str)
    assert phrase == "The account cloud is gone."
    assert {phrase: 1}["The account cloud is gone."] == 1


def test_a_phrase_is_said_with_its_values() -> None:
    assert in_french(say("The account {name} is gone.", name="cloud")) == "Le compte cloud a disparu."


def test_what_is_no_phrase_stays_as_it_is() -> None:
    assert in_french("The account {name} is gone.") == "The account {name} is gone."


def test_what_is_not_in_the_catalogue_is_said_in_english() -> None:
    assert in_french(say("It is {what}.", what="new")) == "It is new."


def test_a_phrase_in_a_phrase_is_said_too() -> None:
    inner = say("The account {name} is gone.", name="cloud")
    assert in_french(say("Line {line}: {message}", line=3, message=inner)) == "Ligne 3 : Le compte cloud a disparu."


@pytest.mark.parametrize("value", ["{name}", "{0}", "{", "}}", "{name.__class__}", "%s"])
def test_braces_in_a_value_survive(value: str) -> None:
    phrase = say("The account {name} is gone.", name=value)
    assert phrase == f"The account {value} is gone."
    assert in_french(phrase) == f"Le compte {value} a disparu."
    assert in_french(say("Line {line}: {message}", line=1, message=phrase)) == f"Ligne 1 : Le compte {value} a disparu."


def test_braces_in_a_pattern_are_written_twice() -> None:
    assert say("Use {{ file = ... }}.") == "Use { file = ... }."
    assert in_french(say("Use {{ file = ... }}.")) == "Utilisez { file = ... }."


def test_a_value_may_have_a_format() -> None:
    assert say("in {seconds:g} seconds", seconds=30.0) == "in 30 seconds"
    assert in_french(say("in {seconds:g} seconds", seconds=30.0)) == "en 30 secondes"


@pytest.mark.parametrize(
    ("number", "english", "french"),
    [(0, "0 shares", "0 partage"), (1, "1 share", "1 partage"), (2, "2 shares", "2 partages")],
)
def test_a_number_is_counted_as_each_language_counts(number: int, english: str, french: str) -> None:
    phrase = say_count("{number} share", "{number} shares", number)
    assert (phrase, in_french(phrase)) == (english, french)


def test_an_error_and_its_problem_keep_the_phrase() -> None:
    error = CoachsyncError("x", say("The account {name} is gone.", name="cloud"), say("Look."))
    problem = error.problem("accounts.cloud")
    assert (str(error), in_french(problem.message)) == ("The account cloud is gone.", "Le compte cloud a disparu.")
    assert problem == Problem("x", "accounts.cloud", "The account cloud is gone.", "Look.")


def test_a_pattern_without_its_value_is_a_mistake_of_ours() -> None:
    with pytest.raises(KeyError):
        say("The account {name} is gone.")


def test_a_copy_is_the_same_phrase() -> None:
    phrase = say("The account {name} is gone.", name="cloud")
    assert isinstance(copy.copy(phrase), Phrase)
    assert in_french(copy.copy(phrase)) == in_french(phrase)
