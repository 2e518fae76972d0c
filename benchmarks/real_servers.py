"""A first sync, and ten changes sent, on real servers: how much coachsync adds to their work, beside the floor.

    real_servers.py [--size 1000] [--rounds 3] [--servers radicale xandikos]

Radicale and Xandikos with their default limits, filled by copying files into their storage; asked once before anything
is timed, for a server that has never listed a collection reads every file of it.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

import edit
from contestants import Coachsync, Contestant, Floor
from measuring import free_port, measured, running

from events import objects

_GOAL = 1.15
_TASKS = {"initial": "first sync", "push": f"push of {edit.COUNT} changes"}
_RADICALE = """\
[server]
hosts = 127.0.0.1:{port}
[auth]
type = none
delay = 0
[rights]
type = authenticated
[storage]
filesystem_folder = {folder}/storage
[web]
type = none
"""


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("--size", type=int, default=1000)
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--servers", nargs="+", choices=("radicale", "xandikos"), default=["radicale", "xandikos"])
    given = options.parse_args()
    print("| server | events | task | floor | coachsync | ratio | at most 1.15x |\n|---|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as name, ExitStack() as servers:
        for server in given.servers:
            folder = Path(name) / server
            folder.mkdir()
            command, port, path = {"radicale": _radicale, "xandikos": _xandikos}[server](folder, given.size)
            servers.enter_context(running(command, port))
            times = _timed(f"http://127.0.0.1:{port}{path}", Path(name), given.rounds)
            for task, said in _TASKS.items():
                row = _compared(times["floor", task], times["coachsync", task])
                print(f"| {server.capitalize()} | {given.size} | {said} | {row} |", flush=True)


def _timed(url: str, folder: Path, rounds: int) -> dict[tuple[str, str], list[float]]:
    """The seconds of each round, by program and task."""
    times: dict[tuple[str, str], list[float]] = {}
    for number in range(rounds + 1):
        for kind in (Floor, Coachsync):
            contestant = kind(url, folder / kind.name)
            for task in _TASKS:
                seconds = _seconds(contestant, task)
                note = "" if number else "  (not counted)"
                print(f"{kind.name:10} {task:8} {seconds:7.2f} s{note}", file=sys.stderr, flush=True)
                if number:
                    times.setdefault((kind.name, task), []).append(seconds)
    return times


def _compared(floors: list[float], mine: list[float]) -> str:
    ratio = statistics.median(one / floor for one, floor in zip(mine, floors, strict=True))
    times = f"{statistics.median(floors):.2f} s | {statistics.median(mine):.2f} s"
    return f"{times} | {ratio:.2f}x | {'yes' if ratio <= _GOAL else 'NO'}"


def _seconds(contestant: Contestant, task: str) -> float:
    contestant.ready(task)
    figures = measured(contestant.command(task), contestant.environment(), dict)
    if figures.code:
        raise SystemExit(f"{contestant.name} failed: {figures.output[-500:]}")
    return figures.wall


def _radicale(folder: Path, size: int) -> tuple[list[str], int, str]:
    """A folder of files and one with the collection's properties; its command, port and the collection's path."""
    port = free_port()
    collection = folder / "storage" / "collection-root" / "coach" / "big"
    _fill(collection, size)
    (collection / ".Radicale.props").write_text('{"tag": "VCALENDAR", "D:displayname": "Big"}', encoding="utf-8")
    (folder / "config").write_text(_RADICALE.format(port=port, folder=folder), encoding="utf-8")
    return [sys.executable, "-m", "radicale", "--config", str(folder / "config")], port, "/coach/big/"


def _xandikos(folder: Path, size: int) -> tuple[list[str], int, str]:
    """A git repository with a work tree; its command, port and the collection's path."""
    port = free_port()
    program = str(Path(sys.executable).with_name("xandikos"))
    calendars = folder / "user" / "calendars"
    calendars.mkdir(parents=True)
    _quietly([program, "create-collection", "-d", str(calendars), "--type=calendar", "--name=big"])
    _fill(calendars / "big", size)
    git = ["git", "-c", "user.name=benchmark", "-c", "user.email=benchmark@example.org", "-C", str(calendars / "big")]
    _quietly([*git, "add", "-A"])
    _quietly([*git, "commit", "-q", "-m", "fill"])
    command = [program, "serve", "-d", str(folder), "-l", "127.0.0.1", "-p", str(port)]
    return [*command, "--defaults", "--current-user-principal", "/user/"], port, "/user/calendars/big/"


def _fill(folder: Path, size: int) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, body in objects(size, datetime.now(UTC).date()):
        (folder / name).write_bytes(body)


def _quietly(command: list[str]) -> None:
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


if __name__ == "__main__":
    main()
