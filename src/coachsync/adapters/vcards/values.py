"""A line of a card as a property: what it is called, what it is a property of, its text.

vobject takes values apart at their commas and semicolons. It puts the word "eof" behind a backslash that ends a value;
the others of its traps are told in `reading`.
"""

from __future__ import annotations

import binascii
import quopri
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from vobject.icalendar import stringToTextValues
from vobject.vcard import splitFields

from coachsync import contentline

_CODECS = re.compile(r"utf-?8|us-?ascii|latin-?\d+|iso-?8859-?\d+|(?:windows-|cp)\d+|utf-?16(?:-?[lb]e)?|shift_?jis|"
                     r"euc-\w+|gb\w+|big5|koi8-\w+|mac-?roman|macintosh", re.IGNORECASE)  # fmt: skip
_FORMER = re.compile(r"maiden|birth ?name|former|previous|née|jeune fille|naissance|geburtsname|mädchenname|ancien")
_LABEL = re.compile(r"_\$!<(.*)>!\$_")
_LAST_BACKSLASH = re.compile(r"(?<!\\)(?:\\\\)*\\\Z")


@dataclass(frozen=True, slots=True)
class Property:
    """One property. `group` ties it to others of its card, `value` is decoded but still escaped. `former`: the card
    says that it is a maiden or former name."""

    name: str
    group: str
    params: contentline.Params
    value: str
    former: bool = False

    @property
    def types(self) -> frozenset[str]:
        """TYPE and the bare words of vCard 2.1, in lower case."""
        return frozenset(
            word.lower()
            for key, values in self.params
            for value in (values if key == "TYPE" else () if values else (key,))
            for word in value.split(",")
        )


def properties(lines: list[list[bytes]]) -> list[Property]:
    """The properties of a card, out of the physical pieces of each line."""
    old = any(b"".join(pieces).replace(b" ", b"").upper() == b"VERSION:2.1" for pieces in lines)
    found = [_property(pieces, old=old) for pieces in lines]
    labels = {one.group: text(one) for one in found if one.name == "X-ABLABEL" and one.group}
    return [_marked(one, labels.get(one.group, "")) for one in found]


def text(one: Property) -> str:
    """The value as one text: a comma is a comma, whether somebody has escaped it or not."""
    return unescaped(one.value)


def listed(one: Property) -> list[str]:
    """The values between the commas."""
    found: list[str] = stringToTextValues(_closed(one.value))
    return found


def fields(one: Property) -> list[str]:
    """The fields between the semicolons; the values of one are joined with spaces."""
    found: list[str | list[str]] = splitFields(_closed(one.value))
    return [field if isinstance(field, str) else " ".join(field) for field in found]


def unescaped(value: str) -> str:
    """The text of a value in which a comma separates nothing."""
    found: list[str] = stringToTextValues(_closed(value))
    return ",".join(found)


def _closed(value: str) -> str:
    return value[:-1] if _LAST_BACKSLASH.search(value) else value


def _marked(one: Property, label: str) -> Property:
    inner = _LABEL.fullmatch(label.strip())
    said = " ".join(((inner[1] if inner else label).lower(), *one.types))
    return replace(one, former=_FORMER.search(said) is not None)


def _property(pieces: list[bytes], *, old: bool) -> Property:
    """Latin-1 has a sign for every byte: so the line is taken apart before anybody knows what its bytes mean."""
    octets = _joined(pieces, old=old)
    line = next(contentline.lines(octets.decode("latin-1")))
    if not line.name:  # a quote that is never closed
        head, _, rest = line.value.partition(":")
        line = contentline.Line("", head.partition(";")[0].upper(), (), rest)
    group, _, name = line.name.strip().rpartition(".")
    params = tuple(
        (key.strip(), tuple(_decoded(value.encode("latin-1")) for value in values)) for key, values in line.params
    )
    words = {word.upper() for key, values in params for word in (values if key == "ENCODING" else (key,))}
    charset = next((values[0] for key, values in params if key == "CHARSET" and values), "")
    value = _decoded(_unencoded(line.value.encode("latin-1"), words), charset)
    return Property(name.replace("_", "-"), group.lower(), params, value)


def _joined(pieces: list[bytes], *, old: bool) -> bytes:
    """One line of its pieces. The white space at a fold belongs to the text in vCard 2.1, and to the fold later on."""
    soft = b"QUOTED-PRINTABLE" in pieces[0][: pieces[0].find(b":")].upper()
    return b"".join(_parts(pieces, soft=soft, old=old))


def _parts(pieces: list[bytes], *, soft: bool, old: bool) -> Iterator[bytes]:
    broken = True
    for piece in pieces:
        whole = piece if broken or old else piece[1:]
        broken = soft and whole.rstrip().endswith(b"=")
        yield whole.rstrip()[:-1] if broken else whole


def _unencoded(value: bytes, words: set[str]) -> bytes:
    if "QUOTED-PRINTABLE" in words:
        return quopri.decodestring(value)
    if not words.isdisjoint(("B", "BASE64")):
        try:
            return binascii.a2b_base64(value)
        except binascii.Error:
            return value
    return value


def _decoded(octets: bytes, charset: str = "") -> str:
    """What the card says that it is, else UTF-8, else what Windows and old phones write."""
    for codec in ([charset] if _CODECS.fullmatch(charset) else []) + ["utf-8", "cp1252"]:
        try:
            return octets.decode(codec)
        except (UnicodeDecodeError, LookupError):
            continue
    return octets.decode("latin-1")
