"""`coachsync run` as a process: started, told things, stopped and killed as a service manager does it."""

from __future__ import annotations

import json
import os
import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import cast

import pytest

from cli_desk import Desk, event, tomorrow
from cli_service import service
from coachsync.adapters import lock
from coachsync.adapters.systemd import ServiceManager
from coachsync.app.cli import carry_out, run
from coachsync.app.daemon.daemon import Daemon
from coachsync.app.daemon.moment import Moment
from processes import eventually, running
from servers import Recorder, Reply, Scripted

FAST = ('name = "Coaching"\n', 'name = "Coaching"\ninterval = "PT1S"\n')
NOW = ('profile = "session"\n', 'profile = "session"\npublish = "now"\n')


@pytest.fixture
def fast(practice: Desk) -> Desk:
    """A desk whose calendar is looked at every second and whose share follows at once."""
    practice.text = practice.text.replace(*FAST).replace(*NOW)
    return practice


def add(desk: Desk, uid: str) -> None:
    folder = desk.storage.titled("Coaching")
    assert folder is not None
    (folder / f"{uid}.ics").write_bytes(event(uid, tomorrow(9)))


def test_it_publishes_follows_changes_and_stops_cleanly(fast: Desk) -> None:
    with service(fast) as daemon:
        assert daemon.hears("READY=1")
        assert eventually(lambda: len(fast.storage.objects("Office")) == 5, 30)
        add(fast, "later")
        assert eventually(lambda: len(fast.storage.objects("Office")) == 6, 30)
        assert daemon.hears("STATUS=1 calendars, 1 shares, 0 problems, 0 findings")
        code, seconds = daemon.stop()
        assert (code, daemon.hears("STOPPING=1")) == (0, True)
        assert seconds < 5
        assert daemon.journal[0] == "calendars coaching +5 ~0 -0; shares office +5 -0; checked 1 findings 0"
        assert [secret for secret in fast.secrets if secret.lower() in daemon.log.read_text().lower()] == []


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_stops_within_five_seconds_while_a_server_keeps_silent(
    fast: Desk, scripted: Callable[..., Scripted], number: signal.Signals
) -> None:
    silent = scripted(lambda _: Reply(delay=25))
    fast.url = silent.url
    fast.timeout = 60
    with service(fast) as daemon:
        assert eventually(lambda: bool(silent.requests))
        daemon.signal(number)
        assert daemon.process.wait(timeout=5) == 0
        assert daemon.hears("STOPPING=1")


def test_a_stop_in_the_middle_of_publishing_leaves_nothing_half_done(
    fast: Desk, recorder: Callable[[str], Recorder]
) -> None:
    slow = recorder(fast.storage.url)
    forward = slow.script

    def dawdling(request: object) -> Reply:
        reply = forward(request)  # type: ignore[arg-type]
        return Reply(reply.status, reply.body, reply.headers, delay=0.3)

    slow.script = dawdling
    fast.url = slow.url
    with service(fast) as daemon:
        assert eventually(lambda: slow.count["PUT"] >= 2, 30)
        assert daemon.stop()[0] == 0
    slow.script = forward
    with service(fast) as daemon:
        assert eventually(lambda: len(fast.storage.objects("Office")) == 5, 30)
        assert daemon.waits_for("checked 1 findings 0")
        assert daemon.stop()[0] == 0
    result = fast.json("sync")
    assert (result.code, result.document["shares"]["office"]) == (0, {"created": 0, "deleted": 0, "held_back": 0})


def test_nothing_it_started_outlives_it(fast: Desk) -> None:
    with service(fast) as daemon:
        assert daemon.waits_for("shares office")
        assert eventually(lambda: bool(daemon.children()) or daemon.waits_for("+0 ~0 -0"), 20)
        children = daemon.children()
        os.kill(daemon.process.pid, signal.SIGKILL)
        daemon.process.wait()
        assert eventually(lambda: not any(running(pid) for pid in children))


def test_a_reload_takes_over_a_changed_configuration(fast: Desk) -> None:
    with service(fast) as daemon:
        assert daemon.waits_for("shares office")
        fast.text = fast.text.replace('name = "Office"', 'name = "Bureau"')
        fast.write()
        daemon.signal(signal.SIGHUP)
        assert daemon.hears("RELOADING=1")
        assert daemon.waits_for("configuration taken over")
        assert eventually(lambda: len(fast.storage.objects("Bureau")) == 5, 30)
        assert daemon.told[-2].startswith("READY=1") or daemon.hears("READY=1")


def test_a_saved_configuration_is_noticed_without_being_told(fast: Desk) -> None:
    fast.text = fast.text.replace('interval = "PT1S"', 'interval = "PT1H"')
    with service(fast) as daemon:
        assert daemon.waits_for("shares office")
        fast.file.write_text(fast.file.read_text().replace("version = 1", "version = 3"))
        assert daemon.waits_for("configuration kept; problems unknown-version@version", 8)
        assert eventually(lambda: bool(fast_status(fast)["configuration"]))
        (problem,) = fast_status(fast)["configuration"]
        assert problem["code"] == "unknown-version"
        fast.write()
        assert eventually(lambda: fast_status(fast)["configuration"] == [])


def fast_status(desk: Desk) -> dict[str, list[dict[str, str]]]:
    """The status, without writing the configuration file as `Desk.run` does."""
    desk.capsys.readouterr()
    carry_out(["--config", str(desk.file), "--json", "status"])
    document: dict[str, list[dict[str, str]]] = json.loads(desk.capsys.readouterr().out)
    return document


def test_a_configuration_that_cannot_be_used_at_the_start_ends_it(fast: Desk) -> None:
    fast.text = fast.text.replace("version = 1", "version = 3")
    with service(fast) as daemon:
        assert daemon.process.wait(timeout=20) == 78
        assert "unknown-version" in daemon.log.read_text()


def test_there_is_one_daemon_for_one_state(fast: Desk, tmp_path: Path) -> None:
    with service(fast) as daemon:
        assert daemon.hears("READY=1")
        result = fast.json("run")
        assert (result.code, result.error["code"]) == (75, "state-in-use")
        assert f"(run, process {daemon.process.pid})" in result.error["message"]


def test_a_command_works_beside_it(fast: Desk) -> None:
    with service(fast) as daemon:
        assert daemon.waits_for("shares office")
        for _ in range(5):
            assert fast.run("sync").code == 0
        assert fast.run("share", "verify").code == 0
        assert daemon.process.poll() is None


def test_the_watchdog_has_its_signs_of_life(fast: Desk) -> None:
    with service(fast, WATCHDOG_USEC="600000") as daemon:
        assert daemon.hears("READY=1")
        daemon.told.clear()
        assert eventually(lambda: daemon.told.count("WATCHDOG=1") >= 3, 10)


def test_a_killed_daemon_goes_on_from_where_it_was(fast: Desk) -> None:
    for _ in range(3):
        with service(fast) as daemon:
            daemon.waits_for("calendars", 10)
            os.kill(daemon.process.pid, signal.SIGKILL)
            daemon.process.wait()
    with service(fast) as daemon:
        assert daemon.hears("READY=1")
        assert eventually(lambda: len(fast.storage.objects("Office")) == 5, 30)
        assert daemon.stop()[0] == 0
    assert fast.run("share", "verify").code == 0


def test_a_change_of_the_coach_is_sent_without_waiting_for_the_interval(practice: Desk) -> None:
    practice.text = practice.text.replace(NOW[0], NOW[1])
    with service(practice) as daemon:
        assert daemon.waits_for("checked 1 findings 0")
        moved = practice.json("appointment", "move", "good-1", "--to", f"{tomorrow(2, 17):%Y-%m-%dT%H:%MZ}")
        assert moved.document["queued"]
        start = f"DTSTART:{tomorrow(2, 17):%Y%m%dT%H%M%SZ}".encode()
        assert eventually(lambda: start in practice.storage.objects("Coaching")["good-1.ics"], 20)
        assert eventually(lambda: any(start in body for body in practice.storage.objects("Office").values()), 20)


def test_a_command_comes_in_though_the_daemon_has_more_to_do_at_once(tmp_path: Path) -> None:
    """As while a thousand files are imported: the state is let go of for a moment that is long enough to be noticed."""

    class Busy:
        summary, steps = "", 0

        def step(self, _: Moment) -> float:
            self.steps += 1
            with lock.hold(tmp_path, "run"):
                time.sleep(0.2)
            return 0.0

    def command() -> None:
        with lock.hold(tmp_path, "client list", patience=2):
            came.set()

    came, daemon, manager = threading.Event(), Busy(), ServiceManager({})
    waiting = threading.Thread(target=command)
    waiting.start()
    while waiting.is_alive() and daemon.steps < 20:
        run._once(cast("Daemon", daemon), threading.Event(), run._Heart(manager), manager)
    waiting.join()
    assert came.is_set()
