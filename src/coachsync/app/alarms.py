"""What the coach must hear about, and when: once, again while it lasts, and once more when it is over.

Pure. A reminder waits for time that was seen to pass, not for a date: each look adds what has gone by since the look
before, and at most HALF_A_DAY of it. A wall clock that is set forth by a day, a machine that slept or a state that was
restored brings a reminder forward by half a day at most; a clock set back adds nothing and holds nothing up.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from enum import StrEnum

HALF_A_DAY = 12 * 3600.0  # seconds that one look can add
FIRST_REMINDER = 24 * 3600.0  # seconds after the news
NEXT_REMINDERS = 7 * FIRST_REMINDER


class Kind(StrEnum):
    """What an alarm is about: the first part of its key."""

    REFUSED = "refused"  # a server does not accept the credential
    STALE = "stale"  # a share is older than its schedule
    FINDING = "finding"  # a share serves what it must not, or something is wrong with what is kept here
    UNCHECKED = "unchecked"  # what a share serves could not be looked at for long
    HELD = "held"  # disappearances, or changes of the coach's own, wait for a person
    CONFLICT = "conflict"  # an appointment was changed on both sides
    REJECTED = "rejected"  # the server does not take a change, however often it is sent


@dataclass(frozen=True, slots=True)
class Alarm:
    """Something that stands until it is over: `key` names it from one look to the next, `kind/where` or
    `kind/where/code`; `where` is a configuration key. Message and hint hold no name, title or address."""

    key: str
    code: str
    where: str
    message: str
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Told:
    """What was said of one alarm. `since` and `seen` are seconds since 1970 by the wall clock, at the news and at the
    last look; `waited` is how many seconds were seen to pass since the last telling; `times` counts the tellings."""

    since: float
    seen: float
    waited: float = 0.0
    times: int = 1


@dataclass(frozen=True, slots=True)
class Plan:
    """What to say now; `cleared` are keys. `told_after` is what has been said once the plan has been carried out: if it
    could not be, what was told before stays as it was, and everything is due again at the next look."""

    new: tuple[Alarm, ...] = ()
    reminders: tuple[Alarm, ...] = ()
    cleared: tuple[str, ...] = ()
    told_after: Mapping[str, Told] = field(default_factory=dict)

    def __bool__(self) -> bool:
        """Whether there is anything to say."""
        return bool(self.new or self.reminders or self.cleared)


def alarm(kind: Kind, where: str, code: str, message: str, hint: str = "") -> Alarm:
    """An alarm under its usual key. A share may have several findings: each is an alarm of its own."""
    key = f"{kind}/{where}/{code}" if kind is Kind.FINDING else f"{kind}/{where}"
    return Alarm(key, code, where, message, hint)


def decide(current: Iterable[Alarm], told: Mapping[str, Told], now: datetime) -> Plan:
    """What to say of the alarms that stand now. What was not looked at again this time still stands: an alarm that is
    left out is taken to be over. Of several under one key the first is told."""
    standing: dict[str, Alarm] = {}
    for alarm in current:
        standing.setdefault(alarm.key, alarm)
    moment = now.timestamp()
    waiting = {key: _waited(told[key], moment) for key in standing if key in told}
    due = {key for key, entry in waiting.items() if entry.waited >= _patience(entry)}
    return Plan(
        new=tuple(alarm for key, alarm in standing.items() if key not in told),
        reminders=tuple(alarm for key, alarm in standing.items() if key in due),
        cleared=tuple(key for key in told if key not in standing),
        told_after={key: _after(key, waiting, due, moment) for key in standing},
    )


def passed(seen: float, moment: float) -> float:
    """How many seconds count as gone by between two looks, given as seconds since 1970 by the wall clock."""
    return min(max(moment - seen, 0.0), HALF_A_DAY)


def as_json(told: Mapping[str, Told]) -> dict[str, dict[str, float]]:
    """Plain JSON values; the keys hold names out of the configuration and codes."""
    return {key: asdict(entry) for key, entry in told.items()}


def from_json(document: object) -> dict[str, Told]:
    """What `as_json` gave. An entry that makes no sense is left out: its alarm is told once more."""
    entries = document.items() if isinstance(document, dict) else ()
    read = {key: _entry(entry) for key, entry in entries if isinstance(key, str)}
    return {key: entry for key, entry in read.items() if entry is not None}


def _waited(entry: Told, moment: float) -> Told:
    return Told(entry.since, moment, entry.waited + passed(entry.seen, moment), entry.times)


def _patience(entry: Told) -> float:
    return FIRST_REMINDER if entry.times == 1 else NEXT_REMINDERS


def _after(key: str, waiting: Mapping[str, Told], due: set[str], moment: float) -> Told:
    if key not in waiting:
        return Told(since=moment, seen=moment)
    entry = waiting[key]
    return Told(entry.since, moment, times=entry.times + 1) if key in due else entry


def _entry(entry: object) -> Told | None:
    if not isinstance(entry, dict):
        return None
    since, seen, waited, times = (_number(entry.get(name)) for name in ("since", "seen", "waited", "times"))
    if since is None or seen is None or waited is None or times is None:
        return None
    return Told(since, seen, max(waited, 0.0), max(int(times), 1))


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) and math.isfinite(value) else None
