"""The benchmarks run: tiny ones, for what they print and not for how quick anything is."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).parent.parent / "benchmarks"


def run(name: str, *words: str) -> list[list[str]]:
    """The cells of the table that a benchmark prints."""
    command = [sys.executable, str(BENCHMARKS / name), *words]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120, env=os.environ)
    assert done.returncode == 0, done.stderr
    rows = [line for line in done.stdout.splitlines() if line.startswith("| ")]
    return [[cell.strip() for cell in row.strip("|").split("|")] for row in rows]


def test_the_comparison_tells_every_task_with_its_requests_and_goals(tmp_path: Path) -> None:
    nobody_else = ("--tools", str(tmp_path))
    heading, *rows = run("compare.py", "--sizes", "40", "--rounds", "1", "--delay", "0", "--no-warm-up", *nobody_else)

    told = {row[2]: dict(zip(heading, row, strict=True)) for row in rows}
    requests = {task: row["requests"] for task, row in told.items()}
    assert requests["poll, nothing changed"] == "1"
    assert requests["10 changes"] == "2"
    assert requests["publish, nothing changed"] == "1"
    assert float(told["first sync"]["coachsync"]) > 0
    assert told["first sync"]["vdirsyncer"] == ""
    assert told["poll, nothing changed"]["goal"] == "1 request: yes; at most 1 KB each way: yes"
    assert "ms CPU" in told["the same in a process that stays"]["coachsync"]


def test_single_steps_are_told_with_their_goals() -> None:
    heading, *rows = run("parts.py", "--size", "5")

    assert heading[-1] == "met"
    assert [row[0] for row in rows] == ["reading", "slots, busy", "slots, session"]


@pytest.mark.servers
def test_the_first_sync_is_timed_on_a_real_server() -> None:
    _, row = run("real_servers.py", "--size", "3", "--rounds", "1", "--servers", "xandikos")

    assert row[:2] == ["Xandikos", "3"]
    assert row[4].endswith("x")
