"""Words as they are compared: without case, accents and what cannot be seen."""

from __future__ import annotations

import re
import unicodedata

_WORD = re.compile(r"[^\W_]+")
_WITHOUT_ACCENT = str.maketrans(
    {"œ": "oe", "æ": "ae", "ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "ı": "i", "ħ": "h", "ŋ": "n"}
)
_HIDDEN = frozenset(("Mn", "Me", "Cc", "Cf", "Cs"))  # Unicode categories: marks, controls, formats, stray surrogates


def plain(text: str) -> str:
    """Text as it is compared: compatibility forms undone, no accents, no case, nothing invisible."""
    if text.isascii():
        return text.lower() if text.isprintable() else _visible(text.lower())
    decomposed = unicodedata.normalize("NFKD", text).casefold()
    return _visible(unicodedata.normalize("NFKD", decomposed)).translate(_WITHOUT_ACCENT)


def words(text: str) -> tuple[str, ...]:
    """The words of a text, letters and digits, as `plain`."""
    return tuple(_WORD.findall(plain(text)))


def _visible(text: str) -> str:
    hidden = [sign for sign in set(text) if not sign.isspace() and unicodedata.category(sign) in _HIDDEN]
    return text.translate(dict.fromkeys(map(ord, hidden)))
