"""coachsync beside the floor, vdirsyncer and plain python-caldav: one paired run against a server that costs nothing.

    compare.py [--sizes 1000 10000] [--rounds 3] [--delay 0 20] [--tasks push ...] [--tools .venv-bench] [--json FILE]

Whole processes take turns within each round; what is printed are medians, and medians of the ratios within a round.
`--delay` is what the server waits before each answer, in milliseconds. Before any other of the tasks comes the first
sync, also when it is not asked for.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import urllib.request
from collections.abc import Collection, Iterator
from dataclasses import asdict
from pathlib import Path

import table
from contestants import HERE, Coachsync, Contestant, contestants
from measuring import Figures, free_port, measured, running

_LARGEST_PUBLISHED = 1000  # events of the largest calendar that is also published: more takes the others too long
_PASSES = 6


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("--sizes", type=int, nargs="+", default=[1000, 10000])
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--delay", type=float, nargs="+", default=[0, 20])
    options.add_argument("--tasks", nargs="+", choices=Coachsync.tasks, default=Coachsync.tasks)
    options.add_argument("--warm-up", action=argparse.BooleanOptionalAction, default=True)
    options.add_argument("--tools", type=Path, default=HERE.parent / ".venv-bench")
    options.add_argument("--json", type=Path)
    given = options.parse_args()
    everybody, found = contestants(given.tools), []
    for delay in given.delay:
        for record in _rounds(everybody, given, delay):
            found.append(record)
            if given.json:
                given.json.write_text(json.dumps(found, indent=1))
    print(table.printed(found))


def _rounds(everybody: tuple[type[Contestant], ...], given: argparse.Namespace, delay: float) -> Iterator[table.Record]:
    port = free_port()
    server = [sys.executable, str(HERE / "replay.py"), str(port), str(delay), *map(str, given.sizes)]
    with running(server, port), tempfile.TemporaryDirectory() as folder:
        for number in range(0 if given.warm_up else 1, given.rounds + 1):  # round 0 warms up, and is not counted
            for size in given.sizes if number else given.sizes[:1]:
                for kind in everybody:
                    url = f"http://127.0.0.1:{port}/user/n{size}/"
                    about = {"size": size, "delay": delay, "round": number, "who": kind.name}
                    for task, figures in _tasks(kind(url, Path(folder) / kind.name, delay), size, given.tasks):
                        if number:
                            yield about | {"task": task} | figures


def _tasks(contestant: Contestant, size: int, wanted: Collection[str]) -> Iterator[tuple[str, table.Record]]:
    for task in contestant.tasks:
        if (task not in wanted and task != "initial") or ("publish" in task and size > _LARGEST_PUBLISHED):
            continue
        if task == "changes":
            if isinstance(contestant, Coachsync):
                yield "stay", _staying(contestant)
            _post(contestant.origin + contestant.url.replace(contestant.origin, "/__change"))
        contestant.ready(task)
        figures = measured(contestant.command(task), contestant.environment(), lambda: _stats(contestant.origin))
        print(f"{contestant.name:14} {size:6} {task:10} {figures.wall:7.2f} s", file=sys.stderr, flush=True)
        yield task, _record(figures)


def _staying(contestant: Contestant) -> table.Record:
    """Polls in a process that stays."""
    config = str(contestant.folder / "coachsync.toml")
    command = [sys.executable, str(HERE / "daemon_poll.py"), config, str(_PASSES)]
    figures = measured(command, contestant.environment(), lambda: _stats(contestant.origin))
    if figures.code:
        raise SystemExit(figures.output)
    passes = json.loads(figures.output)
    return {"code": 0, "wall": None, "cpu": table.middle(passes["cpu"]), "memory": passes["memory"][-1], "traffic": {}}


def _record(figures: Figures) -> table.Record:
    record = asdict(figures)
    output = str(record.pop("output"))
    if figures.code:
        print(output[-500:], file=sys.stderr)
    try:
        inner = json.loads(output)
    except ValueError:
        inner = {}
    return record | {"inner": inner.get("cpu")}


def _stats(origin: str) -> dict[str, int]:
    with urllib.request.urlopen(f"{origin}/__stats") as answer:  # noqa: S310
        return dict(json.load(answer))


def _post(url: str) -> None:
    urllib.request.urlopen(urllib.request.Request(url, b"", method="POST")).close()  # noqa: S310


if __name__ == "__main__":
    main()
