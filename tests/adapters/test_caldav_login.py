"""Logging in, TLS, redirects, and what never leaves: over scripted servers, and Radicale for TLS."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import accounts
import servers
from accounts import Account
from certificates import Authority
from coachsync.adapters.caldav.client import CalDav
from coachsync.errors import CoachsyncError, Misconfigured, Refused, Temporary
from davscript import CALENDAR, PASSWORD, USER, Connect, Start, basic, calendar_url, digest, multistatus, unchanged
from servers import Reply, Request


def test_basic_is_negotiated_once_and_remembered(scripted: Start, connect: Connect) -> None:
    server = scripted(basic(unchanged))
    url = calendar_url(server)
    client = connect(server.url)
    assert client.scheme is None

    client.changes(url, "sync:a")
    client.changes(url, "sync:a")

    assert client.scheme == "basic"
    assert [status for status, _ in server.replies] == [401, 207, 207]


def test_a_later_process_that_knows_the_scheme_polls_in_one_request(scripted: Start, connect: Connect) -> None:
    server = scripted(basic(unchanged))

    connect(server.url, scheme="basic").changes(calendar_url(server), "sync:a")

    assert [status for status, _ in server.replies] == [207]


def test_no_credential_goes_out_before_it_is_asked_for(scripted: Start, connect: Connect) -> None:
    server = scripted(unchanged)

    connect(server.url).changes(calendar_url(server), None)

    assert "Authorization" not in server.requests[0].headers


@pytest.mark.parametrize("scheme", [None, "digest"])
def test_digest_is_negotiated_and_the_password_never_sent(
    scripted: Start, connect: Connect, scheme: str | None
) -> None:
    server = scripted(digest(unchanged))
    client = connect(server.url, scheme=scheme)

    client.changes(calendar_url(server), "sync:a")
    asked = len(server.requests)
    client.changes(calendar_url(server), "sync:a")

    assert client.scheme == "digest"
    assert len(server.requests) == asked + 1
    assert not any("Basic" in request.headers.get("Authorization", "") for request in server.requests)


@pytest.mark.parametrize(("remembered", "wanted"), [("basic", digest), ("digest", basic)])
def test_a_server_that_now_wants_another_scheme_gets_it(
    scripted: Start, connect: Connect, remembered: str, wanted: Callable[..., Callable[[Request], Reply]]
) -> None:
    server = scripted(wanted(unchanged))
    client = connect(server.url, scheme=remembered)

    client.changes(calendar_url(server), "sync:a")

    assert client.scheme != remembered


@pytest.mark.parametrize("ask_for", [basic, digest])
def test_a_refused_password_is_not_tried_again(
    scripted: Start, connect: Connect, ask_for: Callable[..., Callable[[Request], Reply]]
) -> None:
    server = scripted(ask_for(unchanged, "the right one"))
    url = calendar_url(server)

    with pytest.raises(Refused) as refused:
        connect(server.url).changes(url, None)
    asked = len(server.requests)
    with pytest.raises(Refused):
        connect(server.url).changes(url, None)

    assert refused.value.code == "login-refused"
    assert len(server.requests) == asked
    connect(server.url, password="the right one").changes(url, None)


def test_a_kind_of_login_we_do_not_know_is_told_as_such(scripted: Start, connect: Connect) -> None:
    server = scripted(lambda _: Reply(401, b"", {"WWW-Authenticate": 'Bearer realm="x"'}))

    with pytest.raises(Refused) as refused:
        connect(server.url).changes(server.url, None)

    assert refused.value.code == "login-scheme-unknown"
    assert "Authorization" not in server.requests[0].headers


def test_a_wrong_password_on_a_real_server_is_refused(radicale: Account) -> None:
    client = CalDav(radicale.url, radicale.username, "wrong")
    with pytest.raises(Refused):
        client.whoami()
    client.close()


def test_a_password_does_not_travel_without_tls(connect: Connect) -> None:
    for url in ("http://dav.example.invalid/", "http://localhost.example.invalid/", "ftp://127.0.0.1/", "nonsense"):
        with pytest.raises(Misconfigured) as refused:
            connect(url).changes(url, None)
        assert refused.value.code in ("no-tls", "url-elsewhere")


def test_a_certificate_nobody_vouches_for_is_refused(scripted: Start, connect: Connect, authority: Authority) -> None:
    server = scripted(unchanged, authority.context("127.0.0.1"))

    with pytest.raises(Temporary) as refused:
        connect(server.url, scheme="basic").changes(server.url, None)

    assert refused.value.code == "certificate-not-trusted"
    assert "ca_file" in refused.value.hint
    assert server.requests == []


def test_a_certificate_of_the_named_authority_is_accepted(
    scripted: Start, connect: Connect, authority: Authority
) -> None:
    server = scripted(basic(unchanged), authority.context("127.0.0.1"))

    connect(server.url, ca_file=authority.file).changes(calendar_url(server), None)

    assert server.requests


def test_a_certificate_for_another_host_is_refused(scripted: Start, connect: Connect, authority: Authority) -> None:
    server = scripted(unchanged, authority.context("other.example"))

    with pytest.raises(Temporary) as refused:
        connect(server.url, ca_file=authority.file).changes(server.url, None)

    assert refused.value.code == "certificate-not-trusted"


def test_a_missing_ca_file_is_a_matter_of_configuration(connect: Connect, tmp_path: Path) -> None:
    with pytest.raises(Misconfigured) as refused:
        connect("https://127.0.0.1:1/", ca_file=tmp_path / "none.pem").changes("https://127.0.0.1:1/", None)

    assert refused.value.code == "ca-file-missing"


def test_radicale_over_tls(tmp_path: Path, authority: Authority, connect: Connect) -> None:
    with servers.radicale(tmp_path, authority.certificate("127.0.0.1", "localhost")) as url:
        account = accounts.on_radicale(url)
        with pytest.raises(Temporary) as refused:
            connect(url, account.username, account.password).whoami()
        assert refused.value.code == "certificate-not-trusted"
        client = connect(url, account.username, account.password, ca_file=authority.file)
        assert client.whoami().homes == (account.home,)


def test_a_redirect_on_the_same_host_is_followed(scripted: Start, connect: Connect) -> None:
    def script(request: Request) -> Reply:
        if request.path == CALENDAR:
            return Reply(301, b"", {"Location": "/moved/coaching/"})
        return multistatus(
            f"<response><href>{request.path}a.ics</href><propstat><prop><getetag>1</getetag></prop>"
            "<status>HTTP/1.1 200 OK</status></propstat></response>",
            token="t",
        )

    server = scripted(basic(script))

    listing = connect(server.url).changes(calendar_url(server), None)

    assert listing.etags == {"/moved/coaching/a.ics": "1"}
    assert server.requests[-1].method == "REPORT"
    assert b"sync-collection" in server.requests[-1].body


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize(
    "where", ["http://localhost:{port}/", "http://127.0.0.1:{port}/", "//localhost:{port}/x", "gopher://x/"]
)
def test_the_password_never_reaches_another_host(scripted: Start, connect: Connect, status: int, where: str) -> None:
    elsewhere = scripted(basic(unchanged))
    location = where.format(port=elsewhere.port)
    server = scripted(basic(lambda _: Reply(status, b"", {"Location": location})))
    client = connect(server.url)

    for ask in (
        lambda: client.changes(calendar_url(server), None),
        lambda: client.create(CALENDAR + "a.ics", b"text"),
        client.whoami,
    ):
        with pytest.raises(CoachsyncError) as refused:
            ask()
        assert refused.value.code == "redirect-elsewhere"

    assert elsewhere.requests == []


def test_a_circle_of_redirects_ends(scripted: Start, connect: Connect) -> None:
    server = scripted(lambda request: Reply(302, b"", {"Location": request.path}))

    with pytest.raises(Temporary) as refused:
        connect(server.url).changes(calendar_url(server), None)

    assert refused.value.code == "too-many-redirects"
    assert len(server.requests) == 6


def test_a_calendar_on_another_host_is_not_asked(scripted: Start, connect: Connect) -> None:
    server, elsewhere = scripted(unchanged), scripted(unchanged)

    for url in (elsewhere.url, f"http://localhost:{server.port}/", "https://dav.example.invalid/x/"):
        with pytest.raises(Misconfigured) as refused:
            connect(server.url).changes(url, None)
        assert refused.value.code == "url-elsewhere"

    assert elsewhere.requests == []


def test_a_body_goes_out_byte_for_byte(scripted: Start, connect: Connect) -> None:
    server = scripted(basic(lambda _: Reply(201)))
    body = b"BEGIN:VCALENDAR\nX:\xff\xfe\r\nY:\x01\r\n"

    connect(server.url).create(CALENDAR + "a.ics", body)

    assert server.requests[-1].body == body


CANARY = "Canari-Dupont"


class _Kept(logging.Handler):
    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(f"{record.name} {record.getMessage()} {record.exc_info}")


@pytest.fixture
def log() -> Iterator[list[str]]:
    """Everything that any logger emits, at any level."""
    kept, root = _Kept(), logging.getLogger()
    level = root.level
    names = ["caldav", "caldav.response", "caldav.davclient", "niquests", "urllib3", "urllib3.connectionpool"]
    levels = {name: logging.getLogger(name).level for name in names}
    root.addHandler(kept)
    root.setLevel(logging.DEBUG)
    for name in names:
        logging.getLogger(name).setLevel(logging.DEBUG)
        logging.getLogger(name).addHandler(kept)
    yield kept.lines
    root.removeHandler(kept)
    root.setLevel(level)
    for name, old in levels.items():
        logging.getLogger(name).setLevel(old)
        logging.getLogger(name).removeHandler(kept)


def test_p12_nothing_of_what_travels_is_logged(
    scripted: Start, connect: Connect, log: list[str], capfd: pytest.CaptureFixture[str]
) -> None:
    replies = iter(
        [
            multistatus(token=CANARY),
            Reply(207, f"<multistatus><broken {CANARY}".encode(), {"Content-Type": "text/xml"}),
            Reply(200, f"<html>{CANARY}</html>".encode(), {"Content-Type": "text/html", "X-Canary": CANARY}),
            Reply(500, CANARY.encode()),
            Reply(403, f"<error xmlns='DAV:'><x>{CANARY}</x></error>".encode(), {"Content-Type": "application/xml"}),
            Reply(429, CANARY.encode()),
            Reply(302, CANARY.encode(), {"Location": f"http://localhost/{CANARY}/"}),
        ]
    )
    server = scripted(basic(lambda _: next(replies, Reply(500))))
    client = connect(server.url)
    messages = []
    for _ in range(7):
        try:
            client.changes(f"{server.url}{CANARY}/", f"sync:{CANARY}")
        except CoachsyncError as problem:
            messages.append(f"{problem.message} {problem.hint} {problem.code} {problem!r}")
    server.script = basic(lambda _: Reply(201, CANARY.encode(), {"Content-Type": f"text/{CANARY}"}))
    client.create(f"/{CANARY}/{CANARY}.ics", f"SUMMARY:{CANARY}".encode())
    logging.getLogger("control").debug("seen")

    output = "".join(capfd.readouterr())
    everything = "\n".join([*log, *messages, output])
    assert "control seen" in everything
    for secret in (CANARY, USER, PASSWORD, "alice", str(server.port)):
        assert secret not in everything


def test_an_error_does_not_carry_the_librarys_own_text(connect: Connect) -> None:
    url = f"http://127.0.0.1:{servers.free_port()}/{CANARY}/"
    with pytest.raises(Temporary) as refused:
        connect(url).changes(url, None)

    assert refused.value.__cause__ is None
    assert refused.value.__suppress_context__


ENVIRONMENT_PROBE = """
import logging, sys
logging.basicConfig(level=logging.DEBUG)
from coachsync.adapters.caldav.client import CalDav
client = CalDav(sys.argv[1], "alice-canary", "")
client.changes(sys.argv[1] + "canary-path/", None)
client.close()
"""


def test_the_environment_changes_nothing(scripted: Start, tmp_path: Path) -> None:
    """No .netrc, no proxy, no connection settings, no dump of what travels to a file, no debugging mode."""
    server, proxy = scripted(unchanged), scripted(unchanged)
    (tmp_path / ".netrc").write_text("machine 127.0.0.1\nlogin netrc-canary\npassword netrc-canary\n", encoding="utf-8")
    (tmp_path / ".netrc").chmod(0o600)
    (tmp_path / "dumps").mkdir()
    environment = {
        **os.environ,
        "HOME": str(tmp_path),
        "NETRC": str(tmp_path / ".netrc"),
        "HTTP_PROXY": proxy.url,
        "http_proxy": proxy.url,
        "ALL_PROXY": proxy.url,
        "CALDAV_URL": proxy.url,
        "CALDAV_USERNAME": "env-canary",
        "CALDAV_PASSWORD": "env-canary",
        "PYTHON_CALDAV_COMMDUMP": "1",
        "PYTHON_CALDAV_DEBUGMODE": "DEBUG",
        "TMPDIR": str(tmp_path / "dumps"),
    }
    environment.pop("NO_PROXY", None)
    environment.pop("no_proxy", None)

    probe = [sys.executable, "-c", ENVIRONMENT_PROBE, server.url]
    ran = subprocess.run(probe, env=environment, capture_output=True, text=True, check=False, timeout=60)

    assert ran.returncode == 0, ran.stderr
    assert proxy.requests == []
    assert [request.path for request in server.requests] == ["/canary-path/"]
    assert "Authorization" not in server.requests[0].headers
    assert list((tmp_path / "dumps").iterdir()) == []
    assert "canary" not in ran.stdout + ran.stderr
