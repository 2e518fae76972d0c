"""Recurrence rules (RFC 5545 section 3.3.10): checked part by part, bounded, and written anew for the expander.

What reaches the expander has only known parts with values in range, an UNTIL in the local time of the series, and the
meaning that the RFC gives to what it leaves out.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from coachsync.moments import Moment, Unreadable, moment

MOST_PERIODS = 50_000  # from DTSTART to the end of what is asked for; daily, that is 137 years
MOST_TIMES_A_DAY = 24
LONGEST_RULE = 4_000  # characters; a list of 366 days of the year stays below

_PERIOD_DAYS = {"DAILY": 1, "WEEKLY": 7, "MONTHLY": 28, "YEARLY": 365}
_TOO_FREQUENT = frozenset({"SECONDLY", "MINUTELY", "HOURLY"})
_TIMES = ("BYHOUR", "BYMINUTE", "BYSECOND")
_BOUNDS = {  # of the absolute value; with True it may be negative
    "BYHOUR": (0, 23, False),
    "BYMINUTE": (0, 59, False),
    "BYSECOND": (0, 60, False),
    "BYMONTH": (1, 12, False),
    "BYMONTHDAY": (1, 31, True),
    "BYYEARDAY": (1, 366, True),
    "BYWEEKNO": (1, 53, True),
    "BYSETPOS": (1, 366, True),
    "INTERVAL": (1, 10_000_000, False),
    "COUNT": (1, 10_000_000, False),
}
_SINGLE = frozenset({"INTERVAL", "COUNT"})
_NUMBER = re.compile(r"[+-]?\d{1,8}", re.ASCII)
_WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
_BYDAY = re.compile(r"([+-]?(?:[1-9]|[1-4]\d|5[0-3]))?(MO|TU|WE|TH|FR|SA|SU)", re.ASCII)
_MOST_WEEKS_OF_MONTH = 5
_LAST_SECOND = timedelta(days=1, seconds=-1)


@dataclass(frozen=True, slots=True)
class Frame:
    """How a series sees time: it begins at `start`, a day or a local date-time without zone, and `local` gives other
    moments that shape."""

    start: Moment
    local: Callable[[datetime], datetime]

    @property
    def all_day(self) -> bool:
        return not isinstance(self.start, datetime)


def rewrite(value: str, frame: Frame, last: Moment) -> str:
    """The rule for the expander. `last` is the end of what is asked for, in the shape of `frame.start`.

    Raises Unreadable: "bad-rule", "rule-too-frequent" or "rule-too-long".
    """
    parts = _parts(value)
    frequency = parts.pop("FREQ", "")
    if frequency in _TOO_FREQUENT:
        raise Unreadable("rule-too-frequent")
    if frequency not in _PERIOD_DAYS or ("COUNT" in parts and "UNTIL" in parts):
        raise Unreadable("bad-rule")
    if frame.all_day:  # RFC 5545: times of day are ignored in a rule of days
        parts = {name: given for name, given in parts.items() if name not in _TIMES}
    checked = {name: _checked(name, given) for name, given in parts.items()}
    until = _until(parts["UNTIL"], frame) if "UNTIL" in parts else None
    times = _times_a_day(checked)
    _bound(frequency, checked, times, frame.start, min(last, until) if until is not None else last)
    _mean_the_weekday(frequency, checked, frame.start)
    _drop_impossible_weekdays(frequency, checked)
    if frequency == "WEEKLY" and times == 1:
        _choose_weekdays(checked, frame.start)
    written = {"FREQ": frequency, **{name: ",".join(given) for name, given in checked.items()}}
    if until is not None:
        written["UNTIL"] = f"{until:%Y%m%d}" if frame.all_day else f"{until:%Y%m%dT%H%M%S}"
        written["UNTIL"] = written["UNTIL"].zfill(8 if frame.all_day else 15)
    return ";".join(f"{name}={given}" for name, given in written.items())


def _parts(value: str) -> dict[str, str]:
    """The parts by name, upper-case; the Gregorian scale, which is the only one here, goes unsaid."""
    if len(value) > LONGEST_RULE:
        raise Unreadable("bad-rule")
    parts: dict[str, str] = {}
    for part in filter(None, value.strip().upper().split(";")):
        name, given, text = part.partition("=")
        if not given or name in parts:
            raise Unreadable("bad-rule")
        parts[name] = text
    if parts.pop("RSCALE", "GREGORIAN") != "GREGORIAN" or parts.pop("SKIP", "OMIT") != "OMIT":  # RFC 7529
        raise Unreadable("bad-rule")
    return parts


def _checked(name: str, text: str) -> list[str]:
    """The values of one part, each in range. Raises Unreadable."""
    given = text.split(",")
    if name == "UNTIL":
        return given
    if name == "WKST" and text in _WEEKDAYS:
        return given
    if name == "BYDAY" and all(map(_BYDAY.fullmatch, given)):
        return list(dict.fromkeys(given))
    if name in _BOUNDS and all(map(_NUMBER.fullmatch, given)) and not (name in _SINGLE and len(given) > 1):
        least, most, signed = _BOUNDS[name]
        numbers = sorted({int(number) for number in given})
        if all(least <= (abs(number) if signed else number) <= most for number in numbers):
            return [str(min(number, 59) if name == "BYSECOND" else number) for number in numbers]
    raise Unreadable("bad-rule")


def _until(text: str, frame: Frame) -> Moment:
    """UNTIL in the shape of the series. It bounds inclusively, a day as a whole.

    Where days recur, an UNTIL of midnight UTC is taken for the day that its writer meant.
    """
    try:
        until = moment(text, UTC)
        if not isinstance(until, datetime):
            return until if frame.all_day else datetime(until.year, until.month, until.day) + _LAST_SECOND  # noqa: DTZ001
        if not text.endswith("Z") or (frame.all_day and text.endswith("T000000Z")):
            local = until.replace(tzinfo=None)
        else:
            local = frame.local(until)
    except OverflowError:
        return date.max if frame.all_day else datetime.max  # noqa: DTZ901 - local
    except ValueError:
        raise Unreadable("bad-rule") from None
    return local.date() if frame.all_day else local


def _times_a_day(parts: dict[str, list[str]]) -> int:
    times = 1
    for name in _TIMES:
        times *= len(parts.get(name, [""]))
    if times > MOST_TIMES_A_DAY:
        raise Unreadable("rule-too-frequent")
    return times


def _bound(frequency: str, parts: dict[str, list[str]], times: int, start: Moment, last: Moment) -> None:
    interval = int(parts.get("INTERVAL", ["1"])[0])
    periods = (last.toordinal() - start.toordinal()) // (_PERIOD_DAYS[frequency] * interval)
    if periods * times > MOST_PERIODS:
        raise Unreadable("rule-too-long")


def _mean_the_weekday(frequency: str, parts: dict[str, list[str]], start: Moment) -> None:
    """Weeks of the year alone mean the weekday of DTSTART; the expander would take all seven days."""
    if frequency == "YEARLY" and "BYWEEKNO" in parts and not {"BYDAY", "BYMONTHDAY", "BYYEARDAY"} & set(parts):
        parts["BYDAY"] = [_WEEKDAYS[start.weekday()]]


def _drop_impossible_weekdays(frequency: str, parts: dict[str, list[str]]) -> None:
    """No month has a sixth Monday; the expander breaks when it looks for one."""
    if "BYDAY" not in parts or not (frequency == "MONTHLY" or (frequency == "YEARLY" and "BYMONTH" in parts)):
        return
    parts["BYDAY"] = [day for day in parts["BYDAY"] if abs(int(day[:-2] or 0)) <= _MOST_WEEKS_OF_MONTH]
    if not parts["BYDAY"]:
        raise Unreadable("bad-rule")


def _choose_weekdays(parts: dict[str, list[str]], start: Moment) -> None:
    """Positions in a week are weekdays of their own; the expander would count from DTSTART in the first week."""
    if "BYSETPOS" not in parts or {"BYMONTH", "BYMONTHDAY", "BYYEARDAY", "BYWEEKNO"} & set(parts):
        return
    first = _WEEKDAYS.index(parts.get("WKST", ["MO"])[0])
    given = {day[-2:] for day in parts.pop("BYDAY", [_WEEKDAYS[start.weekday()]])}
    week = [day for day in _WEEKDAYS[first:] + _WEEKDAYS[:first] if day in given]
    positions = {int(position) for position in parts.pop("BYSETPOS")}
    chosen = [day for at, day in enumerate(week) if {at + 1, at - len(week)} & positions]
    if not chosen:
        raise Unreadable("bad-rule")
    parts["BYDAY"] = chosen
