"""Days, times and lengths as a person writes them."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from coachsync.errors import UsageError
from coachsync.moments import Moment
from coachsync.phrases import say
from coachsync.span import parse

YEARS = range(1900, 2201)  # that calendars reckon with

_FORM = re.compile(r"\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d)?(?:Z|[+-]\d\d:?\d\d)?)?", re.ASCII | re.IGNORECASE)
_PLAIN = re.compile(r"(?:(\d{1,2}) ?h ?([0-5]\d)?)|(\d{1,3}) ?min", re.ASCII | re.IGNORECASE)
_DATE = len("2026-12-01")


def when(text: str) -> date | datetime:
    """A day, or a day with a time, which may have an offset. Raises ValueError."""
    text = text.strip()
    if not _FORM.fullmatch(text):
        raise ValueError("neither a day nor a time")
    found = date.fromisoformat(text) if len(text) == _DATE else datetime.fromisoformat(text.upper().replace(" ", "T"))
    if found.year not in YEARS:
        raise ValueError("out of reach")
    return found


def length(text: str) -> timedelta:
    """A length such as 1h, 1h30 or 45min, or an ISO 8601 duration such as PT1H30M or P2D. Raises ValueError.

    It is longer than nothing.
    """
    text = text.strip()
    plain = _PLAIN.fullmatch(text)
    if plain and (plain[1] or plain[3]):
        found = timedelta(hours=int(plain[1] or 0), minutes=int(plain[2] or plain[3] or 0))
    else:
        found = parse(text.upper()).elapsed()
    if not found:
        raise ValueError("no length at all")
    return found


def in_practice(moment: date | datetime, zone: ZoneInfo) -> Moment:
    """What a person wrote, as a day or as a time in the zone of the practice, in which times without an offset are.

    Raises UsageError for a time that the clocks leave out on that day.
    """
    if not isinstance(moment, datetime):
        return moment
    local = moment.astimezone(zone) if moment.tzinfo is not None else moment.replace(tzinfo=zone)
    if local.astimezone(UTC).astimezone(zone).replace(tzinfo=None) != local.replace(tzinfo=None):
        raise UsageError(
            "no-such-time",
            say("On that day the clocks leave this time out."),
            say("Give a time an hour earlier or later."),
        )
    return local
