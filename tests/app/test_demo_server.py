"""The demonstration's server: answers only to its password, keeps to its folder, and is gone when it should be."""

from __future__ import annotations

import os
import signal
import socket
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from urllib.parse import quote

import pytest

import servers
from accounts import on_demonstration
from coachsync.adapters.extras import adding
from coachsync.app.demo import server as module
from coachsync.app.demo.practice import practice
from coachsync.app.demo.server import RadicaleServer
from coachsync.errors import CoachsyncError
from processes import eventually, running
from web import Answer, Web

pytestmark = pytest.mark.servers

EVENTS = practice(date(2026, 11, 22))


def ask(server: RadicaleServer, method: str, url: str, password: str, depth: str = "0") -> Answer:
    """What the coach is told with that password, or anybody at all with none."""
    return Web(on_demonstration(server, password)).ask(method, url, Depth=depth)


def port_of(server: RadicaleServer) -> int:
    return int(server.url.rstrip("/").rpartition(":")[2])


def calendar_of(server: RadicaleServer) -> str:
    return server.collection("coaching")


def listening(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def gone(pid: int) -> bool:
    """No such process, not even a zombie."""
    return not Path(f"/proc/{pid}").exists()


def pid_of(server: RadicaleServer) -> int:
    assert server._process is not None
    return server._process.pid


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RadicaleServer]:
    server = RadicaleServer(tmp_path_factory.mktemp("demo"))
    server.fill(EVENTS, "coaching", "Mes séances")
    with server:
        yield server


def test_it_answers_with_the_password_only(served: RadicaleServer) -> None:
    url = calendar_of(served)
    assert ask(served, "PROPFIND", url, "").status == 401
    assert ask(served, "PROPFIND", url, "another").status == 401
    assert ask(served, "PROPFIND", url, served.password).status == 207


def test_every_run_has_a_password_of_its_own(tmp_path: Path) -> None:
    one, other = RadicaleServer(tmp_path), RadicaleServer(tmp_path)
    assert one.password != other.password
    assert len(one.password) >= 24


def test_it_serves_what_it_was_filled_with(served: RadicaleServer) -> None:
    text = ask(served, "PROPFIND", calendar_of(served), served.password, depth="1").text
    assert "Mes séances" in text
    assert text.count(".ics</href>") == len(EVENTS)
    for event in EVENTS[:3]:
        assert ask(served, "GET", f"{calendar_of(served)}{quote(event.name)}", served.password).status == 200


def test_it_listens_on_loopback_only(served: RadicaleServer) -> None:
    assert served.url.startswith("http://127.0.0.1:")
    wanted = f"{port_of(served):04X}"
    bound = [line.split()[1:4] for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    addresses = {local for local, _, state in bound if state == "0A" and local.endswith(f":{wanted}")}
    assert addresses == {f"0100007F:{wanted}"}


def test_an_event_put_later_replaces_the_one_of_that_name(tmp_path: Path) -> None:
    with RadicaleServer(tmp_path / "not" / "there" / "yet") as server:
        server.fill(EVENTS[:2], "coaching", "Coaching")
        later = module.Event(EVENTS[0].name, EVENTS[0].text.replace(b"SUMMARY:", b"SUMMARY:Autre "))
        server.put(later, "coaching")
        assert "SUMMARY:Autre " in ask(server, "GET", f"{calendar_of(server)}{quote(later.name)}", server.password).text


def test_an_event_that_is_refused_is_an_error_that_names_nobody(served: RadicaleServer) -> None:
    with pytest.raises(CoachsyncError) as failure:
        served.put(module.Event("refus-de-sophie.ics", b"no calendar: Sophie"), "coaching")
    assert failure.value.code == "demo-server"
    assert "ophie" not in failure.value.message + failure.value.hint


def test_files_with_the_password_or_a_text_are_for_their_owner_alone(served: RadicaleServer) -> None:
    ours = [served.folder / name for name in ("users", "radicale.config", "radicale.log")]
    texts = list((served.folder / "storage").rglob("coaching/*.ics"))
    assert len(texts) == len(EVENTS)
    assert {stat.S_IMODE(path.stat().st_mode) for path in [*ours, *texts]} == {0o600}


def test_it_keeps_to_its_folder_and_logs_there(served: RadicaleServer) -> None:
    assert {path.name for path in served.folder.iterdir()} == {"storage", "users", "radicale.config", "radicale.log"}
    assert "Radicale server ready" in served.log.read_text(encoding="utf-8")
    assert served.password not in served.log.read_text(encoding="utf-8")


def test_it_leaves_no_process_and_no_port(tmp_path: Path) -> None:
    with RadicaleServer(tmp_path) as server:
        pid, port = pid_of(server), port_of(server)
        assert listening(port)
    assert gone(pid)
    assert not listening(port)


def test_it_stops_when_what_was_done_with_it_fails(tmp_path: Path) -> None:
    server = RadicaleServer(tmp_path)
    with pytest.raises(ZeroDivisionError), server:  # noqa: PT012 - the pid is known only inside
        pid = pid_of(server)
        raise ZeroDivisionError
    assert gone(pid)


def test_a_server_that_does_not_listen_to_reason_is_killed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "FAREWELL", 0.3)
    with RadicaleServer(tmp_path) as server:
        pid = pid_of(server)
        os.kill(pid, signal.SIGSTOP)  # the signal to end waits until it goes on
    assert gone(pid)


PARENT = """
import sys, time
from pathlib import Path
from coachsync.app.demo.server import RadicaleServer
with RadicaleServer(Path(sys.argv[1])) as server:
    print(server._process.pid, flush=True)
    time.sleep(60)
"""


@pytest.mark.parametrize("blow", [signal.SIGKILL, signal.SIGTERM])
def test_it_ends_when_its_parent_is_killed(tmp_path: Path, blow: signal.Signals) -> None:
    command = [sys.executable, "-c", PARENT, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        assert running(pid)
        parent.send_signal(blow)
        parent.wait()
        assert eventually(lambda: not running(pid))


def test_a_server_whose_parent_is_gone_does_not_start(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "coachsync.app.demo.leash", "1", str(tmp_path / "none")]
    ended = subprocess.run(command, check=False, timeout=30, capture_output=True)
    assert (ended.returncode, ended.stderr) == (1, b"")  # not even Radicale's complaint about the file
    assert list(tmp_path.iterdir()) == []


def test_a_port_that_was_taken_meanwhile_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as stranger:
        taken = stranger.getsockname()[1]
        ports = iter([taken, servers.free_port()])
        monkeypatch.setattr(module, "_free_port", lambda: next(ports))
        with RadicaleServer(tmp_path) as server:
            assert port_of(server) != taken
            assert ask(server, "PROPFIND", calendar_of(server), server.password).status in {207, 404}


def test_a_stranger_on_the_port_never_gets_the_password(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, scripted: Callable[..., servers.Scripted]
) -> None:
    stranger = scripted(lambda _: servers.Reply(401, headers={"WWW-Authenticate": 'Basic realm="Radicale"'}))
    ports = iter([stranger.port, servers.free_port()])
    monkeypatch.setattr(module, "_free_port", lambda: next(ports))
    with RadicaleServer(tmp_path) as server:
        assert port_of(server) != stranger.port
    assert all("Authorization" not in request.headers for request in stranger.requests)


def test_without_radicale_it_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "radicale", None)
    with pytest.raises(CoachsyncError) as failure, RadicaleServer(tmp_path):
        pass
    assert failure.value.code == "demo-server"
    assert failure.value.hint == f"Run: {adding('radicale')}"


def test_a_server_that_does_not_start_is_an_error_with_its_log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = tmp_path / "broken" / "radicale"
    broken.mkdir(parents=True)
    (broken / "__init__.py").write_text("")
    (broken / "__main__.py").write_text("raise SystemExit('broken on purpose')")
    monkeypatch.setenv("PYTHONPATH", str(broken.parent))
    folder = tmp_path / "folder"
    folder.mkdir()
    with pytest.raises(CoachsyncError) as failure, RadicaleServer(folder) as server:
        pytest.fail(f"{server.url} answers")
    assert failure.value.code == "demo-server"
    assert "radicale.log" in failure.value.hint
    assert adding("radicale") in failure.value.hint
    assert "broken on purpose" in (folder / "radicale.log").read_text(encoding="utf-8")


def test_a_folder_that_cannot_be_used_is_an_error_without_a_traceback(tmp_path: Path) -> None:
    (tmp_path / "storage").write_text("a file")
    with pytest.raises(CoachsyncError), RadicaleServer(tmp_path):
        pass


def test_a_kept_folder_starts_again_at_the_same_address(tmp_path: Path) -> None:
    server = RadicaleServer(tmp_path)
    server.fill(EVENTS[:2], "coaching", "Coaching")
    with server:
        pass
    with subprocess.Popen(server.command, stderr=subprocess.DEVNULL) as again:
        try:
            assert eventually(lambda: listening(port_of(server)))
            assert ask(server, "PROPFIND", calendar_of(server), "").status == 401
            assert ask(server, "PROPFIND", calendar_of(server), server.password).status == 207
        finally:
            again.terminate()
