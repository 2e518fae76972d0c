"""The coach's phone during a simulated week: it writes straight to the server, and knows what a share must then say."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from itertools import pairwise
from uuid import UUID

from scenario_canaries import Ink
from scenario_practice import local
from web import Web

Times = tuple[datetime, datetime]
FIRST_HOUR, LAST_HOUR = 7, 19
FARTHEST = 90  # days from the beginning on which an appointment may stand


@dataclass
class Appointment:
    """An appointment of an hour and a half or less; a series when it has more than one week."""

    name: str
    day: date
    hour: int
    minutes: int
    weeks: int = 1
    skipped: set[int] = field(default_factory=set)
    moved: dict[int, tuple[date, int]] = field(default_factory=dict)  # week to another day and hour

    def times(self) -> list[Times]:
        """When it takes place, computed here and nowhere else."""
        places = {week: (self.day + timedelta(weeks=week), self.hour) for week in range(self.weeks)} | self.moved
        starts = [local(*place) for week, place in places.items() if week not in self.skipped]
        return [(start, start + timedelta(minutes=self.minutes)) for start in starts]

    def text(self, ink: Ink) -> str:
        """The calendar object, every text in it a canary."""
        rule = f"RRULE:FREQ=WEEKLY;COUNT={self.weeks}\r\n" if self.weeks > 1 else ""
        for week in sorted(self.skipped):
            rule += f"EXDATE;TZID=Europe/Paris:{_stamp(self.day + timedelta(weeks=week), self.hour)}\r\n"
        events = self._event(self.day, self.hour, rule, ink)
        for week, (day, hour) in self.moved.items():
            if week not in self.skipped:
                was = _stamp(self.day + timedelta(weeks=week), self.hour)
                events += self._event(day, hour, f"RECURRENCE-ID;TZID=Europe/Paris:{was}\r\n", ink)
        return f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Phone//EN\r\n{events}END:VCALENDAR\r\n"

    def _event(self, day: date, hour: int, extra: str, ink: Ink) -> str:
        ends = f"{hour + self.minutes // 60:02}{self.minutes % 60:02}00"
        return (
            f"BEGIN:VEVENT\r\nUID:{self.name}\r\nDTSTAMP:20260101T000000Z\r\n"
            f"DTSTART;TZID=Europe/Paris:{_stamp(day, hour)}\r\nDTEND;TZID=Europe/Paris:{day:%Y%m%d}T{ends}\r\n{extra}"
            f"SUMMARY:Séance {ink.word()}\r\nLOCATION:{ink.word()}\r\n"
            f"ATTENDEE;CN={ink.word()};PARTSTAT=ACCEPTED:mailto:{ink.word()}@client.example\r\nEND:VEVENT\r\n"
        )


def _stamp(day: date, hour: int) -> str:
    return f"{day:%Y%m%d}T{hour:02}0000"


@dataclass
class Phone:
    """Adds, moves and deletes appointments in one calendar, as `draw` says."""

    web: Web
    calendar: str  # absolute URL
    begins: date
    draw: random.Random
    ink: Ink
    held: list[Appointment] = field(default_factory=list)
    edits: int = 0

    def fill(self, count: int) -> None:
        for _ in range(count):
            self.add()

    def act(self) -> None:
        """One thing that a coach does."""
        chosen = self.draw.choices((self.add, self.move, self.delete, self.skip, self.move_one), (4, 3, 2, 1, 1))[0]
        chosen()
        self.edits += 1

    def add(self) -> None:
        weeks = self.draw.choice((1, 1, 1, 1, 4, 8))
        name = str(UUID(int=self.draw.getrandbits(128), version=4))
        made = Appointment(name, self._day(), self._hour(), self.draw.choice((30, 60, 90)), weeks)
        self.held.append(made)
        self._put(made)

    def move(self) -> None:
        one = self.draw.choice(self.held)
        one.day, one.hour, one.skipped, one.moved = self._day(), self._hour(), set(), {}
        self._put(one)

    def delete(self) -> None:
        one = self.draw.choice(self.held)
        self.web.delete(f"{self.calendar}{one.name}.ics")
        self.held.remove(one)

    def skip(self) -> None:
        for one in self._series():
            one.skipped.add(self.draw.randrange(one.weeks))
            if len(one.skipped) == one.weeks:
                one.skipped.pop()
            self._put(one)

    def move_one(self) -> None:
        for one in self._series():
            one.moved[self.draw.randrange(one.weeks)] = self._day(), self._hour()
            self._put(one)

    def times(self) -> list[Times]:
        return [times for one in self.held for times in one.times()]

    def _series(self) -> list[Appointment]:
        series = [one for one in self.held if one.weeks > 1]
        return [self.draw.choice(series)] if series else []

    def _put(self, one: Appointment) -> None:
        answer = self.web.put(f"{self.calendar}{one.name}.ics", one.text(self.ink))
        assert answer.status in (201, 204), answer.status

    def _day(self) -> date:
        return self.begins + timedelta(days=self.draw.randrange(FARTHEST))

    def _hour(self) -> int:
        return self.draw.randint(FIRST_HOUR, LAST_HOUR)


def sessions_from(times: list[Times], midnight: datetime) -> list[Times]:
    """What a share of sessions says: each time once, nothing of the days before."""
    return sorted({(start, end) for start, end in times if end > midnight})


def blocks_from(times: list[Times], midnight: datetime) -> list[Times]:
    """What a share of busy times says: touching times as one, outwards to the quarter of an hour."""
    blocks: list[Times] = []
    for start, end in sessions_from(times, midnight):
        if blocks and start <= blocks[-1][1]:
            blocks[-1] = blocks[-1][0], max(blocks[-1][1], end)
        else:
            blocks.append((start, end))
    assert all(one[1] < two[0] for one, two in pairwise(blocks))
    return blocks
