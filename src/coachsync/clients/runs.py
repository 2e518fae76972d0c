"""Names in scripts that are written without spaces, Chinese, Japanese and Korean, inside of a longer run of signs."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from itertools import groupby

from coachsync.clients.titles import Token

_RUN = re.compile("[\u3005\u3040-\u30ff\u3400-\u9fff\uac00-\ud7a3]+")
_SHORTEST = 2  # signs of a name; one alone is a word of many meanings

Run = tuple[int, int, int, str]  # [from, to) among the words of a title, how many signs, and the code of the client


class Runs:
    """The names of clients in such scripts, without the spaces that they were registered with."""

    def __init__(self) -> None:
        self._names: dict[str, set[str]] = {}
        self._sizes: set[int] = set()

    def learn(self, name: Sequence[Token], code: str) -> None:
        """Remember a name; one that is not all in such scripts is none of ours."""
        run = "".join(_composed(token) for token in name)
        if len(run) >= _SHORTEST and _RUN.fullmatch(run):
            self._names.setdefault(run, set()).add(code)
            self._sizes.add(len(run))

    def within(self, title: Sequence[Token]) -> Iterator[Run]:
        """The names in a title, wherever its words begin and end."""
        if not self._names:
            return
        written = [(place, sign) for place, token in enumerate(title) for sign in _composed(token)]
        for is_run, signs in groupby(written, lambda one: _RUN.match(one[1]) is not None):
            if is_run:
                yield from self._in_run(list(signs))

    def _in_run(self, signs: list[tuple[int, str]]) -> Iterator[Run]:
        text = "".join(sign for _, sign in signs)
        for size in self._sizes:
            for start in range(len(text) - size + 1):
                for code in self._names.get(text[start : start + size], ()):
                    yield signs[start][0], signs[start + size - 1][0] + 1, size, code


def _composed(token: Token) -> str:
    """What is compared is decomposed, and a sign of Hangul would be several."""
    return unicodedata.normalize("NFC", token.word)
