"""Values of time in the form that their property has: what was UTC, floating, a day or in a zone stays so."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta, tzinfo

from coachsync import contentline, moments
from coachsync.contentline import Line
from coachsync.editing.target import Zones
from coachsync.errors import NotEditable
from coachsync.moments import Moment, instant
from coachsync.phrases import say

Change = Callable[[Moment], Moment | None]  # what becomes of a value; None: it goes

_NAME = re.compile("[;:]")
_MOMENT = re.compile(r"\d{8}(?:T\d{6}Z?)?", re.ASCII)


def zone_of(line: Line, zones: Zones) -> tzinfo:
    """The zone that a property's local times are in. Raises NotEditable when nobody knows it."""
    found = zones.get(line.param("TZID"))
    if found is None:
        raise NotEditable(
            "unknown-zone",
            say("The event names a time zone that nobody knows."),
            say("Change it in your calendar program, which will ask for the time zone."),
        )
    return found


def head(line: Line) -> str:
    """The parameters of a property as they are written, with the colon."""
    logical = contentline.unfold(line.raw)
    name = _NAME.split(logical, maxsplit=1)[0]
    return logical[len(name) : len(logical) - len(line.value)]


def value(line: Line, zones: Zones) -> Moment:
    """The one value of a property. Raises NotEditable."""
    return read(line.value.strip(), line, zones)


def read(text: str, line: Line, zones: Zones) -> Moment:
    """One value out of a property. Raises NotEditable or ValueError."""
    local = "T" in text and not text.endswith("Z")
    return moments.moment(text, zone_of(line, zones) if local else UTC)


def write(moment: Moment, like: str, zone: tzinfo) -> str:
    """A moment in the form of the value that it takes the place of; `zone` is that of local times there."""
    if "T" not in like:
        return _digits(moment, "%Y%m%d", 8)
    if not isinstance(moment, datetime):
        return _digits(moment, "%Y%m%d", 8) + like[8:]
    if like.endswith("Z"):
        return _digits(instant(moment), "%Y%m%dT%H%M%SZ", 16)
    return _digits(moment.astimezone(zone), "%Y%m%dT%H%M%S", 15)


def changed(line: Line, change: Change, zones: Zones) -> str:
    """The property's value with each of its moments changed, "" when none is left. A period keeps its exact length."""
    kept = []
    for text in line.value.split(","):
        found = _MOMENT.search(text)
        if found is None:
            raise bad_time()
        before = read(found.group(), line, zones)
        after = change(before)
        if after is not None:
            head, tail = text[: found.start()], text[found.end() :]
            end = _MOMENT.search(tail)
            if end:
                length = between(before, read(end.group(), line, zones))
                tail = tail[: end.start()] + _written(later(after, length), end.group(), line, zones)
            kept.append(head + _written(after, found.group(), line, zones) + tail)
    return ",".join(kept)


def each(line: Line, zones: Zones) -> Iterator[Moment]:
    """The moments of a property that may have several; of periods, the starts. Raises NotEditable."""
    for text in line.value.split(","):
        yield read(text.strip().partition("/")[0], line, zones)


def periods(line: Line, zones: Zones) -> Iterator[tuple[Moment, timedelta]]:
    """The periods of a property: start and exact length. Raises NotEditable."""
    for text in line.value.split(","):
        first, period, last = text.strip().partition("/")
        if not period:
            continue
        start = read(first, line, zones)
        if last.startswith(("P", "+")):
            yield start, lasting(start, last)
        else:
            yield start, between(start, read(last, line, zones))


def lasting(start: Moment, text: str) -> timedelta:
    """How long what starts then lasts by a DURATION value: exact, or days after a day. Raises ValueError."""
    length = moments.duration(text.strip())
    days = start + timedelta(days=length.days)
    return between(start, later(days, timedelta(seconds=length.seconds)))


def between(start: Moment, end: Moment) -> timedelta:
    """How long it is from start to end: exact, or days between days. Raises NotEditable."""
    if isinstance(start, datetime) and isinstance(end, datetime):
        length = instant(end) - instant(start)
    elif isinstance(start, datetime) or isinstance(end, datetime):
        raise bad_time()
    else:
        length = end - start
    if length < timedelta():
        raise bad_time()
    return length


def later(moment: Moment, length: timedelta) -> Moment:
    """The moment that lies exactly `length` after; whole days after a day."""
    return instant(moment) + length if isinstance(moment, datetime) else moment + length


def duration(length: timedelta, *, all_day: bool) -> str:
    """A length as a DURATION value (RFC 5545 section 3.3.6). Of times it has no days: those are as long as the clock
    makes them."""
    if all_day:
        return f"P{length.days}D"
    minutes, seconds = divmod(int(length.total_seconds()), 60)
    hours, minutes = divmod(minutes, 60)
    parts = [f"{hours}H" * bool(hours), f"{minutes}M" * bool(minutes), f"{seconds}S" * bool(seconds)]
    return "PT" + ("".join(parts) or "0S")


@contextmanager
def certain() -> Iterator[None]:
    """Around an edit: a time that cannot be read, or that leaves the calendar, is NotEditable."""
    try:
        yield
    except (ValueError, OverflowError):
        raise bad_time() from None


def bad_time() -> NotEditable:
    """A time that cannot be read, or that no calendar has."""
    return NotEditable(
        "bad-time",
        say("A time of the event cannot be read, or would leave the calendar."),
        say("Open the event in your calendar program and save it again."),
    )


def _written(moment: Moment, like: str, line: Line, zones: Zones) -> str:
    return write(moment, like, UTC if like.endswith("Z") or "T" not in like else zone_of(line, zones))


def _digits(moment: date, form: str, width: int) -> str:
    return moment.strftime(form).zfill(width)
