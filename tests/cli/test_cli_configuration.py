"""Configurations and command lines that make no sense: everything wrong at once, with its key, and nothing else."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

import pytest

from cli_desk import SCRIPT, Desk, environment
from coachsync.app.cli import carry_out
from coachsync.app.cli.commands import COMMANDS

TYPOS = """\
version = 1
[practice]
nmae = "Cabinet Marguerite-Canari"
language = "german"
timezone = "Europe/Pariss"
state = "state"
[accounts.cloud]
url = "http://calendar.example/secret-note/"
username = "marguerite@example.org"
password = "hunter2-canari"
timeout = "soon"
[accounts.alice]
url = "https://alice:hunter2-canari@calendar.example/"
[calendars.coaching]
acount = "cloud"
name = "Coaching"
[calendars.other]
account = "clowd"
name = "Other"
url = "/other/"
interval = "5 minutes"
[shares.office]
from = ["coachin"]
to = { account = "cloud", name = "Office" }
profile = "bussy"
round_to = "PT7M"
colour = "red"
[shares.public]
from = []
to = { file = "state/public.ics" }
profile = "busy"
[share.typo]
"""
WRONG = {
    "practice.nmae": "unknown-key",
    "practice.language": "unknown-value",
    "practice.timezone": "unknown-timezone",
    "accounts.cloud.url": "no-tls",
    "accounts.cloud.password": "password-in-configuration",
    "accounts.cloud.timeout": "bad-duration",
    "accounts.alice.url": "credentials-in-url",
    "calendars.coaching.acount": "unknown-key",
    "calendars.coaching.account": "missing-key",
    "calendars.other.account": "unknown-account",
    "calendars.other.interval": "bad-duration",
    "shares.office.from": "unknown-calendar",
    "shares.office.profile": "unknown-value",
    "shares.office.round_to": "bad-rounding",
    "shares.office.colour": "unknown-key",
    "shares.public.from": "empty-list",
    "share": "unknown-key",
}


@pytest.fixture
def alone(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """A desk where what is written into the file is up to the test."""
    monkeypatch.setattr(desk, "write", lambda: None)
    return desk


def test_every_typo_is_reported_at_once_with_its_key(alone: Desk) -> None:
    alone.file.write_text(TYPOS, encoding="utf-8")
    alone.secrets += ["hunter2", "german", "marguerite@example.org", "calendar.example"]
    plain, error = alone.refused("sync")
    assert plain.code == 78
    found = {problem["where"]: problem["code"] for problem in error["problems"]}
    assert found == WRONG
    for problem in error["problems"]:
        assert f"- {problem['where']}: " in plain.err
        assert problem["hint"]
        assert problem["hint"] in plain.err
    assert not alone.state.exists()


@pytest.mark.parametrize(
    ("content", "line"),
    [
        (b'version = 1\n[practice]\nname = "Marguerite-Canari\n', "line 3"),
        (b'version = 1\n[practice]\nname = "Caf\xe9 Marguerite"\n', "line 3"),
    ],
    ids=["quote", "latin-1"],
)
def test_a_file_that_is_no_toml_is_told_with_its_line(alone: Desk, content: bytes, line: str) -> None:
    alone.file.write_bytes(content)
    plain, error = alone.refused("sync")
    assert plain.code == 78
    assert [problem["where"] for problem in error["problems"]] == [line]


def test_a_file_that_cannot_be_read_ends_with_78(alone: Desk) -> None:
    alone.file.symlink_to(alone.file.name)
    plain, _ = alone.refused("sync")
    assert plain.code == 78
    assert str(alone.folder) not in plain.err


def test_no_configuration_anywhere_ends_with_10(
    desk: Desk, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    if Path("/etc/coachsync/coachsync.toml").exists():
        pytest.skip("this machine has a configuration of its own")
    monkeypatch.setenv("HOME", str(desk.folder / "nowhere"))
    for words in (["sync"], ["check"], ["agenda"], ["share", "list"]):
        assert carry_out(words) == 10
        said = capsys.readouterr()
        assert (said.out, "--config" in said.err, "Traceback" in said.err) == ("", True, False)
        assert carry_out(["--json", *words]) == 10
        assert json.loads(capsys.readouterr().err)["error"]["code"] == "no-configuration"


def test_the_environment_names_the_configuration(practice: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    practice.write()
    monkeypatch.setenv("COACHSYNC_CONFIG", str(practice.file))
    assert carry_out(["sync"]) == 0
    monkeypatch.setenv("COACHSYNC_CONFIG", str(practice.folder / "missing.toml"))
    assert carry_out(["sync"]) == 78
    assert "COACHSYNC_CONFIG" in practice.capsys.readouterr().err


# --- the command line -----------------------------------------------------------------------------------------------

NONSENSE = [
    [],
    ["share"],
    ["marguerit"],
    ["sync", "--no-such-option"],
    ["sync", "surplus"],
    ["agenda", "--days", "0"],
    ["agenda", "--days", "many"],
    ["agenda", "--from", "yesterday"],
    ["agenda", "--from", "2026-02-30"],
    ["share", "publish"],
    ["share", "no-such-command"],
    ["share", "preview", "a", "b"],
    ["--config"],
]


@pytest.mark.parametrize("words", NONSENSE, ids=" ".join)
def test_a_command_line_that_makes_no_sense_ends_with_2(capsys: pytest.CaptureFixture[str], words: list[str]) -> None:
    assert carry_out(words) == 2
    plain = capsys.readouterr()
    assert plain.out == ""
    assert "coachsync" in plain.err
    assert "Traceback" not in plain.err
    assert carry_out(["--json", *words]) == 2
    machine = capsys.readouterr()
    assert machine.out == ""
    error = json.loads(machine.err)["error"]
    assert error["code"] == "usage"
    assert error["message"]
    assert error["hint"]


@pytest.mark.parametrize(
    ("words", "known"),
    [
        (["share", "preview", "offfice"], "office"),
        (["share", "publish", "offfice"], "office"),
        (["share", "publish", "offfice", "--replace", "--yes"], "office"),
        (["share", "verify", "offfice"], "office"),
        (["share", "verify", "office", "offfice"], "office"),
        (["sync", "--accept-deletions", "coachin"], "coaching"),
        (["sync", "--accept-deletions", "coaching", "--accept-deletions", "office"], "coaching"),
    ],
    ids=" ".join,
)
def test_a_name_that_is_not_configured_ends_with_2_and_those_that_are(
    practice: Desk, words: list[str], known: str
) -> None:
    before = practice.storage.everything()
    plain, error = practice.refused(*words)
    assert plain.code == 2
    assert known in error["hint"]
    assert practice.storage.everything() == before


@pytest.mark.parametrize("day", ["1900-01-01", "2200-12-31"])
def test_an_agenda_at_the_edge_of_what_is_reckoned_with_is_empty(synced: Desk, day: str) -> None:
    result = synced.json("agenda", "--from", day, "--days", "366")
    assert (result.code, result.document) == (0, [])


@pytest.mark.parametrize("day", ["0001-01-01", "1899-12-31", "2201-01-01", "9999-12-31"])
def test_a_day_out_of_reach_is_a_mistake_of_usage(practice: Desk, day: str) -> None:
    plain, error = practice.refused("agenda", "--from", day)
    assert (plain.code, error["code"]) == (2, "usage")
    assert "1900" in error["message"]


@pytest.mark.parametrize(
    "words",
    [
        ["share", "preview", "office", "--json"],
        ["share", "preview", "--json", "office"],
        ["share", "--json", "preview", "office"],
    ],
    ids=" ".join,
)
def test_json_may_be_asked_for_after_the_command(practice: Desk, words: list[str]) -> None:
    assert practice.run("sync").code == 0
    assert practice.run(*words).document == practice.json("share", "preview", "office").document


def test_an_error_is_told_to_a_machine_that_asks_after_the_command(practice: Desk) -> None:
    assert practice.run("share", "preview", "offfice", "--json").error["code"] == "no-such-share"
    assert practice.run("sync", "--no-such-option", "--json").error["code"] == "usage"


def test_json_as_the_value_of_another_option_asks_for_nothing(practice: Desk) -> None:
    assert practice.run("sync").code == 0
    assert practice.run("share", "preview", "--", "--json").err.startswith("coachsync: No share of that name")
    result = practice.run("sync", "--accept-deletions", "--json")
    assert result.code == 2
    assert result.out == ""


def test_the_configuration_may_be_named_after_the_command(practice: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    practice.write()
    assert carry_out(["share", "list", "--config", str(practice.file)]) == 0
    assert "office" in capsys.readouterr().out
    assert carry_out(["--config", str(practice.folder / "missing.toml"), "sync", "--config", str(practice.file)]) == 0


HELP = [[], *([name] for name in COMMANDS)]
HELP += [["share", name] for name in ("list", "preview", "publish", "recall", "report", "verify")]
HELP += [["key", name] for name in ("show", "move", "rotate")]


@pytest.mark.parametrize("words", HELP, ids=" ".join)
def test_help_of_every_command_ends_with_0(capsys: pytest.CaptureFixture[str], words: list[str]) -> None:
    for ask in ("--help", "-h"):
        assert carry_out([*words, ask]) == 0
        said = capsys.readouterr()
        assert said.out.startswith("Usage: coachsync")
        assert said.err == ""


@pytest.mark.parametrize("words", [[], ["share"], ["key"]], ids=["coachsync", "share", "key"])
def test_help_names_every_command(capsys: pytest.CaptureFixture[str], words: list[str]) -> None:
    assert carry_out([*words, "--help"]) == 0
    named = re.findall(r"^  (\w+) ", capsys.readouterr().out.partition("Commands:")[2], re.MULTILINE)
    assert set(named) == {command[-1] for command in HELP if command and command[:-1] == words}


def test_version_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert carry_out(["--version"]) == 0
    assert capsys.readouterr().out.startswith("coachsync, version ")


def test_the_module_can_be_run() -> None:
    python = SCRIPT.with_name("python")
    result = subprocess.run(
        [str(python), "-m", "coachsync", "nonsense"], capture_output=True, check=False, env=environment(), timeout=30
    )
    assert (result.returncode, result.stdout) == (2, b"")
