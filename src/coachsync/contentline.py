"""iCalendar and vCard text as content lines (RFC 5545 section 3.1), byte-exact: what is not edited stays as it was.

Text is bytes decoded with `decode`; a line keeps its physical text, so that joining the lines gives the text back.
Only CRLF and LF end a line; a lone CR, U+0085 or U+2028 is part of a value.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import NamedTuple
from urllib.parse import unquote

LONGEST_LINE = 75  # octets, without the line break (RFC 5545 section 3.1)
LONGEST_HEAD = 1 << 16  # characters of a name with its parameters; beyond it, text is no content line
DEEPEST_NESTING = 50  # components inside components; RFC 9073 needs four

_LINE_END = re.compile(r"\n(?![ \t])")
_FOLD = re.compile(r"\r?\n[ \t]")
_QUOTED = re.compile(r'("[^"]*")')
_QUOTED_OR_COLON = re.compile(r'"[^"]*"|[":]')
_CARET = re.compile(r"\^(['n^])")
_CARET_MEANS = {"'": '"', "n": "\n", "^": "^"}
_BACKSLASH = re.compile(r"\\([\\;,nN])")
_LINE_BREAK = re.compile(r"\r\n|\r|\n")
_SURROGATE = re.compile("[\ud800-\udfff]")
_BYTE_ORDER_MARK = "\ufeff"
_CONTINUATION = range(0x80, 0xC0)  # octets that never begin a UTF-8 sequence
_LONGEST_SEQUENCE = 4

Params = tuple[tuple[str, tuple[str, ...]], ...]
# A UID as nearly every program writes it: on one line, unfolded, after other properties of its component.
_USUAL_UID = re.compile(
    rb"\nBEGIN:(?:VEVENT|VTODO|VJOURNAL)\r?\n(?:(?!BEGIN|END)[A-Z][A-Z0-9-]*[;:][^\n]*\n(?:[ \t][^\n]*\n)*+)*?"
    rb"UID:([^\r\n]*)\r?\n(?![ \t])"
)


class Malformed(ValueError):  # noqa: N818 - named for what happened, as coachsync.errors does
    """BEGIN and END do not nest. `code` says how: "not-nested", "not-closed" or "nested-too-deeply"."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Line(NamedTuple):
    """One content line. `raw` is its physical text with folds and line break; the rest is unfolded.

    `name` is upper-case (a group prefix stays), as are the names of `params`, whose values are without quotes and
    decoded as RFC 6868 says. Text that is no content line has the name "" and is all `value`.
    """

    raw: str
    name: str
    params: Params
    value: str

    def param(self, name: str) -> str:
        """The first value of a parameter, "" when there is none. `name` is upper-case."""
        return next((values[0] for key, values in self.params if key == name and values), "")


@dataclass(frozen=True, slots=True)
class Component:
    """A component: its own properties, without those of its children. `first` and `last` are the positions of its
    BEGIN and END among the lines that were read."""

    name: str
    lines: tuple[Line, ...]
    children: tuple[Component, ...]
    first: int = 0
    last: int = 0


def decode(body: bytes) -> str:
    """Text of an object. Bytes that are not UTF-8 become lone surrogates; a byte order mark stays."""
    return body.decode("utf-8", "surrogateescape")


def encode(text: str) -> bytes:
    """The bytes that `decode` made `text` of."""
    return text.encode("utf-8", "surrogateescape")


def unfold(raw: str) -> str:
    """Physical text as a logical line, without its line break. A UTF-8 sequence that a fold split is whole again."""
    line = raw.removesuffix("\n").removesuffix("\r") if raw.endswith("\n") else raw
    if "\n" not in line:
        return line
    line = _FOLD.sub("", line)
    return decode(encode(line)) if _SURROGATE.search(line) else line


def lines(text: str) -> Iterator[Line]:
    """The content lines of a text, one after the other, in linear time and without holding them all."""
    start = 0
    for end in _LINE_END.finditer(text):
        yield _line(text[start : end.end()], opening=start == 0)
        start = end.end()
    if start < len(text):
        yield _line(text[start:], opening=start == 0)


def named(text: str, names: frozenset[str]) -> Iterator[Line]:
    """The content lines with one of these names (of ASCII letters, upper-case) among `lines`; only they are taken
    apart, which is a small part of the work."""
    for found in _beginning(names).finditer(text):
        line = _line(found.group(), opening=found.start() == 0)
        if line.name in names:
            yield line


@cache
def _beginning(names: frozenset[str]) -> re.Pattern[str]:
    """A physical line that begins with one of the names, folded or not, and what is folded to it."""
    fold = f"(?:{_FOLD.pattern})*+"
    alternatives = "|".join(fold.join(map(re.escape, name)) for name in sorted(names))
    return re.compile(
        rf"^{fold}{_BYTE_ORDER_MARK}?{fold}(?:{alternatives}){fold}[;:][^\n]*(?:\n[ \t][^\n]*)*+\n?",
        re.MULTILINE | re.IGNORECASE,
    )


def logical(text: str) -> Iterator[str]:
    """Every line of a text, unfolded and not taken apart."""
    start = 0
    for end in _LINE_END.finditer(text):
        yield unfold(text[start : end.end()])
        start = end.end()
    if start < len(text):
        yield unfold(text[start:])


def parse(text: str) -> tuple[Line, ...]:
    """All content lines: `"".join(line.raw for line in parse(text)) == text`, whatever the text."""
    return tuple(lines(text))


def _line(raw: str, *, opening: bool) -> Line:
    line = unfold(raw)
    if opening:
        line = line.removeprefix(_BYTE_ORDER_MARK)
    head, colon, value = line.partition(":")
    if '"' in head:
        head, colon, value = _partition_quoted(line)
    if not colon or len(head) > LONGEST_HEAD:
        return Line(raw, "", (), line)
    if ";" not in head:
        return Line(raw, head.upper(), (), value)
    name, *params = head.split(";") if '"' not in head else _split_quoted(head, ";")
    return Line(raw, name.upper(), tuple(map(_param, params)), value)


def _partition_quoted(line: str) -> tuple[str, str, str]:
    """The line before and after its first colon outside of quotes; no colon when a quote is never closed."""
    for token in _QUOTED_OR_COLON.finditer(line, 0, LONGEST_HEAD + 1):
        if token.group() == ":":
            return line[: token.start()], ":", line[token.end() :]
        if token.group() == '"':
            break
    return line, "", ""


def _split_quoted(text: str, mark: str) -> list[str]:
    """The parts between the marks that stand outside of quotes."""
    parts = [""]
    for piece in _QUOTED.split(text):
        if piece.startswith('"'):
            parts[-1] += piece
        else:
            first, *more = piece.split(mark)
            parts[-1] += first
            parts += more
    return parts


def _param(text: str) -> tuple[str, tuple[str, ...]]:
    name, given, value = text.partition("=")
    if not given:
        return name.upper(), ()
    if "," not in value:
        return name.upper(), (_plain(value),)
    return name.upper(), tuple(map(_plain, _split_quoted(value, ",")))


def _plain(value: str) -> str:
    """A parameter value without quotes, decoded (RFC 6868)."""
    value = value.replace('"', "")
    return uncaret(value) if "^" in value else value


def uncaret(text: str) -> str:
    """Text with its carets decoded (RFC 6868 section 3.1); a caret before anything else stays."""
    return _CARET.sub(lambda found: _CARET_MEANS[found[1]], text)


def components(lines: Iterable[Line]) -> tuple[Component, ...]:
    """The components at the top, each with its children. Lines outside of every component are left out.

    Raises Malformed when BEGIN and END do not nest.
    """
    top: list[Component] = []
    open_ones: list[tuple[str, int, list[Line], list[Component]]] = []
    for position, line in enumerate(lines):
        if line.name == "BEGIN":
            if len(open_ones) == DEEPEST_NESTING:
                raise Malformed("nested-too-deeply")
            open_ones.append((line.value.strip().upper(), position, [], []))
        elif line.name == "END":
            if not open_ones or open_ones[-1][0] != line.value.strip().upper():
                raise Malformed("not-nested")
            name, first, own, children = open_ones.pop()
            siblings = open_ones[-1][3] if open_ones else top
            siblings.append(Component(name, tuple(own), tuple(children), first, position))
        elif open_ones:
            open_ones[-1][2].append(line)
    if open_ones:
        raise Malformed("not-closed")
    return tuple(top)


def uid(body: bytes) -> str:
    """The first UID of a calendar object's events, tasks or journal entries; "" when there is none."""
    usual = _USUAL_UID.search(body)
    return decode(usual[1]) if usual else _uid_anywhere(body)


def _uid_anywhere(body: bytes) -> str:
    inside: list[str] = []
    for line in lines(decode(body)):
        if line.name == "BEGIN":
            inside.append(line.value.strip().upper())
        elif line.name == "END" and inside:
            inside.pop()
        elif line.name == "UID" and inside and inside[-1] in ("VEVENT", "VTODO", "VJOURNAL"):
            return line.value
    return ""


def replace(lines: Sequence[Line], component: Component, name: str, contents: Sequence[str]) -> tuple[Line, ...]:
    """The lines with every property `name` of one component replaced by `contents` (logical lines, none to remove it).

    They stand where the first one stood, or last among the component's own properties, and are folded with the line
    break that the component's BEGIN has. Every other line stays byte for byte. `component` must have been read from
    these lines. Raises ValueError when a content holds a line break.
    """
    own = own_positions(component)
    old = {position for position in own if lines[position].name == name.upper()}
    place = min(old, default=own[-1] + 1 if own else component.first + 1)
    line_break = "\r\n" if lines[component.first].raw.endswith("\r\n") else "\n"
    fresh = [_line(fold(content).replace("\r\n", line_break), opening=False) for content in contents]
    before = [line for position, line in enumerate(lines[:place]) if position not in old]
    after = [line for position, line in enumerate(lines[place:], place) if position not in old]
    return (*before, *fresh, *after)


def own_positions(component: Component) -> list[int]:
    """Where a component's own properties stand among the lines that were read, in the order of its `lines`."""
    positions: list[int] = []
    start = component.first + 1
    for child in component.children:
        positions += range(start, child.first)
        start = child.last + 1
    return [*positions, *range(start, component.last)]


def fold(line: str) -> str:
    """A logical line as physical text: at most 75 octets each, UTF-8 sequences whole, CRLF.

    Raises ValueError when it holds a line break, which would inject another line.
    """
    if "\n" in line or "\r" in line:
        raise ValueError("a content line cannot hold a line break")
    octets = encode(line)
    pieces = []
    start, room = 0, LONGEST_LINE
    while len(octets) - start > room:
        end = start + room
        while octets[end] in _CONTINUATION and end > start + room - _LONGEST_SEQUENCE + 1:
            end -= 1
        pieces.append(octets[start:end])
        start, room = end, LONGEST_LINE - 1
    pieces.append(octets[start:])
    return decode(b"\r\n ".join(pieces)) + "\r\n"


def escape(text: str) -> str:
    r"""A TEXT value (RFC 5545 section 3.3.11). Every kind of line break becomes \n."""
    text = text.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,")
    return _LINE_BREAK.sub(r"\\n", text)


def unescape(value: str) -> str:
    """The text that a TEXT value stands for. A backslash before anything else stays."""
    return _BACKSLASH.sub(lambda found: "\n" if found[1] in "nN" else found[1], value)


def address(value: str) -> str:
    """An address as it is compared: lower case, without `mailto:`, blanks, angle brackets and what a link adds (?)."""
    name, at, host = value.strip().lower().removeprefix("mailto:").partition("@")
    return unquote(name + at + host.partition("?")[0]).strip(" \t<>")


def addresses(line: Line) -> frozenset[str]:
    """The addresses that a property gives for a person: value and EMAIL as `address`, and the first part of each."""
    whole = whole_addresses(line)
    return whole | _first_parts(whole)


def is_one_of(whole: frozenset[str], own: Collection[str], others: Collection[str]) -> bool:
    """Whether one person's `whole_addresses` tell that it is one of `own`. One that is no more than the first part of
    an address tells so too, but of no address that `others` have."""
    if not whole.isdisjoint(own):
        return True
    return whole.isdisjoint(others) and not _first_parts(whole).isdisjoint(own)


def whole_addresses(line: Line) -> frozenset[str]:
    """The addresses that a property gives for a person, as `address`."""
    return frozenset(address(one) for one in (line.value, line.param("EMAIL")) if one)


def _first_parts(whole: Iterable[str]) -> frozenset[str]:
    return frozenset(one.partition("@")[0] for one in whole)
