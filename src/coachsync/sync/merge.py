"""The three-way merge of one object: override by override, property by property.

The result is their text with the lines put in that we changed; every other line of it stays byte for byte. What
cannot stand together is a clash (`sync.clashes`), and then there is no text. Stamps and SEQUENCE never clash: the
greater one stands.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from coachsync.sync.changes import Changes, changes
from coachsync.sync.clashes import UNREADABLE, clashes
from coachsync.sync.meaning import Facet, Meaning
from coachsync.sync.objects import SEQUENCE, CalendarObject, Entry, Version, versions
from coachsync.sync.splice import Splice

_NUMBER = re.compile(r"[0-9]{1,20}")  # Python refuses to read very long ones


@dataclass(frozen=True, slots=True)
class Merged:
    """The merged text; None when something clashes. `clashes`, sorted, are codes and never values."""

    text: str | None
    clashes: tuple[str, ...] = ()


def merge(base: str, ours: str, theirs: str) -> Merged:
    """Merge what both sides made of `base`. Texts are decoded with `contentline.decode`."""
    return merge_versions(*versions(base, ours, theirs))


def merge_versions(base: Version, ours: Version, theirs: Version) -> Merged:
    """As `merge`, for texts that were taken apart already."""
    before, here, there = base.taken, ours.taken, theirs.taken
    if before is None or here is None or there is None:
        return _unreadable(base, ours, theirs)
    if len(before.uids() | here.uids() | there.uids()) > 1:
        return Merged(None, ("UID",))
    mine, yours = changes(before, here, there), changes(before, there, here)
    found = clashes(before, mine, yours)
    return Merged(None, tuple(sorted(found))) if found else Merged(_spliced(before, mine, there))


def _unreadable(base: Version, ours: Version, theirs: Version) -> Merged:
    if ours.says_the_same_as(base) or ours.says_the_same_as(theirs):
        return Merged(theirs.text)
    return Merged(ours.text) if theirs.says_the_same_as(base) else Merged(None, (UNREADABLE,))


def _spliced(base: CalendarObject, mine: Changes, theirs: CalendarObject) -> str:
    result = Splice(mine.now, theirs)
    result.replace_zones(mine.zones & theirs.zones.keys())
    for key in mine.removed:
        result.remove(key)
    for key, entry in mine.now.entries.items():
        if key in theirs.entries:
            stamps = _greater(base.entries.get(key), entry, theirs.entries[key])
            result.take(key, mine.facets.get(key, frozenset()).union(stamps))
        elif key in mine.added:
            result.add(key)
    return result.text()


def _greater(base: Entry | None, ours: Entry, theirs: Entry) -> Iterator[Facet]:
    """The stamps that we changed to a greater value than theirs, and SEQUENCE when ours is greater."""
    for facet in ours.kept:
        changed = base is None or base.said(facet) != ours.said(facet)
        if (changed or facet == SEQUENCE) and _rank(ours.said(facet)) > _rank(theirs.said(facet)):
            yield facet


def _rank(said: frozenset[Meaning]) -> list[tuple[int, Meaning]]:
    """Orders stamps and sequence numbers, also where an object has several or none."""
    return sorted(((int(one.value) if _NUMBER.fullmatch(one.value) else 0, one) for one in said), reverse=True)
