"""The table of a comparison, with the goal beside each figure."""

from __future__ import annotations

import os
import platform
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from measuring import middle

Record = dict[str, Any]  # size, delay, round, who, task, wall, cpu, memory, code, traffic, inner

_NAMES = {
    "initial": "first sync",
    "poll": "poll, nothing changed",
    "stay": "the same in a process that stays",
    "changes": "10 changes",
    "push": "push of 10 changes",
    "publish": "publish about 300",
    "republish": "publish, nothing changed",
}
_HEADINGS = (
    *("events", "delay", "task", "floor", "coachsync", "vdirsyncer", "python-caldav", "CPU to floor"),
    *("requests", "KB up, down", "peak MB (vdirsyncer)", "goal"),
)
_KILO, _HALF = 1024, 0.5


@dataclass(frozen=True)
class Case:
    """Everything about one task at one size and delay."""

    records: list[Record]

    def of(self, who: str, what: str) -> float | None:
        return middle(record[what] for record in self._good(who) if record.get(what) is not None)

    def traffic(self, who: str, what: str) -> float | None:
        return middle(record["traffic"].get(what, 0) for record in self._good(who) if record["traffic"])

    def methods(self, who: str) -> str:
        """The requests by their methods, the most frequent first."""
        names = {name for record in self._good(who) for name in record["traffic"] if name.isupper()}
        counts = {name: self.traffic(who, name) or 0 for name in sorted(names)}
        return ", ".join(f"{counts[name]:.0f} {name}" for name in sorted(counts, key=lambda name: -counts[name]))

    def ratio(self, one: str, other: str, what: str) -> float | None:
        """How many times as much the one takes as the other, the median of the rounds."""
        pairs = {record["round"]: record[what] for record in self._good(other)}
        return middle(record[what] / pairs[record["round"]] for record in self._good(one) if record["round"] in pairs)

    def failed(self, who: str) -> bool:
        mine = [record for record in self.records if record["who"] == who]
        return bool(mine) and not self._good(who)

    def _good(self, who: str) -> list[Record]:
        return [record for record in self.records if record["who"] == who and record["code"] == 0]


def _first(case: Case) -> list[tuple[str, bool | None]]:
    memory, theirs = case.of("coachsync", "memory"), case.of("vdirsyncer", "memory")
    return [
        ("at most 2x the floor", _most(case.ratio("coachsync", "floor", "wall"), 2)),
        ("5x faster than vdirsyncer", _least(case.ratio("vdirsyncer", "coachsync", "wall"), 5)),
        ("half of vdirsyncer's memory", _most(memory / theirs if memory and theirs else None, _HALF)),
    ]


def _poll(case: Case) -> list[tuple[str, bool | None]]:
    sent = [case.traffic("coachsync", way) for way in ("up", "down")]
    return [
        ("1 request", _most(case.traffic("coachsync", "requests"), 1)),
        ("at most 1 KB each way", _most(max((size for size in sent if size is not None), default=None), _KILO)),
    ]


def _changes(case: Case) -> list[tuple[str, bool | None]]:
    return [("2 requests", _most(case.traffic("coachsync", "requests"), 2))]


def _push(case: Case) -> list[tuple[str, bool | None]]:
    counts = {name: case.traffic("coachsync", name) for name in ("PUT", "conditional", "GET", "REPORT")}
    known = None if counts["PUT"] is None else counts == {"PUT": 10, "conditional": 10, "GET": 0, "REPORT": 1}
    return [("10 conditional PUTs and no GET", known)]


_GOALS: dict[str, Callable[[Case], list[tuple[str, bool | None]]]] = {
    "initial": lambda case: _first(case) if case.records[0]["size"] >= 10_000 and not case.records[0]["delay"] else [],
    "poll": _poll,
    "changes": _changes,
    "push": _push,
    "republish": _changes,
}


def printed(records: list[Record]) -> str:
    """Markdown: where and when, then a row for each size, delay and task."""
    keys = list(dict.fromkeys((record["delay"], record["size"], record["task"]) for record in records))
    cases = {key: Case([one for one in records if (one["delay"], one["size"], one["task"]) == key]) for key in keys}
    rounds = max((record["round"] for record in records), default=0)
    machine = f"{os.cpu_count()} cores, Python {platform.python_version()}"
    lines = [
        f"{datetime.now(UTC):%Y-%m-%d}, {machine}, {rounds} rounds. Seconds of wall time of whole processes, medians;",
        "in brackets how many times coachsync's time that is, paired within the rounds.",
        "",
        f"| {' | '.join(_HEADINGS)} |",
        f"|{'---|' * len(_HEADINGS)}",
    ]
    return "\n".join([*lines, *(_row(key, case, cases) for key, case in cases.items())])


def _row(key: tuple[float, int, str], case: Case, cases: dict[tuple[float, int, str], Case]) -> str:
    delay, size, task = key
    if task == "stay":
        return _staying(key, case, cases[delay, size, "poll"])
    cells = [f"{size}", f"{delay:g} ms", _NAMES[task]]
    cells += [_time(case, who) for who in ("floor", "coachsync", "vdirsyncer", "python-caldav")]
    ratio = case.ratio("coachsync", "floor", "cpu")
    cells.append(f"{ratio:.1f}x" if ratio else "")
    cells.append(case.methods("coachsync"))
    up, down = (case.traffic("coachsync", way) for way in ("up", "down"))
    cells.append("" if up is None or down is None else f"{up / _KILO:.1f}, {down / _KILO:.1f}")
    theirs = case.of("vdirsyncer", "memory")
    cells.append(_number(case.of("coachsync", "memory")) + (f" ({theirs:.0f})" if theirs else ""))
    cells.append(_told(_GOALS[task](case)) if task in _GOALS else "")
    return "| " + " | ".join(cells) + " |"


def _staying(key: tuple[float, int, str], case: Case, poll: Case) -> str:
    """A poll in a process that stays takes no start: only its processor time is compared."""
    delay, size, task = key
    mine, floor = case.of("coachsync", "cpu"), poll.of("floor", "cpu")
    inner = poll.of("floor", "inner")
    ratio = mine / floor if mine and floor else None
    told = _told([("CPU at most 2x the floor", _most(ratio, 2))])
    times = f"{1000 * mine:.0f} ms CPU" if mine else ""
    floors = f"{1000 * floor:.0f} ms CPU, {1000 * inner:.0f} without its start" if floor and inner else ""
    ratios = f"{ratio:.2f}x" if ratio else ""
    cells = [f"{size}", f"{delay:g} ms", _NAMES[task], floors, times, "", "", ratios, "", "", "", told]
    return "| " + " | ".join(cells) + " |"


def _time(case: Case, who: str) -> str:
    wall = case.of(who, "wall")
    if wall is None:
        return "fails" if case.failed(who) else ""
    ratio = case.ratio(who, "coachsync", "wall")
    return f"{wall:.2f}" if who == "coachsync" or ratio is None else f"{wall:.2f} ({ratio:.2f}x)"


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.0f}"


def _most(value: float | None, limit: float) -> bool | None:
    return None if value is None else value <= limit


def _least(value: float | None, limit: float) -> bool | None:
    return None if value is None else value >= limit


def _told(goals: list[tuple[str, bool | None]]) -> str:
    words = {True: "yes", False: "NO", None: "not measured"}
    return "; ".join(f"{goal}: {words[met]}" for goal, met in goals)
