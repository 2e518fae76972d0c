"""Whom a message is from and to, and whom a card is of: their addresses, out of lines and nothing else."""

from __future__ import annotations

import re
from collections.abc import Iterator

LONGEST = 256 << 10  # bytes of a header, or of a card, that are looked at
_PEOPLE = frozenset((b"from", b"to", b"cc", b"reply-to", b"sender"))
_FOLD = re.compile(rb"\r?\n[ \t]")
# Each takes a stretch at once and gives nothing of it back: whoever writes a message chooses how long it takes.
_QUOTED = re.compile(rb'"(?:[^"\\]|\\.)*+("?)')
_COMMENT = re.compile(rb"\([^()]*\)")
_ANGLED = re.compile(rb"<([^<>]*)>")
_WORD = re.compile(rb"[^\s<>,;:\"()\[\]]+")
_END = re.compile(rb"\r?\n\r?\n")
_EMAIL = re.compile(rb"^(?:[A-Z0-9-]+\.)?EMAIL(?:;[^:\r\n]*)?:(.*)$", re.IGNORECASE | re.MULTILINE)
_CARD = re.compile(rb"^BEGIN:VCARD[ \t\r]*$", re.IGNORECASE | re.MULTILINE)


def correspondents(message: bytes) -> frozenset[str]:
    """The addresses in the header of one message, in small letters. What only stands in a displayed name is none."""
    header = _FOLD.sub(b" ", _END.split(message[:LONGEST], 1)[0])
    found: set[str] = set()
    for line in header.splitlines():
        name, _, value = line.partition(b":")
        if name.strip().lower() in _PEOPLE:
            found.update(_addresses(value))
    return frozenset(found)


def of_card(content: bytes) -> frozenset[str]:
    """The addresses of a card; none where there are several cards, which may be of anybody."""
    plain = _FOLD.sub(b"", content[:LONGEST])
    if len(_CARD.findall(plain)) != 1:
        return frozenset()
    return frozenset(address for found in _EMAIL.finditer(plain) for address in _addresses(found[1]))


def _addresses(value: bytes) -> Iterator[str]:
    plain = _COMMENT.sub(b" ", _QUOTED.sub(lambda found: b" " if found[1] else found[0], value))
    for mailbox in re.split(rb"[,;]", plain):
        angled = _ANGLED.search(mailbox)
        for word in _WORD.findall(angled[1] if angled else mailbox):
            if b"@" in word.strip(b"@"):
                yield word.rstrip(b"@").decode("utf-8", "replace").removeprefix("mailto:").lower()
