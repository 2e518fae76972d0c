"""Which languages there are, and which one an environment asks for."""

from __future__ import annotations

import pytest

from coachsync.app.language import LANGUAGES, language, usual
from coachsync.phrases import say, say_count


@pytest.mark.parametrize(
    ("code", "text"), [("en", "The server cannot be reached."), ("fr", "Le serveur est injoignable.")]
)
def test_each_language_says_the_same_sentence(code: str, text: str) -> None:
    assert language(code).say(say("The server cannot be reached.")) == text


def test_french_counts_nothing_as_one() -> None:
    counted = [
        say_count(
            "{number} event cannot be read: coachsync agenda --unreadable",
            "{number} events cannot be read: coachsync agenda --unreadable",
            number,
        )
        for number in (0, 1, 2)
    ]
    assert [language("fr").say(text).partition(" ne ")[0] for text in counted] == [
        "0 événement",
        "1 événement",
        "2 événements",
    ]


@pytest.mark.parametrize("code", ["de", "", "../fr", "fr_CA", "FR"])
def test_a_language_that_there_is_not_is_english(code: str) -> None:
    spoken = language(code)
    assert (spoken.code, spoken.say(say("The server cannot be reached."))) == ("en", "The server cannot be reached.")


@pytest.mark.parametrize(
    ("environ", "code"),
    [
        ({}, "en"),
        ({"LANG": "fr_FR.UTF-8"}, "fr"),
        ({"LANG": "fr"}, "fr"),
        ({"LANG": "en_GB.UTF-8"}, "en"),
        ({"LANG": "de_DE.UTF-8"}, "en"),
        ({"LANG": "C"}, "en"),
        ({"LANG": ""}, "en"),
        ({"LANG": "fr_FR.UTF-8", "LC_MESSAGES": "en_US.UTF-8"}, "en"),
        ({"LANG": "en_US.UTF-8", "LC_ALL": "fr_CA.UTF-8"}, "fr"),
        ({"LANG": "fr_FR.UTF-8", "LC_ALL": "de_DE.UTF-8"}, "en"),
        ({"LANG": "en_US.UTF-8", "LANGUAGE": "de:fr:en"}, "fr"),
        ({"LC_TIME": "fr_FR.UTF-8"}, "en"),
    ],
)
def test_the_environment_asks_as_it_asks_gettext(environ: dict[str, str], code: str) -> None:
    assert usual(environ) == code
    assert code in LANGUAGES
