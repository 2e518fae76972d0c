"""A calendar object taken apart by what it says, so that it can be compared and merged."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from coachsync.contentline import Component, Line, Malformed, components, own_positions, parse
from coachsync.sync.meaning import STAMPS, Element, Facet, Meaning, elements, meaning

CALENDAR: Key = ("VCALENDAR", None)
SEQUENCE: Facet = ("SEQUENCE", "")
_KEPT = frozenset((name, "") for name in STAMPS) | {SEQUENCE}

# Zones that every program knows by name. What an object says about them is read by nobody, and servers rewrite it.
_KNOWN_ZONE = re.compile(
    r"UTC|GMT|(Africa|America|Antarctica|Arctic|Asia|Atlantic|Australia|Europe|Indian|Pacific|Etc)/[\w/+-]+", re.ASCII
)
_OBSERVED = frozenset({"DTSTART", "TZOFFSETFROM", "TZOFFSETTO", "RRULE", "RDATE", "EXDATE"})

Key = tuple[str, Meaning | None]
"""What names a component of an object: its name and its RECURRENCE-ID, None for a master."""
Facets = Mapping[Facet, frozenset[Meaning]]
Zone = frozenset[Meaning]
"""What a VTIMEZONE says about offsets."""


class Part(NamedTuple):
    """A line, or the lines from `first` to `last` of a component within an entry, and what they say."""

    name: str
    first: int
    last: int
    elements: tuple[Element, ...]


@dataclass(frozen=True, slots=True)
class Entry:
    """A component of an object (an event, one of its overrides), or the VCALENDAR without the components in it.

    `facets` is what it says; `kept` what its stamps and SEQUENCE say, which are no difference worth a clash.
    """

    component: Component
    uid: str
    parts: tuple[Part, ...]
    facets: Facets
    kept: Facets

    def said(self, facet: Facet) -> frozenset[Meaning]:
        """What it says about a facet, or a stamp."""
        return self.facets.get(facet) or self.kept.get(facet, frozenset())


@dataclass(frozen=True, slots=True)
class CalendarObject:
    """An object with one VCALENDAR in which no component is there twice.

    `definitions` are its VTIMEZONEs by TZID, `zones` what they say, but for zones that everybody knows by name, and
    `used` the TZIDs that its times name.
    """

    lines: tuple[Line, ...]
    entries: Mapping[Key, Entry]
    definitions: Mapping[str, Component]
    used: frozenset[str]
    zones: Mapping[str, Zone]

    def says(self) -> tuple[object, ...]:
        """Equal for two objects that say the same."""
        said = {key: (entry.facets, entry.kept.get(SEQUENCE)) for key, entry in self.entries.items()}
        return said, {zone: offsets for zone, offsets in self.zones.items() if zone in self.used}

    def uids(self) -> frozenset[str]:
        """The UIDs of its components; a valid object has one."""
        return frozenset(entry.uid for key, entry in self.entries.items() if key != CALENDAR)


def read(text: str) -> CalendarObject | None:
    """An object taken apart, None when it is not clear what it says."""
    lines = parse(text)
    try:
        top = components(lines)
    except Malformed:
        return None
    if len(top) != 1 or top[0].name != CALENDAR[0] or not _is_all(lines, top[0]):
        return None
    timezones = [child for child in top[0].children if child.name == "VTIMEZONE"]
    others = [child for child in top[0].children if child.name != "VTIMEZONE"]
    entries = {CALENDAR: _entry(top[0], ())} | {_key(child): _entry(child, child.children) for child in others}
    if len(entries) != len(others) + 1:
        return None
    definitions = {_tzid(timezone): timezone for timezone in timezones}
    used = frozenset(
        zone for child in others for line in lines[child.first : child.last] if (zone := line.param("TZID"))
    )
    zones = {tzid: _zone(timezone) for tzid, timezone in definitions.items() if not _KNOWN_ZONE.fullmatch(tzid)}
    return CalendarObject(lines, entries, definitions, used, zones)


def _is_all(lines: Sequence[Line], calendar: Component) -> bool:
    outside = (*lines[: calendar.first], *lines[calendar.last + 1 :])
    return not any(line.raw.strip("\r\n\t \ufeff") for line in outside)


def _key(component: Component) -> Key:
    return component.name, next((meaning(line) for line in component.lines if line.name == "RECURRENCE-ID"), None)


def _entry(component: Component, children: Sequence[Component]) -> Entry:
    own = zip(own_positions(component), component.lines, strict=True)
    parts = [Part(line.name, position, position, elements(line)) for position, line in own]
    parts += [Part(child.name, child.first, child.last, (_whole(child),)) for child in children]
    facets: dict[Facet, set[Meaning]] = defaultdict(set)
    kept: dict[Facet, set[Meaning]] = defaultdict(set)
    for part in parts:
        for one in part.elements:
            if not one.is_default():
                (kept if one.facet in _KEPT else facets)[one.facet].add(one.meaning)
    uid = next((line.value.strip() for line in component.lines if line.name == "UID"), "")
    return Entry(component, uid, tuple(parts), _frozen(facets), _frozen(kept))


def _frozen(facets: Mapping[Facet, set[Meaning]]) -> Facets:
    return {facet: frozenset(said) for facet, said in facets.items()}


def _whole(component: Component) -> Element:
    said = Meaning(component.name, parts=frozenset(_inside(component)))
    return Element((component.name, said), said, "")


def _inside(component: Component) -> Iterator[Meaning]:
    for line in component.lines:
        yield from (one.meaning for one in elements(line) if line.name not in STAMPS and not one.is_default())
    yield from (_whole(child).meaning for child in component.children)


def _tzid(timezone: Component) -> str:
    return next((line.value.strip() for line in timezone.lines if line.name == "TZID"), "")


def _zone(timezone: Component) -> Zone:
    """The offsets of a zone and since when; not how they are called."""
    return frozenset(
        Meaning(
            observance.name,
            parts=frozenset(
                one.meaning for line in observance.lines if line.name in _OBSERVED for one in elements(line)
            ),
        )
        for observance in timezone.children
    )
