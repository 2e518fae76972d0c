"""A file as cards, and a card as lines: bytes, because each line may be written in another way.

A line that is not kept is skipped undecoded, however long it is. Everything here takes linear time.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

_LONGEST = 1 << 16  # bytes of a line that is kept
_LINE_END = re.compile(rb"\r\n|\r|\n")
_NAME = re.compile(rb"\s*(?:[A-Za-z0-9_-]+\.)?([A-Za-z0-9_-]+)\s*[;:]")
_MARKS = re.compile(rb"(BEGIN|END)\s*:\s*VCARD\s*", re.IGNORECASE)
_SOFT = re.compile(rb"quoted-printable", re.IGNORECASE)
_HEAD = 1000  # signs in which a line says that it is quoted-printable, and a file that it holds cards
_HEAD_PIECES = 9  # of a name that is folded
_UTF_16 = ("utf-16-le", "utf-16-be")
_CARD = "BEGIN:VCARD"


class Damaged(Exception):  # noqa: N818 - named for what happened, as coachsync.errors does
    """A card that cannot be taken in; `code` says why."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(slots=True)
class Record:
    """One card: the lines that are kept, each as its physical pieces without line ends. `damage` is the code of what is
    wrong with the card as a whole, "" when nothing is."""

    position: int
    line: int
    lines: list[list[bytes]] = field(default_factory=list)
    damage: str = ""


def records(content: bytes, kept: frozenset[str]) -> Iterator[Record]:
    """The cards of a file, in their order."""
    position, card, depth, agent = 0, None, 0, False
    for number, pieces in _logical(_octets(content)):
        mark = _MARKS.fullmatch(b"".join(pieces).strip()) if len(pieces) == 1 else None
        if mark is None:
            agent = _name(pieces[0]) == "AGENT" or (agent and not pieces[0].strip())
            if card is not None and depth == 1:
                _keep(card, pieces, kept)
        elif mark[1].upper() == b"BEGIN":
            if card is not None and agent:
                depth += 1  # a card inside a card (vCard 2.1): somebody else
                continue
            if card is not None:
                card.damage = "not-closed"
                yield card
            position += 1
            card, depth = Record(position, number), 1
        elif card is None:
            position += 1
            yield Record(position, number, damage="not-opened")
        else:
            depth -= 1
            if depth == 0:
                yield card
                card = None
    if card is not None:
        card.damage = "not-closed"
        yield card


def _keep(card: Record, pieces: list[bytes], kept: frozenset[str]) -> None:
    if _name(_head(pieces)) not in kept:
        return
    if sum(map(len, pieces)) > _LONGEST:
        card.damage = card.damage or "too-long"
    else:
        card.lines.append(pieces)


def _head(pieces: list[bytes]) -> bytes:
    """The beginning of a line; its name may be folded."""
    head = pieces[0]
    for piece in pieces[1:_HEAD_PIECES]:
        if b":" in head or b";" in head:
            break
        head += piece[1:]
    return head


def _name(line: bytes) -> str:
    found = _NAME.match(line)
    return found[1].decode("ascii").upper().replace("_", "-") if found else ""


def _octets(content: bytes) -> bytes:
    """The file without a byte order mark; UTF-16 as UTF-8, where it makes cards."""
    for codec in _UTF_16 if b"\0" in content else ():
        text = content.decode(codec, "replace").removeprefix("\ufeff")
        if _CARD in text[:_HEAD].upper():
            return text.encode()
    return content.removeprefix(codecs.BOM_UTF8)


def _logical(content: bytes) -> Iterator[tuple[int, list[bytes]]]:
    """Each logical line as its physical pieces, with the number of the first; empty lines are left out.

    A line goes on where the next one begins with white space, and where quoted-printable text ends in `=`.
    """
    pieces: list[bytes] = []
    first, soft = 0, False
    for number, line in enumerate(_physical(content), 1):
        going_on = pieces and (line[:1] in (b" ", b"\t") or (soft and not _MARKS.fullmatch(line.strip())))
        if going_on:
            pieces.append(line)
            soft = soft and line.endswith(b"=")
        elif line.strip():
            if pieces:
                yield first, pieces
            pieces, first = [line], number
            soft = line.endswith(b"=") and _SOFT.search(line, 0, _HEAD) is not None
    if pieces:
        yield first, pieces


def _physical(content: bytes) -> Iterator[bytes]:
    start = 0
    for end in _LINE_END.finditer(content):
        yield content[start : end.start()]
        start = end.end()
    if start < len(content):
        yield content[start:]
