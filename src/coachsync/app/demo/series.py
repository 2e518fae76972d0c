"""A session that repeats, or takes place once, in weeks counted from the week that is shown."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from uuid import NAMESPACE_URL, uuid5
from zoneinfo import ZoneInfo

from coachsync.app.demo import wording
from coachsync.app.demo.wording import CUSTOMIZED, PARIS, instant, text

MON, TUE, WED, THU, FRI, SAT = range(6)
FIRST, LAST = -5, 9  # a month back and two months ahead, in weeks
SEMINAR, HOLIDAY = 3, 5  # weeks in which there is less, or nothing
AWAY = frozenset({HOLIDAY})
BUSY_END = frozenset({SEMINAR, HOLIDAY})

APPLE = "-//Apple Inc.//macOS 15.6//EN"
GOOGLE = "-//Google Inc//Google Calendar 70.9054//EN"
OUTLOOK = "-//Microsoft Corporation//Outlook 16.0 MIMEDIR//EN"
THUNDERBIRD = "-//Mozilla.org/NONSGML Mozilla Calendar V1.1//EN"


@dataclass(frozen=True, slots=True)
class Event:
    """One calendar object: its file name on the server and its text."""

    name: str
    text: bytes


def uid(key: str, product: str) -> str:
    """A UID as the product writes them: stable, and for some with a domain in it."""
    made = uuid5(NAMESPACE_URL, f"demo/{key}")
    return f"{made.hex[:26]}@google.com" if product == GOOGLE else str(made).upper()


def header(key: str, product: str, monday: date, sequence: int = 0) -> list[str]:
    """The properties every event starts with; all stamps lie well before the month that is shown."""
    created = datetime.combine(monday, time(7, 41, 13)) - timedelta(days=44)
    changed = created + timedelta(days=3 * sequence, minutes=9)
    return [
        f"UID:{uid(key, product)}",
        instant("DTSTAMP", changed, "UTC"),
        instant("CREATED", created, "UTC"),
        instant("LAST-MODIFIED", changed, "UTC"),
        f"SEQUENCE:{sequence}",
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """A weekly, fortnightly or single session. Weeks are counted from the shown one (0), weekdays from Monday (0).

    `at` is the wall clock in `zone`; None is floating time. `ending` says how the rule stops: "until", "count" or
    "never". `skipped` weeks have an EXDATE; `cancelled` and `moved` ones an override; `added` ones an RDATE.
    """

    key: str
    title: str
    details: tuple[str, ...]
    weekday: int
    at: time
    minutes: int = 60
    every: int = 1
    first: int = FIRST
    last: int = LAST
    zone: str | None = PARIS
    ending: str = "until"
    duration: bool = False  # DURATION stands where DTEND would
    product: str = APPLE
    sequence: int = 0
    skipped: frozenset[int] = frozenset()
    cancelled: frozenset[int] = frozenset()
    moved: Mapping[int, tuple[int, time]] = field(default_factory=dict)
    added: tuple[tuple[int, int, time], ...] = ()

    def event(self, monday: date) -> Event:
        """The object as it lies on the server, for the week that begins on `monday`."""
        weeks = range(self.first, self.last + 1, self.every)
        vevents = [self._vevent(monday, self._regular(monday, self.first), self._rule(monday, weeks))]
        for week in weeks:
            if week in self.moved:
                vevents.append(self._override(monday, week, self._on(monday, week, *self.moved[week]), "CONFIRMED"))
            elif week in self.cancelled:
                vevents.append(self._override(monday, week, self._regular(monday, week), "CANCELLED"))
        return Event(f"{uid(self.key, self.product)}.ics", wording.document(self.product, vevents))

    def start(self, monday: date, week: int) -> datetime:
        """When the session of that week begins, moved or not: local time, without zone."""
        return self._on(monday, week, *self.moved.get(week, (self.weekday, self.at)))

    def _on(self, monday: date, week: int, weekday: int, at: time) -> datetime:
        return datetime.combine(monday + timedelta(days=7 * week + weekday), at)

    def _regular(self, monday: date, week: int) -> datetime:
        return self._on(monday, week, self.weekday, self.at)

    def _vevent(self, monday: date, start: datetime, recurrence: list[str]) -> list[str]:
        length = timedelta(minutes=self.minutes)
        return [
            *header(self.key, self.product, monday, self.sequence),
            text("SUMMARY", self.title),
            instant("DTSTART", start, self.zone),
            f"DURATION:PT{self.minutes}M" if self.duration else instant("DTEND", start + length, self.zone),
            *recurrence,
            *self.details,  # last: they may end with alarms, and components stand after properties
        ]

    def _rule(self, monday: date, weeks: range) -> list[str]:
        if len(weeks) == 1:
            return []
        rule = f"RRULE:FREQ=WEEKLY;INTERVAL={self.every}" if self.every > 1 else "RRULE:FREQ=WEEKLY"
        if self.ending == "count":
            rule += f";COUNT={len(weeks)}"
        elif self.ending == "until":
            rule += f";UNTIL={self._until(self._regular(monday, weeks[-1]))}"
        gaps = [self._regular(monday, week) for week in weeks if week in self.skipped]
        more = [self._on(monday, *when) for when in self.added]
        return [
            rule,
            *(instant("EXDATE", when, self.zone) for when in gaps),
            *(instant("RDATE", when, self.zone) for when in more),
        ]

    def _until(self, last: datetime) -> str:
        """In UTC where DTSTART has a zone, floating where it floats (RFC 5545 section 3.3.10)."""
        if self.zone is None:
            return f"{last:%Y%m%dT%H%M%S}"
        zone = ZoneInfo(PARIS if self.zone == CUSTOMIZED else self.zone)
        return f"{last.replace(tzinfo=zone).astimezone(UTC):%Y%m%dT%H%M%SZ}"

    def _override(self, monday: date, week: int, start: datetime, status: str) -> list[str]:
        regular = instant("RECURRENCE-ID", self._regular(monday, week), self.zone)
        return self._vevent(monday, start, [regular, f"STATUS:{status}"])


@dataclass(frozen=True, slots=True, kw_only=True)
class AllDay:
    """One or more whole days (DATE values); `reminder` ones take no time (TRANSP:TRANSPARENT)."""

    key: str
    title: str
    week: int
    weekday: int
    days: int = 1
    reminder: bool = False
    details: tuple[str, ...] = ()

    def event(self, monday: date) -> Event:
        """The object as it lies on the server, for the week that begins on `monday`."""
        start = monday + timedelta(days=7 * self.week + self.weekday)
        lines = [
            *header(self.key, THUNDERBIRD, monday),
            text("SUMMARY", self.title),
            wording.day("DTSTART", start),
            wording.day("DTEND", start + timedelta(days=self.days)),
            f"TRANSP:{'TRANSPARENT' if self.reminder else 'OPAQUE'}",
            *self.details,
        ]
        return Event(f"{uid(self.key, THUNDERBIRD)}.ics", wording.document(THUNDERBIRD, [lines]))
