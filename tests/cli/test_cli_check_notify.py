"""`coachsync check` tries the ways to reach the coach; with `--notify` it sends a trial."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from cli_desk import Desk
from desktopbus import Desktop, session_bus
from mailsink import MailSink

COACH = "me@practice.example"
needs_bus = pytest.mark.skipif(shutil.which("dbus-daemon") is None, reason="dbus-daemon is not installed here")


@pytest.fixture
def sink() -> Iterator[MailSink]:
    with closing(MailSink(users={COACH: "mail-secret"})) as started:
        yield started


@pytest.fixture
def mailing(synced: Desk, sink: MailSink) -> Desk:
    """A desk that is told by mail."""
    file = synced.folder / "mail.password"
    file.write_text("mail-secret\n")
    file.chmod(0o600)
    synced.text += (
        f'[notify]\nmail = "{COACH}"\n[notify.smtp]\nhost = "127.0.0.1"\nport = {sink.port}\nsecurity = "none"\n'
        f'username = "{COACH}"\npassword = {{ file = "mail.password" }}\n'
    )
    synced.secrets += ["mail-secret", COACH]
    return synced


def about_notify(document: Any) -> list[tuple[str, str, bool]]:
    checks = [one for one in document["checks"] if one["where"].startswith("notify")]
    return [(one["where"], one["code"], one["ok"]) for one in checks]


def test_check_logs_in_and_sends_nothing(mailing: Desk, sink: MailSink) -> None:
    result = mailing.json("check")
    assert (result.code, about_notify(result.document)) == (0, [("notify.smtp", "reached", True)])
    assert (sink.connections, sink.taken) == (1, [])


def test_trial_is_sent_once_in_the_configured_language(mailing: Desk, sink: MailSink) -> None:
    result = mailing.json("check", "--notify")
    assert (result.code, about_notify(result.document)) == (0, [("notify.smtp", "trial-sent", True)])
    (taken,) = sink.taken
    assert taken.recipients == [COACH]
    assert taken.message.get_content().strip()


def test_wrong_password_is_a_failed_check(mailing: Desk, sink: MailSink) -> None:
    sink.users[COACH] = "another"
    result = mailing.json("check")
    assert (result.code, about_notify(result.document)) == (5, [("notify.smtp", "mail-login-refused", False)])
    assert "notify.smtp" in mailing.run("check").out


def test_check_says_that_nobody_is_told(synced: Desk) -> None:
    for words in (["check"], ["check", "--notify"]):
        result = synced.json(*words)
        assert (result.code, about_notify(result.document)) == (0, [("notify", "nobody-told", True)])


@needs_bus
def test_desktop_is_reached_and_tried(synced: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced.text += "[notify]\ndesktop = true\n"
    with session_bus(tmp_path) as address, closing(Desktop(address)) as shown:
        monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", address)
        result = synced.json("check")
        assert (about_notify(result.document), shown.notices) == ([("notify.desktop", "reached", True)], [])
        result = synced.json("check", "--notify")
        assert about_notify(result.document) == [("notify.desktop", "trial-sent", True)]
        assert len(shown.notices) == 1


def test_absent_desktop_is_a_failed_check(synced: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DBUS_SESSION_BUS_ADDRESS", raising=False)
    monkeypatch.delenv("XDG_RUNTIME_DIR", raising=False)
    synced.text += "[notify]\ndesktop = true\n"
    for words in (["check"], ["check", "--notify"]):
        result = synced.json(*words)
        assert (result.code, about_notify(result.document)) == (5, [("notify.desktop", "no-desktop", False)])
