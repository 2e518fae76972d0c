"""`coachsync init` where nobody can be asked: every answer is an option, and a missing one is named."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest

import servers
from certificates import Authority
from cli_desk import Storage, event, fill, tomorrow
from coachsync import config
from coachsync.app.cli import carry_out
from coachsync.config import CalDavTarget, FileTarget


@pytest.fixture
def calendars(storage: Storage) -> Storage:
    fill(storage.calendar("one", "Coaching"), 5)
    fill(storage.calendar("two", "Famille"), 2, first=10, prefix="private")
    return storage


class Setup:
    """A home without a configuration, a password file, and options that answer everything."""

    def __init__(self, home: Path, storage: Storage, capsys: pytest.CaptureFixture[str]) -> None:
        self.home, self.storage, self.capsys = home, storage, capsys
        self.password = home / "given.password"
        self.password.write_text(storage.password + "\n", encoding="utf-8")
        self.password.chmod(0o600)
        self.options = {
            "--language": "fr",
            "--timezone": "Europe/Paris",
            "--practice": "Cabinet",
            "--address": storage.url,
            "--username": storage.username,
            "--password-file": str(self.password),
            "--calendar": "Coaching",
            "--profile": "session",
            "--share": "bureau",
            "--label": "Séance",
            "--to-calendar": "Coaching (bureau)",
            "--publish": "",
        }

    @property
    def file(self) -> Path:
        return self.home / ".config" / "coachsync" / "coachsync.toml"

    def run(self, *more: str, but: dict[str, str | None] | None = None) -> tuple[int, str, str]:
        """The command with these options; `but` changes some and leaves away those that are None."""
        options = {name: value for name, value in (self.options | (but or {})).items() if value is not None}
        words = [word for name, value in options.items() for word in (name, value) if word]
        self.capsys.readouterr()
        code = carry_out(["init", *words, *more])
        said = self.capsys.readouterr()
        assert self.storage.password not in said.out + said.err
        assert "Traceback" not in said.err
        assert "has a defect" not in said.err
        return code, said.out, said.err

    def refused(self, but: dict[str, str | None]) -> tuple[int, dict[str, Any]]:
        """The exit code and the error, as a machine reads it; nothing may have been written."""
        before = self.storage.everything()
        code, out, err = self.run("--json", but=but)
        assert out == ""
        assert (self.written(), self.storage.everything()) == (["given.password"], before)
        error: dict[str, Any] = json.loads(err[err.index('{"error"') :])["error"]
        assert error["hint"]
        return code, error

    def written(self) -> list[str]:
        return sorted(str(path.relative_to(self.home)) for path in self.home.rglob("*") if path.is_file())


@pytest.fixture
def setup(
    tmp_path: Path, calendars: Storage, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Setup:
    home = tmp_path / "home"
    home.mkdir()
    for name in ("COACHSYNC_CONFIG", "XDG_CONFIG_HOME", "XDG_STATE_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("TZ", "Europe/Brussels")
    monkeypatch.setattr("sys.stdin", io.StringIO("never read\n"))
    return Setup(home, calendars, capsys)


def test_options_alone_lead_to_a_verified_share_and_one_document(setup: Setup) -> None:
    code, out, _ = setup.run("--json")
    assert code == 0
    assert json.loads(out) == {
        "configuration": str(setup.file),
        "calendars": ["coaching"],
        "shares": ["bureau"],
        "slots": 5,
        "published": True,
        "findings": [],
        "problems": [],
        "next": ["coachsync service install", "coachsync run"],
    }
    assert len(setup.storage.objects("Coaching (bureau)")) == 5
    assert carry_out(["share", "verify"]) == 0
    assert carry_out(["sync"]) == 0


def test_the_configuration_says_what_the_options_said(setup: Setup) -> None:
    assert setup.run()[0] == 0
    found = config.load(setup.file)
    assert (found.practice.name, found.practice.language, found.practice.timezone) == ("Cabinet", "fr", "Europe/Paris")
    account = found.accounts["radicale"]
    assert (account.url, account.username) == (setup.storage.url, setup.storage.username)
    assert account.password == config.Secret(file=setup.password)  # it stays where it was given
    assert found.calendars["coaching"].display_name == "Coaching"
    share = found.shares["bureau"]
    assert (share.calendars, share.profile.key) == (("coaching",), "session")
    assert share.to == CalDavTarget("radicale", display_name="Coaching (bureau)")
    assert found.practice.state == setup.home / ".local" / "state" / "coachsync"


@pytest.mark.parametrize("option", ["--language", "--timezone", "--practice", "--address", "--username",
                                    "--password-file", "--calendar", "--profile", "--share", "--label",
                                    "--to-calendar", "--publish"])  # fmt: skip
def test_a_missing_answer_names_its_option(setup: Setup, option: str) -> None:
    code, error = setup.refused({option: None})
    assert (code, error["code"], error["where"]) == (2, "answer-missing", option)
    assert option in error["message"]


def test_all_that_is_missing_is_named_at_once(setup: Setup) -> None:
    code, error = setup.refused({"--timezone": None, "--profile": None, "--publish": None})
    assert (code, error["code"]) == (2, "answer-missing")
    assert "--timezone, --profile, --publish" in error["message"]


@pytest.mark.parametrize("typed", ["europe/paris", "Paris", " PARIS "])
def test_a_time_zone_is_known_by_its_city_and_in_any_case(setup: Setup, typed: str) -> None:
    assert setup.run(but={"--timezone": typed})[0] == 0
    assert config.load(setup.file).practice.timezone == "Europe/Paris"


def test_yes_accepts_what_is_usual_and_asks_nothing(setup: Setup) -> None:
    usual = ("--language", "--timezone", "--practice", "--calendar", "--profile", "--share", "--label", "--to-calendar")
    code, _, _ = setup.run("--yes", but=dict.fromkeys((*usual, "--publish")))
    assert code == 0
    found = config.load(setup.file)
    assert (found.practice.name, found.practice.timezone) == ("", "Europe/Brussels")
    assert found.shares["office"].profile.key == "busy"
    assert len(setup.storage.objects("Coaching (office)")) == 5


@pytest.mark.parametrize("option", ["--address", "--username", "--password-file"])
def test_yes_invents_nothing(setup: Setup, option: str) -> None:
    setup.options["--yes"] = ""
    code, error = setup.refused({option: None})
    assert (code, error["where"]) == (2, option)


@pytest.mark.parametrize(
    ("option", "value", "exit_code", "code"),
    [
        ("--language", "de", 2, "no-such-language"),
        ("--timezone", "Europe/Pari", 2, "unknown-timezone"),
        ("--practice", "x" * 201, 2, "text-too-long"),
        ("--address", "http://cloud.example/", 2, "no-tls"),
        ("--address", "alice@gmail.com", 2, "provider-closed"),
        ("--address", "http://127.0.0.1:1/", 75, "no-connection"),
        ("--username", "nobody", 77, "login-refused"),
        ("--password-file", "missing.password", 78, "secret-file-missing"),
        ("--calendar", "Nobody", 2, "calendar-not-found"),
        ("--calendar", "3", 2, "calendar-not-found"),
        ("--profile", "sponsor", 2, "no-such-choice"),
        ("--share", "two words", 2, "bad-name"),
        ("--label", "x" * 61, 2, "text-too-long"),
        ("--to-calendar", "Coaching", 2, "target-is-source"),
        ("--to-calendar", "Famille", 2, "target-not-empty"),
        ("--to-file", "office.ics", 2, "one-of"),
        ("--keep-password", "keyring", 2, "one-of"),
    ],
)
def test_a_wrong_answer_is_refused_and_nothing_is_written(
    setup: Setup, option: str, value: str, exit_code: int, code: str
) -> None:
    found = setup.refused({option: value})
    assert (found[0], found[1]["code"]) == (exit_code, code)


@pytest.mark.parametrize(
    ("value", "code"),
    [("office.txt", "not-an-ics-file"), ("none/office.ics", "folder-not-writable"), ("old.ics", "target-not-empty")],
)
def test_a_file_that_cannot_be_a_share_is_refused(
    setup: Setup, value: str, code: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("old.ics").write_text("theirs")
    found = setup.refused({"--to-calendar": None, "--to-file": value})
    assert (found[0], found[1]["code"]) == (2, code)


def test_a_share_can_be_a_file(setup: Setup, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    before = setup.storage.everything()
    code, out, _ = setup.run(but={"--to-calendar": None, "--to-file": "office.ics"})
    assert code == 0
    assert config.load(setup.file).shares["bureau"].to == FileTarget(tmp_path / "office.ics")
    assert (tmp_path / "office.ics").read_text(encoding="utf-8").count("BEGIN:VEVENT") == 5
    assert setup.storage.everything() == before
    assert "service install" in out
    assert f"rien d’autre de vous\u00a0: {tmp_path / 'office.ics'}" in out
    assert "Donnez-leur ce fichier" in setup.file.read_text(encoding="utf-8")


def test_the_end_says_where_everything_is_and_what_keeps_it_running(setup: Setup) -> None:
    code, out, _ = setup.run()
    assert code == 0
    for said in (str(setup.file), str(setup.password), "loginctl enable-linger", "[notify]"):
        assert said in out


def test_a_second_time_it_says_what_is_there_and_how_to_go_on(setup: Setup) -> None:
    assert setup.run()[0] == 0
    text = setup.file.read_text(encoding="utf-8")
    code, out, err = setup.run()
    assert (code, out, "--config" in err) == (2, "", True)
    assert setup.file.read_text(encoding="utf-8") == text


def test_another_configuration_has_a_state_of_its_own_and_names_itself(setup: Setup, tmp_path: Path) -> None:
    other = tmp_path / "other.toml"
    code, out, _ = setup.run("--json", "--config", str(other))
    assert code == 0
    assert config.load(other).practice.state == tmp_path / "other.state"
    assert json.loads(out)["next"] == [f"coachsync --config {other} service install", f"coachsync --config {other} run"]
    assert not setup.file.exists()
    assert carry_out(["--config", str(other), "share", "verify"]) == 0


def test_several_calendars_and_twins_are_told_apart(setup: Setup) -> None:
    fill(setup.storage.calendar("three", "Famille"), 3, first=20, prefix="twin")
    code, error = setup.refused({"--calendar": "Famille"})
    assert (code, error["code"]) == (2, "calendar-not-found")
    assert '2 "Famille", 3 "Famille"' in error["hint"]
    assert setup.run("--calendar", "3")[0] == 0
    found = config.load(setup.file)
    assert found.calendars["coaching"].display_name == "Coaching"
    assert found.calendars["coaching-2"].display_name is None
    assert (found.calendars["coaching-2"].url or "").startswith(setup.storage.url)
    assert len(setup.storage.objects("Coaching (bureau)")) in (7, 8)


def test_without_a_go_the_share_waits(setup: Setup) -> None:
    code, out, _ = setup.run("--json", "--no-publish", but={"--publish": None})
    document = json.loads(out)
    assert (code, document["published"], document["slots"]) == (0, False, 5)
    assert document["next"] == ["coachsync check", "coachsync sync", "coachsync service install"]
    assert setup.storage.titled("Coaching (bureau)") is None


def test_an_event_that_cannot_be_read_is_reported_and_stops_nothing(setup: Setup) -> None:
    calendar = setup.storage.titled("Coaching")
    assert calendar is not None
    (calendar / "bad.ics").write_bytes(event("bad", tomorrow(), extra="RRULE:FREQ=SECONDLY\r\n"))
    code, out, _ = setup.run("--json")
    document = json.loads(out)
    assert (code, document["published"], document["slots"]) == (3, True, 5)
    assert [problem["where"].partition(".")[0] for problem in document["problems"]] == ["calendars"]


def test_a_finding_is_an_alarm_and_nobody_is_told_to_hand_the_share_out(setup: Setup) -> None:
    calendar = setup.storage.titled("Coaching")
    assert calendar is not None
    guest = "ATTENDEE;CN=Marguerite Canari:mailto:marguerite@clients.example\r\n"
    (calendar / "guest.ics").write_bytes(event("guest", tomorrow(7), extra=guest))
    code, out, _ = setup.run(but={"--to-calendar": "Pour Marguerite"})
    assert code == 5
    assert "coachsync share verify bureau" in out
    assert "service install" not in out
    assert "Pour Marguerite" not in out


def test_a_server_with_a_certificate_of_its_own(
    setup: Setup, tmp_path: Path, authority: Authority, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "tls"
    folder.mkdir()
    with servers.radicale(folder, authority.certificate("127.0.0.1")) as url:
        storage = Storage(url, folder / "collections" / "collection-root", servers.RADICALE_USERS[0], servers.PASSWORD)
        fill(storage.calendar("one", "Coaching"), 2)
        code, _, _ = setup.run("--ca-file", str(authority.file), but={"--address": url, "--username": storage.username})
    assert code == 0
    assert config.load(setup.file).accounts["radicale"].ca_file == authority.file
