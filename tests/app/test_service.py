"""What makes coachsync a service, as files and commands."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest

from coachsync import config
from coachsync.adapters import units
from coachsync.app import service

SHARES = """\
version = 1
[practice]
state = "/home/alice/state"
timezone = "Europe/Paris"
[accounts.cloud]
url = "https://cloud.example/dav/"
username = "alice"
[calendars.coaching]
account = "cloud"
name = "Coaching"
[shares.office]
from = ["coaching"]
to = { account = "cloud", name = "Office" }
profile = "busy"
[shares.public]
from = ["coaching"]
to = { file = "/srv/www/my practice/public.ics" }
profile = "busy"
[shares.team]
from = ["coaching"]
to = { file = "/srv/www/my practice/team.ics" }
profile = "busy"
[inbox]
folder = "/home/alice/in"
"""


@pytest.fixture
def settings(tmp_path: Path) -> config.Config:
    path = tmp_path / "coachsync.toml"
    path.write_text(SHARES, encoding="utf-8")
    return config.load(path)


def line(text: str, key: str) -> str:
    (found,) = [line for line in text.splitlines() if line.startswith(f"{key}=")]
    return found.removeprefix(f"{key}=")


def test_the_state_and_the_folders_of_files_are_all_that_is_left_open(settings: config.Config) -> None:
    text = service.closing(units.shipped("user/folders.conf"), settings.practice.state, settings)
    assert line(text, "ReadWritePaths") == '/home/alice/state -/home/alice/in "-/srv/www/my practice"'
    assert line(text, "ProtectSystem") == "strict"
    assert line(text, "ProtectHome") == "read-only"


@pytest.mark.parametrize(
    ("word", "written"),
    [
        ("/opt/coachsync/bin/coachsync", "/opt/coachsync/bin/coachsync"),
        ("/home/alice/100%/coachsync.toml", "/home/alice/100%%/coachsync.toml"),
        ("/home/a b", '"/home/a b"'),
        ("/home/$USER", '"/home/$$USER"'),
        ('/home/"quoted"\\', '"/home/\\"quoted\\"\\\\"'),
        ("/home/a\nExecStart=/bin/sh", '"/home/a\\x0aExecStart=/bin/sh"'),
        ("/home/élodie", '"/home/élodie"'),
    ],
)
def test_a_path_is_one_word_of_the_unit_whatever_it_holds(word: str, written: str) -> None:
    text = service.starting(units.shipped("user/coachsync.service"), ["/bin/x", word, "run"])
    assert line(text, "ExecStart") == f"/bin/x {written} run"
    assert len(shlex.split(line(text, "ExecStart"))) == 3


def test_everything_else_of_the_unit_stays_as_it_is() -> None:
    before = units.shipped("coachsync.service")
    after = service.starting(before, ["/opt/coachsync/bin/coachsync", "run"])
    changed = [(a, b) for a, b in zip(before.splitlines(), after.splitlines(), strict=True) if a != b]
    assert [b for _, b in changed] == ["ExecStart=/opt/coachsync/bin/coachsync run"]


def test_the_folders_stay_as_they_are_where_users_cannot_close_them() -> None:
    made = service.for_user(Path("/units"), "unit", None, Path("/state"))
    assert list(made.files) == [Path("/units/coachsync.service")]
