"""How clients are reached: their addresses and phone numbers, by themselves or inside of what somebody wrote."""

from __future__ import annotations

import re
from collections.abc import Iterable

from coachsync.clients.comparing import legible, phone
from coachsync.clients.directory import Client

# No two runs overlap and none is tried again from its middle, so that a long text is read once.
_ADDRESS = re.compile(r"(?<![\w.%+'&-])[\w.%+'&-]++@[\w.%+'&-]++")
_AT = re.compile("[@\ufe6b\uff20]")
_AROUND = ".%+'&-_"  # what may stand there around an address and is no part of it
_NUMBER = re.compile(r"\d(?:[\s().\-/\u00ad\u200b-\u2015\u2060]{0,3}\d){6,}")
_LAST = 7  # digits of a number that stay whatever stands before them: the country, an exchange, a zero


class Reaching:
    """Knows clients by addresses and numbers."""

    def __init__(self) -> None:
        self._addresses: dict[str, set[str]] = {}
        self._numbers: dict[str, set[str]] = {}

    def learn(self, client: Client) -> None:
        """Remember a client's addresses and numbers; one of fewer than seven digits could be anything."""
        for address in client.addresses:
            self._addresses.setdefault(address, set()).add(client.code)
        for number in client.phones:
            if len(last := phone(number)[-_LAST:]) == _LAST:
                self._numbers.setdefault(last, set()).add(client.code)

    def by_addresses(self, addresses: Iterable[str]) -> frozenset[str]:
        """The codes of those who have one of these addresses."""
        return frozenset(code for address in addresses for code in self._addresses.get(address, ()))

    def written(self, text: str) -> tuple[str, frozenset[str]]:
        """A text with a line break for each address known, and the codes of those who have them."""
        if not _AT.search(text):
            return text, frozenset()
        text = legible(text)
        found: set[str] = set()

        def without(match: re.Match[str]) -> str:
            codes = self._addresses.get(match.group().lower().strip(_AROUND), ())
            found.update(codes)
            return "\n" if codes else match.group()

        return _ADDRESS.sub(without, text), frozenset(found)

    def by_numbers(self, text: str) -> frozenset[str]:
        """The codes of those who have a number that a text holds, wherever it begins among the digits there."""
        found: set[str] = set()
        for match in _NUMBER.finditer(text) if self._numbers else ():
            digits = "".join(str(int(sign)) for sign in match.group() if sign.isdecimal())
            for start in range(len(digits) - _LAST + 1):
                found.update(self._numbers.get(digits[start : start + _LAST], ()))
        return frozenset(found)
