"""Whose an appointment is: by the addresses in it, else by a whole name or an alias in its title. Never by a guess.

A first name or a surname alone makes somebody a candidate, no more: the coach decides, or gives that client an alias.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from coachsync.clients.comparing import words
from coachsync.clients.directory import Directory
from coachsync.clients.facts import Facts
from coachsync.model import Whose

_Phrase = tuple[str, ...]  # words, folded
_Hit = tuple[int, int, str]  # [from, to) among the words of a title, and the code of the client

_PARTIAL = 3  # letters from which a part of a name makes a candidate


class Matcher:
    """Knows the clients of a directory by everything that an appointment can call them."""

    def __init__(self, directory: Directory) -> None:
        self._addresses: dict[str, set[str]] = {}
        self._phrases: dict[str, set[tuple[_Phrase, str]]] = {}  # by their first word
        self._parts: dict[str, set[str]] = {}
        for client in directory.clients.values():
            for address in client.addresses:
                self._addresses.setdefault(address, set()).add(client.code)
            for name in client.names:
                self._learn_name(words(name), client.code)
            for alias in client.aliases:
                self._learn(words(alias), client.code)

    def whose(self, facts: Facts) -> Whose:
        """Whose an appointment is. Sure are one client's address, or else the whole name or an alias of one client."""
        invited = {code for address in facts.addresses for code in self._addresses.get(address, ())}
        title = words(facts.title)
        hits = list(self._hits(title))
        named = {code for _, _, code in hits}
        if not invited:
            named |= {code for name in facts.called for _, _, code in self._hits(words(name))}
        certain = invited | named
        if certain:
            (client,) = certain if len(certain) == 1 else (None,)
            return Whose(client, frozenset(certain))
        return Whose(None, frozenset(code for word in title for code in self._parts.get(word, ())))

    def _learn_name(self, name: _Phrase, code: str) -> None:
        self._learn(name, code)
        if len(name) > 1:
            self._learn((*name[1:], name[0]), code)  # Dupont Marie
            self._learn((name[-1], *name[:-1]), code)
            for word in name:
                if len(word) >= _PARTIAL:
                    self._parts.setdefault(word, set()).add(code)

    def _learn(self, phrase: _Phrase, code: str) -> None:
        if phrase:
            self._phrases.setdefault(phrase[0], set()).add((phrase, code))

    def _hits(self, title: _Phrase) -> Iterator[_Hit]:
        """Names and aliases in a title, but for those that stand inside a longer one of somebody else."""
        found = [
            (start, start + len(phrase), code)
            for start, word in enumerate(title)
            for phrase, code in self._phrases.get(word, ())
            if title[start : start + len(phrase)] == phrase
        ]
        yield from (hit for hit in found if not _is_inside(hit, found))


def _is_inside(hit: _Hit, others: Iterable[_Hit]) -> bool:
    start, end, _ = hit
    return any(first <= start and end <= last and last - first > end - start for first, last, _ in others)
