"""A state that cannot be used: said clearly, nothing lost in it or on the server, and healed once the cause is gone."""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from cli_desk import SCRIPT, Desk, environment, fill
from coachsync.adapters import lock
from coachsync.adapters.database import engine
from servers import Recorder, Reply, Request

COMMANDS = [["sync"], ["check"], ["agenda"], ["share", "list"], ["share", "publish", "office"], ["share", "verify"]]


def refused_everywhere(desk: Desk, code: str, exit_code: int) -> dict[str, Any]:
    """Every command says so, and neither state nor server changes; the error of the last."""
    state, server = desk.fingerprint(), desk.storage.everything()
    for words in COMMANDS:
        result = desk.json(*words)
        error = result.error
        assert (result.code, error["code"], error.get("where")) == (exit_code, code, "practice.state"), words
    plain = desk.run("sync")
    assert "practice.state" in plain.err
    assert desk.fingerprint() == state
    assert desk.storage.everything() == server
    return error


# --- the lock -------------------------------------------------------------------------------------------------------


def test_a_second_process_waits_briefly_and_says_who_holds_the_state(synced: Desk) -> None:
    holder = (
        "import sys, time; from pathlib import Path; from coachsync.adapters import lock\n"
        "with lock.hold(Path(sys.argv[1]), 'share publish'): print('held', flush=True); time.sleep(60)"
    )
    command = [sys.executable, "-c", holder, str(synced.state)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=environment()) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == b"held\n"
            server = synced.storage.everything()
            began = time.monotonic()
            result = synced.json("sync")
            waited = time.monotonic() - began
        finally:
            process.kill()
    assert 1 < waited < 12
    assert (result.code, result.error["code"]) == (75, "state-in-use")
    assert synced.storage.everything() == server
    assert f"(share publish, process {process.pid})" in result.error["message"]
    assert synced.run("sync").code == 0  # the kernel has freed it


def test_a_lock_s_holder_that_is_not_known_is_told_so(synced: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lock, "_STEP", 2.0)
    with lock.hold(synced.state, "x"):
        (synced.state / "lock").write_bytes(b"\xff\xfe\x1b[2J")
        result = synced.run("agenda")
    assert result.code == 75
    assert "\x1b" not in result.err


# --- the key --------------------------------------------------------------------------------------------------------


def key(desk: Desk) -> Path:
    return desk.state / "keys" / "device.key"


def test_p04_a_missing_key_is_an_error_and_never_a_new_key(synced: Desk) -> None:
    kept = key(synced).read_bytes()
    key(synced).unlink()
    error = refused_everywhere(synced, "device-key-missing", 1)
    assert "backup" in error["hint"]
    assert str(synced.state) in error["hint"]
    assert not key(synced).exists()
    key(synced).write_bytes(kept)
    key(synced).chmod(0o600)
    assert synced.json("sync").document["shares"]["office"] == {"created": 0, "deleted": 0, "held_back": 0}


def test_a_key_that_others_can_read_is_refused(synced: Desk) -> None:
    key(synced).chmod(0o644)
    error = refused_everywhere(synced, "device-key-open", 1)
    assert f"chmod 600 {key(synced)}" in error["hint"]
    key(synced).chmod(0o600)
    assert synced.run("sync").code == 0


@pytest.mark.parametrize("content", [b"", b"short", b"x" * 33])
def test_a_damaged_key_ends_with_12(synced: Desk, content: bytes) -> None:
    key(synced).write_bytes(content)
    refused_everywhere(synced, "device-key-damaged", 12)


def test_the_key_of_another_state_ends_with_12_and_changes_nothing(synced: Desk) -> None:
    kept = key(synced).read_bytes()
    key(synced).write_bytes(os.urandom(32))
    state, server = rows(synced), synced.storage.everything()
    for words in (["sync"], ["agenda"], ["share", "publish", "office"], ["share", "verify"]):
        result = synced.json(*words)
        assert (result.code, result.error["code"]) == (12, "row-needs-another-key"), words
    assert rows(synced) == state
    assert synced.storage.everything() == server
    key(synced).write_bytes(kept)
    assert synced.json("sync").document["shares"]["office"]["created"] == 0


def test_a_key_that_is_a_folder_is_told(synced: Desk) -> None:
    key(synced).unlink()
    key(synced).mkdir()
    result = synced.run("sync")
    assert result.code == 1
    assert "practice.state" in result.err


# --- the database ---------------------------------------------------------------------------------------------------


def database(desk: Desk) -> Path:
    return desk.state / "coachsync.db"


def rows(desk: Desk) -> dict[str, list[Any]]:
    """Everything in the database."""
    with sqlite3.connect(f"file:{database(desk)}?mode=ro", uri=True) as connection:
        tables = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        found = {table: sorted(map(repr, connection.execute(f"SELECT * FROM {table}"))) for table in tables}
    connection.close()
    return found


def overwritten(content: bytes) -> bytes:
    return b"not a database, not at all " * (len(content) // 27)


def head_lost(content: bytes) -> bytes:
    return bytes(100) + content[100:]


def middle_lost(content: bytes) -> bytes:
    return content[:4096] + os.urandom(len(content) - 4096)


def cut_short(content: bytes) -> bytes:
    return content[: len(content) // 2]


@pytest.mark.parametrize("damage", [overwritten, head_lost, middle_lost, cut_short])
def test_a_damaged_database_is_told_and_left_as_it_is(synced: Desk, damage: Callable[[bytes], bytes]) -> None:
    kept = database(synced).read_bytes()
    database(synced).write_bytes(damage(kept))
    damaged, server = database(synced).read_bytes(), synced.storage.everything()
    for words in COMMANDS:
        result = synced.json(*words)
        assert (result.code, result.error["code"]) == (1, "state-unusable"), words
        assert result.error["hint"]
    assert database(synced).read_bytes() == damaged
    assert synced.storage.everything() == server
    database(synced).write_bytes(kept)
    assert synced.json("sync").document["shares"]["office"]["created"] == 0


def test_an_emptied_database_republishes_nothing_over_what_is_there(synced: Desk) -> None:
    database(synced).write_bytes(b"")
    server = synced.storage.everything()
    assert synced.run("sync").code != 0
    assert synced.storage.everything() == server


def test_a_state_of_a_newer_version_is_left_alone(synced: Desk) -> None:
    with sqlite3.connect(database(synced)) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.close()
    error = refused_everywhere(synced, "state-too-new", 1)
    assert "version" in error["hint"]


def test_a_state_folder_that_is_a_file_is_told(practice: Desk) -> None:
    practice.state.write_text("not a folder")
    result = practice.run("sync")
    assert result.code == 1
    assert "practice.state" in result.err
    assert practice.state.read_text() == "not a folder"
    assert practice.storage.objects("Office") == {}


# --- a full disk ----------------------------------------------------------------------------------------------------


@pytest.fixture
def little_room(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Leave the database this many more pages, as on a full disk; 0 gives the room back."""
    room = [0]
    make = engine.engine_of

    def limited(path: Path) -> sa.Engine:
        made = make(path)
        if not sa.event.contains(made, "connect", _limit):
            sa.event.listen(made, "connect", _limit)
        return made

    def _limit(raw: Any, _record: Any) -> None:
        (pages,) = raw.execute("PRAGMA page_count").fetchone()
        if room[0]:
            raw.execute(f"PRAGMA max_page_count = {pages + room[0]}")

    monkeypatch.setattr(engine, "engine_of", limited)
    return lambda pages: room.__setitem__(0, pages)


@pytest.mark.parametrize("pages", [1, 3, 8, 20, 60])
def test_p13_a_full_disk_loses_nothing_and_is_healed_by_room(
    desk: Desk, little_room: Callable[[int], None], pages: int
) -> None:
    folder = desk.storage.calendar("home", "Coaching")
    fill(folder, 5)
    assert desk.run("sync").code == 0
    fill(folder, 60, first=10, prefix="more")
    private = desk.storage.objects("Coaching")
    little_room(pages)
    result = desk.run("sync")
    if pages < 20:
        assert result.code in (3, 75)
        assert "disk" in result.err
        assert "room" in result.err
    assert desk.storage.objects("Coaching") == private
    assert len(desk.storage.objects("Office")) >= 5
    little_room(0)
    assert desk.run("sync").code == 0
    assert len(desk.storage.objects("Office")) == 65
    assert desk.run("share", "verify").code == 0
    assert desk.json("sync").document["shares"]["office"] == {"created": 0, "deleted": 0, "held_back": 0}


@pytest.mark.parametrize("size", ["40k", "200k"])
def test_p13_a_small_file_system_loses_nothing(desk: Desk, tmp_path: Path, size: str) -> None:
    """On a real file system that fills up, in a name space of its own."""
    inside = ["unshare", "--map-root-user", "--user", "--mount", "sh", "-c"]
    trial = [*inside, f"mount -t tmpfs none {tmp_path}"]
    if shutil.which("unshare") is None or subprocess.run(trial, capture_output=True, check=False).returncode:
        pytest.skip("needs user name spaces")
    fill(desk.storage.calendar("home", "Coaching"), 60)
    private = desk.storage.objects("Coaching")
    desk.state.mkdir()
    desk.write()
    script = f'mount -t tmpfs -o size={size} none "$1" && exec "$2" --config "$3" sync'
    command = [*inside, script, "sh", str(desk.state), str(SCRIPT), str(desk.file)]
    result = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False, env=environment())
    assert "Traceback" not in result.stderr
    assert "has a defect" not in result.stderr
    assert result.returncode in (3, 75)
    assert "room" in result.stderr
    assert desk.storage.objects("Coaching") == private
    assert "Marguerite" not in result.stderr + result.stdout


# --- interrupted ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("ending", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, -signal.SIGTERM)])
def test_p13_a_sync_that_is_interrupted_goes_on_next_time(
    desk: Desk, recorder: Callable[[str], Recorder], ending: signal.Signals, code: int
) -> None:
    fill(desk.storage.calendar("home", "Coaching"), 30)
    server = recorder(desk.url)
    desk.url = server.url
    passing = server.script

    def slow(request: Request) -> Reply:
        if request.method == "PUT":
            time.sleep(0.1)
        return passing(request)

    server.script = slow
    desk.write()
    command = [str(SCRIPT), "--config", str(desk.file), "sync"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment()) as process:
        for _ in range(300):
            if server.count["PUT"] >= 3:
                break
            time.sleep(0.05)
        process.send_signal(ending)
        out, err = process.communicate(timeout=20)
    assert process.returncode == code
    assert b"Traceback" not in out + err
    server.script = passing
    assert 0 < len(desk.storage.objects("Office")) < 30
    assert desk.run("sync").code == 0
    assert len(desk.storage.objects("Office")) == 30
    assert desk.run("share", "verify").code == 0
