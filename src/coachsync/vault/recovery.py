"""The recovery code: what a coach prints and locks away, for the day on which the passphrase is lost.

160 random bits in groups of four letters and digits (Crockford's base 32: no I, L, O and U), of which the last group is
a checksum, so that a slip of the pen is told from a wrong code.
"""

from __future__ import annotations

import hashlib
import os

from coachsync.errors import UsageError
from coachsync.phrases import say

CODE_BYTES = 20
_LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_READ_AS = str.maketrans("OIL", "011")
_GROUP, _SUM = 4, 4  # signs
_BITS = 5
_SIGNS = CODE_BYTES * 8 // _BITS


def new() -> bytes:
    """A fresh code."""
    return os.urandom(CODE_BYTES)


def printed(code: bytes) -> str:
    """The code as it is printed: nine groups of four signs."""
    signs = _signs(int.from_bytes(code, "big"), _SIGNS) + _checksum(code)
    return "-".join(signs[start : start + _GROUP] for start in range(0, len(signs), _GROUP))


def typed(text: str) -> bytes:
    """The code that somebody has typed, in letters of any case, with any blanks and dashes, and O, I, L for 0, 1, 1.

    Raises UsageError when it was mistyped.
    """
    signs = "".join(sign for sign in text.upper() if sign.isalnum()).translate(_READ_AS)
    if len(signs) != _SIGNS + _SUM or any(sign not in _LETTERS for sign in signs):
        raise _mistyped()
    number = 0
    for sign in signs[:_SIGNS]:
        number = number << _BITS | _LETTERS.index(sign)
    code = number.to_bytes(CODE_BYTES, "big")
    if signs[_SIGNS:] != _checksum(code):
        raise _mistyped()
    return code


def _signs(number: int, count: int) -> str:
    return "".join(_LETTERS[number >> _BITS * place & (1 << _BITS) - 1] for place in reversed(range(count)))


def _checksum(code: bytes) -> str:
    found = hashlib.sha256(b"coachsync/recovery-checksum/v1\0" + code).digest()
    return _signs(int.from_bytes(found, "big") >> 8 * len(found) - _BITS * _SUM, _SUM)


def _mistyped() -> UsageError:
    return UsageError(
        "recovery-code-mistyped",
        say("That is no recovery code: a sign is wrong, missing or too many."),
        say("Compare it with the printed one, group by group."),
    )
