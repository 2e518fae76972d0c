"""Text as it is compared, wherever it came from: what is written differently and reads the same becomes the same."""

from __future__ import annotations

import unicodedata

# Unicode categories of what nobody can see: marks, controls, formats, stray surrogates, private and unassigned signs.
_HIDDEN = frozenset(("Mn", "Me", "Cc", "Cf", "Cs", "Co", "Cn"))
# Letters that no decomposition takes apart.
_LIGATURES = str.maketrans(
    {"œ": "oe", "æ": "ae", "ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "ı": "i", "ħ": "h", "ŋ": "n"}
)


def plain(text: str) -> str:
    """Text as it is compared: compatibility forms undone, no accents, no case, nothing invisible but white space."""
    if text.isascii():
        return text.lower() if text.isprintable() else visible(text.lower())
    decomposed = unicodedata.normalize("NFKD", text).casefold()
    return visible(unicodedata.normalize("NFKD", decomposed)).translate(_LIGATURES)


def visible(text: str) -> str:
    """Text without what nobody can see, white space apart; accents go where they stand by themselves (NFD)."""
    hidden = [sign for sign in set(text) if not sign.isspace() and unicodedata.category(sign) in _HIDDEN]
    return text.translate(dict.fromkeys(map(ord, hidden)))
