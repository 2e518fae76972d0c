"""An account that cannot be used: what each command says, how it ends, and that nothing is lost."""

from __future__ import annotations

import base64
import json
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path

import pytest

import servers
from certificates import Authority
from cli_desk import SHARE, Desk, Storage, fill
from coachsync.adapters import secrets
from coachsync.adapters.caldav import transport
from servers import Recorder, Reply, Request, Scripted

Record = Callable[[str], Recorder]
Script = Callable[..., Scripted]

PROBLEM = pytest.mark.parametrize("published", [False, True], ids=["first", "later"])


def everything_failed(desk: Desk, exit_code: int, code: str) -> str:
    """`sync` and `share publish` both end so, and say why; the hint. What was published before stays."""
    before = desk.storage.objects("Office")
    plain, machine = desk.run("sync"), desk.json("sync")
    assert (plain.code, machine.code) == (exit_code, exit_code)
    assert code in machine.codes
    hint = machine.hint(code)
    assert hint
    assert f"[{code}]" in plain.err
    assert hint in " ".join(line.strip() for line in plain.err.splitlines())
    assert any(key in plain.err for key in ("accounts.cloud", "calendars.coaching"))
    assert desk.storage.objects("Office") == before
    return hint


# --- the password ---------------------------------------------------------------------------------------------------


@PROBLEM
def test_a_wrong_password_ends_with_77_and_changes_nothing(practice: Desk, published: bool) -> None:
    if published:
        assert practice.run("sync").code == 0
    practice.write_password("wrong-canari")
    practice.secrets.append("wrong-canari")
    assert "password" in everything_failed(practice, 77, "login-refused")


def test_a_refused_login_says_where_the_password_is_on_the_terminal_and_nowhere_else(practice: Desk) -> None:
    practice.write_password("wrong-canari")
    place = str(practice.folder / "cloud.password")
    for command in (["sync"], ["check"], ["share", "publish", "office"]):
        done = practice.run(*command)
        assert f"Write the new one into {place}, alone on one line." in done.out + done.err
    assert [file for file in practice.state.rglob("*") if file.is_file() and place.encode() in file.read_bytes()] == []


def test_what_is_wrong_with_a_password_file_is_told_with_its_name(practice: Desk) -> None:
    place = str(practice.folder / "cloud.password")
    for spoil in (opened_to_others, emptied, without):
        spoil(practice)
        assert place in practice.run("sync").err


@PROBLEM
def test_publishing_with_a_wrong_password_says_so(practice: Desk, published: bool) -> None:
    if published:
        assert practice.run("sync").code == 0
    practice.write_password("wrong-canari")
    plain = practice.run("share", "publish", "office")
    assert plain.code == 77
    assert "user name or password" in plain.err


def test_a_run_that_failed_as_a_whole_tells_a_machine_the_error(practice: Desk) -> None:
    practice.write_password("wrong-canari")
    machine = practice.json("sync")
    assert '"error"' in machine.err
    assert '"login-refused"' in machine.err


def test_a_wrong_password_is_tried_once_in_a_run(practice: Desk, recorder: Record) -> None:
    server = recorder(practice.url)
    practice.url = server.url
    practice.text += SHARE.replace("office", "second").replace("Office", "Second")
    practice.text += '[calendars.other]\naccount = "cloud"\nname = "Other"\n'
    practice.write_password("wrong-canari")
    for command in (["sync"], ["check"], ["share", "publish", "office"]):
        transport._refused.clear()  # as in a new process
        server.clear()
        practice.run(*command)
        tried = [request for request in server.requests if request.headers.get("Authorization")]
        assert len(tried) == 1, command
        assert len(server.requests) <= 3  # and asked, at first without it, at a place or two


def test_the_right_password_goes_on_where_the_wrong_one_stopped(practice: Desk) -> None:
    practice.write_password("wrong-canari")
    practice.run("sync")
    practice.write_password(practice.storage.password)
    assert practice.run("sync").code == 0
    assert len(practice.storage.objects("Office")) == 5


def without(desk: Desk) -> None:
    (desk.folder / "cloud.password").unlink()


def opened_to_others(desk: Desk) -> None:
    (desk.folder / "cloud.password").chmod(0o640)


def emptied(desk: Desk) -> None:
    (desk.folder / "cloud.password").write_text("\n")


def two_lines(desk: Desk) -> None:
    (desk.folder / "cloud.password").write_text("first-canari\nsecond-canari\n")


def a_folder(desk: Desk) -> None:
    (desk.folder / "cloud.password").unlink()
    (desk.folder / "cloud.password").mkdir()


@pytest.mark.parametrize(
    ("spoil", "code"),
    [
        (without, "secret-file-missing"),
        (opened_to_others, "secret-file-open"),
        (emptied, "secret-file-empty"),
        (two_lines, "secret-file-not-text"),
        (a_folder, "secret-file-unreadable"),
    ],
)
def test_a_password_file_that_cannot_be_used_ends_with_78(
    practice: Desk, spoil: Callable[[Desk], None], code: str
) -> None:
    spoil(practice)
    practice.secrets += ["first-canari", "second-canari"]
    everything_failed(practice, 78, code)


def test_a_password_file_that_went_missing_later_ends_with_78(practice: Desk) -> None:
    assert practice.run("sync").code == 0
    without(practice)
    everything_failed(practice, 78, "secret-file-missing")


def test_the_hint_for_an_open_password_file_closes_it(practice: Desk) -> None:
    opened_to_others(practice)
    assert f"chmod 600 {practice.folder / 'cloud.password'}" in practice.json("sync").hint("secret-file-open")
    (practice.folder / "cloud.password").chmod(0o600)
    assert practice.run("sync").code == 0


def ask(desk: Desk, *words: str) -> None:
    """Have the password come from a command."""
    desk.password = f"{{ command = {json.dumps(words)} }}"


def test_a_password_command_works(practice: Desk) -> None:
    ask(practice, "cat", str(practice.folder / "cloud.password"))
    assert practice.run("sync").code == 0


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("sh", "-c", "echo command-canari; echo command-canari >&2; exit 3"), "secret-command-failed", "exit code 3"),
        (("no-such-program-canari",), "secret-command-not-run", "cannot be started"),
        (("true",), "secret-command-empty", "no password"),
    ],
    ids=["fails", "missing", "silent"],
)
def test_a_password_command_that_fails_ends_with_78(
    practice: Desk, words: tuple[str, ...], code: str, said: str
) -> None:
    ask(practice, *words)
    practice.secrets += ["command-canari", "no-such-program-canari"]
    everything_failed(practice, 78, code)
    assert said in practice.run("sync").err


def test_a_password_command_that_hangs_is_stopped(practice: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(secrets, "from_command", partial(secrets.from_command, timeout=0.4))
    ask(practice, "sleep", "987654")
    began = time.monotonic()
    everything_failed(practice, 75, "secret-command-slow")
    assert time.monotonic() - began < 6
    assert not [line for line in _command_lines() if b"987654" in line]


def _command_lines() -> Iterator[bytes]:
    """Those of all processes there are."""
    for file in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):
            yield file.read_bytes()


# --- the network ----------------------------------------------------------------------------------------------------


@PROBLEM
def test_an_unknown_host_ends_with_75(practice: Desk, published: bool) -> None:
    if published:
        assert practice.run("sync").code == 0
    practice.url = "https://calendar-canari.invalid/secret-note/"
    assert "url" in everything_failed(practice, 75, "host-unknown")


@PROBLEM
def test_a_refused_connection_ends_with_75(practice: Desk, published: bool) -> None:
    if published:
        assert practice.run("sync").code == 0
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        practice.url = f"http://127.0.0.1:{free.getsockname()[1]}/secret-note/"
        everything_failed(practice, 75, "no-connection")


def test_a_server_that_goes_down_later_ends_with_75_and_the_share_stays(practice: Desk, recorder: Record) -> None:
    server = recorder(practice.url)
    practice.url = server.url
    assert practice.run("sync").code == 0
    server.script = lambda _request: Reply(raw=b"")
    everything_failed(practice, 75, "no-connection")
    server.script = server._pass
    assert practice.run("sync").code == 0
    assert len(practice.storage.objects("Office")) == 5


def test_a_server_that_never_answers_ends_with_75_in_time(practice: Desk, scripted: Script) -> None:
    server = scripted(lambda _request: Reply(503, delay=10))
    practice.url, practice.timeout = server.url, 0.5
    began = time.monotonic()
    assert practice.run("sync").code == 75
    assert time.monotonic() - began < 8


@pytest.mark.parametrize("status", [500, 502, 503, 429])
def test_a_server_in_trouble_ends_with_75(practice: Desk, scripted: Script, status: int) -> None:
    practice.url = scripted(lambda _request: Reply(status, b"secret-note", {"Retry-After": "1"})).url
    began = time.monotonic()
    assert practice.run("sync").code == 75
    assert time.monotonic() - began < 5


def test_a_web_page_is_no_calendar_server(practice: Desk, scripted: Script) -> None:
    page = b"<html><body>secret-note</body></html>"
    practice.url = scripted(lambda _request: Reply(200, page, {"Content-Type": "text/html"})).url
    result = practice.json("sync")
    assert result.code == 75
    assert "url" in result.hint("not-caldav")


def test_plain_http_to_another_host_is_refused_before_any_request(practice: Desk) -> None:
    practice.url = "http://calendar.example/"
    plain, error = practice.refused("sync")
    assert plain.code == 78
    (problem,) = error["problems"]
    assert (problem["code"], problem["where"]) == ("no-tls", "accounts.cloud.url")
    assert "https://" in problem["hint"]


# --- the certificate ------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def sealed_radicale(tmp_path_factory: pytest.TempPathFactory, authority: Authority) -> Iterator[tuple[str, Path]]:
    folder = tmp_path_factory.mktemp("sealed-radicale")
    with servers.radicale(folder, authority.certificate("127.0.0.1")) as url:
        yield url, folder / "collections" / "collection-root"


@pytest.fixture
def sealed(desk: Desk, sealed_radicale: tuple[str, Path], storage: Storage) -> Desk:
    url, root = sealed_radicale
    desk.storage = Storage(url, root, storage.username, storage.password)
    desk.url = url
    fill(desk.storage.calendar("coaching-home-canari", "Coaching"), 5)
    return desk


def test_a_certificate_that_is_not_trusted_ends_with_75_and_the_hint_that_mends_it(
    sealed: Desk, authority: Authority
) -> None:
    assert "ca_file" in everything_failed(sealed, 75, "certificate-not-trusted")
    sealed.more = f'ca_file = "{authority.file}"'
    assert sealed.run("sync").code == 0
    assert len(sealed.storage.objects("Office")) == 5


def test_a_ca_file_that_is_missing_ends_with_78(sealed: Desk) -> None:
    sealed.more = 'ca_file = "missing.pem"'
    assert "ca_file" in everything_failed(sealed, 78, "ca-file-missing")


def test_a_ca_file_that_is_no_certificate_ends_with_78(sealed: Desk) -> None:
    (sealed.folder / "junk.pem").write_text("not a certificate")
    sealed.more = 'ca_file = "junk.pem"'
    assert "ca_file" in everything_failed(sealed, 78, "ca-file-unusable")


# --- one account among several --------------------------------------------------------------------------------------


def test_one_broken_account_stops_no_other(practice: Desk) -> None:
    practice.text += (
        f'[accounts.broken]\nurl = "{practice.url}"\nusername = "{practice.username}"\n'
        'password = { file = "missing.password" }\n[calendars.second]\naccount = "broken"\nname = "Second"\n'
    )
    result = practice.json("sync")
    assert result.code == 3
    assert result.codes == ["secret-file-missing"]
    assert len(practice.storage.objects("Office")) == 5


def test_the_credential_is_not_sent_after_a_redirect_to_another_server(practice: Desk, scripted: Script) -> None:
    other = scripted(lambda _request: Reply(200))
    expected = base64.b64encode(f"{practice.username}:{practice.storage.password}".encode()).decode()

    def elsewhere(request: Request) -> Reply:
        if request.headers.get("Authorization", "").endswith(expected):
            return Reply(302, headers={"Location": f"{other.url}secret-note/"})
        return Reply(401, headers={"WWW-Authenticate": 'Basic realm="x"'})

    practice.url = scripted(elsewhere).url
    result = practice.json("sync")
    assert result.code == 3
    assert "redirect-elsewhere" in result.codes
    assert other.requests == []


def test_a_share_of_a_calendar_that_could_not_be_read_is_said_to_stay_as_it_is(practice: Desk) -> None:
    assert practice.run("sync").code == 0
    practice.write_password("wrong-canari")
    for words in (["sync"], ["share", "publish", "office"]):
        assert "share office: left as it is, because coaching could not be read" in practice.run(*words).out
