"""Times and recurrences of calendar objects; the only importer of icalendar and recurring_ical_events.

The expander gets local times without zones, and nothing else. Which instants they are is decided here, so that zones
cannot be mixed up between objects (icalendar keeps those it has seen) and RFC 5545 holds around changes of the clock.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from functools import lru_cache, partial
from zoneinfo import ZoneInfo

from icalendar import Calendar, Event
from icalendar.prop import vDDDLists, vDDDTypes, vRecur
from icalendar.timezone.windows_to_olson import WINDOWS_TO_OLSON
from recurring_ical_events import CalendarQuery

from coachsync.adapters.ical import rules
from coachsync.adapters.ical.eventtimes import EventTimes, at_time_of, event_times
from coachsync.adapters.ical.moments import Length, Moment, Unreadable, ending, instant, midnight
from coachsync.adapters.ical.skeleton import Skeleton, Stated, skeleton
from coachsync.adapters.ical.zones import Observed, offset
from coachsync.model import Occurrence, Reading, Stand, Window

MOST_OCCURRENCES = 3_000  # of one object in the horizon

_MARGIN = timedelta(days=2)  # more than any local time is away from its instant
_FIRST, _LAST_YEAR = datetime(1, 1, 3), 9_990  # noqa: DTZ001 - local times; away from the ends of what datetime knows
_DAY = timedelta(days=1)
_COMPONENT = "X-COMPONENT"

Definition = tuple[tuple[Stated, ...], ...]  # the observances of one VTIMEZONE


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
    practice = ZoneInfo(zone)
    zone_of = partial(_zone, practice, found.zones, min(horizon.end.year + 2, _LAST_YEAR))
    try:
        events = [event_times(component, stated, zone_of) for component, stated in enumerate(found.events)]
        occurrences, code = _occurrences(events, found.stands, practice, horizon)
    except Unreadable as problem:
        return Reading(code=problem.code)
    except (ValueError, OverflowError):  # a time at the end of what datetime knows
        return Reading(code="bad-time")
    return Reading(tuple(sorted(occurrences)), found.code or code)


# --- from the times of an object to its occurrences ---------------------------------------------------------------


def _occurrences(
    events: Sequence[EventTimes], stands: Sequence[Stand], practice: tzinfo, horizon: Window
) -> tuple[list[Occurrence], str | None]:
    """The occurrences within the horizon, and a code when they are read on a guess."""
    masters = [event for event in events if event.replaces is None]
    overrides = [event for event in events if event.replaces is not None]
    code = "two-masters" if len(masters) > 1 else None
    if not masters:  # an invitation to single instances of a series
        latest = {one.replaces: one for one in sorted(overrides, key=_age)}
        placed: Iterable[tuple[EventTimes, Moment, Length]] = ((one, one.start, one.length) for one in latest.values())
    else:
        master = max(masters, key=_age)
        single = master.is_single and not overrides
        placed = (
            [(master, master.start, master.length)] if single else _Series(master, overrides, practice).all(horizon)
        )
    found = []
    for event, start, length in placed:
        occurrence = _occurrence(event, start, length, stands[event.component], practice)
        if horizon.touches(occurrence.start, occurrence.end) or horizon.start == occurrence.start == occurrence.end:
            found.append(occurrence)
    if len(found) > MOST_OCCURRENCES:
        raise Unreadable("too-many-occurrences")
    return found, code


def _age(event: EventTimes) -> tuple[int, int]:
    return event.sequence, event.component


def _occurrence(event: EventTimes, start: Moment, length: Length, stand: Stand, practice: tzinfo) -> Occurrence:
    all_day = not isinstance(start, datetime)
    begin = instant(start) if isinstance(start, datetime) else midnight(start, practice)
    return Occurrence(begin, ending(start, length, practice), all_day, stand, event.component)


@dataclass(frozen=True, slots=True)
class _Series:
    """A master and its overrides. "Plain" moments are days, or local times of the master's zone without the zone: the
    names by which rule, RDATE, EXDATE and RECURRENCE-ID speak of the same instance."""

    master: EventTimes
    overrides: Sequence[EventTimes]
    practice: tzinfo
    _exact: dict[Moment, Moment] = field(default_factory=dict, init=False)  # RDATEs that their names do not tell
    _periods: dict[Moment, Length] = field(default_factory=dict, init=False)  # RDATEs with a length of their own

    @property
    def zone(self) -> tzinfo:
        start = self.master.start
        return (isinstance(start, datetime) and start.tzinfo) or self.practice

    def all(self, horizon: Window) -> Iterator[tuple[EventTimes, Moment, Length]]:
        """Every instance that may touch the horizon: who describes it, when it starts, how long it is."""
        for added, length in self.master.added:
            plain = self.plain(added)
            named = _in_zone(plain, self.zone)
            if isinstance(added, datetime) and isinstance(named, datetime) and instant(added) != instant(named):
                self._exact[plain] = added.astimezone(self.zone)  # the second of two with the same name
            if length is not None:
                self._periods[plain] = length
        lengths = [*self._periods.values(), *(event.length for event in (self.master, *self.overrides))]
        first, last = self._span(horizon, max(length.at_most for length in lengths))
        by_component = {event.component: event for event in (self.master, *self.overrides)}
        for component, plain in _starts(self._events(last), first, last):
            event = by_component[component]
            period = self._periods.get(plain) if event is self.master else None
            yield event, self._start(event, plain), period or event.length

    def plain(self, moment: Moment) -> Moment:
        """The plain moment of an instance. Where the clock skipped an hour, an instant has two names: the one with the
        time of day of the series is meant."""
        start = self.master.start
        moment = at_time_of(moment, start)
        if not isinstance(moment, datetime) or not isinstance(start, datetime):
            return moment
        local = moment.astimezone(self.zone)
        skipped = moment.astimezone(UTC) + ((local - _DAY).utcoffset() or timedelta())
        if skipped.time() == start.time() and instant(skipped.replace(tzinfo=self.zone)) == instant(moment):
            local = skipped
        return local.replace(tzinfo=None, fold=0)

    def _span(self, horizon: Window, longest: timedelta) -> tuple[datetime, datetime]:
        first = horizon.start.astimezone(self.zone).replace(tzinfo=None) - _MARGIN
        last = horizon.end.astimezone(self.zone).replace(tzinfo=None) + _MARGIN
        return first - min(longest, first - _FIRST), last

    def _start(self, event: EventTimes, plain: Moment) -> Moment:
        """When the instance with this plain start really starts: as stated, or moved along with an earlier one."""
        if event is self.master:
            return self._exact.get(plain) or _in_zone(plain, self.zone)
        if plain == self._plain_start(event):
            return event.start
        if not isinstance(event.start, datetime):
            return date(plain.year, plain.month, plain.day)
        return _in_zone(at_time_of(plain, event.start), self.zone)

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


def _in_zone(plain: Moment, zone: tzinfo) -> Moment:
    return plain.replace(tzinfo=zone) if isinstance(plain, datetime) and plain.tzinfo is None else plain


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
    """The zone of a VTIMEZONE (RFC 5545 section 3.6.5). It is kept by what it says, never by its name."""
    try:
        changes = sorted(change for observance in definition for change in _changes(observance, until_year))
        return Observed(changes[0][1], [(onset, after) for onset, _, after in changes])
    except (ValueError, OverflowError, LookupError):
        raise Unreadable("unknown-zone") from None


def _changes(observance: tuple[Stated, ...], until_year: int) -> list[tuple[datetime, timedelta, timedelta]]:
    """Each onset of an observance as an instant (UTC, without zone), the offset before and the offset after."""
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
    added = [_Series(onset, (), UTC).plain(moment) for moment, _ in onset.added]
    found = _starts([_event(0, plain, rule, added)], _FIRST, last)
    return [(local - before, before, after) for _, local in found if isinstance(local, datetime)]
