"""What a content line says, however it is written: two lines that say the same have the same `Meaning`.

Left out is what servers and programs write for themselves, and what only repeats a default (RFC 5545, 6638, 9074).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable
from typing import NamedTuple
from urllib.parse import unquote

from coachsync.contentline import Line, Params, unescape, unfold

# Who wrote the text and when, what a server notes beside it, and which reminders were dismissed on some device.
STAMPS = frozenset({"DTSTAMP", "LAST-MODIFIED"})
BOOKKEEPING = STAMPS | {
    "PRODID", "CREATED", "ACKNOWLEDGED", "X-MOZ-GENERATION", "X-MOZ-LASTACK", "X-NC-DISABLE-SCHEDULING", "X-LIC-ERROR",
}  # fmt: skip
_BOOKKEEPING_PREFIXES = ("X-RADICALE-", "X-SOGO-", "X-MOZ-SNOOZE-TIME")
_BOOKKEEPING_PARAMS = frozenset({"SCHEDULE-STATUS", "SCHEDULE-FORCE-SEND"})

# Properties that say one thing together. A change of one on this side and of another on the other side is a clash.
TIMES = "times"
_UNITS = dict.fromkeys(("DTSTART", "DTEND", "DUE", "DURATION", "RRULE", "EXRULE"), TIMES) | {
    "GEO": "LOCATION",
    "X-APPLE-STRUCTURED-LOCATION": "LOCATION",
    "X-ALT-DESC": "DESCRIPTION",
    "STYLED-DESCRIPTION": "DESCRIPTION",
}
# Properties whose values are one thing each, known by their value; the first four may hold several in a line.
_LISTS = frozenset({"CATEGORIES", "RESOURCES", "EXDATE", "RDATE"})
_SETS = _LISTS | {"ATTENDEE", "COMMENT", "ATTACH", "RELATED-TO", "CONTACT", "CONFERENCE", "IMAGE", "REQUEST-STATUS"}

_DEFAULTS = {
    "CLASS": "PUBLIC",
    "TRANSP": "OPAQUE",
    "PRIORITY": "0",
    "SEQUENCE": "0",
    "CALSCALE": "GREGORIAN",
    "REPEAT": "0",
}
_DEFAULT_PARAMS = {
    "PARTSTAT": "NEEDS-ACTION", "ROLE": "REQ-PARTICIPANT", "CUTYPE": "INDIVIDUAL", "RSVP": "FALSE",
    "SCHEDULE-AGENT": "SERVER", "RELATED": "START", "RELTYPE": "PARENT", "FBTYPE": "BUSY", "ENCODING": "8BIT",
}  # fmt: skip
_CAPITALS = frozenset({*_DEFAULT_PARAMS, "VALUE", "RANGE"})  # parameters whose values RFC 5545 enumerates
# CLASS is not among them: Nextcloud shows an event of CLASS:public to nobody.
_ENUMERATED = frozenset({"STATUS", "TRANSP", "ACTION", "METHOD", "CALSCALE"})
_TYPES = (
    dict.fromkeys(("DTSTART", "DTEND", "DUE", "RECURRENCE-ID", "EXDATE", "RDATE", "COMPLETED"), "DATE-TIME")
    | dict.fromkeys((*STAMPS, "CREATED", "ACKNOWLEDGED"), "DATE-TIME")
    | dict.fromkeys(("RRULE", "EXRULE"), "RECUR")
    | dict.fromkeys(("TRIGGER", "DURATION"), "DURATION")
    | dict.fromkeys(("ATTENDEE", "ORGANIZER"), "CAL-ADDRESS")
    | dict.fromkeys(("PRIORITY", "SEQUENCE", "REPEAT", "PERCENT-COMPLETE"), "INTEGER")
    | dict.fromkeys(("TZOFFSETFROM", "TZOFFSETTO"), "UTC-OFFSET")
    | dict.fromkeys(("ATTACH", "URL", "TZURL", "SOURCE", "IMAGE", "CONFERENCE"), "URI")
    | {"GEO": "FLOAT"}
)

_DURATION = re.compile(r"([+-]?)P(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?", re.ASCII)
_PIECE = re.compile(r"(?:[^\\,]|\\.|\\$)+", re.DOTALL)  # up to a comma that no backslash escapes
_INTEGER = re.compile(r"[+-]?\d{1,20}", re.ASCII)  # Python refuses to read very long numbers
_RULE_DEFAULTS = frozenset({"INTERVAL=1", "WKST=MO", ""})
_LONGEST_DURATION = 100  # characters

Facet = tuple[str, Hashable]
"""What can change on its own: a property (or unit of properties) with "", or one value of a set with that value."""


class Meaning(NamedTuple):
    """What a property says, or with `parts` what a component within an event does."""

    name: str
    params: Params = ()
    value: str = ""
    parts: frozenset[Meaning] = frozenset()


class Element(NamedTuple):
    """One thing that a line says. `written` is its stretch of the line's value."""

    facet: Facet
    meaning: Meaning
    written: str

    def is_default(self) -> bool:
        """Whether it says no more than the absence of its line."""
        name, params, value, parts = self.meaning
        return not (params or parts) and (not value or _DEFAULTS.get(name) == value)


def elements(line: Line) -> tuple[Element, ...]:
    """What a line says, in its order; nothing for bookkeeping other than stamps."""
    name = line.name
    if (name in BOOKKEEPING and name not in STAMPS) or name.startswith(_BOOKKEEPING_PREFIXES):
        return ()
    params, kind = _params(line)
    if name not in _LISTS:
        return (_element(Meaning(name, params, _value(name, kind, line.value)), line.value),)
    return tuple(_element(Meaning(name, params, _value(name, kind, one)), one) for one in _listed(line))


def meaning(line: Line) -> Meaning:
    """What a line with a single value says."""
    params, kind = _params(line)
    return Meaning(line.name, params, _value(line.name, kind, line.value))


def _element(meaning: Meaning, written: str) -> Element:
    name = meaning.name
    if name not in _SETS:
        return Element((_UNITS.get(name, name), ""), meaning, written)
    return Element((name, meaning if name in ("EXDATE", "RDATE") else meaning.value), meaning, written)


def _listed(line: Line) -> list[str]:
    """The values in a line. A stray CR cannot be folded again: such a line is one thing and never taken apart."""
    whole = "," not in line.value or "\r" in unfold(line.raw)
    return [line.value] if whole else _PIECE.findall(line.value)


def _params(line: Line) -> tuple[Params, str]:
    kind = _TYPES.get(line.name, "TEXT")
    if not line.params:
        return (), kind
    usual, kept = kind, []
    for name, values in line.params:
        given = tuple(sorted(value.upper() for value in values)) if name in _CAPITALS else tuple(sorted(values))
        if name == "VALUE" and given:
            kind = given[0]
        repeats = given == ((usual if name == "VALUE" else _DEFAULT_PARAMS.get(name)),)
        if name not in _BOOKKEEPING_PARAMS and not repeats:
            kept.append((name, given))
    return tuple(sorted(kept)), kind


def _value(name: str, kind: str, value: str) -> str:
    written = _WRITTEN.get(kind, _text)(value)
    return _capitals(written) if name in _ENUMERATED else written


def _text(value: str) -> str:
    value = value.rstrip(" \t")  # Cyrus does the same
    return unescape(value) if "\\" in value else value


def _integer(value: str) -> str:
    return str(int(value)) if _INTEGER.fullmatch(value.strip()) else value.strip()


def _address(value: str) -> str:
    return unquote(value.strip().lower().removeprefix("mailto:"))


def _duration(value: str) -> str:
    """Days and seconds: PT60M is PT1H, and PT24H is not P1D, which a change of the clocks makes longer or shorter."""
    found = _DURATION.fullmatch(value.strip().upper())
    if not found or len(value) > _LONGEST_DURATION:
        return value.strip().upper()
    weeks, days, hours, minutes, seconds = (int(part or 0) for part in found.groups()[1:])
    days, seconds = 7 * weeks + days, 3600 * hours + 60 * minutes + seconds
    return f"{'-' if found[1] == '-' and (days or seconds) else ''}{days}D{seconds}S"


def _rule(value: str) -> str:
    parts = (part.partition("=") for part in "".join(value.upper().split()).split(";"))
    said = {f"{name}{equals}{','.join(sorted(map(_rule_item, given.split(','))))}" for name, equals, given in parts}
    return ";".join(sorted(said - _RULE_DEFAULTS))


def _rule_item(item: str) -> str:
    return item.removeprefix("+").lstrip("0") or item


def _floats(value: str) -> str:
    """Six decimals, as RFC 5545 section 3.8.1.6 asks for and Cyrus writes; SOGo escapes what stands between."""
    try:
        return ";".join(f"{float(part):.6f}" for part in unescape(value).split(";"))
    except ValueError:
        return value.strip()


def _offset(value: str) -> str:
    value = value.strip()
    return value[:5] if value.endswith("00") and len(value) == len("+hhmmss") else value


def _capitals(value: str) -> str:
    return value.strip().upper()


_WRITTEN: dict[str, Callable[[str], str]] = {
    "DATE-TIME": _capitals,
    "DATE": _capitals,
    "PERIOD": _capitals,
    "BOOLEAN": _capitals,
    "RECUR": _rule,
    "DURATION": _duration,
    "CAL-ADDRESS": _address,
    "INTEGER": _integer,
    "FLOAT": _floats,
    "UTC-OFFSET": _offset,
    "URI": str.strip,
    "BINARY": str.strip,
}
