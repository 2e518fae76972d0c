"""The skeleton of a calendar object: the lines that time needs, and no text of an event.

It is all that the parsers of times and rules ever get. What needs the text (invitations, several UIDs, damage) is
decided here. Everything is counted before anything is interpreted, so that a hostile object costs one pass.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from coachsync import contentline
from coachsync.adapters.ical import zones
from coachsync.contentline import Component, Line
from coachsync.model import Stand
from coachsync.moments import Unreadable

MOST_LINES = 150_000  # of an object; 2,000 overrides with 60 lines each stay below
MOST_OVERRIDES = 2_000
MOST_DATES = 2_000  # RDATE and EXDATE values together
MOST_OBSERVANCES = 200  # of one VTIMEZONE
LONGEST_VALUE = 80_000  # characters of one line that time needs: as many dates as are allowed, each a period

_RULES = frozenset({"RRULE", "EXRULE"})
_DATES = frozenset({"RDATE", "EXDATE"})
_OF_TIME = _RULES | _DATES | {"DTSTART", "DTEND", "DURATION", "RECURRENCE-ID", "STATUS", "TRANSP", "SEQUENCE"}
_OF_OBSERVANCE = frozenset({"DTSTART", "RRULE", "RDATE", "EXDATE", "TZOFFSETFROM", "TZOFFSETTO"})
_KEPT = _OF_TIME | _OF_OBSERVANCE | {"BEGIN", "END", "UID", "ATTENDEE", "ORGANIZER", "TZID", "CALSCALE"}
_OTHERS = frozenset(
    {"VTODO", "VJOURNAL", "VFREEBUSY", "VAVAILABILITY"}
)  # of no concern here, and nothing is wrong with them
_OBSERVANCES = frozenset({"STANDARD", "DAYLIGHT"})
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]|\r(?!\n)")
_NO_UTF8 = re.compile("[\ud800-\udfff]")


class Stated(NamedTuple):
    """One property that time needs. `zone` is an IANA key, "#" and the position of a definition in the skeleton, "?"
    and a name that neither knows, or "" for a floating time."""

    name: str
    value: str
    kind: str = ""  # VALUE
    zone: str = ""  # TZID
    range: str = ""  # RANGE


@dataclass(frozen=True, slots=True)
class Skeleton:
    """Per VEVENT, in order of appearance, what it states about time and how it stands; the zones that the object
    defines itself, as observances. With a `code` and no events the object is unreadable; with both, damaged text.
    `names`: how each TZID of the text is named here; it stays when the rest goes to another process."""

    events: tuple[tuple[Stated, ...], ...] = ()
    stands: tuple[Stand, ...] = ()
    zones: tuple[tuple[tuple[Stated, ...], ...], ...] = ()
    code: str | None = None
    names: Mapping[str, str] = field(default_factory=dict, compare=False, repr=False)

    def dump(self) -> list[Any]:
        """As JSON knows it; `load` is the inverse."""
        return [self.events, self.stands, self.zones, self.code]

    @classmethod
    def load(cls, dumped: list[Any]) -> Skeleton:
        events, stands, definitions, code = dumped
        return cls(
            tuple(_stated(event) for event in events),
            tuple(map(Stand, stands)),
            tuple(tuple(_stated(observance) for observance in definition) for definition in definitions),
            code,
        )


def _stated(properties: list[list[str]]) -> tuple[Stated, ...]:
    return tuple(Stated(*given) for given in properties)


def skeleton(body: bytes, addresses: frozenset[str]) -> Skeleton:
    """The skeleton of an object. `addresses` are the coach's, lower-case and without "mailto:". Never raises.

    One without "@" is the first part of an address whose host nobody knows.
    """
    try:
        return _skeleton(contentline.decode(body), addresses)
    except Unreadable as problem:
        return Skeleton(code=problem.code)
    except contentline.Malformed:
        return Skeleton(code="not-a-calendar")


def _skeleton(text: str, addresses: frozenset[str]) -> Skeleton:
    calendars = [top for top in contentline.components(_counted(text)) if top.name == "VCALENDAR"]
    if not calendars:
        raise Unreadable("not-a-calendar")
    children = [child for calendar in calendars for child in calendar.children]
    events = [child for child in children if child.name == "VEVENT"]
    if not events and not any(child.name in _OTHERS for child in children):
        raise Unreadable("no-event")
    _bound(calendars, events)
    damaged = _is_damaged(text)
    if damaged:
        _refuse_damaged_times(events)
    naming = _Naming(child for child in children if child.name == "VTIMEZONE")
    return Skeleton(
        tuple(tuple(naming.stated(line) for line in event.lines if line.name in _OF_TIME) for event in events),
        tuple(_stands(events, addresses)),
        tuple(naming.definitions),
        "damaged-text" if damaged else None,
        naming.named,
    )


def _counted(text: str) -> Iterator[Line]:
    """The lines that matter here. Raises Unreadable when there are too many lines of any kind."""
    for count, line in enumerate(contentline.lines(text)):
        if count == MOST_LINES:
            raise Unreadable("too-many-lines")
        if line.name in _KEPT:
            yield line


def _bound(calendars: list[Component], events: list[Component]) -> None:
    if len({line.value for event in events for line in event.lines if line.name == "UID"}) > 1:
        raise Unreadable("two-uids")
    if any(
        line.name == "CALSCALE" and line.value.strip().upper() != "GREGORIAN" for top in calendars for line in top.lines
    ):
        raise Unreadable("other-calendar-scale")
    stated = [line for event in events for line in event.lines if line.name in _OF_TIME]
    if sum(line.name == "RECURRENCE-ID" for line in stated) > MOST_OVERRIDES or len(events) > MOST_OVERRIDES + 1:
        raise Unreadable("too-many-overrides")
    if sum(line.value.count(",") + 1 for line in stated if line.name in _DATES) > MOST_DATES:
        raise Unreadable("too-many-dates")
    for line in stated:
        if len(line.value) > LONGEST_VALUE:
            raise Unreadable("bad-rule" if line.name in _RULES else "bad-time")


# --- damage -------------------------------------------------------------------------------------------------------


def _is_damaged(text: str) -> bool:
    """Whether there are control characters (RFC 5545 section 3.1) or bytes that are not UTF-8, folds apart."""
    if _CONTROL.search(text):
        return True
    return bool(_NO_UTF8.search(text) and _NO_UTF8.search(contentline.unfold(text)))


def _refuse_damaged_times(events: list[Component]) -> None:
    for line in (line for event in events for line in event.lines if line.name in _OF_TIME):
        logical = contentline.unfold(line.raw)
        if _CONTROL.search(logical) or _NO_UTF8.search(logical):
            raise Unreadable("bad-rule" if line.name in _RULES else "bad-time")


# --- zones --------------------------------------------------------------------------------------------------------


class _Naming:
    """Says which zone a TZID names, and collects the definitions of the zones that only the object itself knows."""

    def __init__(self, timezones: Iterable[Component]) -> None:
        self.definitions: list[tuple[tuple[Stated, ...], ...]] = []
        self._timezones = {name: timezone for timezone in timezones for name in _names(timezone)}
        self.named: dict[str, str] = {"": ""}

    def stated(self, line: Line) -> Stated:
        if not line.params:
            return Stated(line.name, line.value)
        zone = self._zone(line.param("TZID"))
        return Stated(line.name, line.value, line.param("VALUE").upper(), zone, line.param("RANGE").upper())

    def _zone(self, tzid: str) -> str:
        if tzid not in self.named:
            self.named[tzid] = zones.iana(tzid) or self._defined(tzid) or f"?{tzid}"
        return self.named[tzid]

    def _defined(self, tzid: str) -> str | None:
        timezone = self._timezones.get(tzid)
        if timezone is None:
            return None
        observances = [child for child in timezone.children if child.name in _OBSERVANCES]
        dates = sum(line.value.count(",") + 1 for child in observances for line in child.lines)
        if len(observances) > MOST_OBSERVANCES or dates > MOST_DATES:
            raise Unreadable("unknown-zone")
        self.definitions.append(
            tuple(
                tuple(Stated(line.name, line.value) for line in child.lines if line.name in _OF_OBSERVANCE)
                for child in observances
            )
        )
        return f"#{len(self.definitions) - 1}"


def _names(timezone: Component) -> list[str]:
    """The TZID as written and as text: in a parameter its commas stand without a backslash."""
    given = [line.value for line in timezone.lines if line.name == "TZID"]
    return [*given, *map(contentline.unescape, given)]


# --- stands -------------------------------------------------------------------------------------------------------


def _stands(events: list[Component], addresses: frozenset[str]) -> Iterator[Stand]:
    """How each VEVENT stands. One that says nothing of people is judged by the people of the master."""
    masters = [event for event in events if not any(line.name == "RECURRENCE-ID" for line in event.lines)]
    of_master = _people(masters[0]) if masters else []
    for event in events:
        status = {line.value.strip().upper() for line in event.lines if line.name == "STATUS"}
        transparency = {line.value.strip().upper() for line in event.lines if line.name == "TRANSP"}
        if "CANCELLED" in status:
            yield Stand.CANCELLED
        elif _is_unanswered(_people(event) or of_master, addresses):
            yield Stand.UNANSWERED
        else:
            yield Stand.FREE if "TRANSPARENT" in transparency else Stand.BUSY


def _people(event: Component) -> list[Line]:
    return [line for line in event.lines if line.name in ("ATTENDEE", "ORGANIZER")]


def _is_unanswered(people: list[Line], addresses: frozenset[str]) -> bool:
    """Whether the coach is invited, by somebody else, and has accepted under none of the addresses invited."""
    ours = [line for line in people if not addresses.isdisjoint(contentline.addresses(line))]
    if not ours or any(line.name == "ORGANIZER" for line in ours):
        return False
    return all(line.param("PARTSTAT").upper() != "ACCEPTED" for line in ours)
