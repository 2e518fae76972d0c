"""The daemon as a process of its own, with a service manager that listens to it."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from cli_desk import SCRIPT, Desk, environment
from processes import eventually


@dataclass
class Service:
    """A running `coachsync run`, what it has told the service manager, and its journal."""

    process: subprocess.Popen[bytes]
    log: Path
    told: list[str] = field(default_factory=list)

    @property
    def journal(self) -> list[str]:
        return self.log.read_text().splitlines()

    def waits_for(self, words: str, seconds: float = 20) -> bool:
        """Whether the journal comes to hold these words."""
        return eventually(lambda: any(words in line for line in self.journal), seconds)

    def hears(self, words: str, seconds: float = 20) -> bool:
        """Whether the service manager comes to be told these words."""
        return eventually(lambda: any(words in line for line in self.told), seconds)

    def signal(self, number: int) -> None:
        self.process.send_signal(number)

    def stop(self) -> tuple[int, float]:
        """End it as a service manager does; its exit code and the seconds that it took."""
        begun = time.monotonic()
        self.signal(signal.SIGTERM)
        return self.process.wait(timeout=30), time.monotonic() - begun

    def children(self) -> list[int]:
        tasks = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        return [int(pid) for pid in tasks.read_text().split()] if tasks.exists() else []


@contextmanager
def service(desk: Desk, *words: str, **more: str) -> Iterator[Service]:
    """Start the daemon with the desk's configuration; it is killed at the end if it still runs."""
    desk.write()
    address = str(desk.folder / "notify")
    log = desk.folder / "journal"
    Path(address).unlink(missing_ok=True)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as bound, log.open("wb") as errors:
        bound.bind(address)
        bound.settimeout(0.2)
        command = [str(SCRIPT), "--config", str(desk.file), *words, "run"]
        surroundings = environment(NOTIFY_SOCKET=address, **more)
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=errors, env=surroundings
        )
        running = Service(process, log)
        ended = threading.Event()
        listener = threading.Thread(target=_listen, args=(bound, running.told, ended), daemon=True)
        listener.start()
        try:
            yield running
        finally:
            if process.poll() is None:
                os.kill(process.pid, signal.SIGKILL)
            process.wait()
            ended.set()
            listener.join()


def _listen(bound: socket.socket, told: list[str], ended: threading.Event) -> None:
    while not ended.is_set():
        try:
            told += bound.recv(4096).decode().splitlines()
        except TimeoutError:
            continue
