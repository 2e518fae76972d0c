"""What one VEVENT says about its times, read from its skeleton: values only, nothing is expanded."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, tzinfo

from coachsync.adapters.ical.skeleton import Stated
from coachsync.moments import Length, Moment, Unreadable, at_time_of, between, duration, moment

ZoneOf = Callable[[str], tzinfo]  # from a zone as `Stated` names it; raises Unreadable("unknown-zone")

_RULES = ("RRULE", "EXRULE")
_SINGLE = ("DTSTART", "DTEND", "DURATION", "RECURRENCE-ID")
_LONGEST_SEQUENCE = 9  # digits


@dataclass(frozen=True, slots=True)
class EventTimes:
    """The times of one VEVENT. `component` is its ordinal in the object.

    `replaces` is its RECURRENCE-ID, None in a master; `onwards` when it stands for the following instances as well.
    `added` are RDATEs, each with its own length where it is a period; `dropped` are EXDATEs.
    """

    component: int
    start: Moment
    length: Length
    sequence: int = -1
    replaces: Moment | None = None
    onwards: bool = False
    rule: str | None = None
    added: tuple[tuple[Moment, Length | None], ...] = ()
    dropped: tuple[Moment, ...] = ()

    @property
    def is_single(self) -> bool:
        """Whether it takes place once, whatever its overrides say."""
        return self.rule is None and not self.added and not self.dropped


def event_times(component: int, stated: tuple[Stated, ...], zone_of: ZoneOf) -> EventTimes:
    """The times of a VEVENT. Raises Unreadable: "no-start", "bad-time", "bad-rule" or "unknown-zone"."""
    given = {name: [one for one in stated if one.name == name] for name in {one.name for one in stated}}
    if "DTSTART" not in given:
        raise Unreadable("no-start")
    if any(len(given.get(name, ())) > 1 for name in _SINGLE):
        raise Unreadable("bad-time")
    try:
        start = _moment(given["DTSTART"][0], zone_of)
        length = _length(start, given, zone_of)
        sequence = _sequence(given)
        if "RECURRENCE-ID" in given:  # an override is one instance: rules of its own have no meaning
            (replaced,) = given["RECURRENCE-ID"]
            onwards = replaced.range == "THISANDFUTURE"
            return EventTimes(component, start, length, sequence, _moment(replaced, zone_of), onwards)
        return EventTimes(
            component,
            start,
            length,
            sequence,
            rule=_rule(given),
            added=tuple(added for one in given.get("RDATE", ()) for added in _added(one, start, zone_of)),
            dropped=tuple(moment for one in given.get("EXDATE", ()) for moment in _moments(one, zone_of)),
        )
    except Unreadable:
        raise
    except (ValueError, OverflowError):
        raise Unreadable("bad-time") from None


Given = dict[str, list[Stated]]


def _rule(given: Given) -> str | None:
    rules = [one for name in _RULES for one in given.get(name, ())]
    if not rules:
        return None
    if len(rules) > 1 or rules[0].name == "EXRULE":
        raise Unreadable("bad-rule")
    return rules[0].value


def _moment(stated: Stated, zone_of: ZoneOf) -> Moment:
    (found,) = _moments(stated, zone_of)
    return found


def _moments(stated: Stated, zone_of: ZoneOf) -> Iterator[Moment]:
    for value in stated.value.split(","):
        yield _one(value.strip(), stated, zone_of)


def _one(value: str, stated: Stated, zone_of: ZoneOf) -> Moment:
    """A value by its shape; a shape that contradicts its VALUE parameter is not guessed at."""
    local = "T" in value and not value.endswith("Z")
    found = moment(value, zone_of(stated.zone if local else ""))
    if stated.kind == "DATE" and isinstance(found, datetime):
        raise ValueError("a date-time that says it is a date")
    return found


def _length(start: Moment, given: Given, zone_of: ZoneOf) -> Length:
    """From DTEND, else DURATION, else what RFC 5545 section 3.6.1 says: one day, or no time at all."""
    if "DTEND" in given:
        return between(start, _moment(given["DTEND"][0], zone_of))
    all_day = not isinstance(start, datetime)
    if "DURATION" not in given:
        return Length(days=1) if all_day else Length()
    length = duration(given["DURATION"][0].value.strip())
    if not all_day:
        return length
    whole, rest = divmod(length.seconds, 24 * 3600)
    if rest:
        raise ValueError("part of a day")
    return Length(days=length.days + whole)


def _added(stated: Stated, start: Moment, zone_of: ZoneOf) -> Iterator[tuple[Moment, Length | None]]:
    """RDATE values. A day among the times of a series takes place at the time of day that the series has."""
    for value in stated.value.split(","):
        first, period, last = value.strip().partition("/")
        begin = at_time_of(_one(first, stated, zone_of), start)
        if not period:
            yield begin, None
        elif last.startswith(("P", "+")):
            yield begin, duration(last)
        else:
            yield begin, between(begin, _one(last, stated, zone_of))


def _sequence(given: Given) -> int:
    text = given["SEQUENCE"][0].value.strip() if "SEQUENCE" in given else ""
    return int(text) if text.isdecimal() and len(text) <= _LONGEST_SEQUENCE else -1
