"""The child process in which skeletons are expanded: JSON lines in, JSON lines out, and nothing else.

It may be killed at any moment. It has a bound on its memory, leaves no core dump, and each question has a time after
which the system ends the process even if nobody is left to do so.
"""

from __future__ import annotations

import json
import os
import resource
import signal
import sys
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from typing import Any, NamedTuple

from coachsync.adapters.ical.skeleton import Skeleton
from coachsync.adapters.ical.zones import Change
from coachsync.model import Occurrence, Reading, Stand, Window
from coachsync.moments import Moment, Unreadable

READY = b"ready\n"

_SECOND = timedelta(seconds=1)


class Kind(StrEnum):
    """What is asked about a skeleton."""

    READING = "reading"  # within a horizon
    INSTANCES = "instances"  # likewise, each with its plain start by the rule
    PLACE = "place"  # of one instance in its series
    ZONES = "zones"  # what each of its own zones changes, up to a year


class Instances(NamedTuple):
    """The occurrences of an object, each with its plain start by the rule, None in a single event."""

    found: tuple[tuple[Occurrence, Moment | None], ...]
    code: str | None


class Place(NamedTuple):
    """Where an instance stands in its series.

    `before`: how many instances of the rule come before it, those that EXDATE leaves out included, 0 when nothing takes
    place before it; None when the rule does not give it, or does not give DTSTART, so that programs count differently.
    `only`: nothing else takes place.
    """

    before: int | None
    only: bool


def question(found: Skeleton, horizon: Window, zone: str, kind: Kind = Kind.READING) -> bytes:
    """The line that asks for the reading of a skeleton, or for its instances."""
    return _line([kind, found.dump(), _seconds(horizon.start), _seconds(horizon.end), zone])


def place_question(found: Skeleton, original: Moment, zone: str) -> bytes:
    """The line that asks where the instance of a plain start stands in its series."""
    return _line([Kind.PLACE, found.dump(), original.isoformat(), zone])


def zones_question(found: Skeleton, until_year: int) -> bytes:
    """The line that asks for the zones that a skeleton defines."""
    return _line([Kind.ZONES, found.dump(), until_year])


def answer(line: bytes) -> Reading:
    """The reading that a line of the child says."""
    found, code = instances(line)
    return Reading(tuple(occurrence for occurrence, _ in found), code)


def instances(line: bytes) -> Instances:
    """The instances that a line of the child says, likewise."""
    code, occurrences = json.loads(line)
    return Instances(
        tuple(
            (
                Occurrence(_moment(start), _moment(end), bool(all_day), Stand(stand), component),
                _plain(original) if original else None,
            )
            for start, end, all_day, stand, component, original in occurrences
        ),
        code,
    )


def place(line: bytes) -> Place | None:
    """The place that a line of the child says. Raises Unreadable."""
    code, told = json.loads(line)
    if code is not None:
        raise Unreadable(code)
    return None if told is None else Place(*told)


def zones(line: bytes) -> list[list[Change]]:
    """The zones that a line of the child says, no change where one cannot be read."""
    return [
        [
            (datetime.fromisoformat(onset), timedelta(seconds=before), timedelta(seconds=after))
            for onset, before, after in changes
        ]
        for changes in json.loads(line)[1]
    ]


def _reply(line: bytes) -> bytes:
    kind, dumped, *asked = json.loads(line)
    try:
        return _line(_ANSWERS[kind](Skeleton.load(dumped), *asked))
    except MemoryError:
        raise
    except Unreadable as problem:
        return _line([problem.code, []])
    except Exception:  # noqa: BLE001 - whatever a library does with hostile input, the others go on
        return _line(["unreadable", []])


def _reading(found: Skeleton, start: int, end: int, zone: str) -> list[Any]:
    from coachsync.adapters.ical import expansion

    reading = expansion.expand(found, Window(_moment(start), _moment(end)), zone)
    return [reading.code, [_occurrence(one) for one in reading.occurrences]]


def _instances(found: Skeleton, start: int, end: int, zone: str) -> list[Any]:
    from coachsync.adapters.ical import expansion

    told, code = expansion.occurrences(found, Window(_moment(start), _moment(end)), zone)
    return [found.code or code, [_occurrence(one, original) for one, original in sorted(told, key=lambda one: one[0])]]


def _occurrence(one: Occurrence, original: Moment | None = None) -> list[Any]:
    name = original.isoformat() if original else ""
    return [_seconds(one.start), _seconds(one.end), int(one.all_day), one.stand, one.component, name]


def _place(found: Skeleton, original: str, zone: str) -> list[Any]:
    from coachsync.adapters.ical import placing

    return [None, placing.place(found, _plain(original), zone)]


def _zones(found: Skeleton, until_year: int) -> list[Any]:
    from coachsync.adapters.ical import expansion

    told = []
    for definition in found.zones:
        try:
            changes = expansion.changes(definition, until_year)
        except Unreadable:
            changes = []
        told.append(
            [[str(onset), int(before.total_seconds()), int(after.total_seconds())] for onset, before, after in changes]
        )
    return [None, told]


_ANSWERS: dict[str, Callable[..., list[Any]]] = {
    Kind.READING: _reading,
    Kind.INSTANCES: _instances,
    Kind.PLACE: _place,
    Kind.ZONES: _zones,
}


def _plain(text: str) -> Moment:
    return datetime.fromisoformat(text) if "T" in text else date.fromisoformat(text)


def _line(content: list[Any]) -> bytes:
    return json.dumps(content, separators=(",", ":")).encode() + b"\n"


def _seconds(moment: datetime) -> int:
    return int(moment.timestamp())


def _moment(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def main(memory: int, patience: int) -> None:
    """Answer until standard input is closed. `memory` is in bytes, `patience` in whole seconds."""
    replies = os.fdopen(os.dup(sys.stdout.fileno()), "wb", buffering=0)
    with open(os.devnull, "wb") as nowhere:  # noqa: PTH123 - a device, not a file of ours
        os.dup2(nowhere.fileno(), sys.stdout.fileno())  # what a library prints is no answer
    from coachsync.adapters.ical import placing  # noqa: F401 - loaded before the bounds hold

    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a keyboard interrupt is for the parent, which then ends this
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    replies.write(READY)
    for line in sys.stdin.buffer:
        signal.alarm(patience)
        replies.write(_reply(line))
        signal.alarm(0)


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
