"""The events of one object: the master, its overrides, where their times are."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo

from coachsync import contentline, moments
from coachsync.contentline import Component
from coachsync.editing import values
from coachsync.editing.sheet import Sheet
from coachsync.editing.target import Zones
from coachsync.errors import NotEditable
from coachsync.moments import Moment
from coachsync.phrases import say

_OF_SERIES = ("RRULE", "EXRULE", "RDATE", "EXDATE")
_PEOPLE = ("ATTENDEE", "ORGANIZER")
STAMP = "%Y%m%dT%H%M%SZ"


@dataclass(frozen=True, slots=True)
class Event:
    """One VEVENT. `replaces` is its RECURRENCE-ID, None in a master."""

    component: Component
    start: Moment
    replaces: Moment | None

    @property
    def all_day(self) -> bool:
        """Whether it starts on a day rather than at a time."""
        return not isinstance(self.start, datetime)


class CalendarObject:
    """The text of one object under edit. Raises NotEditable where it is not certain what the text says.

    A moment that stands for an instance is compared by its plain name, in the zone of the series (see `moments`).
    """

    def __init__(self, text: str, zones: Zones) -> None:
        self.zones = zones
        try:
            self.sheet = Sheet(text)
        except contentline.Malformed:
            raise damaged() from None
        tops = self.sheet.components
        found = [one for top in tops for one in (top, *top.children) if one.name == "VEVENT"]
        self.events = [self._event(component) for component in found]
        masters = [event for event in self.events if event.replaces is None]
        self.overrides = [event for event in self.events if event.replaces is not None]
        if not self.events or len(masters) > 1:
            raise damaged()
        self.master = masters[0] if masters else None
        self._refuse_onwards()

    def _event(self, component: Component) -> Event:
        start = self.sheet.line(component, "DTSTART")
        if start is None:
            raise damaged()
        replaces = self.sheet.line(component, "RECURRENCE-ID")
        replaced = values.value(replaces, self.zones) if replaces else None
        return Event(component, values.value(start, self.zones), replaced)

    def _refuse_onwards(self) -> None:
        ids = (self.sheet.line(event.component, "RECURRENCE-ID") for event in self.overrides)
        if any(line is not None and line.param("RANGE") for line in ids):
            raise NotEditable(
                "this-and-future",
                say("A program has changed this series from one appointment on, in a way that few others understand."),
                say("Change it in the calendar program that made it."),
            )

    @property
    def recurring(self) -> bool:
        """Whether it is a series, so that one of several occurrences can be meant."""
        if self.master is None:
            return len(self.overrides) > 1
        own = {line.name for line in self.master.component.lines}
        return bool(self.overrides or not own.isdisjoint(_OF_SERIES))

    @property
    def series(self) -> Event:
        """The master. Raises NotEditable when the object has only single occurrences of a series."""
        if self.master is None:
            raise NotEditable(
                "no-series",
                say("Only single appointments of this series are in the calendar, not the series itself."),
                say("Name one of them with --on."),
            )
        return self.master

    @property
    def invites(self) -> bool:
        """Whether it names anybody who could be written to, in an alarm too."""
        return any(line.name in _PEOPLE for line in self.sheet.lines)

    @property
    def anchor(self) -> Moment:
        """The start that the series is reckoned from."""
        first = self.master or self.events[0]
        return first.replaces or first.start

    @property
    def zone(self) -> tzinfo:
        """The zone in which the series has its time of day."""
        return (isinstance(self.anchor, datetime) and self.anchor.tzinfo) or UTC

    def plain(self, moment: Moment) -> Moment:
        """The plain moment of an instance of the series, by which instances are told apart."""
        return moments.plain(moment, self.anchor, self.zone)

    def moment(self, original: Moment) -> Moment:
        """When an instance starts by the rule, in the zone of the series."""
        return moments.in_zone(self.plain(original), self.zone)

    def override(self, original: Moment) -> Event | None:
        """The override of an instance."""
        name = self.plain(original)
        return next((one for one in self.overrides if one.replaces and self.plain(one.replaces) == name), None)

    def shape(self, event: Event, moment: Moment) -> Moment:
        """A moment given by a person, in the zone that the event has. Raises NotEditable when it is of another kind."""
        if event.all_day != (not isinstance(moment, datetime)):
            raise _other_kind(all_day=event.all_day)
        if isinstance(moment, datetime) and isinstance(event.start, datetime):
            return moment.astimezone(event.start.tzinfo)
        return moment

    def length(self, event: Event) -> timedelta:
        """How long it lasts: exact, or days, as DTEND or DURATION say."""
        end = self.sheet.line(event.component, "DTEND")
        if end is not None:
            return values.between(event.start, values.value(end, self.zones))
        given = self.sheet.line(event.component, "DURATION")
        if given is not None:
            return values.lasting(event.start, given.value)
        return timedelta(days=1) if event.all_day else timedelta()

    def place(self, event: Event, start: Moment, duration: timedelta | None = None) -> None:
        """Let the event start then, which is of its kind, and last as long as before, or `duration`."""
        (at,) = _one(self.sheet.own(event.component, "DTSTART"))
        length = self.length(event)
        lasting = length if duration is None else duration
        end = values.later(start, lasting)
        self._set(at, start)
        for place in (ends := _one(self.sheet.own(event.component, "DTEND"))):
            self._set(place, end)
        if ends or lasting == length:
            return
        for place in (lengths := _one(self.sheet.own(event.component, "DURATION"))):
            self.sheet.set(place, values.duration(lasting, all_day=event.all_day))
        if not lengths:
            first = self.sheet.lines[at]
            written = values.changed(first, lambda _: end, self.zones)
            self.sheet.put_after(at, "DTEND" + values.head(first) + written.strip())

    def _set(self, at: int, moment: Moment) -> None:
        self.sheet.set(at, values.changed(self.sheet.lines[at], lambda _: moment, self.zones))

    def revise(self, stamp: datetime) -> None:
        """Say in each event that changed when it did.

        DTSTAMP and LAST-MODIFIED (RFC 5545 sections 3.8.7.2 and 3.8.7.3) are set where they are. SEQUENCE goes up by
        one where it is, and is put in where people are invited, who tell versions apart by it (RFC 5546 section 2.1.4).
        """
        for event in self.events:
            if not self.sheet.touched(event.component) or self.is_out(event):
                continue
            for name in ("DTSTAMP", "LAST-MODIFIED"):
                for at in self.sheet.own(event.component, name):
                    self.sheet.set(at, stamp.astimezone(UTC).strftime(STAMP))
            self._count_up(event)

    def _count_up(self, event: Event) -> None:
        places = self.sheet.own(event.component, "SEQUENCE")
        for at in places:
            before = self.sheet.lines[at].value.strip()
            if before.isdecimal():
                self.sheet.set(at, str(int(before) + 1))
        if not places and any(line.name in _PEOPLE for line in event.component.lines):
            self.sheet.append(event.component, "SEQUENCE:1")

    def drop(self, event: Event) -> None:
        """Leave an event out."""
        self.sheet.take_out(range(event.component.first, event.component.last + 1))

    def is_out(self, event: Event) -> bool:
        """Whether it was left out."""
        return self.sheet.is_out(event.component.first)

    def text(self) -> str:
        """The text as it now is."""
        return self.sheet.text()


def damaged() -> NotEditable:
    """The object is not one event or one series."""
    return NotEditable(
        "damaged",
        say("The event is damaged, and it is not certain what a change would do to it."),
        say("Open it in your calendar program and save it again, or delete it."),
    )


def _other_kind(*, all_day: bool) -> NotEditable:
    if all_day:
        return NotEditable(
            "all-day",
            say("The event lasts whole days and cannot be moved to a time of day."),
            say("Give a date alone; to give it a time, change it in your calendar program."),
        )
    return NotEditable(
        "needs-time", say("The event has a time of day."), say("Give a date with a time, such as 2026-12-01T10:00.")
    )


def _one(positions: list[int]) -> list[int]:
    """A property that may stand once in an event."""
    if len(positions) > 1:
        raise damaged()
    return positions
