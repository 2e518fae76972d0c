"""What a good configuration becomes."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from coachsync import config
from coachsync.adapters.database.engine import database_file
from coachsync.config import CalDavTarget, Config, FileTarget, Notify, Secret, Smtp
from coachsync.config.crosscheck import DATABASE
from coachsync.config.glance import state_folder
from coachsync.model import Label
from coachsync.redaction.profiles import BUSY, SESSION, AllDay, Publish
from coachsync.span import Span

FULL = """\
version = 1
[practice]
name = "Cabinet Exemple"
language = "fr"
timezone = "Europe/Paris"
state = "state"

[accounts.cloud]
url = "https://cloud.example/remote.php/dav/"
username = "alice"
password = { file = "alice.password" }
ca_file = "ca.pem"
timeout = 5

[accounts.assistant]
url = "http://127.0.0.1:5232/"
username = "assistant"
password = { command = ["pass", "show", "cloud"] }
timeout = "PT1M"

[calendars.coaching]
account = "cloud"
name = "Coaching"
interval = "PT10M"

[calendars.second]
account = "cloud"
url = "/remote.php/dav/calendars/alice/second/"

[shares.office]
from = ["coaching", "second"]
to = { account = "cloud", name = "Coaching (office)" }
profile = "busy"
label = "Occupée"
window = { past = "P7D", future = "P1Y" }
round_to = "PT30M"
all_day = "working-hours"
publish = "daily"
recurrence = "unlinked"
audience = { account = "assistant" }

[shares.team]
from = ["coaching"]
to = { account = "assistant", url = "/assistant/team/" }
profile = "session"

[shares.web]
from = ["coaching"]
to = { file = "www/office.ics" }
profile = "busy"
window = { future = "P1M" }

[inbox]
folder = "inbox"
[retention]
rules = ["fr"]
[succession]
check_in_every = "P30D"
grace = "P14D"
[notify]
desktop = true
"""

SMALL = """\
version = 1
[practice]
timezone = "Europe/Paris"
"""


@pytest.fixture
def load(tmp_path: Path) -> Callable[[str], Config]:
    def write_and_load(text: str) -> Config:
        path = tmp_path / "coachsync.toml"
        path.write_text(text, encoding="utf-8")
        return config.load(path)

    return write_and_load


def test_practice(load: Callable[[str], Config], tmp_path: Path) -> None:
    practice = load(FULL).practice
    assert (practice.name, practice.language, practice.timezone) == ("Cabinet Exemple", "fr", "Europe/Paris")
    assert practice.state == tmp_path / "state"


def test_accounts(load: Callable[[str], Config], tmp_path: Path) -> None:
    accounts = load(FULL).accounts
    cloud, assistant = accounts["cloud"], accounts["assistant"]
    assert list(accounts) == ["cloud", "assistant"]
    assert (cloud.name, cloud.url) == ("cloud", "https://cloud.example/remote.php/dav/")
    assert (cloud.username, cloud.timeout) == ("alice", 5.0)
    assert cloud.password == Secret(file=tmp_path / "alice.password")
    assert cloud.ca_file == tmp_path / "ca.pem"
    assert assistant.password == Secret(command=("pass", "show", "cloud"))
    assert (cloud.password.kind, assistant.password.kind) == ("file", "command")
    assert (assistant.timeout, assistant.ca_file) == (60.0, None)


@pytest.mark.parametrize("kind", ["keyring", "credential"])
def test_a_password_is_named_where_somebody_else_keeps_it(load: Callable[[str], Config], kind: str) -> None:
    password = load(FULL.replace('{ file = "alice.password" }', f'{{ {kind} = "cloud-1" }}')).accounts["cloud"].password
    assert password == Secret(**{kind: "cloud-1"})
    assert password is not None
    assert password.kind == kind


def test_calendars(load: Callable[[str], Config]) -> None:
    calendars = load(FULL).calendars
    coaching, second = calendars["coaching"], calendars["second"]
    assert (coaching.name, coaching.account) == ("coaching", "cloud")
    assert (coaching.display_name, coaching.url, coaching.interval) == ("Coaching", None, timedelta(minutes=10))
    assert (second.display_name, second.url) == (None, "/remote.php/dav/calendars/alice/second/")
    assert second.interval == timedelta(minutes=5)


def test_share_with_everything_set(load: Callable[[str], Config]) -> None:
    office = load(FULL).shares["office"]
    assert (office.name, office.calendars, office.audience) == ("office", ("coaching", "second"), "assistant")
    assert office.to == CalDavTarget("cloud", display_name="Coaching (office)")
    assert office.profile == dataclasses.replace(
        BUSY,
        past=Span(days=7),
        future=Span(months=12),
        round_to=timedelta(minutes=30),
        all_day=AllDay.WORKING_HOURS,
        publish=Publish.DAILY,
    )
    assert office.texts[Label.BUSY] == "Occupée"


def test_share_with_nothing_set_has_the_profile_as_it_is(load: Callable[[str], Config]) -> None:
    team = load(FULL).shares["team"]
    assert team.profile == SESSION
    assert team.to == CalDavTarget("assistant", url="/assistant/team/")
    assert team.audience is None


def test_half_a_window_leaves_the_other_half(load: Callable[[str], Config]) -> None:
    profile = load(FULL).shares["web"].profile
    assert (profile.past, profile.future) == (BUSY.past, Span(months=1))


@pytest.mark.parametrize(
    ("language", "texts"),
    [("fr", {"busy": "Indisponible", "session": "Séance"}), ("en", {"busy": "Busy", "session": "Session"})],
)
def test_label_follows_the_language(load: Callable[[str], Config], language: str, texts: dict[str, str]) -> None:
    shares = load(FULL.replace('"fr"\ntimezone', f'"{language}"\ntimezone')).shares
    assert shares["team"].texts == texts
    assert shares["office"].texts == {**texts, "busy": "Occupée"}


def test_file_target_is_absolute(load: Callable[[str], Config], tmp_path: Path) -> None:
    assert load(FULL).shares["web"].to == FileTarget(tmp_path / "www" / "office.ics")


def test_paths_start_at_the_configuration_wherever_the_program_runs(
    load: Callable[[str], Config], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    load(FULL)
    monkeypatch.chdir(tmp_path.parent)
    relative = Path(tmp_path.name, "coachsync.toml")
    assert config.load(relative).practice.state == tmp_path / "state"


def test_home_and_dots_in_paths(load: Callable[[str], Config], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/alice")
    assert load(FULL.replace('"state"', '"~/data"')).practice.state == Path("/home/alice/data")
    assert load(FULL.replace('"state"', '"/srv/./a/../b"')).practice.state == Path("/srv/b")


def test_state_is_by_default_the_users_own(load: Callable[[str], Config], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", "/home/alice/state")
    assert load(SMALL).practice.state == Path("/home/alice/state/coachsync")


def test_state_of_the_system_s_configuration_is_the_service_s_whoever_asks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", "/srv/state")
    assert state_folder(None, Path("/etc/coachsync")) == Path("/var/lib/coachsync")
    assert state_folder("/srv/state", Path("/etc/coachsync")) == Path("/srv/state")
    assert state_folder(None, Path("/etc/other")) == Path("/srv/state/coachsync")


def test_small_configuration_is_enough(load: Callable[[str], Config]) -> None:
    small = load(SMALL)
    assert (small.practice.name, small.practice.language) == ("", "en")
    assert (small.accounts, small.calendars, small.shares, small.dormant) == ({}, {}, {}, ())


MAIL = """\
[notify]
mail = "me@practice.example"
[notify.smtp]
host = "smtp.practice.example"
"""


def test_notify_by_mail_needs_little(load: Callable[[str], Config]) -> None:
    assert load(SMALL + MAIL).notify == Notify(
        mail="me@practice.example",
        smtp=Smtp("smtp.practice.example", 587, "starttls", sender="me@practice.example"),
    )
    assert (load(SMALL).notify, load(FULL).notify) == (Notify(), Notify(desktop=True))


def test_notify_with_everything_set(load: Callable[[str], Config], tmp_path: Path) -> None:
    more = """\
port = 2525
security = "tls"
username = "alice"
password = { file = "mail.password" }
sender = "coachsync@practice.example"
ca_file = "mail.pem"
timeout = "PT1M"
"""
    assert load(SMALL + MAIL + more).notify.smtp == Smtp(
        host="smtp.practice.example",
        port=2525,
        security="tls",
        sender="coachsync@practice.example",
        username="alice",
        password=Secret(file=tmp_path / "mail.password"),
        ca_file=tmp_path / "mail.pem",
        timeout=60.0,
    )


@pytest.mark.parametrize(
    ("lines", "port", "security"),
    [
        ("port = 465", 465, "tls"),
        ('security = "tls"', 465, "tls"),
        ("port = 2525", 2525, "starttls"),
        ('port = 465\nsecurity = "starttls"', 465, "starttls"),
    ],
)
def test_port_and_security_of_mail_follow_each_other(
    load: Callable[[str], Config], lines: str, port: int, security: str
) -> None:
    smtp = load(f"{SMALL}{MAIL}{lines}\n").notify.smtp
    assert smtp is not None
    assert (smtp.port, smtp.security) == (port, security)


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "::1"])
def test_mail_server_on_this_machine_needs_no_encryption(load: Callable[[str], Config], host: str) -> None:
    smtp = load(SMALL + MAIL.replace("smtp.practice.example", host) + 'security = "none"\n').notify.smtp
    assert smtp is not None
    assert (smtp.host, smtp.port) == (host, 25)


def test_p12_representations_show_no_mail_address_and_no_server(load: Callable[[str], Config]) -> None:
    loaded = load(SMALL + MAIL + 'username = "alice"\npassword = { command = ["pass"] }\n')
    assert loaded.notify.mail == "me@practice.example"
    assert not [word for word in ("practice.example", "alice", "pass'") if word in repr(loaded)]


def test_dormant_sections_are_named(load: Callable[[str], Config]) -> None:
    assert load(FULL).dormant == ("retention", "succession")
    assert load(SMALL + "[vault]\n[backup]\n").dormant == ("backup",)


def test_byte_order_mark_and_windows_line_endings_are_read(tmp_path: Path) -> None:
    path = tmp_path / "coachsync.toml"
    path.write_bytes(b"\xef\xbb\xbf" + FULL.replace("\n", "\r\n").encode())
    assert len(config.load(path).shares) == 3


def test_nothing_can_be_changed_afterwards(load: Callable[[str], Config]) -> None:
    loaded = load(FULL)
    with pytest.raises(dataclasses.FrozenInstanceError):
        loaded.practice.name = "x"  # type: ignore[misc]  # the point of the test
    with pytest.raises(TypeError):
        loaded.accounts["new"] = loaded.accounts["cloud"]  # type: ignore[index]  # the point of the test
    with pytest.raises(TypeError):
        loaded.shares["office"].texts[Label.BUSY] = "x"  # type: ignore[index]  # the point of the test


def test_p12_repr_holds_no_address_and_no_command(load: Callable[[str], Config]) -> None:
    shown = repr(load(FULL))
    for word in ("alice", "cloud.example", "127.0.0.1", "Coaching", "pass", "/assistant/team", "remote.php"):
        assert word not in shown.replace("password=", ""), word


def test_database_where_it_is_anyway(load: Callable[[str], Config], tmp_path: Path) -> None:
    assert database_file(tmp_path / "state") == tmp_path / "state" / DATABASE
    for url in (f"sqlite:///state/{DATABASE}", f"sqlite:///{tmp_path}/state/{DATABASE}"):
        load(FULL + f'[database]\nurl = "{url}"\n')


@pytest.mark.parametrize(
    "window", ['past = "P1Y"', 'past = "P365D"', 'future = "P2Y"', 'future = "P730D"', 'future = "P0D"']
)
def test_widest_and_smallest_windows(load: Callable[[str], Config], window: str) -> None:
    load(FULL.replace('future = "P1M"', window))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("timeout = 5", "timeout = 600"),
        ("timeout = 5", "timeout = 0.5"),
        ('"PT10M"', '"PT1S"'),
        ('"PT10M"', '"P1D"'),
        ('"Occupée"', f'"{"é" * 60}"'),
        ('"Coaching (office)"', f'"{"é" * 200}"'),
        ('"Europe/Paris"', '"UTC"'),
    ],
)
def test_values_at_the_edge_of_what_is_taken(load: Callable[[str], Config], old: str, new: str) -> None:
    assert FULL.count(old) == 1
    load(FULL.replace(old, new))


@pytest.mark.parametrize("minutes", [1, 2, 3, 4, 5, 6, 10, 12, 15, 20, 30, 60])
def test_every_part_of_an_hour_can_be_rounded_to(load: Callable[[str], Config], minutes: int) -> None:
    loaded = load(FULL.replace("PT30M", f"PT{minutes}M"))
    assert loaded.shares["office"].profile.round_to == timedelta(minutes=minutes)


def test_configuration_may_come_through_a_pipe() -> None:
    reading, writing = os.pipe()
    os.write(writing, SMALL.encode())
    os.close(writing)
    try:
        assert config.load(Path(f"/dev/fd/{reading}")).practice.timezone == "Europe/Paris"
    finally:
        os.close(reading)
