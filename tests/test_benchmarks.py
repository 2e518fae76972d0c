"""The benchmarks run: tiny ones, for what they print and not for how quick anything is."""

from __future__ import annotations

import importlib
import json
import os
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import pytest

BENCHMARKS = Path(__file__).parent.parent / "benchmarks"


def loaded(name: str) -> Any:
    """A module of the benchmarks, which are no package."""
    with pytest.MonkeyPatch.context() as patched:
        patched.syspath_prepend(str(BENCHMARKS))
        return importlib.import_module(name)


def run(name: str, *words: str) -> list[list[str]]:
    """The cells of the table that a benchmark prints."""
    command = [sys.executable, str(BENCHMARKS / name), *words]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120, env=os.environ)
    assert done.returncode == 0, done.stderr
    rows = [line for line in done.stdout.splitlines() if line.startswith("| ")]
    return [[cell.strip() for cell in row.strip("|").split("|")] for row in rows]


@pytest.mark.long
def test_the_comparison_tells_every_task_with_its_requests_and_goals(tmp_path: Path) -> None:
    nobody_else = ("--tools", str(tmp_path))
    heading, *rows = run("compare.py", "--sizes", "40", "--rounds", "1", "--delay", "0", "--no-warm-up", *nobody_else)

    told = {row[2]: dict(zip(heading, row, strict=True)) for row in rows}
    requests = {task: row["requests"] for task, row in told.items()}
    assert requests["poll, nothing changed"] == "1 REPORT"
    assert requests["10 changes"] == "2 REPORT"
    assert requests["push of 10 changes"] == "10 PUT, 1 OPTIONS, 1 REPORT"
    assert requests["publish, nothing changed"] == "1 REPORT"
    assert float(told["first sync"]["coachsync"]) > 0
    assert told["first sync"]["vdirsyncer"] == ""
    assert told["poll, nothing changed"]["goal"] == "1 request: yes; at most 1 KB each way: yes"
    assert told["push of 10 changes"]["goal"] == "10 conditional PUTs and no GET: yes"
    assert float(told["push of 10 changes"]["floor"].partition(" ")[0]) > 0
    assert "ms CPU" in told["the same in a process that stays"]["coachsync"]


@pytest.mark.long
def test_one_task_can_be_measured_alone(tmp_path: Path) -> None:
    small = ("--sizes", "20", "--rounds", "1", "--delay", "0", "--no-warm-up")
    _, *rows = run("compare.py", *small, "--tasks", "push", "--tools", str(tmp_path))
    assert [row[2] for row in rows] == ["first sync", "push of 10 changes"]


@pytest.mark.parametrize(
    ("traffic", "met"),
    [
        ({"PUT": 10, "conditional": 10, "REPORT": 1}, "yes"),
        ({"PUT": 10, "conditional": 10, "REPORT": 1, "GET": 1}, "NO"),
        ({"PUT": 10, "conditional": 9, "REPORT": 1}, "NO"),
        ({"PUT": 11, "conditional": 11, "REPORT": 1}, "NO"),
        ({"PUT": 10, "conditional": 10, "REPORT": 2}, "NO"),
        ({}, "not measured"),
    ],
)
def test_the_goal_of_a_push_is_told_by_what_the_server_counted(traffic: dict[str, int], met: str) -> None:
    about = {"size": 20, "delay": 0, "round": 1, "who": "coachsync", "task": "push", "code": 0}
    record = about | {"wall": 1.0, "cpu": 1.0, "memory": 1.0, "traffic": traffic}
    told = loaded("table").printed([record]).splitlines()[-1]
    assert f"10 conditional PUTs and no GET: {met} |" in told


def test_the_prepared_server_refuses_a_write_whose_condition_is_not_met() -> None:
    port = loaded("measuring").free_port()
    server = [sys.executable, str(BENCHMARKS / "replay.py"), str(port), "0", "1"]
    with loaded("measuring").running(server, port):
        collection = f"http://127.0.0.1:{port}/user/n1/"

        def ask(method: str, name: str, **condition: str) -> tuple[int, str | None]:
            headers = {key.replace("_", "-"): value for key, value in condition.items()}
            request = urllib.request.Request(collection + name, b"BEGIN:VCALENDAR", headers, method=method)
            try:
                with urllib.request.urlopen(request) as answer:
                    return answer.status, answer.headers["ETag"]
            except urllib.error.HTTPError as refused:
                return refused.code, refused.headers["ETag"]

        status, etag = ask("PUT", "new.ics", If_None_Match="*")
        assert (status, bool(etag)) == (201, True)
        assert ask("PUT", "new.ics", If_None_Match="*") == (412, None)
        assert ask("PUT", "new.ics", If_Match='"another"') == (412, None)
        assert ask("PUT", "none.ics", If_Match=etag) == (412, None)
        assert ask("PUT", "new.ics", If_Match=etag) == (204, etag)
        assert ask("DELETE", "new.ics", If_Match='"another"') == (412, None)
        assert ask("DELETE", "new.ics", If_Match=etag)[0] == 204
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/__stats") as answer:
            counted = json.load(answer)
    assert (counted["PUT"], counted["DELETE"], counted["conditional"]) == (5, 2, 7)


def test_single_steps_are_told_with_their_goals() -> None:
    heading, *rows = run("parts.py", "--size", "5")

    assert heading[-1] == "met"
    shares = ("busy", "session", "pseudonym", "sponsor")
    assert [row[0] for row in rows] == ["reading", *(f"slots, {share}" for share in shares)]


@pytest.mark.long
def test_four_shares_are_told_with_what_each_run_asks_of_the_server() -> None:
    heading, *rows = run("shares.py", "--sizes", "30", "--rounds", "1")

    told = {row[1]: dict(zip(heading, row, strict=True)) for row in rows}
    assert told["nothing changed"]["requests"] == told["poll without shares"]["requests"] == "1"
    assert told["nothing changed"]["met"] == "yes"
    assert int(told["publish everything"]["requests"]) > 30
    assert int(told["verify"]["requests"]) > 4
    assert told["report what can be inferred"]["requests"] == "0"
    assert int(told["read whose every appointment is"]["microseconds an event"]) > 0
    assert float(told["publish after a client's change of name"]["seconds"]) > 0


def test_what_a_share_lets_infer_is_measured_for_each_share_and_schedule() -> None:
    rows = run("inference.py", "--practices", "1", "--clients", "8")

    assert len(rows) == 1 + 2 * 4 + 1 + 2 * 3
    assert [row[:3] for row in rows[-3:]] == [["busy", publish, "8"] for publish in ("now", "hourly", "daily")]


@pytest.mark.long
@pytest.mark.servers
def test_the_first_sync_and_a_push_are_timed_on_a_real_server() -> None:
    _, *rows = run("real_servers.py", "--size", "3", "--rounds", "1", "--servers", "xandikos")

    assert [row[:3] for row in rows] == [["Xandikos", "3", "first sync"], ["Xandikos", "3", "push of 10 changes"]]
    assert all(row[5].endswith("x") for row in rows)


@pytest.mark.long
def test_the_vault_is_compared_with_what_it_cannot_do_without_and_with_others(tmp_path: Path) -> None:
    heading, *rows = run("vault.py", "--size", "20", "--durable", "5", "--rounds", "1", "--tools", str(tmp_path))
    columns = rows.index(["each by itself", "the vault", "bare HPKE", "plain SQLite", "SQLCipher"])
    beside = {what: figures for what, *figures in rows[columns + 1 :]}
    told = {row[0]: dict(zip(heading, row, strict=True)) for row in rows[:columns]}
    for what, against in (("decrypt all of them", "bare HPKE opening"), ("seal them as records", "bare HPKE sealing")):
        assert told[what]["compared with"] == against
        assert float(told[what]["ratio"]) > 0
    assert told["write one note, durably"]["compared with"] == "plain durable insert"
    assert told["search"]["goal"] == "0.1 s"
    ours, bare, plain, cipher = beside["memory, MB at most"]
    assert float(ours) > float(plain.partition(" ")[0]) > 0
    assert bare.endswith("x)")
    assert cipher == ""  # there are no tools here
    assert len(beside) == 5
