"""Which of an appointment's dates is meant, and how much of its series."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from coachsync import contentline
from coachsync.adapters.ical.instances import Instance, instances, zones
from coachsync.app.appointments.whens import in_practice
from coachsync.app.dates import iso_day
from coachsync.app.reading import horizon
from coachsync.app.wiring import Wiring
from coachsync.editing.events import CalendarObject
from coachsync.editing.target import Scope, Zones
from coachsync.errors import CoachsyncError, NotEditable, UsageError
from coachsync.model import Stand, Window
from coachsync.moments import Moment, beginning
from coachsync.phrases import say
from coachsync.redaction.window import window
from coachsync.span import Span

_SHOWN = 3  # dates of a series that a hint names
_REACHES = (timedelta(days=8), timedelta(days=62), timedelta(days=800))  # looked at in turn for the nearest date
_ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Event:
    """The text of one appointment with what is needed to change it."""

    text: str
    zones: Zones
    series: bool
    addresses: frozenset[str]  # the coach's own

    @property
    def body(self) -> bytes:
        return contentline.encode(self.text)


@dataclass(frozen=True, slots=True)
class Wish:
    """What a person has said: a day or a time (`on`), and whether those that follow or the whole series are meant."""

    on: date | datetime | None = None
    following: bool = False
    series: bool = False


@dataclass(frozen=True, slots=True)
class Choice:
    """How much is meant, and the date that it is reckoned from."""

    scope: Scope
    meant: Instance


def understood(wiring: Wiring, calendar: str, text: str) -> Event:
    """An appointment as it can be edited. Raises NotEditable when it cannot."""
    found = zones(wiring.reader, contentline.encode(text), wiring.config.practice.timezone)
    own = wiring.addresses(wiring.config.calendars[calendar].account)
    return Event(text, found, CalendarObject(text, found).recurring, own)


def within(wiring: Wiring, event: Event, where: Window) -> list[Instance]:
    """The event's dates that touch a window."""
    return instances(wiring.reader, event.body, where, wiring.config.practice.timezone, event.addresses)


def is_regular(wiring: Wiring, one: Instance) -> bool:
    """Whether a date stands where its series puts it: nobody has moved it."""
    return one.original is not None and one.start == beginning(one.original, wiring.zone)


def choose(wiring: Wiring, event: Event, wish: Wish, near: Moment | None = None) -> Choice:
    """Which date is meant; `near` is where it is to go, for a whole series of which no date was named.

    Raises UsageError when that was not said, or said of no date, with what to add; NotEditable.
    """
    if not event.series:
        return Choice(Scope.ALL, _on(wiring, event, wish.on) if wish.on is not None else _first(wiring, event))
    if wish.on is None and not wish.series:
        raise _unsaid(wiring, event, following=wish.following)
    scope = Scope.ALL if wish.series else Scope.FOLLOWING if wish.following else Scope.ONE
    if wish.on is not None:
        return Choice(scope, _on(wiring, event, wish.on))
    return Choice(scope, _nearest(wiring, event, near if near is not None else wiring.now))


def _on(wiring: Wiring, event: Event, on: date | datetime) -> Instance:
    """The date that is shown on a day, or at a time."""
    asked = in_practice(on, wiring.zone)
    day = asked.date() if isinstance(asked, datetime) else asked
    touching = within(wiring, event, window(day, Span(), Span(), wiring.zone))
    there = [one for one in touching if one.start.astimezone(wiring.zone).date() == day]
    if isinstance(asked, datetime):
        there = [one for one in there if one.start == asked.astimezone(UTC)]
    if not there:
        raise UsageError("no-such-date", say("The appointment does not take place then."), _dates(wiring, event))
    if len(there) > 1:
        times = ", ".join(f"{one.start.astimezone(wiring.zone):%H:%M}" for one in there)
        raise UsageError(
            "which-time",
            say("The appointment takes place several times on that day: {times}.", times=times),
            say('Add the time, such as --on "{day} {time}".', day=iso_day(day), time=times[:5]),
        )
    return there[0]


def _first(wiring: Wiring, event: Event) -> Instance:
    start = CalendarObject(event.text, event.zones).events[0].start
    found = within(wiring, event, _around(wiring, start, _ONE_DAY * 2))
    if not found:
        raise _never()
    return found[0]


def _nearest(wiring: Wiring, event: Event, moment: Moment) -> Instance:
    """The date of a series that is nearest to a moment; of those that stand at their regular time, if there are any."""
    there = beginning(moment, wiring.zone)
    found: list[Instance] = []
    for reach in _REACHES:
        found = within(wiring, event, _around(wiring, moment, reach))
        regular = [one for one in found if is_regular(wiring, one)]
        if regular:
            return min(regular, key=lambda one: abs(one.start - there))
    return min(found, key=lambda one: abs(one.start - there)) if found else _first(wiring, event)


def _around(wiring: Wiring, moment: Moment, reach: timedelta) -> Window:
    at = beginning(moment, wiring.zone)
    return Window(at - reach, at + reach)


def _unsaid(wiring: Wiring, event: Event, *, following: bool) -> CoachsyncError:
    if following:
        return UsageError(
            "which-date",
            say("This is a series: it is not said from which date on."),
            say("Add --on and the first date that is meant. {dates}", dates=_dates(wiring, event)),
        )
    return UsageError(
        "which-date",
        say("This is a series: it is not said which of its dates are meant."),
        say(
            "Add --on and a date for one of them, --on and --following for that one and those after it, "
            "or --series for all. {dates}",
            dates=_dates(wiring, event),
        ),
    )


def _dates(wiring: Wiring, event: Event) -> str:
    """The next dates of an appointment, as `--on` takes them."""
    reach = horizon(wiring, wiring.now.astimezone(wiring.zone).date())
    found = within(wiring, event, Window(wiring.now, max(reach.end, wiring.now)))
    told = _told(wiring, (one for one in found if one.stand is not Stand.CANCELLED))
    if not told:
        return say("It has no date in the coming months.")
    return say("Its next dates: {dates}.", dates=told)


def _told(wiring: Wiring, dates: Iterable[Instance]) -> str:
    days = dict.fromkeys(iso_day(one.start.astimezone(wiring.zone)) for one in dates)
    return ", ".join(list(days)[:_SHOWN])


def _never() -> NotEditable:
    return NotEditable(
        "never-takes-place",
        say("This series has no appointment any more."),
        say("Delete it as a whole, with --series."),
    )
