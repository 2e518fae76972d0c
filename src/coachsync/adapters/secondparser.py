"""vobject as the second, independent reader of what a share serves. Nothing it reads is ever written anywhere."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable, Iterator

import vobject.base

from coachsync import contentline
from coachsync.redaction.objects import Seen

# vobject's expression for a content line backtracks exponentially: 60 characters that it cannot match keep it busy for
# years, and whoever may write into a share can put them there. With few parameters it cannot.
_MOST_PARAMETERS = 8  # parameters and their values, together; and signs of equality before the value
_LONGEST_LINE = 1 << 16  # characters
_LONE_RETURN = re.compile(r"\r(?!\n)")  # ends a line for vobject, and for nothing else here

# Its messages repeat the line that it could not read, on standard error. We publish UTC alone, so the time zones that
# it remembers from one object to the next are of no consequence; it is kept from reading them at all.
logging.getLogger("vobject.base").disabled = True


def view(body: bytes) -> tuple[Seen, ...] | None:
    """Every property that vobject finds in an iCalendar stream, or None when it cannot read all of it.

    Text comes without its escapes where vobject knows the property for text. Never raises and never logs.
    """
    try:
        text = body.decode("utf-8")
        if not _tame(text):
            return None
        return tuple(_seen(vobject.base.readComponents(text, transform=False), ()))
    except Exception:  # noqa: BLE001 - a foreign parser on hostile input fails in any way; every one of them means None
        return None


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
