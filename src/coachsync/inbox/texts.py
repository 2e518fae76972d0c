"""Bytes that are a text, and what its front matter says of whom and what it is about."""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass
from datetime import date

LONGEST = 1 << 20  # bytes of a note; a longer text is kept as the file that it is
_MARKED = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
_NO_TEXT = re.compile(r"[\0-\x08\x0e-\x1a\x1c-\x1f\x7f]")
_WESTERN = re.compile(r"[A-Za-zÀ-ÖØ-öø-ÿŒœŠšŽžŸ]")
_BESIDE = re.compile(r"(?:[A-Za-zÀ-ÖØ-öø-ÿŒœŠšŽžŸ]){2}|(?<![^\s])[àÀôÔ](?![^\s])")  # a letter, or "à" alone
_OPENS, _CLOSES = "---", ("---", "...")
_MOST_LINES, _MOST_SIGNS = 100, 8192
_ENTRY = re.compile(r"([A-Za-z]+)[ \t]*:(.*)")
_COMMENT = re.compile(r"[ \t]#.*")


@dataclass(frozen=True, slots=True)
class Front:
    """What a text says of itself: the client as a person has written it (a code, a name, an address), the id of an
    appointment, and its day."""

    client: str = ""
    appointment: str = ""
    day: date | None = None


def text_of(content: bytes) -> str | None:
    """The text, with line ends as here; None for bytes that are none. UTF-8, what a byte order mark says, else what
    Windows writes in western Europe, where nearly all of it then makes letters."""
    for mark, encoding in _MARKED:
        if content.startswith(mark):
            return _decoded(content[len(mark) :], encoding)
    found = _decoded(content, "utf-8")
    if found is None and _is_western(content):
        found = _decoded(content, "cp1252")
    return found


def front_matter(text: str) -> Front:
    """What stands between `---` on the first line and the next one. A key that is there twice counts for nothing."""
    lines = text[:_MOST_SIGNS].split("\n", _MOST_LINES)
    if lines[0].rstrip() != _OPENS:
        return Front()
    end = next((at for at, line in enumerate(lines[1:], 1) if line.rstrip() in _CLOSES), None)
    if end is None:
        return Front()
    found: dict[str, list[str]] = {}
    for line in lines[1:end]:
        if entry := _ENTRY.fullmatch(line):
            found.setdefault(entry[1].lower(), []).append(_value(entry[2].strip(" \t")))
    said = {key: values[0] for key, values in found.items() if len(values) == 1}
    return Front(said.get("client", ""), said.get("appointment", ""), _day(said.get("date", "")))


def _decoded(content: bytes, encoding: str) -> str | None:
    try:
        text = content.decode(encoding)
    except ValueError:
        return None
    return None if _NO_TEXT.search(text) else text.replace("\r\n", "\n").replace("\r", "\n")


def _is_western(content: bytes) -> bool:
    """Whether the bytes beyond ASCII are letters in cp1252, each beside another letter or a word by itself, or signs
    that texts have."""
    try:
        text = content.decode("cp1252")
    except ValueError:
        return False
    odd = [at for at, sign in enumerate(text) if not sign.isascii()]
    letters = sum(1 for at in odd if _WESTERN.match(text[at]) and _BESIDE.search(text[max(0, at - 1) : at + 2]))
    signs = sum(1 for at in odd if text[at] in "‘’“”–—…«»€°§·\u00a0")
    return letters + signs == len(odd) and len(odd) * 3 <= len(text)


def _value(written: str) -> str:
    if len(written) > 1 and written[0] == written[-1] and written[0] in "\"'":
        return written[1:-1].strip()
    return _COMMENT.sub("", written).strip()


def _day(written: str) -> date | None:
    try:
        return date.fromisoformat(written[:10])
    except ValueError:
        return None
