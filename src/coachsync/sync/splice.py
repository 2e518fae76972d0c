"""Puts changes of one text into another, whose other lines stay byte for byte."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Set

from coachsync.contentline import Component, Line, fold, own_positions, unfold
from coachsync.sync.meaning import Element, Facet, Meaning
from coachsync.sync.objects import CALENDAR, CalendarObject, Entry, Key, Part

_LINE_BREAK = re.compile(r"\r?\n")


class Splice:
    """A copy of `into` that takes what it is told to from `source`."""

    def __init__(self, source: CalendarObject, into: CalendarObject) -> None:
        self._source = source
        self._into = into
        self._instead: dict[int, str] = {}
        self._before: dict[int, list[str]] = defaultdict(list)
        self._zones: set[str] = set(into.used)
        self._line_break = "\r\n" if into.lines[into.entries[CALENDAR].component.first].raw.endswith("\r\n") else "\n"

    def text(self) -> str:
        """The text with everything that was taken, and a definition of every zone that either object defines."""
        self.replace_zones((self._zones & self._source.definitions.keys()) - self._into.definitions.keys())
        return "".join(self._pieces())

    def _pieces(self) -> Iterator[str]:
        for position, line in enumerate(self._into.lines):
            yield from self._before.get(position, ())
            yield self._instead.get(position, line.raw)

    def replace_zones(self, zones: Iterable[str]) -> None:
        """Define zones as the source does."""
        calendar = self._into.entries[CALENDAR].component
        place = calendar.children[0].first if calendar.children else calendar.last
        for zone in sorted(zones):
            if zone in self._into.definitions:
                self._drop(self._into.definitions[zone].first, self._into.definitions[zone].last)
            self._before[place].append(self._taken(self._source.definitions[zone]))

    def remove(self, key: Key) -> None:
        """Leave out a component."""
        component = self._into.entries[key].component
        self._drop(component.first, component.last)

    def add(self, key: Key) -> None:
        """Take a component as a whole, as the last one."""
        component = self._source.entries[key].component
        self._before[self._into.entries[CALENDAR].component.last].append(self._taken(component))

    def take(self, key: Key, facets: Set[Facet]) -> None:
        """Say in one component about these facets what the source says."""
        source, into = self._source.entries[key], self._into.entries[key]
        places = _Places(into)
        for part in into.parts:
            kept = [one for one in part.elements if one.facet not in facets or _stays(one, source)]
            if len(kept) < len(part.elements):
                places.vacant(part)
                self._drop(part.first, part.last)
                if kept:
                    self._instead[part.first] = self._rewritten(self._into.lines[part.first], kept)
        for part, fresh in _fresh(source, into, facets):
            self._before[places.of(part)].append(self._piece(part, fresh))

    def _piece(self, part: Part, fresh: list[Element]) -> str:
        line = self._source.lines[part.first]
        if part.first == part.last and len(fresh) < len(part.elements):
            self._zones.add(line.param("TZID"))
            return self._rewritten(line, fresh)
        return self._raw(self._source.lines[part.first : part.last + 1])

    def _taken(self, component: Component) -> str:
        return self._raw(self._source.lines[component.first : component.last + 1])

    def _raw(self, lines: Iterable[Line]) -> str:
        lines = tuple(lines)
        self._zones.update(line.param("TZID") for line in lines)
        return _LINE_BREAK.sub(self._line_break, "".join(line.raw for line in lines))

    def _drop(self, first: int, last: int) -> None:
        self._instead |= dict.fromkeys(range(first, last + 1), "")

    def _rewritten(self, line: Line, kept: list[Element]) -> str:
        head = unfold(line.raw)[: -len(line.value)]
        return fold(head + ",".join(one.written for one in kept)).replace("\r\n", self._line_break)


class _Places:
    """Where parts that come new into an entry stand: where one of their name went or stood last, else at its end."""

    def __init__(self, into: Entry) -> None:
        own = own_positions(into.component)
        self._end = {False: own[-1] + 1 if own else into.component.first + 1, True: into.component.last}
        self._after = {part.name: part.last + 1 for part in into.parts}
        self._vacant: dict[str, int] = {}

    def vacant(self, part: Part) -> None:
        self._vacant.setdefault(part.name, part.first)

    def of(self, part: Part) -> int:
        nested = part.last > part.first
        return self._vacant.get(part.name) or self._after.get(part.name) or self._end[nested]


def _stays(one: Element, source: Entry) -> bool:
    said = source.said(one.facet)
    return one.meaning in said or (one.is_default() and not said)


def _fresh(source: Entry, into: Entry, facets: Set[Facet]) -> Iterator[tuple[Part, list[Element]]]:
    """The parts of the source with those of their elements that are to be taken and are not there yet."""
    seen: set[Meaning] = set()
    for part in source.parts:
        fresh = []
        for one in part.elements:
            if one.facet in facets and not one.is_default() and one.meaning not in seen | into.said(one.facet):
                seen.add(one.meaning)
                fresh.append(one)
        if fresh:
            yield part, fresh
