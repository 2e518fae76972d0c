"""Whose an appointment is: by the addresses in it, or by a whole name or an alias in it. Never by a guess.

Everybody whom anything in it may mean is a candidate, also beside somebody who is sure: who is kept out of a share must
not get in beside another client. The client is sure where the address of a guest, or an address, the whole name or an
alias in the title or in what a guest is called, tells exactly one, and no whole name of anybody else is there. A name
is whole within one segment of a title, which , ; : / | brackets and dashes beside a space end, or as "Dupont, Marie"
where two whole segments make it up.

A candidate, no more, is whose name

- is joined by a hyphen or an @ to another word ("Marie Dupont-Leroy"), or stands in one segment directly beside a word
  that may go on with it: neither a number nor a usual word of titles, and not in small letters ("Anne Marie Dupont";
  many scripts have no small letters). In small letters it may where the name's own word beside it is too ("marie dupont
  leroy"), or begins the title, which may be all of its capital ("Anna karenina"). Particles and one other small word
  may stand between the name and what follows ("Marie Dupont de Leroy", "Marie Dupont y Garcia"), and particles before
  it ("Salah ben Mohamed Ali"). A name of one word may not stand beside such a word over a comma either ("Petit,
  Claire"). To an alias, only the hyphen matters;
- is written without spaces inside of a longer run of Chinese, Japanese or Korean;
- is there in part: a first name or a surname, of two letters only with a capital. The coach decides, or gives that
  client an alias;

and whose phone number is there, or who is no more than mentioned: the one to be asked, or who acts for a guest.

A date of a series is of the series' client where it says nothing itself of anybody else.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from coachsync.clients.directory import Directory
from coachsync.clients.facts import Facts
from coachsync.clients.reaching import Reaching
from coachsync.clients.runs import Runs
from coachsync.clients.titles import PARTICLES, USUAL, Gap, Token, tokens
from coachsync.model import Whose

_PARTIAL = 3  # letters from which a part of a name makes a candidate
_SHORT = 2  # letters from which it does with a capital
_FURTHEST = 6  # words beside a name that are looked at
_BINDING = PARTICLES - USUAL  # before a name: "Bilan de Marie Dupont" is hers

_Title = tuple[Token, ...]


class _Phrase(NamedTuple):
    """A name or an alias: its words, where it is divided as it was registered, and where a comma may divide it."""

    words: tuple[str, ...]
    code: str
    is_name: bool
    breaks: frozenset[int] = frozenset()
    comma: int = 0


class _Hit(NamedTuple):
    """[start, end) among the words of a title, the signs in it, the client, and whether that is sure."""

    start: int
    end: int
    size: int
    code: str
    sure: bool


_Neighbour = tuple[Token, Gap, bool]  # what divides it from a name, and whether it may go on with it in small letters


class _Found(NamedTuple):
    """The clients of whom a text has an address or a whole name for certain, a doubtful one, and a part of a name or a
    phone number."""

    certain: frozenset[str]
    doubtful: frozenset[str]
    parts: frozenset[str]


class Matcher:
    """Knows the clients of a directory by everything that an appointment can call them."""

    def __init__(self, directory: Directory) -> None:
        self._reaching = Reaching()
        self._phrases: dict[str, set[_Phrase]] = {}  # by their first word
        self._parts: dict[str, set[str]] = {}
        self._runs = Runs()
        for client in directory.clients.values():
            self._reaching.learn(client)
            for name in client.names:
                self._learn_name(tokens(name), client.code)
            for alias in client.aliases:
                self._learn(tokens(alias), client.code, is_name=False)

    def whose(self, facts: Facts) -> Whose:
        """Whose an appointment is, and everybody whom it might concern. The rule is that of this module."""
        own = self._said(facts)
        if facts.also is None:
            return own
        series = self._said(facts.also)
        silent = own.candidates <= {series.client}
        return Whose(series.client if silent else own.client, own.candidates | series.candidates)

    def _said(self, facts: Facts) -> Whose:
        invited = self._reaching.by_addresses(facts.addresses)
        texts = (self._found(facts.title), *(self._found(name, invited) for name in facts.called))
        certain = invited.union(*(found.certain for found in texts))
        whole = certain.union(*(found.doubtful for found in texts))
        client = next(iter(certain)) if len(certain) == 1 and whole == certain else None
        mentioned = (codes for text in facts.mentioned for codes in self._found(text, invited))
        return Whose(client, whole.union(*(found.parts for found in texts), *mentioned))

    def _found(self, text: str, invited: frozenset[str] = frozenset()) -> _Found:
        """`invited`: parts of the names of these mean them, and nobody else."""
        text, addressed = self._reaching.written(text)
        title = tokens(text)
        hits = [*self._hits(title), *(_Hit(*run, sure=False) for run in self._runs.within(title))]
        over: dict[int, list[_Hit]] = {}  # those that are sure, by each of their words
        for hit in hits:
            for place in range(hit.start, hit.end) if hit.sure else ():
                over.setdefault(place, []).append(hit)
        hits = [hit for hit in hits if not _is_inside(hit, over.get(hit.start, ()))]
        parts = [self._of_part(token) for place, token in enumerate(title) if place not in over]
        return _Found(
            addressed.union(hit.code for hit in hits if hit.sure),
            frozenset(hit.code for hit in hits if not hit.sure),
            self._reaching.by_numbers(text).union(*(codes for codes in parts if invited.isdisjoint(codes))),
        )

    def _of_part(self, token: Token) -> Iterable[str]:
        if len(token.word) < _PARTIAL and token.small:
            return ()
        return self._parts.get(token.word, ())

    def _learn_name(self, name: _Title, code: str) -> None:
        self._learn(name, code)
        self._runs.learn(name, code)
        if len(name) > 1:
            self._learn((*name[1:], name[0]), code, comma=len(name) - 1)  # Dupont Marie
            self._learn((name[-1], *name[:-1]), code, comma=1)
            for word in (token.word for token in name):
                if len(word) >= _PARTIAL or (len(word) == _SHORT and word.isalpha()):
                    self._parts.setdefault(word, set()).add(code)

    def _learn(self, name: _Title, code: str, *, is_name: bool = True, comma: int = 0) -> None:
        if name:
            words = tuple(token.word for token in name)
            breaks = frozenset() if comma else _breaks(name)
            self._phrases.setdefault(words[0], set()).add(_Phrase(words, code, is_name, breaks, comma))

    def _hits(self, title: _Title) -> Iterator[_Hit]:
        """Names and aliases in a title."""
        words = tuple(token.word for token in title)
        for start, word in enumerate(words):
            for phrase in self._phrases.get(word, ()):
                end = start + len(phrase.words)
                if words[start:end] == phrase.words and _in_one_piece(phrase, title, start, end):
                    sure = not _is_doubtful(phrase, title, start, end)
                    yield _Hit(start, end, sum(map(len, phrase.words)), phrase.code, sure)


def _breaks(title: _Title) -> frozenset[int]:
    return frozenset(place for place, token in enumerate(title) if place and token.gap.divides)


def _in_one_piece(phrase: _Phrase, title: _Title, start: int, end: int) -> bool:
    breaks = _breaks(title[start:end])
    if breaks <= phrase.breaks:
        return True
    if breaks != {phrase.comma} or title[start + phrase.comma].gap is not Gap.COMMA:
        return False
    return (start == 0 or title[start].gap.divides) and (end == len(title) or title[end].gap.divides)


def _is_doubtful(phrase: _Phrase, title: _Title, start: int, end: int) -> bool:
    """Whether a word beside a name may belong to it, which then is somebody else's."""
    joining = {Gap.NONE, Gap.COMMA} if len(phrase.words) == 1 else {Gap.NONE}
    return any(
        gap is Gap.HYPHEN or (phrase.is_name and gap in joining and (in_small or not word.small))
        for word, gap, in_small in (*_before(title, start), *_behind(title, end))
        if word.may_be_a_name
    )


def _before(title: _Title, start: int) -> Iterator[_Neighbour]:
    """The word before a name, and the one before the particles there."""
    if not start:
        return
    gap, in_small = title[start].gap, _is_small(title, start)
    yield title[start - 1], gap, in_small
    place = start - 1
    for place in range(start - 1, max(start - 1 - _FURTHEST, 0), -1):
        word = title[place]
        if word.word not in _BINDING or word.gap.divides:
            return
        yield title[place - 1], gap, in_small


def _behind(title: _Title, end: int) -> Iterator[_Neighbour]:
    """The word behind a name, and the first that is not small behind particles and one other small word."""
    if end == len(title):
        return
    gap, in_small = title[end].gap, _is_small(title, end - 1)
    yield title[end], gap, in_small
    others = 0
    for place in range(end, min(end + _FURTHEST, len(title))):
        word = title[place]
        if place > end and word.gap.divides:
            return
        if not word.small:
            yield word, gap, in_small
            return
        if word.word not in PARTICLES:
            others += 1
            if others > 1 or word.word in USUAL:
                return


def _is_small(title: _Title, place: int) -> bool:
    """Whether a word of a name is in small letters, or may owe its capital to where it stands."""
    return place == 0 or title[place].small


def _is_inside(hit: _Hit, others: Iterable[_Hit]) -> bool:
    """Whether a name stands inside a longer one that is sure."""
    return any(other.start <= hit.start and hit.end <= other.end and other.size > hit.size for other in others)
