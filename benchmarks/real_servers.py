"""The first sync of a calendar on real servers, coachsync beside the floor: how much the client adds to their work.

    real_servers.py [--size 1000] [--rounds 3] [--servers radicale xandikos]

Radicale and Xandikos with their default limits, filled by copying files into their storage; asked once before anything
is timed, for a server that has never listed a collection reads every file of it.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

from contestants import Coachsync, Contestant, Floor
from measuring import free_port, measured, middle, running

from events import objects

_GOAL = 1.15
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
    print("| server | events | floor | coachsync | ratio | at most 1.15x |\n|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as name, ExitStack() as servers:
        for server in given.servers:
            folder = Path(name) / server
            folder.mkdir()
            command, port, path = {"radicale": _radicale, "xandikos": _xandikos}[server](folder, given.size)
            servers.enter_context(running(command, port))
            row = _compared(f"http://127.0.0.1:{port}{path}", Path(name), given.rounds)
            print(f"| {server.capitalize()} | {given.size} | {row} |", flush=True)


def _compared(url: str, folder: Path, rounds: int) -> str:
    times: dict[str, list[float]] = {}
    for number in range(rounds + 1):
        for kind in (Floor, Coachsync):
            seconds = _first_sync(kind, url, folder)
            print(f"{kind.name:10} {seconds:7.2f} s{'' if number else '  (not counted)'}", file=sys.stderr, flush=True)
            if number:
                times.setdefault(kind.name, []).append(seconds)
    ratio = middle(mine / floor for mine, floor in zip(times["coachsync"], times["floor"], strict=True))
    floor, mine = middle(times["floor"]), middle(times["coachsync"])
    if ratio is None:
        raise SystemExit("no rounds")
    return f"{floor:.2f} s | {mine:.2f} s | {ratio:.2f}x | {'yes' if ratio <= _GOAL else 'NO'}"


def _first_sync(kind: type[Contestant], url: str, folder: Path) -> float:
    contestant = kind(url, folder / kind.name)
    figures = measured(contestant.command("initial"), contestant.environment(), dict)
    if figures.code:
        raise SystemExit(f"{kind.name} failed: {figures.output[-500:]}")
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
    return [*command, "--current-user-principal", "/user/"], port, "/user/calendars/big/"


def _fill(folder: Path, size: int) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, body in objects(size, datetime.now(UTC).date()):
        (folder / name).write_bytes(body)


def _quietly(command: list[str]) -> None:
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


if __name__ == "__main__":
    main()
