"""What one side of an object changed that the other side did not change in the same way."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from coachsync.sync.meaning import Facet, Meaning
from coachsync.sync.objects import CalendarObject, Facets, Key

_DATES = ("EXDATE", "RDATE")


@dataclass(frozen=True, slots=True)
class Changes:
    """The changes that `now` alone has: components added and removed, facets of those that stay, zones defined anew."""

    now: CalendarObject
    added: frozenset[Key]
    removed: frozenset[Key]
    facets: Mapping[Key, frozenset[Facet]]
    zones: frozenset[str]

    def in_master(self, name: str) -> frozenset[Facet]:
        """The facets that changed of the master of a series."""
        return self.facets.get((name, None), frozenset())

    def dates(self, name: str) -> frozenset[Meaning]:
        """The values of EXDATE and RDATE that came or went in the master of a series."""
        values = (value for kind, value in self.in_master(name) if kind in _DATES)
        return frozenset(value for value in values if isinstance(value, Meaning))

    def overrides(self, name: str) -> frozenset[Key]:
        """The overrides of a series that were added, removed or changed."""
        touched = self.added | self.removed | self.facets.keys()
        return frozenset(key for key in touched if key[0] == name and key[1] is not None)


def changes(base: CalendarObject, now: CalendarObject, other: CalendarObject) -> Changes:
    """What `now` changed since `base` and `other` did not change likewise."""
    return Changes(
        now=now,
        added=frozenset(key for key in now.entries.keys() - base.entries.keys() if not _likewise(key, now, other)),
        removed=frozenset(base.entries.keys() - now.entries.keys()) & other.entries.keys(),
        facets=_facets(base, now, other),
        zones=frozenset(
            zone
            for zone in now.zones.keys() & base.zones.keys()
            if now.zones[zone] not in (base.zones[zone], other.zones.get(zone))
        ),
    )


def _likewise(key: Key, now: CalendarObject, other: CalendarObject) -> bool:
    return key in other.entries and other.entries[key].facets == now.entries[key].facets


def _facets(base: CalendarObject, now: CalendarObject, other: CalendarObject) -> dict[Key, frozenset[Facet]]:
    found = {}
    for key in now.entries.keys() & base.entries.keys():
        there = other.entries[key].facets if key in other.entries else None
        changed = _between(base.entries[key].facets, now.entries[key].facets, there)
        if changed:
            found[key] = changed
    return found


def _between(before: Facets, after: Facets, there: Facets | None) -> frozenset[Facet]:
    facets = before.keys() | after.keys()
    changed = (facet for facet in facets if before.get(facet) != after.get(facet))
    return frozenset(facet for facet in changed if there is None or there.get(facet) != after.get(facet))
