"""One thing wrong with the configuration, where it stands, and what was probably meant.

Never the value that is there: it may be a secret in the wrong place.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from coachsync.errors import Problem
from coachsync.phrases import say

Key = tuple[str, ...]  # ("shares", "office", "round_to")

NAME = re.compile(r"[A-Za-z0-9_-]{1,40}")  # of an account, a calendar, a share: it appears in reports and journals


@dataclass(frozen=True, slots=True)
class Fault:
    """A problem under a key, before its line is looked up."""

    code: str
    key: Key
    message: str
    hint: str = ""

    def problem(self, lines: Mapping[Key, int]) -> Problem:
        """The entry of the report. A key that is not there has the line of the table it belongs to."""
        line = self.line(lines)
        message = say("Line {line}: {message}", line=line, message=self.message) if line else self.message
        return Problem(self.code, dotted(self.key), message, self.hint)

    def line(self, lines: Mapping[Key, int]) -> int:
        """The line of the key or of what it stands in, 0 when it is not in the file."""
        return next((lines[self.key[:n]] for n in range(len(self.key), 0, -1) if self.key[:n] in lines), 0)


def dotted(key: Key) -> str:
    """`shares.office.round_to`; what is no plain name may be anything, even a client's, and is shown as "?"."""
    return ".".join(part if NAME.fullmatch(part) else "?" for part in key)


def meant(given: object, known: Iterable[str], otherwise: str) -> str:
    """A hint naming the known word that is closest to the given one, or all of them after `otherwise`."""
    words = sorted(known)
    hint = closest(given, words)
    if hint or not words:
        return hint
    return say("{these} {words}.", these=otherwise, words=", ".join(words))


def closest(given: object, known: Iterable[str]) -> str:
    """A hint naming the known word that is close to the given one, "" where none is."""
    import difflib

    folded = {word.casefold(): word for word in sorted(known)}
    close = difflib.get_close_matches(given.casefold(), folded, n=1) if isinstance(given, str) else []
    return say('Did you mean "{word}"?', word=folded[close[0]]) if close else ""
