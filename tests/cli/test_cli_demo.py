"""The demonstration as people start and stop it: it shows what it promises, and leaves neither folder nor process."""

from __future__ import annotations

import contextlib
import json
import re
import signal
import subprocess
import time
from pathlib import Path

import pytest

from cli_desk import SCRIPT, environment


@pytest.fixture
def room(tmp_path: Path) -> Path:
    """Where temporary folders go."""
    folder = tmp_path / "tmp"
    folder.mkdir()
    return folder


def started(room: Path, *words: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [str(SCRIPT), *words],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment(TMPDIR=str(room)),
        start_new_session=True,
    )


def below(pid: int) -> set[int]:
    """The processes that one has started, and theirs."""
    parents: dict[int, int] = {}
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            parents[int(folder.name)] = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
    found = {pid}
    while more := {child for child, parent in parents.items() if parent in found} - found:
        found |= more
    return found - {pid}


def alive(pids: set[int]) -> set[int]:
    """Those that still run; a moment is allowed for the kernel to tell them."""
    for _ in range(40):
        left = {pid for pid in pids if Path(f"/proc/{pid}/stat").exists() and state(pid) != "Z"}
        if not left:
            break
        time.sleep(0.05)
    return left


def state(pid: int) -> str:
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    return "Z"


def test_it_ends_with_0_and_leaves_nothing(room: Path) -> None:
    with started(room, "demo") as process:
        seen: set[int] = set()
        while process.poll() is None and len(seen) < 2:
            seen |= below(process.pid)
            time.sleep(0.02)
        out, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (0, "")
    assert len(seen) >= 2  # the calendar server and the process that reads
    assert alive(seen) == set()
    assert list(room.iterdir()) == []
    assert "\x1b" not in out
    assert out.count("Busy") > 10
    assert out.count("holds nothing but these times") == 2


def test_with_json_it_writes_one_document(room: Path) -> None:
    with started(room, "--json", "demo") as process:
        out, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (0, "")
    scenes = json.loads(out)["scenes"]
    assert [scene["findings"] for scene in scenes] == [[], []]
    assert all(scene["slots"] > 50 for scene in scenes)
    assert list(room.iterdir()) == []


@pytest.mark.parametrize("moment", ["server", "reader"])
@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM])
def test_interrupted_it_leaves_nothing(room: Path, ending: signal.Signals, moment: str) -> None:
    with started(room, "demo") as process:
        seen: set[int] = set()
        for _ in range(2000):
            seen |= below(process.pid)
            if len(seen) >= (1 if moment == "server" else 2):
                break
            time.sleep(0.01)
        process.send_signal(ending)
        out, err = process.communicate(timeout=30)
    assert process.returncode == 128 + ending
    assert "Traceback" not in out + err
    assert alive(seen) == set()
    assert list(room.iterdir()) == []


def test_whoever_has_seen_enough_ends_it_quietly(room: Path) -> None:
    result = subprocess.run(
        ["sh", "-c", f'"{SCRIPT}" demo | head -n 1'],
        capture_output=True,
        timeout=60,
        check=False,
        env=environment(TMPDIR=str(room)),
    )
    assert result.stdout.startswith(b"1. ")
    assert result.stderr == b""
    assert list(room.iterdir()) == []


@pytest.fixture
def kept(room: Path) -> list[str]:
    """The lines that `--keep` prints."""
    with started(room, "demo", "--keep") as process:
        _, err = process.communicate(timeout=60)
    assert process.returncode == 0
    return err.splitlines()


def test_what_keep_prints_really_works(room: Path, kept: list[str]) -> None:
    (folder,) = room.iterdir()
    assert folder.stat().st_mode & 0o077 == 0
    lines = [line.strip() for line in kept if line.startswith("  ")]
    (start,) = [line for line in lines if line.endswith("&")]
    explore = [line for line in lines if line.startswith(f"{SCRIPT} ")]
    assert len(explore) == 5
    (url,) = re.findall(r'url = "http://127.0.0.1:(\d+)/"', (folder / "coachsync.toml").read_text())
    wait = f"while ! (exec 3<>/dev/tcp/127.0.0.1/{url}) 2>/dev/null; do sleep 0.1; done"
    # a job of its own, so that all of it can be ended
    script = "\n".join(
        ["set -e -m", f"{start.removesuffix('&')} > /dev/null 2>&1 &", "server=$!", f"timeout 20 bash -c '{wait}'"]
    )
    script += "\ncode=0\n" + "\n".join(f"{line} || code=$?" for line in explore) + "\nkill -- -$server; exit $code\n"
    result = subprocess.run(
        ["bash", "-c", script], capture_output=True, text=True, timeout=60, check=False, env=environment()
    )
    assert result.returncode == 0, result.stderr
    assert "Busy" in result.stdout
    assert "0 would be added" in result.stdout
    (remove,) = [line.partition(": ")[2] for line in kept if line.startswith("Remove it with: ")]
    subprocess.run(["sh", "-c", remove], check=True)
    assert list(room.iterdir()) == []
