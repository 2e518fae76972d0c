"""One measured process, servers that run meanwhile, and what several rounds say together."""

from __future__ import annotations

import os
import socket
import statistics
import subprocess
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Figures:
    """What one process took: seconds of wall and of processor time, peak memory in MiB, its traffic, its exit code."""

    wall: float
    cpu: float
    memory: float
    code: int
    traffic: dict[str, int] = field(default_factory=dict)
    output: str = ""


def measured(command: list[str], environment: dict[str, str], traffic: Callable[[], dict[str, int]]) -> Figures:
    """Run a process to its end. `traffic` tells what passed since it was asked last."""
    traffic()
    begun = time.perf_counter()
    with subprocess.Popen(
        command, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    ) as process:
        output = process.stdout.read() if process.stdout else b""
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - begun
        process.returncode = os.waitstatus_to_exitcode(status)
    cpu, memory = usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024
    return Figures(wall, cpu, memory, process.returncode, traffic(), output.decode(errors="replace"))


@contextmanager
def running(command: list[str], port: int) -> Iterator[None]:
    """A server process, from when it accepts connections; ended by its own id."""
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        for _ in range(600):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            if process.poll() is not None:
                raise SystemExit(f"the server ended: {command}")
            time.sleep(0.1)
        yield
    finally:
        process.terminate()
        process.wait()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def middle(values: Iterable[float]) -> float | None:
    """The median; None of nothing."""
    known = list(values)
    return statistics.median(known) if known else None
