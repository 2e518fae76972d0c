"""Where the changes of two sides cannot both stand, so that a person must decide.

Clashes are codes: names of properties that the standards know, else one of those below. Never a value, and never a
name that nobody registered, which may be a piece of a badly folded text.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator

from coachsync.sync.changes import Changes
from coachsync.sync.meaning import TIMES, Facet, Meaning
from coachsync.sync.objects import CALENDAR, CalendarObject, Key

UNREADABLE = "unreadable"  # a text that cannot be taken apart
SERIES = "series"  # one side moved a series or changed its rule, the other changed single dates of it
OVERRIDE = "override"  # both changed the same date of a series, and not alike
CANCELLED = "cancelled"  # one side cancelled what the other moved
OTHER = "other"  # a property that no standard knows

_NAMED = frozenset({
    TIMES, "SUMMARY", "DESCRIPTION", "LOCATION", "STATUS", "CLASS", "TRANSP", "PRIORITY", "URL", "COLOR", "COMPLETED",
    "PERCENT-COMPLETE", "ORGANIZER", "ATTENDEE", "CATEGORIES", "RESOURCES", "COMMENT", "CONTACT", "ATTACH", "NAME",
    "RELATED-TO", "CONFERENCE", "IMAGE", "REQUEST-STATUS", "METHOD", "VERSION", "CALSCALE", "UID", "VALARM",
    "VTIMEZONE", "VEVENT", "VTODO", "VJOURNAL", "VFREEBUSY", "PARTICIPANT", "VLOCATION", "VRESOURCE",
})  # fmt: skip
_Day = tuple[Hashable, str]
_STATUS: Facet = ("STATUS", "")
_ORGANIZER: Facet = ("ORGANIZER", "")
_HAPPENS: Facet = (TIMES, "")
_CANCELLED = frozenset({Meaning("STATUS", (), "CANCELLED")})


def clashes(base: CalendarObject, ours: Changes, theirs: Changes) -> frozenset[str]:
    """The codes of everything that clashes, none when both sides can have their way."""
    return frozenset(
        (
            *_in_facets(ours, theirs),
            *_in_overrides(ours, theirs),
            *_in_zones(base, ours, theirs),
            *_one_against_other(ours, theirs),
            *_one_against_other(theirs, ours),
        )
    )


def _one_against_other(one: Changes, other: Changes) -> Iterator[str]:
    for key in one.removed & other.facets.keys():
        yield _code_of(key)
    for name in {name for name, _ in one.now.entries.keys() | other.now.entries.keys() if name != CALENDAR[0]}:
        if _moves(one, name) and (other.overrides(name) or other.dates(name)):
            yield SERIES
        if _may_meet(_days(one.dates(name)), _days(day for _, day in other.overrides(name))):
            yield SERIES
    if one.zones and any(_touches_times(other, key) for key in other.now.entries.keys() | other.removed):
        yield "VTIMEZONE"
    for key, facets in one.facets.items():
        if _STATUS in facets and one.now.entries[key].said(_STATUS) == _CANCELLED and _insists(other, key):
            yield CANCELLED
        if _ORGANIZER in facets and any(kind == "ATTENDEE" for kind, _ in other.facets.get(key, ())):
            yield _ORGANIZER[0]


def _in_facets(ours: Changes, theirs: Changes) -> Iterator[str]:
    for key in ours.facets.keys() & theirs.facets.keys():
        yield from (_code(facet[0]) for facet in ours.facets[key] & theirs.facets[key])


def _in_overrides(ours: Changes, theirs: Changes) -> Iterator[str]:
    for key in ours.added & theirs.added:
        yield _code_of(key)
    for name in {name for name, _ in ours.now.entries}:
        mine, yours = ours.overrides(name), theirs.overrides(name)
        here, there = _days(day for _, day in mine), _days(day for _, day in yours)
        twice = here & there
        if _unlike(here, there) or len({key for key in mine | yours if _day(key[1]) in twice}) > len(twice):
            yield OVERRIDE


def _in_zones(base: CalendarObject, ours: Changes, theirs: Changes) -> Iterator[str]:
    for zone in ours.now.zones.keys() & theirs.now.zones.keys():
        here, there = ours.now.zones[zone], theirs.now.zones[zone]
        if here != there and base.zones.get(zone) not in (here, there):
            yield "VTIMEZONE"


def _moves(one: Changes, name: str) -> bool:
    """Whether dates of a series may no longer exist after a change."""
    return (
        _HAPPENS in one.in_master(name)
        or (name, None) in one.added | one.removed
        or any(dict(key[1].params).get("RANGE") for key in one.overrides(name) if key[1])
    )


def _touches_times(one: Changes, key: Key) -> bool:
    return (
        key in one.added | one.removed
        or _HAPPENS in one.facets.get(key, ())
        or bool(key[1] is None and one.dates(key[0]))
    )


def _insists(one: Changes, key: Key) -> bool:
    """Whether a side moved what the other side cancelled, or a date of the series that it cancelled."""
    if _HAPPENS in one.facets.get(key, ()):
        return True
    name, date = key
    if date is not None or key not in one.now.entries:
        return False
    there = one.now.entries[key].facets
    return any((day.name == "RDATE") == ((day.name, day) in there) for day in one.dates(name)) or any(
        _still_on(one, override) for override in one.overrides(name) - one.removed
    )


def _still_on(one: Changes, override: Key) -> bool:
    changed = one.facets.get(override, frozenset())
    touched = override in one.added or _HAPPENS in changed or _STATUS in changed
    return touched and one.now.entries[override].said(_STATUS) != _CANCELLED


def _may_meet(some: set[_Day], others: set[_Day]) -> bool:
    return _unlike(some, others) or not some.isdisjoint(others)


def _unlike(some: set[_Day], others: set[_Day]) -> bool:
    """Whether a date of one set is written otherwise than one of the other set, so that they cannot be told apart."""
    return bool(some and others) and len({form for form, _ in some | others}) > 1


def _days(dates: Iterable[Meaning | None]) -> set[_Day]:
    return {_day(date) for date in dates}


def _day(date: Meaning | None) -> _Day:
    """How a date is written (zone, day or time of day, UTC or not), and which it is."""
    if date is None:
        return (), ""
    form = (*(param for param in date.params if param[0] != "RANGE"), ("UTC", date.value.endswith("Z")))
    return form, date.value


def _code(name: str) -> str:
    return name if name in _NAMED else OTHER


def _code_of(key: Key) -> str:
    return _code(key[0]) if key[1] is None else OVERRIDE
