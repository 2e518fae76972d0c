"""What identifies the clients of the directory, in whatever spelling, alphabet or part of a name it is served.

A part of a name counts alone from four letters, in other alphabets from what sounds like four; one of three letters as
a word of its own; one of two beside another part of the same name ("Bo Li", "Li, Bo"), and alone only where the coach
registered it alone, as it was written. Single letters, forms of address, particles, forms of companies, providers of
mail and the last five digits of a phone number identify nobody. Of very long identifiers and words, the beginning
counts: strangers write them, and a long one must not hold anything up.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from coachsync.folding import plain
from coachsync.redaction import romanising
from coachsync.redaction.words import Words

_WORD = 4  # letters from which a part of a name counts alone
_SHORT = 3  # letters from which it does as a word of its own
_ANYWHERE = 6  # letters from which it counts inside of a longer word
_DIGITS = (6, 9)  # the last digits of a phone number that tell it: where people read, and where codes stand
_NAMES = 4  # syllables of the longest name in Chinese or Korean
_PAIR = 2
_LONGEST, _LONGEST_WORD = 200, 64  # signs of an identifier, and of a word, that count

_TOKEN = re.compile("[\u0900-\u097f]+|[\u3400-\u9fff]+|[\uac00-\ud7a3]+|[^\\W\\d_\u3400-\u9fff\uac00-\ud7a3]+")
_HIDDEN = re.compile("[\u00ad\u200b-\u200f\u2060\ufeff\u064b-\u0652\u0591-\u05c7]")
_PHONE = re.compile(r"\+?\(?\d[\d\s().\-/\u2010-\u2015]{4,}\d")
_BESIDE_LOCAL, _BESIDE_HOST = re.compile(r"[\s<>:]"), re.compile(r"[\s<>]")
_SPELT_OUT = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ø": "oe", "å": "aa", "æ": "ae", "œ": "oe"})


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_NOBODY = _words(
    """
    madame monsieur mademoiselle docteur maître professeur mister missis doctor frau herr señor señora dottore
    mme mlle mrs von van der den del della dos das des les the and und pour avec chez bin ben ibn abu abou
    gmbh sarl inc ltd llc spa sas eurl group groupe gruppe company société societe association verein institut institute
    conseil consulting services service international france deutschland europe
    www com org net info mail email contact http https mailto tel
    """
)
_PROVIDERS = _words(
    """
    gmail googlemail outlook hotmail live msn yahoo ymail icloud orange wanadoo free sfr laposte bbox gmx web freenet
    proton protonmail posteo mailbox aol bluewin mail email yandex ukr rambler
    """
)


class _Part(NamedTuple):
    """One word of one identifier."""

    identifier: int
    place: int
    alone: bool  # whether it identifies by itself


class Spellings:
    """Identifiers of clients, prepared once; `within` asks whether a text holds any."""

    def __init__(self, identifiers: Iterable[str]) -> None:
        self._same: dict[str, set[_Part]] = {}  # by spelling, for words in the same script
        self._latin: dict[str, set[_Part]] = {}  # by sound: registered in Latin letters
        self._other: dict[str, set[_Part]] = {}  # by sound: registered in another alphabet
        self._korean: dict[str, set[_Part]] = {}
        self._as_written: set[str] = set()
        self._tails: tuple[set[str], set[str]] = (set(), set())
        anywhere: set[str] = set()
        for number, identifier in enumerate({_clean(one)[:_LONGEST] for one in identifiers}):
            self._prepare(number, identifier, anywhere)
        self._anywhere = Words(anywhere)

    def within(self, text: str, *, coded: bool = False) -> bool:
        """Whether a reading of a text holds an identifier; `coded` where it is made of codes and numbers, in which
        short words and numbers come about by chance."""
        text = _clean(text)
        if any(self._is_tail(re.sub(r"\D", "", found), coded=coded) for found in _PHONE.findall(text)):
            return True
        if self._anywhere.within(plain(_without_codes(text) if coded else text)):
            return True
        tokens = [found.group() for found in _TOKEN.finditer(text) if not _in_a_code(found, text, coded=coded)]
        if coded:
            tokens = [token for token in tokens if len(token) >= _WORD or not token.isascii()]
        return self._named(map(_cut, tokens))

    def _is_tail(self, digits: str, *, coded: bool) -> bool:
        """Whether a number ends as a phone number does, or holds most of one."""
        few, many = _DIGITS
        if not coded and digits[-few:] in self._tails[0]:
            return True
        return any(digits[start : start + many] in self._tails[1] for start in range(len(digits) - many + 1))

    def _named(self, tokens: Iterable[str]) -> bool:
        before: set[_Part] = set()
        known: dict[str, set[_Part]] = {}
        for token in tokens:
            if token in self._as_written:
                return True
            here = known[token] if token in known else known.setdefault(token, self._parts(token))
            if any(part.alone for part in here):
                return True
            if any(one.identifier == two.identifier and one.place != two.place for one in before for two in here):
                return True
            before = here
        return False

    def _parts(self, token: str) -> set[_Part]:
        """Which parts of identifiers a word of a text may be."""
        found = {part for form in _forms(token) for part in self._same.get(form, ())}
        if romanising.is_by_syllables(token):
            return found | self._syllabic(token)
        if self._other and len(token) > 1:
            found |= _looked_up(_sounds(token, bare=True), self._other)
        if self._korean and romanising.is_latin(token):
            found |= _looked_up(romanising.korean(token), self._korean)
        if not romanising.is_latin(token):
            found |= _looked_up(_sounds(token, bare=romanising.lacks_vowels(token)), self._latin)
        return found

    def _syllabic(self, run: str) -> set[_Part]:
        """In a run without spaces, any syllables that follow each other may be a name."""
        heard = romanising.syllables(run)
        stretches = _stretches(heard)
        found = [*(f"~{stretch}" for stretch in stretches), *_stretches(run)]
        names = _looked_up(found, self._same)
        if self._korean and romanising.is_hangul(run):
            sounds = (f"~{key}" for stretch in stretches for key in romanising.korean(stretch))
            names |= _looked_up(sounds, self._korean)
        return names

    # --- preparing -------------------------------------------------------------------------------------------------

    def _prepare(self, number: int, identifier: str, anywhere: set[str]) -> None:
        digits = re.sub(r"\D", "", identifier)
        if _PHONE.fullmatch(identifier.strip()):
            for kept, length in zip(self._tails, _DIGITS, strict=True):
                if len(digits) >= length:
                    kept.add(digits[-length:])
            return
        address = _address(identifier)
        if address:
            anywhere.add(plain("@".join(address)))
            written, host = address[1], address[1].lower().split(".")
            if not _PROVIDERS.isdisjoint(host):
                identifier = identifier.replace(f"@{written}", "")
            else:
                anywhere.add(".".join(host))
                identifier = identifier.replace(f"@{written}", f"@{' '.join(host[:-1])}")
        tokens = [_cut(token) for token in _TOKEN.findall(identifier)]
        if len(tokens) == 1 and len(tokens[0]) == _PAIR and tokens[0] == identifier.strip():
            self._as_written.add(tokens[0])
            if not romanising.is_by_syllables(tokens[0]):
                return
        elif len(digits) and tokens and not address and len(identifier.strip()) >= _WORD:
            anywhere.add(plain(identifier.strip()))  # a code: "K2-Phase 3"
        self._remember(number, [token for token in tokens if plain(token) not in _NOBODY], anywhere)

    def _remember(self, number: int, tokens: list[str], anywhere: set[str]) -> None:
        for place, token in enumerate(tokens):
            if romanising.is_by_syllables(token):
                self._remember_run(number, place, token)
                continue
            part = _Part(number, place, len(token) >= _SHORT)
            _put(self._same, _forms(token), part)
            anywhere.update(form for form in _forms(token) if len(form) >= _ANYWHERE)
            table = self._latin if romanising.is_latin(token) else self._other
            for sound in _sounds(token, bare=True):
                _put(table, (sound,), _Part(number, place, len(sound.removeprefix("!")) >= _WORD))
        self._remember_joined(number, tokens)

    def _remember_joined(self, number: int, tokens: list[str]) -> None:
        """Names that follow each other, written as one word, in either order."""
        whole = _Part(number, -1, alone=True)
        for one, two in pairwise(tokens):
            if not (romanising.is_latin(one) and romanising.is_latin(two)):
                continue
            for joined in {f"{a}{b}" for a, b in ((one, two), (two, one))}:
                _put(self._same, (form for form in _forms(joined) if len(form) >= _WORD), whole)
                _put(self._same, (f"~{form}" for form in _forms(joined)), whole)
                _put(self._korean, (f"~{key}" for key in romanising.korean(joined)), whole)

    def _remember_run(self, number: int, place: int, run: str) -> None:
        """A name in Chinese or Korean: as it is, and in Latin letters the surname and what follows it."""
        _put(self._same, (run,), _Part(number, place, alone=True))
        hangul, heard = romanising.is_hangul(run), romanising.syllables(run)
        table = self._korean if hangul else self._same
        given = "".join(heard[1:])
        for surname in romanising.family(heard[0]) if hangul else heard[:1]:
            words = {surname: False, given: len(given) > _WORD, surname + given: True, given + surname: True}
            for at, (word, alone) in enumerate({**dict.fromkeys(heard, False), **words}.items()):
                keys = romanising.korean(word) if hangul else {word}
                for key in keys:
                    if len(key) >= _PAIR:
                        _put(table, (key,), _Part(number, place - at, alone and len(key) >= _WORD))


def _put(table: dict[str, set[_Part]], keys: Iterable[str], part: _Part) -> None:
    for key in keys:
        table.setdefault(key, set()).add(part)


def _cut(token: str) -> str:
    """What counts of a word; runs without spaces are whole texts and stay."""
    return token if romanising.is_by_syllables(token) else token[:_LONGEST_WORD]


def _address(identifier: str) -> tuple[str, str] | None:
    """The first address in an identifier: what is before the @, and the host."""
    for before, after in pairwise(identifier.split("@")):
        local, host = _BESIDE_LOCAL.split(before)[-1], _BESIDE_HOST.split(after, maxsplit=1)[0]
        if local and host:
            return local, host
    return None


def _clean(text: str) -> str:
    return _HIDDEN.sub("", unicodedata.normalize("NFKC", text))


def _forms(token: str) -> frozenset[str]:
    """The spellings of a word in its own script: without accents, and with umlauts spelt out."""
    if token.isascii():
        return frozenset((token.lower(),))
    return frozenset((plain(token), plain(token.lower().translate(_SPELT_OUT)), token.casefold()))


def _sounds(token: str, *, bare: bool) -> Iterator[str]:
    """How a word sounds in other alphabets; its consonants alone are marked as such."""
    yield from romanising.keys(token)
    if bare and (romanising.is_latin(token) or romanising.lacks_vowels(token)):
        yield from (f"!{key}" for key in romanising.skeletons(token) if len(key) > 1)


def _looked_up(sounds: Iterable[str], table: dict[str, set[_Part]]) -> set[_Part]:
    return {part for sound in sounds for part in table.get(sound, ())}


def _stretches(run: Sequence[str]) -> set[str]:
    """All that stands in a run in as many signs or syllables as a name may have."""
    return {
        "".join(stretch)
        for size in range(_PAIR, _NAMES + 1)
        for stretch in set(zip(*(run[start:] for start in range(size)), strict=False))
    }


def _in_a_code(found: re.Match[str], text: str, *, coded: bool) -> bool:
    """Whether digits touch a word: then it is part of a code, unless it is a long one where people read."""
    around = text[max(found.start() - 1, 0) : found.start()] + text[found.end() : found.end() + 1]
    return (coded or len(found.group()) < _ANYWHERE) and any(sign.isdigit() for sign in around)


def _without_codes(text: str) -> str:
    return re.sub(r"\b[0-9a-fA-F]{8,}\b", " ", text)
