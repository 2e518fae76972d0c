"""Invented practices of which everything is known: whose each session is, and when each change was made.

A client comes every week, every second week, every three or four weeks, or without any rule; regular ones keep a
weekday and a time, and two who come every second week may share one. Some begin and some end within the year. Sessions
are moved and cancelled, mostly a few days ahead and in working hours; now and then a whole day is given up at once;
there are holidays. The shares are guesses: no study of coaching calendars was found.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from coachsync.model import Occurrence

ZONE = ZoneInfo("Europe/Paris")
MONDAY = date(2026, 1, 5)  # the first day of a year with both changes of the clocks
WEEKS = 44
_KINDS = {7: 25, 14: 35, 21: 10, 28: 10, 0: 20}  # days between two sessions (0: no rule), of 100 clients
_MINUTES = {60: 60, 90: 18, 45: 8, 75: 6, 50: 4, 120: 4}
_STARTS = {0: 60, 2: 30, 1: 6, 3: 4}  # quarters of an hour past the full one
_HOURS = range(8, 19)
_HOLIDAYS = {7, 8, 16, 29, 30, 31, 32}  # weeks in which there is nothing
_MOVED, _CANCELLED = 0.12, 0.06
_DAYS_GIVEN_UP = 6  # of the year
_AHEAD = 6  # days between a change and the session, on average
_DAY, _WEEK, _QUARTER = timedelta(days=1), timedelta(weeks=1), timedelta(minutes=15)


@dataclass(frozen=True, order=True)
class Session:
    """One session, in UTC."""

    start: datetime
    end: datetime
    client: int

    @property
    def occurrence(self) -> Occurrence:
        """What a reading of the private calendar has of it."""
        return Occurrence(self.start, self.end)


@dataclass(frozen=True)
class Change:
    """What the coach did at one moment: a booking has no `before`, a cancellation no `after`."""

    at: datetime
    before: Session | None
    after: Session | None


@dataclass(frozen=True)
class Practice:
    """What stood in the calendar at first, and every change since, in the order of time."""

    first: frozenset[Session]
    changes: tuple[Change, ...]

    def at(self, moment: datetime) -> set[Session]:
        """What stands in the calendar then."""
        found = set(self.first)
        for change in self.changes:
            if change.at > moment:
                break
            found -= {change.before}
            found |= {change.after} - {None}
        return found


def practice(clients: int, seed: int, *, regular: bool = True) -> Practice:
    """A practice of that many clients; without `regular` ones, all come without any rule."""
    return _Year(clients, random.Random(seed), regular=regular).practice()  # noqa: S311 - invented, no secret


class _Year:
    """The year as it comes about, client by client."""

    def __init__(self, clients: int, rng: random.Random, *, regular: bool) -> None:
        self.clients, self.rng, self.regular = clients, rng, regular
        self.first: set[Session] = set()
        self.changes: list[Change] = []
        self.taken: set[datetime] = set()  # quarters of an hour, by the local clock

    def practice(self) -> Practice:
        for client in range(self.clients):
            every = _one_of(self.rng, _KINDS) if self.regular else 0
            length = timedelta(minutes=_one_of(self.rng, _MINUTES))
            if every:
                self._regular(client, every, length)
            else:
                self._now_and_then(client, length)
        self._changed()
        self.changes.sort(key=lambda change: change.at)
        return Practice(frozenset(self.first), tuple(self.changes))

    def _regular(self, client: int, every: int, length: timedelta) -> None:
        """A series that is booked as a whole, before the year or within it."""
        begins, weeks = self.rng.randrange(-20, 30), self.rng.randrange(12, 40)
        place = self._place(every, length, begins)
        days = [place + timedelta(days=every * number) for number in range(7 * weeks // every)]
        booked = self._moment(*(_utc(days[0]) - ahead for ahead in (3 * _WEEK, _WEEK)))
        for day in days:
            if _in_year(day) and self._free(day, length):
                self._book(client, day, length, booked)

    def _place(self, every: int, length: timedelta, begins: int) -> datetime:
        """The first of a series, at the freest of some places."""
        weeks = [timedelta(days=every * number) for number in range(6)]
        tried = [self._somewhere(begins * 7, 7) for _ in range(12)]
        return max(tried, key=lambda place: sum(self._free(place + week, length) for week in weeks))

    def _now_and_then(self, client: int, length: timedelta) -> None:
        """Each session is booked two to five weeks ahead, mostly at the end of the one before."""
        day, booked = self.rng.randrange(0, 28), datetime.min.replace(tzinfo=UTC)
        until = day + 7 * self.rng.randrange(12, 40)
        while day < min(until, 7 * WEEKS):
            start = self._find(day, 7, length)
            if start is None:  # holidays
                day += 7
                continue
            session = self._book(client, start, length, booked)
            at_the_end = session.end + timedelta(minutes=self.rng.randrange(10))
            later = self._moment(session.end, session.end + _WEEK)
            booked = at_the_end if self.rng.random() < 0.6 else later
            day = (start.date() - MONDAY).days + self.rng.randrange(14, 36)

    def _changed(self) -> None:
        """Moves and cancellations, each session changed once at most."""
        ahead = sorted(self.first | {change.after for change in self.changes if change.after})
        booked = {change.after: change.at for change in self.changes}
        given_up = {MONDAY + self.rng.randrange(7 * WEEKS) * _DAY for _ in range(_DAYS_GIVEN_UP)}
        for day in sorted(given_up):
            first = self._moment(*(_utc(datetime.combine(day, time(8))) - before for before in (10 * _DAY, 0 * _DAY)))
            for session in (one for one in ahead if _local(one.start).date() == day and first < one.start):
                at = first + timedelta(seconds=self.rng.randrange(900))
                if booked.get(session, first) <= first:
                    self._change(session, at, moved=self.rng.random() < 0.7)
        changed = {change.before for change in self.changes}
        for session in (one for one in ahead if one not in changed):
            chance = self.rng.random()
            if chance < _MOVED + _CANCELLED:
                notice = timedelta(hours=2, days=self.rng.expovariate(1 / _AHEAD))
                at = self._moment(session.start - notice - _DAY / 2, session.start - notice + _DAY / 2)
                if booked.get(session, at) <= at < session.start:
                    self._change(session, at, moved=chance < _MOVED)

    def _change(self, session: Session, at: datetime, *, moved: bool) -> None:
        if at < _utc(datetime.combine(MONDAY, time())):
            return
        length = session.end - session.start
        after = None
        if moved:
            there = (_local(session.start).date() - MONDAY).days
            earliest = (_local(at).date() - MONDAY).days + 1
            start = self._find(max(earliest, there - 4), 10, length)
            after = start and Session(_utc(start), _utc(start) + length, session.client)
        self.changes.append(Change(at, session, after))

    def _book(self, client: int, start: datetime, length: timedelta, at: datetime) -> Session:
        session = Session(_utc(start), _utc(start) + length, client)
        self.taken |= set(_quarters(start, length))
        if at < _utc(datetime.combine(MONDAY, time())):
            self.first.add(session)
        else:
            self.changes.append(Change(at, None, session))
        return session

    def _find(self, day: int, days: int, length: timedelta) -> datetime | None:
        """A free time within these days of the year, taken from now on."""
        for _ in range(200):
            start = self._somewhere(day, days)
            if _in_year(start) and self._free(start, length):
                self.taken |= set(_quarters(start, length))
                return start
        return None

    def _somewhere(self, day: int, days: int) -> datetime:
        date_ = MONDAY + timedelta(days=day + self.rng.randrange(days))
        while date_.weekday() > 4 and self.rng.random() < 0.97:
            date_ = MONDAY + timedelta(days=day + self.rng.randrange(days))
        clock = time(self.rng.choice(_HOURS), 15 * _one_of(self.rng, _STARTS))
        return datetime.combine(date_, clock)

    def _free(self, start: datetime, length: timedelta) -> bool:
        return not any(quarter in self.taken for quarter in _quarters(start, length))

    def _moment(self, earliest: datetime, latest: datetime) -> datetime:
        """When somebody sits at a calendar: mostly on working days between eight and eight."""
        at = earliest
        for _ in range(100):
            at = earliest + (latest - earliest) * self.rng.random()
            local = _local(at)
            working = local.weekday() < 5 and time(8) <= local.time() < time(20)
            if working or (time(7) <= local.time() and self.rng.random() < 0.1):
                break
        return at


def _one_of(rng: random.Random, weights: dict[int, int]) -> int:
    return rng.choices(list(weights), list(weights.values()))[0]


def _quarters(start: datetime, length: timedelta) -> Iterator[datetime]:
    start = start.replace(minute=start.minute // 15 * 15)
    return (start + number * _QUARTER for number in range(-(-length // _QUARTER)))


def _in_year(start: datetime) -> bool:
    week = (start.date() - MONDAY).days // 7
    return 0 <= week < WEEKS and week not in _HOLIDAYS


def _utc(local: datetime) -> datetime:
    return local.replace(tzinfo=ZONE).astimezone(UTC)


def _local(moment: datetime) -> datetime:
    return moment.astimezone(ZONE)
