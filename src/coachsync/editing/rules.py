"""What a change of time does to a recurrence rule (RFC 5545 section 3.3.10): parts keep their order and their form.

A rule is moved only where every instance moves by exactly the same; anything else is refused.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from coachsync.errors import NotEditable
from coachsync.moments import Moment
from coachsync.phrases import say

WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")

_TIMES = {"BYHOUR", "BYMINUTE", "BYSECOND"}
_WEEK = 7
_ALWAYS_THERE = range(1, 29)  # the days that every month has
_LEAP_CYCLE = range(2023, 2028)  # years: one of them is a leap year


@dataclass(frozen=True, slots=True)
class Shift:
    """How far a series moves: plain starts, before and after, of one of its instances that has its time of day."""

    before: Moment
    after: Moment

    @property
    def days(self) -> int:
        """By how many days the date changes."""
        return self.after.toordinal() - self.before.toordinal()

    @property
    def delta(self) -> timedelta:
        """By how much the local time changes."""
        if isinstance(self.after, datetime) and isinstance(self.before, datetime):
            return self.after - self.before
        return timedelta(days=self.days)

    def __call__(self, named: Moment) -> Moment:
        """A plain moment, or a day, moved along. Raises OverflowError at the end of the calendar."""
        return named + (self.delta if isinstance(named, datetime) else timedelta(days=self.days))


class Rule:
    """An RRULE value in its parts."""

    def __init__(self, value: str) -> None:
        self._parts = [part.partition("=") for part in value.split(";")]

    def __str__(self) -> str:
        return ";".join("".join(part) for part in self._parts)

    def get(self, name: str) -> str | None:
        """A part's value, upper-case and without blanks around it."""
        return next((value.strip().upper() for key, _, value in self._parts if key.strip().upper() == name), None)

    def listed(self, name: str) -> list[str]:
        """The values of a part."""
        value = self.get(name)
        return value.split(",") if value else []

    @property
    def names(self) -> set[str]:
        """The names of its parts."""
        return {key.strip().upper() for key, _, _ in self._parts if key.strip()}

    def put(self, name: str, value: str, instead: str = "") -> None:
        """Give a part this value, in the place of the part `instead` where that is given and there."""
        for at, (key, sign, old) in enumerate(self._parts):
            if key.strip().upper() in {name, instead} - {""}:
                blank = old[len(old.rstrip()) :]
                self._parts[at] = (key if key.strip().upper() == name else name, sign, value + blank)
                return
        last = len(self._parts) - (not self._parts[-1][0].strip())  # before what follows a last semicolon
        self._parts.insert(last, (name, "=", value))

    def shift(self, shift: Shift, start: Moment, until: Callable[[str], str]) -> None:
        """Move every instance; `start` is the plain DTSTART before, `until` moves a value of UNTIL.

        Raises NotEditable where no rule says the same with other times.
        """
        if shift.delta % timedelta(days=1) and self.names & _TIMES:
            raise _not_movable()
        if shift.days:
            self._shift_days(shift.days, start)
        old = self.get("UNTIL")
        if old is not None:
            self.put("UNTIL", until(old))

    def _shift_days(self, days: int, start: date) -> None:
        by = {name for name in self.names if name.startswith("BY")} - _TIMES
        frequency = self.get("FREQ")
        if frequency == "DAILY" and by <= {"BYDAY"}:
            self._shift_weekdays(days)
        elif frequency == "WEEKLY" and by <= {"BYDAY", "BYSETPOS"}:
            self._refuse_torn_weeks(days, start)
            self._shift_weekdays(days)
        elif frequency in ("MONTHLY", "YEARLY") and by <= {"BYMONTHDAY", "BYMONTH", "BYSETPOS"}:
            self._shift_days_of_month(frequency, by, days, start)
        else:
            raise _not_movable()

    def _shift_weekdays(self, days: int) -> None:
        given = self.listed("BYDAY")
        if any(day not in WEEKDAYS for day in given):
            raise _not_movable()
        if given and days % _WEEK:
            self.put("BYDAY", ",".join(WEEKDAYS[(WEEKDAYS.index(day) + days) % _WEEK] for day in given))

    def _refuse_torn_weeks(self, days: int, start: date) -> None:
        """Weekdays of one week must stay in one week where it matters which week that is."""
        given = self.listed("BYDAY")
        if not given or ((self.get("INTERVAL") or "1").lstrip("0") == "1" and "BYSETPOS" not in self.names):
            return
        first = self.get("WKST") or "MO"
        if first not in WEEKDAYS or any(day not in WEEKDAYS for day in given):
            raise _not_movable()
        places = {WEEKDAYS.index(day) for day in given} | {start.weekday()}
        if len({((place - WEEKDAYS.index(first)) % _WEEK + days) // _WEEK for place in places}) > 1:
            raise _not_movable()

    def _shift_days_of_month(self, frequency: str, by: set[str], days: int, start: date) -> None:
        if frequency == "YEARLY" and not by and _same_day_each_year(start, days):
            return
        given = self.listed("BYMONTHDAY")
        if (not given and "BYSETPOS" in by) or not all(day.isdecimal() for day in given):
            raise _not_movable()
        numbers = [int(day) for day in given] or [start.day]
        moved = [day + days for day in numbers]
        if not all(day in _ALWAYS_THERE for day in (*numbers, *moved, start.day, start.day + days)):
            raise _not_movable()
        if given:
            self.put("BYMONTHDAY", ",".join(map(str, moved)))


def _same_day_each_year(start: date, days: int) -> bool:
    """Whether the day that lies so many days away is the same day of the year in every year."""
    try:
        moved = [date(year, start.month, start.day) + timedelta(days=days) for year in _LEAP_CYCLE]
    except (ValueError, OverflowError):
        return False
    return len({(day.year - year, day.month, day.day) for day, year in zip(moved, _LEAP_CYCLE, strict=True)}) == 1


def _not_movable() -> NotEditable:
    return NotEditable(
        "rule-not-movable",
        say("This series repeats by a rule that does not fit the new time."),
        say(
            "Move single appointments of it, or end it with `appointment cancel --following` and add a new series; "
            "or change it in your calendar program."
        ),
    )
