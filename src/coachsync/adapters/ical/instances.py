"""The occurrences of one object under the names that its text has for them, so that a person's change can meet them.

What an object says is expanded in the reader's child, within its bounds; nothing hostile is interpreted here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from typing import cast
from zoneinfo import ZoneInfo

from coachsync.adapters.ical import child
from coachsync.adapters.ical.child import Place
from coachsync.adapters.ical.reader import Reader
from coachsync.adapters.ical.skeleton import Skeleton, skeleton
from coachsync.adapters.ical.zones import Observed
from coachsync.errors import NotEditable
from coachsync.model import Stand, Window
from coachsync.moments import Moment, Unreadable, in_zone, plain
from coachsync.phrases import say

_NOBODY: frozenset[str] = frozenset()
_YEARS_AHEAD = 30  # that zones which an object defines hold beyond the years that it names
_LAST_YEAR = 2200
_YEAR = re.compile(r"(?<![0-9])([0-9]{4})[0-9]{4}(?![0-9])", re.ASCII)


@dataclass(frozen=True, slots=True)
class Instance:
    """One occurrence: when it takes place, in UTC, and by what name its series knows it.

    `original` is its start by the rule, in the zone of the event, or a date in a series of days; None in an event that
    takes place once. `component` is the ordinal of the VEVENT that describes it.
    """

    start: datetime
    end: datetime
    all_day: bool
    stand: Stand
    component: int
    original: Moment | None


def instances(
    reader: Reader, text: bytes, window: Window, zone: str, addresses: frozenset[str] = _NOBODY
) -> list[Instance]:
    """The occurrences of an object that touch the window, in order. `zone` is the practice's.

    Raises NotEditable with the code that the event has been quarantined for.
    """
    found = _skeleton(text, addresses)
    told = child.instances(_ask(reader, child.question(found, window, zone, child.Kind.INSTANCES)))
    if told.code is not None and not told.found:
        raise _unreadable(told.code)
    named = _named(reader, found, zone)
    return [
        Instance(
            one.start,
            one.end,
            one.all_day,
            one.stand,
            one.component,
            None if name is None else in_zone(name, _zone_of(found, named, one.component)),
        )
        for one, name in told.found
    ]


def place(reader: Reader, text: bytes, original: Moment, zone: str) -> Place | None:
    """Where the instance of this original start stands in its series; None when there is no such instance.

    Raises NotEditable likewise, and where the object has no series.
    """
    found = _skeleton(text, _NOBODY)
    own = _zone_of(found, _named(reader, found, zone), 0)
    try:
        return child.place(_ask(reader, child.place_question(found, plain(original, original, own), zone)))
    except Unreadable as problem:
        raise _unreadable(problem.code) from None


def zones(reader: Reader, text: bytes, zone: str) -> Mapping[str, tzinfo]:
    """The zone of each TZID that the object's events use, as the reader understands it; the practice's under "".

    A TZID that nobody knows is missing. Raises NotEditable.
    """
    found = _skeleton(text, _NOBODY)
    named = _named(reader, found, zone)
    return {tzid: named[name] for tzid, name in found.names.items() if name in named} | {"": named[""]}


def _named(reader: Reader, found: Skeleton, zone: str) -> dict[str, tzinfo]:
    """The zones by the names that a skeleton has for them; those that nobody knows are missing."""
    question = child.zones_question(found, _until_year(found))
    defined = child.zones(_ask(reader, question)) if found.zones else []
    known: dict[str, tzinfo] = {f"#{at}": Observed.of(changes) for at, changes in enumerate(defined) if changes}
    for name in found.names.values():
        if name.startswith("?") and name[1:] in (windows := _windows()):
            known[name] = ZoneInfo(windows[name[1:]])
        elif name and name[0] not in "#?":
            known[name] = ZoneInfo(name)
    return known | {"": ZoneInfo(zone)}


def _windows() -> Mapping[str, str]:
    from icalendar.timezone.windows_to_olson import WINDOWS_TO_OLSON

    return cast("Mapping[str, str]", WINDOWS_TO_OLSON)


def _zone_of(found: Skeleton, named: Mapping[str, tzinfo], component: int) -> tzinfo:
    """The zone that names an instance: the series' own, or that of a RECURRENCE-ID whose series is not here."""
    stated = [{one.name: one for one in event} for event in found.events]
    masters = [event for event in stated if "RECURRENCE-ID" not in event]
    first = masters[0].get("DTSTART") if masters else stated[component]["RECURRENCE-ID"]
    if first is None or first.value.strip().endswith("Z"):
        return UTC
    return named.get(first.zone, UTC)


def _until_year(found: Skeleton) -> int:
    """Until when the zones that an object defines are needed: well after every year that its events name."""
    years = [int(year) for event in found.events for one in event for year in _YEAR.findall(one.value)]
    return min(max(years, default=0) + _YEARS_AHEAD, _LAST_YEAR)


def _skeleton(text: bytes, addresses: frozenset[str]) -> Skeleton:
    found = skeleton(text, addresses)
    if not found.events:
        raise _unreadable(found.code or "no-event")
    return found


def _ask(reader: Reader, question: bytes) -> bytes:
    try:
        return reader.ask(question)
    except Unreadable as problem:
        raise _unreadable(problem.code) from None


def _unreadable(code: str) -> NotEditable:
    return NotEditable(
        f"event-{code}",
        say("The event cannot be read as it should be, so it cannot be changed from here."),
        say("Open it in your calendar and save it again, or delete it."),
    )
