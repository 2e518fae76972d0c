"""Times and recurrences of calendar objects; the only importer of icalendar and recurring_ical_events.

The expander gets local times without zones, and nothing else. Which instants they are is decided here, so that zones
cannot be mixed up between objects (icalendar keeps those it has seen) and RFC 5545 holds around changes of the clock.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from functools import lru_cache, partial
from typing import NamedTuple
from zoneinfo import ZoneInfo

from icalendar import Calendar, Event
from icalendar.prop import vDDDLists, vDDDTypes, vRecur
from icalendar.timezone.windows_to_olson import WINDOWS_TO_OLSON
from recurring_ical_events import CalendarQuery

from coachsync.adapters.ical import rules
from coachsync.adapters.ical.eventtimes import EventTimes, event_times
from coachsync.adapters.ical.skeleton import Skeleton, Stated, skeleton
from coachsync.adapters.ical.zones import Change, Observed, offset
from coachsync.model import Occurrence, Reading, Stand, Window
from coachsync.moments import (
    Length,
    Moment,
    Unreadable,
    at_time_of,
    beginning,
    ending,
    in_zone,
    instant,
    plain,
)

MOST_OCCURRENCES = 3_000  # of one object in the horizon

_MARGIN = timedelta(days=2)  # more than any local time is away from its instant
_FIRST, _LAST_YEAR = datetime(1, 1, 3), 9_990  # noqa: DTZ001 - local times; away from the ends of what datetime knows
_COMPONENT = "X-COMPONENT"

Definition = tuple[tuple[Stated, ...], ...]  # the observances of one VTIMEZONE
Found = tuple[Occurrence, Moment | None]  # an occurrence and its plain start by the rule, None in a single event


class Placed(NamedTuple):
    """One instance: who describes it, when it starts, how long it is, its plain start by the rule."""

    event: EventTimes
    start: Moment
    length: Length
    original: Moment | None


def read(text: bytes, horizon: Window, zone: str, addresses: frozenset[str]) -> Reading:
    """What an object says about time: its occurrences that share time with `horizon`, in UTC, in order.

    `zone` is the practice's, for floating times and days; `addresses` are the coach's, lower-case, without "mailto:".
    A bad object gets a code and raises nothing. Nothing limits the time this takes: see `reader`.
    """
    return expand(skeleton(text, addresses), horizon, zone)


def expand(found: Skeleton, horizon: Window, zone: str) -> Reading:
    """The reading of a skeleton, likewise."""
    if not found.events:
        return Reading(code=found.code)
    try:
        instances, code = occurrences(found, horizon, zone)
    except Unreadable as problem:
        return Reading(code=problem.code)
    except (ValueError, OverflowError):  # a time at the end of what datetime knows
        return Reading(code="bad-time")
    return Reading(tuple(sorted(occurrence for occurrence, _ in instances)), found.code or code)


def occurrences(found: Skeleton, horizon: Window, zone: str) -> tuple[list[Found], str | None]:
    """The occurrences within the horizon, in no order, and a code when they are read on a guess.

    Raises Unreadable, ValueError or OverflowError.
    """
    practice = ZoneInfo(zone)
    return _occurrences(times(found, horizon.end.year, zone), found.stands, practice, horizon)


def times(found: Skeleton, until_year: int, zone: str) -> list[EventTimes]:
    """What each VEVENT says about its times; the zones that the object defines hold up to a year. Raises Unreadable."""
    zone_of = partial(_zone, ZoneInfo(zone), found.zones, min(until_year + 2, _LAST_YEAR))
    return [event_times(component, stated, zone_of) for component, stated in enumerate(found.events)]


# --- from the times of an object to its occurrences ---------------------------------------------------------------


def _occurrences(
    events: Sequence[EventTimes], stands: Sequence[Stand], practice: tzinfo, horizon: Window
) -> tuple[list[Found], str | None]:
    masters = [event for event in events if event.replaces is None]
    overrides = [event for event in events if event.replaces is not None]
    code = "two-masters" if len(masters) > 1 else None
    if not masters:  # an invitation to single instances of a series
        latest = {one.replaces: one for one in sorted(overrides, key=_age)}
        placed: Iterable[Placed] = (Placed(one, one.start, one.length, _named(one)) for one in latest.values())
    else:
        master = max(masters, key=_age)
        single = master.is_single and not overrides
        placed = (
            [Placed(master, master.start, master.length, None)]
            if single
            else Series(master, overrides, practice).all(horizon)
        )
    found = []
    for event, start, length, original in placed:
        occurrence = _occurrence(event, start, length, stands[event.component], practice)
        if horizon.touches(occurrence.start, occurrence.end) or horizon.start == occurrence.start == occurrence.end:
            found.append((occurrence, original))
    if len(found) > MOST_OCCURRENCES:
        raise Unreadable("too-many-occurrences")
    return found, code


def _named(lone: EventTimes) -> Moment | None:
    """The plain start by the rule of an override without its series, in the zone that it names."""
    named = lone.replaces
    return named.replace(tzinfo=None) if isinstance(named, datetime) else named


def _age(event: EventTimes) -> tuple[int, int]:
    return event.sequence, event.component


def _occurrence(event: EventTimes, start: Moment, length: Length, stand: Stand, practice: tzinfo) -> Occurrence:
    all_day = not isinstance(start, datetime)
    begin = beginning(start, practice)
    return Occurrence(begin, ending(start, length, practice), all_day, stand, event.component)


@dataclass(frozen=True, slots=True)
class Series:
    """A master and its overrides; plain moments (see `moments`) are in the master's zone."""

    master: EventTimes
    overrides: Sequence[EventTimes]
    practice: tzinfo
    _exact: dict[Moment, Moment] = field(default_factory=dict, init=False)  # RDATEs that their names do not tell
    _periods: dict[Moment, Length] = field(default_factory=dict, init=False)  # RDATEs with a length of their own

    @property
    def zone(self) -> tzinfo:
        start = self.master.start
        return (isinstance(start, datetime) and start.tzinfo) or self.practice

    def all(self, horizon: Window) -> Iterator[Placed]:
        """Every instance that may touch the horizon."""
        for added, length in self.master.added:
            name = self.plain(added)
            named = in_zone(name, self.zone)
            if isinstance(added, datetime) and isinstance(named, datetime) and instant(added) != instant(named):
                self._exact[name] = added.astimezone(self.zone)  # the second of two with the same name
            if length is not None:
                self._periods[name] = length
        lengths = [*self._periods.values(), *(event.length for event in (self.master, *self.overrides))]
        first, last = self._span(horizon, max(length.at_most for length in lengths))
        by_component = {event.component: event for event in (self.master, *self.overrides)}
        for component, name in _starts(self._events(last), first, last):
            event = by_component[component]
            period = self._periods.get(name) if event is self.master else None
            yield Placed(event, self._start(event, name), period or event.length, self._original(event, name))

    def ruled(self, last: Moment) -> list[Moment]:
        """The plain starts that the rule alone gives, with DTSTART, up to and with `last`, which is plain; in order.

        Raises Unreadable.
        """
        start = self.plain(self.master.start)
        frame = rules.Frame(start, self._local)
        rule = None if self.master.rule is None else rules.rewrite(self.master.rule, frame, last)
        end = last if isinstance(last, datetime) else datetime.combine(last, time())
        begin = start if isinstance(start, datetime) else datetime.combine(start, time())
        found = _starts([_event(self.master.component, start, rule)], begin, end + _MARGIN)
        return sorted(name for _, name in found if name <= last)

    def plain(self, moment: Moment) -> Moment:
        """The plain moment of an instance."""
        return plain(moment, self.master.start, self.zone)

    def _original(self, event: EventTimes, name: Moment) -> Moment:
        """The plain start by the rule of what starts at this plain moment."""
        if event.replaces is None:
            return name
        replaced = self.plain(event.replaces)
        if not event.onwards or name == (moved := self._plain_start(event)):
            return replaced
        return name + (replaced - moved)

    def _span(self, horizon: Window, longest: timedelta) -> tuple[datetime, datetime]:
        first = horizon.start.astimezone(self.zone).replace(tzinfo=None) - _MARGIN
        last = horizon.end.astimezone(self.zone).replace(tzinfo=None) + _MARGIN
        return first - min(longest, first - _FIRST), last

    def _start(self, event: EventTimes, name: Moment) -> Moment:
        """When the instance with this plain start really starts: as stated, or moved along with an earlier one."""
        if event is self.master:
            return self._exact.get(name) or in_zone(name, self.zone)
        if name == self._plain_start(event):
            return event.start
        if not isinstance(event.start, datetime):
            return date(name.year, name.month, name.day)
        return in_zone(at_time_of(name, event.start), self.zone)

    def _plain_start(self, override: EventTimes) -> Moment:
        if isinstance(self.master.start, datetime) and not isinstance(override.start, datetime):
            return datetime.combine(override.start, time())
        return self.plain(override.start)

    def _events(self, last: datetime) -> Iterator[Event]:
        start = self.plain(self.master.start)
        rule = None
        if self.master.rule is not None:
            until = last if isinstance(start, datetime) else last.date()
            rule = rules.rewrite(self.master.rule, rules.Frame(start, self._local), until)
        dropped = [moment if self._is_whole_day(moment) else self.plain(moment) for moment in self.master.dropped]
        added = [self.plain(moment) for moment, _ in self.master.added]
        yield _event(self.master.component, start, rule, added, dropped)
        for override in self.overrides:
            event = _event(override.component, self._plain_start(override))
            event["SEQUENCE"] = override.sequence
            event["RECURRENCE-ID"] = vDDDTypes(self.plain(override.replaces or override.start))
            if override.onwards:
                event["RECURRENCE-ID"].params["RANGE"] = "THISANDFUTURE"
            yield event

    def _is_whole_day(self, moment: Moment) -> bool:
        """An EXDATE without time of day in a series of times: it drops what starts on that day."""
        return isinstance(self.master.start, datetime) and not isinstance(moment, datetime)

    def _local(self, moment: datetime) -> datetime:
        return moment.astimezone(self.zone).replace(tzinfo=None, fold=0)


# --- the expander -------------------------------------------------------------------------------------------------


def _event(
    component: int, start: Moment, rule: str | None = None, added: Iterable[Moment] = (), dropped: Iterable[Moment] = ()
) -> Event:
    """What the expander needs of a VEVENT, in plain moments. It has no length: the span asked for makes up for it."""
    event = Event()
    event["UID"] = "1"
    event[_COMPONENT] = component
    event["DTSTART"] = vDDDTypes(start)
    if rule is not None:
        event["RRULE"] = vRecur.from_ical(rule)
    for name, moments in (("RDATE", list(added)), ("EXDATE", list(dropped))):
        if moments:
            event[name] = vDDDLists(moments)
    return event


def _starts(events: Iterable[Event], first: datetime, last: datetime) -> list[tuple[int, Moment]]:
    """Component and plain start of every instance that starts within the span. Raises Unreadable."""
    calendar = Calendar()
    calendar.subcomponents.extend(events)
    try:
        return [(event[_COMPONENT], event["DTSTART"].dt) for event in CalendarQuery(calendar).between(first, last)]
    except (ValueError, TypeError, LookupError, ArithmeticError):  # a rule beyond what the expander can do
        raise Unreadable("bad-rule") from None


# --- zones --------------------------------------------------------------------------------------------------------


def _zone(practice: tzinfo, definitions: Sequence[Definition], until_year: int, name: str) -> tzinfo:
    """The zone that a skeleton names so. Raises Unreadable("unknown-zone")."""
    if not name:
        return practice
    if name.startswith("#"):
        return _defined(definitions[int(name[1:])], until_year)
    key = WINDOWS_TO_OLSON.get(name[1:]) if name.startswith("?") else name
    if key is None:
        raise Unreadable("unknown-zone")
    return ZoneInfo(key)


@lru_cache(maxsize=64)
def _defined(definition: Definition, until_year: int) -> tzinfo:
    """The zone of a VTIMEZONE. It is kept by what it says, never by its name."""
    return Observed.of(changes(definition, until_year))


def changes(definition: Definition, until_year: int) -> list[Change]:
    """What a VTIMEZONE changes, in order (RFC 5545 section 3.6.5). Raises Unreadable("unknown-zone")."""
    try:
        found = sorted(change for observance in definition for change in _changes(observance, until_year))
    except (ValueError, OverflowError, LookupError):
        raise Unreadable("unknown-zone") from None
    if not found:
        raise Unreadable("unknown-zone")
    return found


def _changes(observance: tuple[Stated, ...], until_year: int) -> list[Change]:
    given = {stated.name: stated.value for stated in observance}
    before, after = offset(given["TZOFFSETFROM"]), offset(given["TZOFFSETTO"])
    onset = event_times(0, observance, lambda _: UTC)
    start = onset.start
    if not isinstance(start, datetime) or (onset.rule is not None and "FREQ=YEARLY" not in onset.rule.upper()):
        raise ValueError("an observance begins at a time of day and recurs yearly")
    last, plain, rule = datetime(until_year, 1, 1), start.replace(tzinfo=None), None  # noqa: DTZ001 - local times
    if onset.rule is not None:
        frame = rules.Frame(plain, lambda until: (until + before).replace(tzinfo=None))
        rule = rules.rewrite(onset.rule, frame, last)
    added = [Series(onset, (), UTC).plain(moment) for moment, _ in onset.added]
    found = _starts([_event(0, plain, rule, added)], _FIRST, last)
    return [(local - before, before, after) for _, local in found if isinstance(local, datetime)]
