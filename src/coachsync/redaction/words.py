"""What identifies somebody in a private event, and whether a piece of served text holds any of it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from coachsync import contentline
from coachsync.folding import plain
from coachsync.redaction.decodings import readings
from coachsync.redaction.vocabulary import STOP_WORDS

_WORD = 4  # letters from which a whole word counts
_ANYWHERE = 6  # characters from which it counts inside a longer word too
_LONGEST = 64  # characters of one identifier that are remembered: enough to know it again
_CODED = 16  # characters from which a run in a private event is read as base64: shorter ones decode to noise
_SUBSCRIBER = 9  # the last digits of a phone number, which stay when its country code changes form

_PERSONS = frozenset(("ATTENDEE", "ORGANIZER", "CONTACT"))
_LETTERS = re.compile(r"[^\W\d_]+")
_IDEOGRAPHS = re.compile("[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7a3]{2,}")  # names of two signs
# What addresses, hosts, tokens of a link, file names, UIDs and codes are made of; at least one letter and one other.
_TOKEN = re.compile(r"""[^\s,;:="'`<>()\[\]{}\\/?&#|!*]{6,}""")
_LETTER_AND_OTHER = re.compile(r"(?=.*[^\W\d_])(?=.*[\W\d_])")
_DURATION = re.compile(r"[+-]?p(?:\d+[ymwdhs]|t)+", re.ASCII)
_TIME = re.compile(r"\d{8}t\d{4,6}z?", re.ASCII)
_PHONE = re.compile(r"\d(?:[\s().\-/\u2010-\u2015]{0,3}\d){5,}")
_NOT_A_DIGIT = re.compile(r"\D")
_DATE = re.compile(r"(?:19|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])(?:\d{4}|\d{6})?", re.ASCII)
_SCHEME = re.compile(r"(?:mailto:|tel:|urn:[\w:-]*)", re.IGNORECASE)
_CODE = re.compile(r"[\w.@+-]+")
_HEXADECIMAL = re.compile(r"(?<![0-9a-z])[0-9a-f]{6,}(?![0-9a-z])")
_DIGITS = re.compile(r"\d+")
_CERTAIN = 12  # signs of a code that is no coincidence


def identifiers(texts: Iterable[str]) -> frozenset[str]:
    """What could identify somebody in the texts of events (or in hrefs), in every reading of each line, as `plain`.

    Words of four letters or more, phone numbers and other numbers of six digits or more, addresses, hosts, tokens of
    links, file names, UIDs. Names count as values do; words of iCalendar itself do not. Lines that many events share
    are read once.
    """
    return frozenset(
        word for line in {line for text in texts for line in contentline.logical(text)} for word in _of_line(line)
    )


def _of_line(line: str) -> Iterator[str]:
    escaped = "\\" in line
    for _, reading in readings(line, _CODED):
        if escaped and reading == line:
            continue  # "\nAnna" holds no word "nanna"
        folded = comparable(reading)
        yield from _numbers(folded)
        yield from (word for word in _words(folded) if word not in STOP_WORDS)


def comparable(text: str) -> str:
    """A reading of a text as `Words` looks through it."""
    return _TIME.sub(" ", plain(text))  # times are compared as times; their digits are no number of anybody


def _words(text: str) -> Iterator[str]:
    for found in _LETTERS.finditer(text):
        word = found.group()
        if len(word) >= _ANYWHERE or (len(word) >= _WORD and not _in_a_code(found, text)):
            yield word[:_LONGEST]
    yield from _IDEOGRAPHS.findall(text)
    for token in map(_trimmed, _TOKEN.findall(text)):
        if len(token) >= _ANYWHERE and _LETTER_AND_OTHER.match(token) and not _DURATION.fullmatch(token):
            yield token[:_LONGEST]


def _in_a_code(found: re.Match[str], text: str) -> bool:
    """Whether digits touch the letters: then they are part of a code, which counts as a whole."""
    return text[found.start() - 1 : found.start()].isdigit() or text[found.end() : found.end() + 1].isdigit()


def _trimmed(token: str) -> str:
    return token.strip(".-_+@%~^$")


def _numbers(text: str) -> Iterator[str]:
    for found in _PHONE.findall(text):
        digits = _NOT_A_DIGIT.sub("", found)
        if not _DATE.fullmatch(digits):
            yield digits[:_LONGEST]
            if len(digits) > _SUBSCRIBER:
                yield digits[-_SUBSCRIBER:]


def names_in(lines: Iterable[str]) -> Iterator[str]:
    """Names and addresses out of the lines of an event that name a person."""
    for text in lines:
        for line in contentline.named(text, _PERSONS):
            given = (_SCHEME.sub("", contentline.unescape(line.value)), line.param("CN"), line.param("EMAIL"))
            yield from (name for name in given if name and "=?" not in name)


def said(texts: Iterable[str]) -> frozenset[str]:
    """The words of texts, as `plain`, whatever their length."""
    return frozenset(word for text in texts for word in _LETTERS.findall(plain(text)))


def without(text: str, words: frozenset[str]) -> str:
    """What is left of a text, as `plain`, when these words are taken out; "" when it has no letter and no digit."""
    left = _LETTERS.sub(lambda found: "" if found.group() in words else found.group(), plain(text))
    return left if any(sign.isalnum() for sign in left) else ""


class Words:
    """Identifiers, ready to be looked for: short ones as whole words, longer ones anywhere."""

    def __init__(self, found: Iterable[str]) -> None:
        self._whole: set[str] = set()
        self._ideographs: set[str] = set()
        self._anywhere: dict[str, list[str]] = {}
        for word in set(found):
            if _IDEOGRAPHS.fullmatch(word):
                self._ideographs.add(word)
            elif len(word) < _ANYWHERE:
                self._whole.add(word)
            else:
                self._anywhere.setdefault(word[:_ANYWHERE], []).append(word)

    def within(self, text: str, *, coded: bool = False) -> bool:
        """Whether a text, as `comparable` gives it, holds any of them. In one that is `coded` (an ETag) runs of
        hexadecimal digits are not looked at, for in them words come about by chance; a long one counts whole."""
        if coded:
            return self._in_code(text)
        if not self._whole.isdisjoint(_LETTERS.findall(text)) or self._inside(text):
            return True
        if any(word in text for word in self._ideographs) and _IDEOGRAPHS.search(text):
            return True
        return any(self._inside(_NOT_A_DIGIT.sub("", digits)) for digits in _PHONE.findall(text))

    def _in_code(self, text: str) -> bool:
        tokens = {token for found in _CODE.findall(text) for token in (found, *_HEXADECIMAL.findall(found))}
        if any(self._is_known(token) for token in tokens):
            return True
        rest = _HEXADECIMAL.sub(" ", text)
        words = (found.group() for found in _LETTERS.finditer(rest) if not _in_a_code(found, rest))
        return not self._whole.isdisjoint(words) or self._inside(_DIGITS.sub(" ", rest))

    def _is_known(self, token: str) -> bool:
        return any(
            token.startswith(word) for word in self._anywhere.get(token[:_ANYWHERE], ()) if len(word) >= _CERTAIN
        )

    def _inside(self, text: str) -> bool:
        for start in range(len(text) - _ANYWHERE + 1):
            candidates = self._anywhere.get(text[start : start + _ANYWHERE])
            if candidates and any(text.startswith(word, start) for word in candidates):
                return True
        return False


def search(text: str, words: Words) -> str | None:
    """How a served line holds one of the words ("as written", "base64", ...), or None. The word itself is not told."""
    return next((how for how, reading in readings(text) if words.within(comparable(reading))), None)
