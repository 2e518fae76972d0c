"""In which line of a TOML text each key stands: tomllib does not tell."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator

from coachsync.config.faults import Key

_LONGEST = 200  # lines of one statement; what is longer has no line in a report


def find(text: str) -> dict[Key, int]:
    """The line (from 1) of the statement that first sets each key, for a text that is valid TOML.

    The text is cut into its statements by parsing: the shortest run of lines that is valid TOML is one statement.
    """
    found: dict[Key, int] = {}
    table: Key = ()
    pending: list[str] = []
    start = 1
    for number, line in enumerate(text.split("\n"), 1):  # splitlines would also cut where TOML does not
        start = start if pending else number
        pending.append(f"{line}\n")
        try:
            statement = tomllib.loads("".join(pending))
        except ValueError:
            if len(pending) > _LONGEST:
                return found
            continue
        first, pending = pending[0].lstrip(), []
        keys = list(_keys(statement))
        if first.startswith("[") and keys:
            table = max(keys, key=len)
            keys = [table[:depth] for depth in range(1, len(table) + 1)]
        else:
            keys = [table + key for key in keys]
        for key in keys:
            found.setdefault(key, start)
    return found


def _keys(value: object, above: Key = ()) -> Iterator[Key]:
    """Every key of a parsed statement, outermost first; a list stands for its items."""
    if isinstance(value, list):
        for item in value:
            yield from _keys(item, above)
    if isinstance(value, dict):
        for word, inner in value.items():
            yield (*above, word)
            yield from _keys(inner, (*above, word))
