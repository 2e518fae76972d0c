"""vobject as the second, independent reader of what a share serves. Nothing it reads is ever written anywhere."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from itertools import count

import vobject.base

from coachsync import contentline
from coachsync.redaction.objects import Seen

# vobject's expression for a content line backtracks exponentially: 60 characters that it cannot match keep it busy for
# years, and whoever may write into a share can put them there. With few parameters it cannot.
_MOST_PARAMETERS = 8  # parameters and their values, together; and signs of equality before the value
_LONGEST_LINE = 1 << 16  # characters
_LONE_RETURN = re.compile(r"\r(?!\n)")  # ends a line for vobject, and for nothing else here
# A whole value that is a random UUID (RFC 9562 section 5.4) or a time in UTC, on a line of its own.
_VALUE = re.compile(
    r"(?:(?<=\nUID:)[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"
    r"|(?:(?<=\nDTSTART:)|(?<=\nDTEND:))[0-9]{8}T[0-9]{6}Z)(?=\r?\n[A-Z])"
)
_VARYING = frozenset(("UID", "DTSTART", "DTEND"))
_SMALL = 2048  # characters of a text that may be one slot

# Its messages repeat the line that it could not read, on standard error. We publish UTC alone, so the time zones that
# it remembers from one object to the next are of no consequence; it is kept from reading them at all.
logging.getLogger("vobject.base").disabled = True


def view(body: bytes) -> tuple[Seen, ...] | None:
    """Every property that vobject finds in an iCalendar stream, or None when it cannot read all of it.

    Text comes without its escapes where vobject knows the property for text. Never raises and never logs.
    """
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError:
        return None
    shape, values = _shape(text)
    seen = _viewed(shape) if values else _read(text)
    if not values or seen is None:
        return seen
    return tuple(
        (path, name, params, values.get(value, value) if name in _VARYING else value)
        for path, name, params, value in seen
    )


def _read(text: str) -> tuple[Seen, ...] | None:
    try:
        if not _tame(text):
            return None
        return tuple(_seen(vobject.base.readComponents(text, transform=False), ()))
    except Exception:  # noqa: BLE001 - a foreign parser on hostile input fails in any way; every one of them means None
        return None


_viewed = lru_cache(maxsize=256)(_read)  # thousands of slots differ by those values alone


def _shape(text: str) -> tuple[str, dict[str, str]]:
    """The text with others in place of its random UID and its times, and what stands for which; nothing in place of
    anything in a text with many of them, or where something could be mistaken."""
    found = _VALUE.findall(text) if len(text) < _SMALL else []
    values = {_stand_in(value, number): value for number, value in enumerate(found)}
    if any(value in text for value in values):
        return text, {}
    numbers = count()
    return _VALUE.sub(lambda one: _stand_in(one.group(), next(numbers)), text), values


def _stand_in(value: str, number: int) -> str:
    """Another value of the same kind: transform=False reads neither."""
    return f"{number:08}{'T000000Z' if 'T' in value else '-0000-4000-8000-000000000000'}"


def _tame(text: str) -> bool:
    return _LONE_RETURN.search(text) is None and all(
        len(line.raw) <= _LONGEST_LINE
        and sum(1 + len(values) for _, values in line.params) <= _MOST_PARAMETERS
        and contentline.unfold(line.raw).removesuffix(line.value).count("=") <= _MOST_PARAMETERS
        if line.name
        else not line.value
        for line in contentline.lines(text)
    )


def _seen(components: Iterable[vobject.base.Component], above: tuple[str, ...]) -> Iterator[Seen]:
    for component in components:
        path = (*above, (component.name or "").upper())
        for line in component.lines():
            name = f"{line.group}.{line.name}" if line.group else line.name
            params = [(key.upper(), tuple(values)) for key, values in line.params.items()]
            params += [(key.upper(), ()) for key in line.singletonparams]
            yield path, name.upper(), tuple(sorted(params)), str(line.value)
        yield from _seen(component.components(), path)
