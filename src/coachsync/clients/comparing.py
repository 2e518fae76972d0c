"""What is written differently and means the same: spellings of a name, forms of a phone number, of an address."""

from __future__ import annotations

import re
import unicodedata

from coachsync.folding import plain, visible

_WORD = re.compile(r"[^\W_]+")
_TRUNK = re.compile(r"\(0\)")  # +33 (0)6: dialled within the country only
_DIGITS = re.compile(r"[^0-9]")


def tidy(text: str) -> str:
    """One line as people write it: composed signs (NFC), single spaces, nothing that cannot be seen."""
    line = " ".join(unicodedata.normalize("NFC", text).split())
    return "".join(sign for sign in line if sign.isprintable()).strip()


def folded(text: str) -> str:
    """Text as it is compared: without case and accents, compatibility forms undone, single spaces."""
    return " ".join(plain(text).split())


def unaccented(text: str) -> str:
    """Text without accents and what nobody can see, compatibility forms undone; its case and its spaces stay."""
    return visible(unicodedata.normalize("NFKD", text))


def legible(text: str) -> str:
    """Text as it reads: compatibility forms undone, composed, nothing that cannot be seen; its case stays."""
    return text if text.isascii() else visible(unicodedata.normalize("NFKC", text))


def words(text: str) -> tuple[str, ...]:
    """The words of a text, as `folded`: letters and digits in a row."""
    return tuple(_WORD.findall(folded(text)))


def address(text: str) -> str:
    """An address as it is kept: lower case, without `mailto:`."""
    return tidy(text).lower().removeprefix("mailto:").strip()


def phone(text: str) -> str:
    """A phone number as it is compared: its digits, behind a + where the country is told (E.164).

    Nothing is known here of the country that a number without one belongs to: it stays as it is.
    """
    number = _TRUNK.sub("", unicodedata.normalize("NFKC", text)).strip()
    digits = _DIGITS.sub("", number)
    if number.startswith("+"):
        return f"+{digits}"
    return f"+{digits[2:]}" if digits.startswith("00") else digits
