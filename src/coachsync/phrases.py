"""Sentences for people: written in English where they arise, and said in the reader's language at the edge.

`say` and `say_count` are what the catalogue of translations is extracted from: their patterns are literal strings.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

Gettext = Callable[[str], str]
NGettext = Callable[[str, str, int], str]


class Phrase(str):
    """An English sentence that still knows its pattern and what was filled in, so that it can be said again."""

    __slots__ = ("filled", "number", "pattern", "patterns")

    pattern: str  # what the catalogue is asked for
    patterns: str  # the same for any number but one; "" where the sentence does not count
    number: int
    filled: Mapping[str, object]


def say(pattern: str, /, **filled: object) -> Phrase:
    """A sentence; `{name}` in the pattern stands for a value, which may be a phrase itself."""
    return _phrase(pattern, "", 1, filled)


def say_count(one: str, many: str, number: int, /, **filled: object) -> Phrase:
    """A sentence about a number of things, which the patterns may show as `{number}`."""
    return _phrase(one, many, number, {"number": number, **filled})


def said(text: str, gettext: Gettext, ngettext: NGettext) -> str:
    """The text in the language of these functions; what is no phrase (a name, a code) stays as it is."""
    if not isinstance(text, Phrase):
        return text
    pattern = ngettext(text.pattern, text.patterns, text.number) if text.patterns else gettext(text.pattern)
    return pattern.format(
        **{
            name: said(value, gettext, ngettext) if isinstance(value, Phrase) else value
            for name, value in text.filled.items()
        }
    )


def _phrase(pattern: str, patterns: str, number: int, filled: Mapping[str, object]) -> Phrase:
    phrase = Phrase((pattern if number == 1 or not patterns else patterns).format(**filled))
    phrase.pattern, phrase.patterns, phrase.number, phrase.filled = pattern, patterns, number, filled
    return phrase
