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
from datetime import UTC, datetime
from typing import Any

from coachsync.adapters.ical.skeleton import Skeleton
from coachsync.model import Occurrence, Reading, Stand, Window

READY = b"ready\n"


def question(found: Skeleton, horizon: Window, zone: str) -> bytes:
    """The line that asks for the reading of a skeleton."""
    return _line([_seconds(horizon.start), _seconds(horizon.end), zone, found.dump()])


def answer(line: bytes) -> Reading:
    """The reading that a line of the child says."""
    code, occurrences = json.loads(line)
    return Reading(
        tuple(
            Occurrence(_moment(start), _moment(end), bool(all_day), Stand(stand), component)
            for start, end, all_day, stand, component in occurrences
        ),
        code,
    )


def _reply(line: bytes) -> bytes:
    from coachsync.adapters.ical import expansion

    start, end, zone, dumped = json.loads(line)
    try:
        reading = expansion.expand(Skeleton.load(dumped), Window(_moment(start), _moment(end)), zone)
    except MemoryError:
        raise
    except Exception:  # noqa: BLE001 - whatever a library does with hostile input, the others go on
        reading = Reading(code="unreadable")
    return _line(
        [
            reading.code,
            [
                [_seconds(one.start), _seconds(one.end), int(one.all_day), one.stand, one.component]
                for one in reading.occurrences
            ],
        ]
    )


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
    from coachsync.adapters.ical import expansion  # noqa: F401 - loaded before the bounds hold

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
