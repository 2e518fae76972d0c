"""Four shares of one calendar, a profile each: published, published again, verified, and what they let infer.

    shares.py [--sizes 1000 10000] [--rounds 3]

Whole processes against the prepared server of `replay.py`, with a directory of 60 clients; medians of the rounds, and
of the ratios within them to a poll of the same calendar without shares. Before the first publish everything has been
read, and nobody knows yet whose the appointments are. Where a goal is for each share, or each event, the figure is too.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from contestants import HERE, Coachsync
from measuring import Figures, free_port, measured, middle, running
from share_clients import SPONSOR

_PROFILES = ("busy", "session", "pseudonym", "sponsor")
_SHARE = """\
[shares.{profile}]
from = ["coaching"]
to = {{ account = "here", url = "{target}{profile}/" }}
profile = "{profile}"
{more}
"""
_MOST = 2  # requests for each share in a run without change
_HEADINGS = (
    *("events", "task", "seconds", "CPU", "to a poll", "requests", "microseconds an event", "peak MB"),
    *("goal", "met"),
)
_NAMES = {
    "poll": "poll without shares",
    "publish": "publish everything",
    "republish": "nothing changed",
    "verify": "verify",
    "report": "report what can be inferred",
    "match": "read whose every appointment is",
    "renamed": "publish after a client's change of name",
}


class Took(NamedTuple):
    """One task of one round; `requests` is None where nobody counted."""

    wall: float | None
    cpu: float
    requests: int | None = None
    memory: float | None = None


class Sharing(Coachsync):
    """`coachsync` with a share of each profile."""

    name = "sharing"

    def tasks_of_a_round(self) -> Iterator[tuple[str, Took]]:
        """Each task with what it took, in this order; whatever must stand ready before is not timed."""
        self.quietly([*self._program, "sync"])
        yield "poll", self._took("--json", "sync")
        self._clients("fill")
        self._write(self._config + "".join(map(self._share, _PROFILES)))
        self.quietly([*self._program, "agenda"])
        yield "publish", self._took("--json", "sync")
        yield "republish", self._took("--json", "sync")
        yield "verify", self._took("--json", "share", "verify")
        yield "report", self._took("--json", "share", "report")
        self._clients("rename")
        yield "renamed", self._took("--json", "sync")
        yield "match", Took(None, float(self._clients("match")))

    def _share(self, profile: str) -> str:
        more = f'clients = ["{SPONSOR}"]' if profile == "sponsor" else ""
        return _SHARE.format(profile=profile, target=self.target.rstrip("/") + "-", more=more)

    def _took(self, *words: str) -> Took:
        figures = self._measured([*self._program, *words])
        return Took(figures.wall, figures.cpu, figures.traffic["requests"] if figures.traffic else 0, figures.memory)

    def _clients(self, task: str) -> str:
        config = str(self.folder / "coachsync.toml")
        return self._measured([sys.executable, str(HERE / "share_clients.py"), config, task]).output

    def _measured(self, command: list[str]) -> Figures:
        figures = measured(command, self.environment(), lambda: _stats(self.origin))
        if figures.code:
            raise SystemExit(f"{command}: {figures.output[-1000:]}")
        return figures


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("--sizes", type=int, nargs="+", default=[1000, 10000])
    options.add_argument("--rounds", type=int, default=3)
    given = options.parse_args()
    rounds: dict[int, list[dict[str, Took]]] = {size: [] for size in given.sizes}
    port = free_port()
    server = [sys.executable, str(HERE / "replay.py"), str(port), "0", *map(str, given.sizes)]
    with running(server, port), tempfile.TemporaryDirectory() as folder:
        for _ in range(given.rounds):
            for size in given.sizes:
                sharing = Sharing(f"http://127.0.0.1:{port}/user/n{size}/", Path(folder) / "sharing")
                rounds[size].append({})
                for task, took in sharing.tasks_of_a_round():
                    rounds[size][-1][task] = took
                    print(f"{size:6} {task:10} {took.wall or took.cpu:7.2f} s", file=sys.stderr, flush=True)
    print(f"| {' | '.join(_HEADINGS)} |\n{'|---' * len(_HEADINGS)}|")
    for size, found in rounds.items():
        for task, name in _NAMES.items():
            print(f"| {size} | {name} | {' | '.join(_cells(task, size, found))} |")


def _cells(task: str, size: int, rounds: list[dict[str, Took]]) -> Iterator[str]:
    took = [one[task] for one in rounds]
    requests = _median(took, "requests")
    yield _number(_median(took, "wall"), ".2f")
    yield _number(_median(took, "cpu"), ".2f")
    ratios = [one[task].cpu / one["poll"].cpu for one in rounds]
    yield "" if task in ("poll", "match") else f"{_number(middle(ratios), '.1f')}x"
    yield _number(requests, ".0f")
    yield _number(1e6 * (_median(took, "cpu") or 0) / size, ".0f") if task == "match" else ""
    yield _number(_median(took, "memory"), ".0f")
    if task == "republish":
        each = max(one["republish"].requests - one["poll"].requests for one in rounds) / len(_PROFILES)
        yield f"at most {_MOST} requests a share"
        yield "yes" if each <= _MOST else "NO"
    else:
        yield from ("", "")


def _median(took: list[Took], what: str) -> float | None:
    return middle(value for one in took if (value := getattr(one, what)) is not None)


def _number(value: float | None, form: str) -> str:
    return "" if value is None else format(value, form)


def _stats(origin: str) -> dict[str, Any]:
    with urllib.request.urlopen(f"{origin}/__stats") as answer:  # noqa: S310
        return dict(json.load(answer))


if __name__ == "__main__":
    main()
