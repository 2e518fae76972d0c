"""A new appointment as an object of its own."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from enum import StrEnum

from coachsync import contentline
from coachsync.editing.events import STAMP
from coachsync.moments import Moment, instant

_PRODUCT = "-//coachsync//EN"


class Every(StrEnum):
    """How often an appointment repeats."""

    DAY = "DAILY"
    WEEK = "WEEKLY"
    MONTH = "MONTHLY"
    YEAR = "YEARLY"


@dataclass(frozen=True, slots=True)
class Repeat:
    """Every so many days, weeks, months or years from the start on: so often (`count`, the first included), or up to
    and with a day; without either, without end. Not both."""

    every: Every
    interval: int = 1
    count: int | None = None
    until: date | None = None


def add(
    uid: str,
    start: Moment,
    end: Moment,
    title: str,
    timezone: str = "",
    *,
    stamp: datetime,
    repeat: Repeat | None = None,
    location: str = "",
    description: str = "",
) -> str:
    """The text of a new object, CRLF, every line folded.

    `start` and `end` are aware datetimes of the zone that the VTIMEZONE `timezone` describes (its TZID is taken from
    there; without one they are written in UTC), or dates, the end being the day after the last. Raises ValueError when
    it does not end after it starts, or one is of another kind.
    """
    if isinstance(start, datetime) != isinstance(end, datetime) or _instant(end) <= _instant(start):
        raise ValueError("an appointment ends after it starts, and both are days or both are times")
    texts = (("SUMMARY", title), ("LOCATION", location), ("DESCRIPTION", description))
    lines = [
        "BEGIN:VEVENT",
        f"UID:{contentline.escape(uid)}",
        f"DTSTAMP:{stamp.astimezone(UTC).strftime(STAMP)}",
        _stated("DTSTART", start, timezone),
        _stated("DTEND", end, timezone),
        *([_rule(repeat, start)] if repeat else []),
        *(f"{name}:{contentline.escape(text)}" for name, text in texts if text),
        "END:VEVENT",
    ]
    opening = ["BEGIN:VCALENDAR", "VERSION:2.0", f"PRODID:{_PRODUCT}", "CALSCALE:GREGORIAN"]
    zone = timezone if isinstance(start, datetime) else ""
    return "".join(
        [*map(contentline.fold, opening), zone, *map(contentline.fold, lines), contentline.fold("END:VCALENDAR")]
    )


def _instant(moment: Moment) -> Moment:
    return instant(moment) if isinstance(moment, datetime) else moment


def _stated(name: str, moment: Moment, timezone: str) -> str:
    if not isinstance(moment, datetime):
        return f"{name};VALUE=DATE:{moment:%Y%m%d}"
    tzid = next((line.value for line in contentline.lines(timezone) if line.name == "TZID"), "")
    if not tzid:
        return f"{name}:{instant(moment).strftime(STAMP)}"
    return f"{name};TZID={tzid}:{moment:%Y%m%dT%H%M%S}"


def _rule(repeat: Repeat, start: Moment) -> str:
    parts = [f"FREQ={repeat.every}"]
    if repeat.interval > 1:
        parts.append(f"INTERVAL={repeat.interval}")
    if repeat.count is not None:
        parts.append(f"COUNT={repeat.count}")
    elif repeat.until is not None:
        parts.append(f"UNTIL={_until(repeat.until, start)}")
    return "RRULE:" + ";".join(parts)


def _until(day: date, start: Moment) -> str:
    """The last instance is on this day at the latest, in the zone of the appointment."""
    if not isinstance(start, datetime):
        return f"{day:%Y%m%d}"
    zone: tzinfo | None = start.tzinfo
    last = datetime.combine(day + timedelta(days=1), time(), zone) - timedelta(seconds=1)
    return instant(last).strftime(STAMP)
