"""Signing in on a Nextcloud with the browser: a stand-in for its login, and a real calendar server behind it."""

from __future__ import annotations

import base64
import http.client
import stat
import sys
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from cli_desk import Storage, fill
from cli_dialogue import INTERRUPT, Dialogue
from coachsync import config
from davscript import Start
from nextcloudscript import APP_PASSWORD, LOGIN, TOKEN, NextcloudScript
from servers import Reply, Request

_DAV = "/remote.php/dav"
_HOP = {"connection", "content-length", "transfer-encoding", "keep-alive", "server", "date"}


def behind(storage: Storage) -> Callable[[Request], Reply]:
    """The user's calendars on the Radicale, below the path that Nextcloud has for them."""
    login = base64.b64encode(f"{storage.username}:{storage.password}".encode()).decode()

    def ask(request: Request) -> Reply:
        connection = http.client.HTTPConnection(urlsplit(storage.url).netloc, timeout=30)
        headers = {"Authorization": f"Basic {login}", "X-Script-Name": _DAV}
        for name in ("Depth", "Content-Type", "If-Match", "If-None-Match"):
            if name in request.headers:
                headers[name] = request.headers[name]
        try:
            connection.request(request.method, request.path.removeprefix(_DAV), request.body or None, headers)
            answer = connection.getresponse()
            body = answer.read()
        finally:
            connection.close()
        return Reply(answer.status, body, {k: v for k, v in answer.getheaders() if k.lower() not in _HOP})

    return ask


@pytest.fixture
def script(storage: Storage) -> NextcloudScript:
    fill(storage.calendar("one", "Coaching"), 5)
    return NextcloudScript(calendars=behind(storage))


@pytest.fixture
def home(tmp_path: Path) -> Path:
    folder = tmp_path / "home"
    folder.mkdir()
    return folder


def browser(folder: Path) -> str:
    """A browser that opens the page it is given, as the coach would who allows access."""
    program = folder / "browser"
    program.write_text(f"#!{sys.executable}\nimport sys, urllib.request\nurllib.request.urlopen(sys.argv[1]).read()\n")
    program.chmod(0o700)
    return str(program)


def settings(home: Path) -> config.Config:
    return config.load(home / ".config" / "coachsync" / "coachsync.toml")


def test_no_password_is_typed_and_an_app_password_is_kept(
    scripted: Start, script: NextcloudScript, storage: Storage, home: Path, tmp_path: Path
) -> None:
    script.visits = 1
    url = scripted(script).url
    with Dialogue(home, "init", environ={"BROWSER": browser(tmp_path)}) as dialogue:
        dialogue.answers(["", "", "", f"{url}index.php/apps/calendar", "yes", "", "", "", "", "", ""])
        assert dialogue.end() == 0
    assert len(script.pages) == 1
    account = settings(home).accounts["nextcloud"]
    assert (account.url, account.username) == (f"{url}remote.php/dav/", LOGIN)
    assert account.password is not None
    assert account.password.file is not None
    assert account.password.file.read_text() == f"{APP_PASSWORD}\n"
    assert stat.S_IMODE(account.password.file.stat().st_mode) == 0o600
    assert len(storage.objects("Coaching (office)")) == 5
    assert [secret for secret in (APP_PASSWORD, TOKEN) if secret in dialogue.shown] == []


def test_without_a_desktop_the_page_is_shown_and_ctrl_c_leads_to_a_typed_password(
    scripted: Start, script: NextcloudScript, storage: Storage, home: Path
) -> None:
    script.visits = 1
    url = scripted(script).url
    with Dialogue(home, "init", environ={}) as dialogue:
        dialogue.answers(["", "", "", url, "yes"])
        dialogue.sees(f"{url}login/v2/flow/page?x=1")
        dialogue.sees("Ctrl-C")
        dialogue.answer(INTERRUPT)
        dialogue.answers([LOGIN, APP_PASSWORD, "", "", "", "", "", ""])
        assert dialogue.end() == 0
    assert script.pages == []
    assert len(storage.objects("Coaching (office)")) == 5


@pytest.mark.parametrize("what", ["poll", "start", "says"])
def test_a_login_that_goes_wrong_is_told_and_a_password_is_asked(
    scripted: Start, script: NextcloudScript, home: Path, what: str
) -> None:
    worse = {"poll": Reply(403), "start": Reply(200, b"<html>")}
    script.answers = {what: worse[what]} if what in worse else {}
    script.says = "https://elsewhere.example" if what == "says" else ""
    with Dialogue(home, "init", environ={}) as dialogue:
        dialogue.answers(["", "", "", scripted(script).url, "yes", LOGIN, "wrong", "", LOGIN, APP_PASSWORD])
        dialogue.question()
    assert dialogue.shown.count("  ! ") >= 2  # why the browser did not help, and what became of the wrong password
    assert "1  Coaching" in dialogue.shown
    assert "elsewhere.example" not in dialogue.shown


def test_somebody_who_says_no_is_asked_for_an_app_password(
    scripted: Start, script: NextcloudScript, home: Path
) -> None:
    with Dialogue(home, "init", environ={}) as dialogue:
        dialogue.answers(["", "", "", scripted(script).url, "no", LOGIN])
        dialogue.question()
        assert "app password" in dialogue.shown
    assert not script.granted
