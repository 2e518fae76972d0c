"""The forms in which text can hide: every reading of a line that some program would make of it."""

from __future__ import annotations

import base64
import binascii
import html
import quopri
import re
from collections.abc import Callable, Iterator
from urllib.parse import unquote_to_bytes

from coachsync import contentline
from coachsync.phrases import say
from coachsync.redaction.vocabulary import NAMES

AS_WRITTEN = say("as written")
CODED = 6  # characters from which a run is read as base64 or hexadecimal where text is searched
_DEPTH = 3  # encodings inside encodings that are looked through
_MOST = 48  # readings of one line
_BUDGET = 1 << 18  # characters of readings, beyond six times the line
_READABLE = 0.8  # the part of printable characters from which decoded bytes count as text

_PERCENT = re.compile(r"%[0-9A-Fa-f]{2}")
_QUOTED_PRINTABLE = re.compile(r"=[0-9A-Fa-f]{2}|=\r?\n")
_ASSIGNED = re.compile(r"(?<![A-Z-])([A-Z-]{2,20})=(?=[0-9A-F]{2})")  # VALUE=DATE, COUNT=10: no octet
_ENCODED_WORD = re.compile(r"=\?[^?\s]{1,40}\?([BbQq])\?([^?\s]*)\?=")
_BETWEEN_WORDS = re.compile(r"\?=\s+=\?")
# The alphabets of RFC 4648 sections 4 and 5, and what both share: their signs also stand between words.
_BASE64 = tuple(re.compile(rf"[A-Za-z0-9{more}]{{6,}}={{0,2}}") for more in ("+/", "_-", ""))
_HEXADECIMAL = re.compile(r"(?:[0-9A-Fa-f]{2}){4,}")
_CODE_POINT = re.compile(r"\\u([0-9A-Fa-f]{4})|\\x([0-9A-Fa-f]{2})")
_SURROGATE = re.compile("[\ud800-\udfff]")
_PRINTABLE_ASCII = re.compile(rb"[\x20-\x7e\s]")


def readings(line: str, coded: int = CODED) -> Iterator[tuple[str, str]]:
    """(how, text) for the line itself and what its known encodings give, in each other too: at most 48, each once.

    Runs shorter than `coded` are not read as base64 or hexadecimal. Malformed input is left as it is.
    """
    seen = {line}
    budget = 6 * len(line) + _BUDGET
    layer: list[tuple[str, str]] = [(AS_WRITTEN, line)]
    yield layer[0]
    for _ in range(_DEPTH):
        deeper = []
        for outer, text in layer:
            for how, inner in _decoded(text, coded):
                if not inner or inner in seen or len(seen) >= _MOST or len(inner) > budget:
                    continue
                seen.add(inner)
                budget -= len(inner)
                deeper.append((how if outer == AS_WRITTEN else say("{how} in {outer}", how=how, outer=outer), inner))
        yield from deeper
        layer = deeper


def _decoded(text: str, coded: int) -> Iterator[tuple[str, str]]:
    for how, decode in _DECODERS:
        for inner in decode(text):
            yield how, inner
    yield say("base64"), _base64(text, coded)
    yield say("hexadecimal"), _hexadecimal(text, coded)


def _bytes(text: str) -> bytes:
    try:
        return contentline.encode(text)
    except UnicodeEncodeError:  # surrogates that no byte stands behind
        return text.encode("utf-8", "replace")


def _texts(octets: bytes) -> list[str]:
    """Bytes as text: UTF-8, and where that fails Windows' Latin alphabet too."""
    text = octets.decode("utf-8", "replace")
    return [text, octets.decode("cp1252", "replace")] if "\ufffd" in text else [text]


def _character_set(text: str) -> list[str]:
    return _texts(_bytes(text)) if _SURROGATE.search(text) else []


def _escaped(text: str) -> list[str]:
    return [contentline.unescape(text)] if "\\" in text else []


def _caret(text: str) -> list[str]:
    return [contentline.uncaret(text)] if "^" in text else []


def _code_points(text: str) -> list[str]:
    def character(found: re.Match[str]) -> str:
        return chr(int(found[1] or found[2], 16))

    return [_CODE_POINT.sub(character, text)] if "\\" in text else []


def _html(text: str) -> list[str]:
    return [html.unescape(text)] if "&" in text else []


def _percent(text: str) -> list[str]:
    return _texts(unquote_to_bytes(_bytes(text))) if _PERCENT.search(text) else []


def _quoted_printable(text: str) -> list[str]:
    if "=" not in text:
        return []
    text = _ASSIGNED.sub(lambda found: f"{found[1]}=3D" if found[1] in NAMES else found[0], text)
    return _texts(quopri.decodestring(_bytes(text))) if _QUOTED_PRINTABLE.search(text) else []


def _encoded_words(text: str) -> list[str]:
    def word(found: re.Match[str]) -> str:
        coded = found[2]
        return _texts(_from_base64(coded) if found[1] in "bB" else quopri.decodestring(_bytes(coded), header=True))[-1]

    return [_ENCODED_WORD.sub(word, _BETWEEN_WORDS.sub("?==?", text))] if "=?" in text else []


def _base64(text: str, shortest: int) -> str:
    """Each run read from each of the four places where a group can begin: something may stand before the real start."""
    runs = {run: None for alphabet in _BASE64 for run in alphabet.findall(text) if len(run) >= shortest}
    return "\n".join(filter(None, (_readable(_from_base64(run[start:])) for run in runs for start in range(4))))


def _from_base64(run: str) -> bytes:
    run = run.rstrip("=").replace("-", "+").replace("_", "/")
    if len(run) % 4 == 1:
        run = run[:-1]
    try:
        return base64.b64decode(run + "=" * (-len(run) % 4))
    except (binascii.Error, ValueError):
        return b""


def _hexadecimal(text: str, shortest: int) -> str:
    runs = [run for run in _HEXADECIMAL.findall(text) if len(run) >= shortest]
    return "\n".join(filter(None, (_readable(bytes.fromhex(run)) for run in runs)))


def _readable(octets: bytes) -> str:
    """Bytes as text when they most probably are text, else "": most of what looks encoded is a number or a file."""
    octets = octets.replace(b"\0", b"")  # UTF-16
    try:
        text = octets.decode("utf-8")
        readable = sum(map(str.isprintable, text)) + text.count("\n")
    except UnicodeDecodeError:
        text = octets.decode("cp1252", "replace")
        readable = len(_PRINTABLE_ASCII.findall(octets))
    return text if readable >= _READABLE * len(text) else ""


_DECODERS: tuple[tuple[str, Callable[[str], list[str]]], ...] = (
    (say("in another character set"), _character_set),
    (say("escaped"), _escaped),
    (say("as RFC 6868 encodes parameters"), _caret),
    (say("as code points"), _code_points),
    (say("as HTML"), _html),
    (say("percent-encoded"), _percent),
    (say("as RFC 2047 encodes headers"), _encoded_words),
    (say("quoted-printable"), _quoted_printable),
)
