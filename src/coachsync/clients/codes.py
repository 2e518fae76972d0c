"""Codes: `C-7F3K2M` for a client, `S-7F3K2M` for a sponsor. Drawn at random, they say nothing of anybody.

Six signs of Crockford's base32, which has no letter that looks like a digit: 30 bits.
"""

from __future__ import annotations

import re
from enum import StrEnum

DRAWN = 4  # random bytes that a code is made of
_SIGNS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_LENGTH, _BITS = 6, 5
_LOOKALIKES = str.maketrans("OIL", "011")
_BETWEEN = re.compile(r"[\s\-\u2010-\u2015_]")


class Kind(StrEnum):
    """Whom a code is for: the letter in front of it."""

    CLIENT = "C"
    SPONSOR = "S"


def code(kind: Kind, drawn: bytes) -> str:
    """A code made of `DRAWN` random bytes. Raises ValueError for fewer."""
    if len(drawn) < DRAWN:
        raise ValueError("a code needs more random bytes")
    number = int.from_bytes(drawn[:DRAWN])
    signs = [_SIGNS[(number >> _BITS * place) % len(_SIGNS)] for place in range(_LENGTH)]
    return f"{kind}-{''.join(signs)}"


def recognised(kind: Kind, typed: str, *, whole: bool = False) -> str | None:
    """The code that a person typed, whatever the case and with or without the letter in front; None when it is none.

    O, I and L count as the digits that they look like. `whole`: the letter and its hyphen must be there, because what
    is typed may be a name as well.
    """
    text = typed.strip().upper()
    begun = text.startswith(f"{kind}-")
    if whole and not begun:
        return None
    signs = _BETWEEN.sub("", text[len(kind) :] if begun else text)
    if not begun and len(signs) == _LENGTH + 1 and signs.startswith(kind):
        signs = signs[1:]
    signs = signs.translate(_LOOKALIKES)
    if len(signs) != _LENGTH or not set(signs) <= set(_SIGNS):
        return None
    return f"{kind}-{signs}"
