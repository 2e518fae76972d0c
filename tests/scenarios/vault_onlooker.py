"""What whoever looks at the machine sees while commands run: arguments and environment of every process that is
started, folders for temporary files, and what an editor finds around itself."""

from __future__ import annotations

import os
import pty
import resource
import select
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from scenario_practice import contents

PATIENCE = 60.0  # seconds
_PACE = 0.02  # seconds between two looks
# Writes its text, and copies what the system tells of it and of all that have started it, up to the test.
EDITOR = """\
#!/bin/sh
process=$$
while [ "$process" != "$ONLOOKER" ] && [ "$process" -gt 1 ]; do
    for what in environ cmdline limits comm; do cat "/proc/$process/$what" > "$SEEN/$process.$what"; done
    process=$(sed 's/.*) . //; s/ .*//' "/proc/$process/stat")
done
cat "$TEXT" > "$1"
"""
_MARK = "ONLOOKER"


@dataclass
class Onlooker:
    """Watches from when it is entered until it is left. `folders` are those for temporary files."""

    folders: tuple[Path, ...]
    processes: dict[str, bytes] = field(default_factory=dict)  # what is known of each, by its number and what it is
    temporary: dict[str, bytes] = field(default_factory=dict)
    _ended: threading.Event = field(default_factory=threading.Event)

    def __enter__(self) -> Onlooker:
        self._thread = threading.Thread(target=self._watch)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._ended.wait(_PACE):
            self._look()
        self._look()

    def _look(self) -> None:
        for process in _ours(os.getpid()):
            for what in ("cmdline", "environ"):
                with suppress(OSError):
                    seen = Path(f"/proc/{process}/{what}").read_bytes()
                    self.processes.setdefault(f"{process} {what} {len(seen)}", seen)
        for folder in self.folders:
            self.temporary |= {f"{folder.name}/{name}": body for name, body in contents(folder).items()}


def _ours(root: int) -> Iterator[int]:
    """Every process that this one has started, and those that they have; also one that has let go of its parent."""
    parents: dict[int, int] = {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdecimal():
            with suppress(OSError, ValueError):
                parents[int(folder.name)] = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
    for process in parents:
        at = process
        while at in parents and at != root:
            at = parents[at]
        if process != root and (at == root or _is_marked(process)):
            yield process


def _is_marked(process: int) -> bool:
    with suppress(OSError):
        return f"{_MARK}={os.getpid()}\0".encode() in Path(f"/proc/{process}/environ").read_bytes()
    return False


def environment(more: Mapping[str, str]) -> dict[str, str]:
    """Of a process that is watched."""
    return os.environ | {_MARK: str(os.getpid()), "TERM": "dumb", **more}


def on_a_terminal(words: list[str], environ: Mapping[str, str], folder: Path) -> tuple[int, bytes]:
    """A command on a terminal, where crashes leave their memory behind if they may; its exit code, what it showed."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-c", _LAUNCH, sys.executable, "-m", "coachsync", *words],
        stdin=theirs, stdout=theirs, stderr=theirs, env=environment(environ), cwd=folder,
    )  # fmt: skip
    os.close(theirs)
    shown, deadline = b"", time.monotonic() + PATIENCE
    try:
        while time.monotonic() < deadline:
            if select.select([ours], [], [], 0.05)[0]:
                with suppress(OSError):
                    shown += os.read(ours, 65536)
                    continue
                break
        return process.wait(PATIENCE), shown
    finally:
        process.kill()
        process.wait()
        os.close(ours)


def may_leave_cores() -> bool:
    """Whether a process that is started here could leave its memory behind when it crashes."""
    return resource.getrlimit(resource.RLIMIT_CORE)[1] != 0


_LAUNCH = (
    "import fcntl,termios,os,sys,resource as r;os.setsid();fcntl.ioctl(0,termios.TIOCSCTTY,0);"
    "r.setrlimit(r.RLIMIT_CORE,(r.getrlimit(r.RLIMIT_CORE)[1],)*2);os.execv(sys.argv[1],sys.argv[1:])"
)
