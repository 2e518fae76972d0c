"""A calendar object taken apart by what it says, so that it can be compared and merged."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from coachsync.contentline import Component, Line, Malformed, components, own_positions, parse, unescape
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


@dataclass(frozen=True, slots=True)
class Version:
    """A text of an object, and the object taken apart: None when it is not clear what it says."""

    text: str
    taken: CalendarObject | None

    def says_the_same_as(self, other: Version) -> bool:
        """Whether two versions say the same. One that is not clear is the same as its own text only."""
        if self.text == other.text:
            return True
        return self.taken is not None and other.taken is not None and self.taken.says() == other.taken.says()


def versions(*texts: str) -> tuple[Version, ...]:
    """Texts of one object taken apart; lines that stand in several of them are understood once."""
    reader = _Reader()
    return tuple(Version(text, reader.read(text)) for text in texts)


class _Reader:
    def __init__(self) -> None:
        self._understood: dict[str, tuple[Element, ...]] = {}

    def read(self, text: str) -> CalendarObject | None:
        lines = parse(text)
        try:
            top = components(lines)
        except Malformed:
            return None
        if len(top) != 1 or top[0].name != CALENDAR[0] or not _is_all(lines, top[0]):
            return None
        others = [child for child in top[0].children if child.name != "VTIMEZONE"]
        entries = {_key(child): self._entry(child, child.children) for child in others}
        if len(entries) != len(others) or CALENDAR in entries:
            return None
        definitions = {_tzid(child): child for child in top[0].children if child.name == "VTIMEZONE"}
        return CalendarObject(
            lines=lines,
            entries={CALENDAR: self._entry(top[0], ())} | entries,
            definitions=definitions,
            used=_used(lines, others),
            zones=_zones(top[0]),
        )

    def _entry(self, component: Component, children: Sequence[Component]) -> Entry:
        own = zip(own_positions(component), component.lines, strict=True)
        parts = [Part(line.name, position, position, self._elements(line)) for position, line in own]
        parts += [Part(child.name, child.first, child.last, (_whole(child),)) for child in children]
        parts = list(_in_order(parts))
        facets: dict[Facet, set[Meaning]] = defaultdict(set)
        kept: dict[Facet, set[Meaning]] = defaultdict(set)
        for part in parts:
            for one in part.elements:
                if not one.is_default():
                    (kept if one.facet in _KEPT else facets)[one.facet].add(one.meaning)
        uid = next((line.value.strip() for line in component.lines if line.name == "UID"), "")
        return Entry(component, uid, tuple(parts), _frozen(facets), _frozen(kept))

    def _elements(self, line: Line) -> tuple[Element, ...]:
        found = self._understood.get(line.raw)
        if found is None:
            found = self._understood[line.raw] = elements(line)
        return found


def _is_all(lines: Sequence[Line], calendar: Component) -> bool:
    outside = (*lines[: calendar.first], *lines[calendar.last + 1 :])
    return not any(line.raw.strip("\r\n\t \ufeff") for line in outside)


def _key(component: Component) -> Key:
    return component.name, next((meaning(line) for line in component.lines if line.name == "RECURRENCE-ID"), None)


def _frozen(facets: Mapping[Facet, set[Meaning]]) -> Facets:
    return {facet: frozenset(said) for facet, said in facets.items()}


def _in_order(parts: Iterable[Part]) -> Iterator[Part]:
    """Tell lines of one name, that may stand once, apart by their order: pieces of a text with raw line breaks, say."""
    told: dict[tuple[Facet, str], list[Meaning]] = defaultdict(list)
    for part in parts:
        ordered = []
        for one in part.elements:
            before = told[one.facet, one.meaning.name]
            if one.facet[1] == "" and not one.is_default() and one.meaning not in before:
                before.append(one.meaning)
            place = before.index(one.meaning) if one.meaning in before else 0
            marked = one.meaning._replace(params=(*one.meaning.params, ("", (str(place),))))
            ordered.append(one._replace(meaning=marked) if place else one)
        yield part._replace(elements=tuple(ordered))


def _whole(component: Component) -> Element:
    said = Meaning(component.name, parts=frozenset(_inside(component)))
    return Element((component.name, said), said, "")


def _inside(component: Component) -> Iterator[Meaning]:
    parts = (Part(line.name, 0, 0, elements(line)) for line in component.lines if line.name not in STAMPS)
    yield from (one.meaning for part in _in_order(parts) for one in part.elements if not one.is_default())
    yield from (_whole(child).meaning for child in component.children)


def _used(lines: Sequence[Line], entries: Sequence[Component]) -> frozenset[str]:
    return frozenset(
        zone for entry in entries for line in lines[entry.first : entry.last] if (zone := line.param("TZID"))
    )


def _tzid(timezone: Component) -> str:
    """As parameters name it: Exchange escapes commas in the property, and no parameter is written so."""
    return next((unescape(line.value.strip()) for line in timezone.lines if line.name == "TZID"), "")


def _zones(calendar: Component) -> dict[str, Zone]:
    """What it says about zones; of one that is defined twice, both count: nobody knows which of them is read."""
    found: dict[str, Zone] = {}
    for timezone in (child for child in calendar.children if child.name == "VTIMEZONE"):
        tzid = _tzid(timezone)
        if not _KNOWN_ZONE.fullmatch(tzid):
            found[tzid] = found.get(tzid, frozenset()) | _zone(timezone)
    return found


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
