"""A coach's desk for command tests: a configuration, a state folder, a Radicale whose storage lies open, and the
program itself, run in this process or as one of its own."""

from __future__ import annotations

import hashlib
import json
import os
import re
import subprocess
import sys
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

import events
from coachsync.app.cli import carry_out

NAME, PLACE = "Marguerite-Canari", "12 rue du Secret"
WORDS = ("marguerite", "canari", "rue du secret", "secret-note")  # of the events: never in a message
# The commands that may show a name, a title or a text: clients, appointments, conflicts, what can be brought back, and
# what is in the vault.
TITLED = (
    *({"client", word} for word in ("list", "show", "match")),
    {"agenda"},
    {"conflict", "list"},
    {"appointment", "restore"},
    *({"note", word} for word in ("show", "search", "list")),
    {"agreement", "show"},
    {"disclosure", "list"},
)
SCRIPT = Path(sys.executable).with_name("coachsync")

ACCOUNT = """\
[accounts.cloud]
url = "{url}"
username = "{username}"
password = {password}
timeout = {timeout}
{more}
"""
HEAD = """\
version = 1
[practice]
name = "Cabinet Exemple"
language = "en"
timezone = "Europe/Paris"
state = "state"
"""
CALENDAR = """\
[calendars.coaching]
account = "cloud"
name = "Coaching"
"""
SHARE = """\
[shares.office]
from = ["coaching"]
to = { account = "cloud", name = "Office" }
profile = "session"
label = "Séance"
"""


def event(uid: str, start: datetime | None = None, *, extra: str = "") -> bytes:
    """A session of an hour with a name in its title and a place; `extra` holds further property lines."""
    return events.event(uid, start or tomorrow(), title=f"{NAME} {uid}", extra=f"LOCATION:{PLACE}\r\n{extra}")


def tomorrow(days: int = 1, hour: int = 10) -> datetime:
    """That hour, UTC, some days from now."""
    return datetime.now(UTC).replace(hour=hour, minute=0, second=0, microsecond=0) + timedelta(days=days)


@dataclass(frozen=True)
class Result:
    """What one command did."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        """The one JSON document on stdout."""
        return json.loads(self.out)

    @property
    def error(self) -> dict[str, Any]:
        """The error as `--json` tells it: on stderr alone, with a code, a sentence and a next step."""
        assert self.out == ""
        document = json.loads(self.err)
        assert list(document) == ["error"]
        error: dict[str, Any] = document["error"]
        assert {"code", "message", "hint"} <= set(error)
        assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", error["code"])
        assert error["message"]
        assert error["hint"] or error.get("problems")
        return error

    @property
    def codes(self) -> list[str]:
        """The codes of the problems in the document on stdout."""
        return [problem["code"] for problem in self.document["problems"]]

    def hint(self, code: str) -> str:
        """The hint of the problems with this code: all have the same."""
        (found,) = {problem["hint"] for problem in self.document["problems"] if problem["code"] == code}
        return str(found)


@dataclass(frozen=True)
class Storage:
    """What one user has on a Radicale whose storage folder lies open."""

    url: str
    root: Path
    username: str
    password: str

    def calendar(self, name: str, title: str | None = None) -> Path:
        """The folder of a calendar, made with this display name."""
        folder = self.root / self.username / name
        folder.mkdir(parents=True)
        properties = {
            "tag": "VCALENDAR",
            "D:displayname": title or name,
            "C:supported-calendar-component-set": "VEVENT",
        }
        (folder / ".Radicale.props").write_text(json.dumps(properties), encoding="utf-8")
        return folder

    def titled(self, title: str) -> Path | None:
        """The folder of the calendar with this display name."""
        for file in (self.root / self.username).glob("*/.Radicale.props"):
            if json.loads(file.read_text(encoding="utf-8")).get("D:displayname") == title:
                return file.parent
        return None

    def objects(self, title: str) -> dict[str, bytes]:
        """Everything in the calendar with this display name."""
        folder = self.titled(title)
        return {} if folder is None else {file.name: file.read_bytes() for file in folder.glob("*.ics")}

    def everything(self) -> dict[str, bytes]:
        """Every object and every property of the user's calendars: what a command must not have touched."""
        files = [
            file for pattern in ("*/*.ics", "*/.Radicale.props") for file in (self.root / self.username).glob(pattern)
        ]
        return {str(file.relative_to(self.root)): file.read_bytes() for file in files}


def fill(folder: Path, count: int, first: int = 1, prefix: str = "good") -> None:
    """`count` sessions of an hour, one a day."""
    for number in range(count):
        uid = f"{prefix}-{number}"
        (folder / f"{uid}.ics").write_bytes(event(uid, tomorrow(first + number)))


@dataclass
class Desk:
    """One coach's configuration and state, and the commands."""

    folder: Path
    storage: Storage
    capsys: pytest.CaptureFixture[str]
    url: str = ""
    username: str = ""
    timeout: float = 10
    password: str = '{ file = "cloud.password" }'
    more: str = ""  # further keys of the account
    text: str = HEAD + CALENDAR + SHARE  # and the account below it
    secrets: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.url = self.url or self.storage.url
        self.username = self.username or self.storage.username
        self.folder.mkdir(exist_ok=True)
        self.write_password(self.storage.password)
        self.secrets += [self.storage.password, self.username, *WORDS]

    @property
    def file(self) -> Path:
        return self.folder / "coachsync.toml"

    @property
    def state(self) -> Path:
        return self.folder / "state"

    def write_password(self, password: str) -> None:
        file = self.folder / "cloud.password"
        file.unlink(missing_ok=True)
        file.write_text(f"{password}\n", encoding="utf-8")
        file.chmod(0o600)

    def write(self) -> None:
        account = ACCOUNT.format(
            url=self.url, username=self.username, password=self.password, timeout=self.timeout, more=self.more
        )
        self.file.write_text(self.text + account, encoding="utf-8")

    def run(self, *words: str) -> Result:
        """A command in this process; what it says must be free of secrets unless a title may be shown."""
        self.write()
        self.capsys.readouterr()
        code = carry_out(["--config", str(self.file), *words])
        said = self.capsys.readouterr()
        result = Result(code, said.out, said.err)
        if not any(titled <= set(words) for titled in TITLED):
            self.check_quiet(result)
        self.check_sound(result)
        return result

    def json(self, *words: str) -> Result:
        """The same with `--json`."""
        return self.run("--json", *words)

    def refused(self, *words: str) -> tuple[Result, dict[str, Any]]:
        """A command that fails as a whole: what it says to a person, and its error as a machine reads it."""
        plain, machine = self.run(*words), self.json(*words)
        assert plain.code == machine.code
        error = machine.error
        assert plain.out == ""
        assert error["message"] in plain.err
        assert error["hint"].splitlines()[0] in plain.err if error["hint"] else True
        return plain, error

    def process(self, *words: str, **options: Any) -> subprocess.CompletedProcess[bytes]:
        """A command as a process of its own."""
        self.write()
        command = [str(SCRIPT), "--config", str(self.file), *words]
        return subprocess.run(
            command, capture_output=True, timeout=60, check=False, stdin=subprocess.DEVNULL, **options
        )

    def check_quiet(self, result: Result) -> None:
        """No title, name, address, password, user name or path of a URL."""
        said = (result.out + result.err).lower()
        assert [secret for secret in self.secrets if secret.lower() in said] == []

    def check_sound(self, result: Result) -> None:
        """Nothing that only an engineer understands."""
        said = result.out + result.err
        assert "Traceback" not in said
        assert "has a defect" not in said
        assert "\x1b" not in said

    def fingerprint(self) -> dict[str, str]:
        """The content of every file of the state, but for those that SQLite keeps beside an open database, and the
        locks, which name their last holder."""
        files = [
            file
            for file in self.state.rglob("*")
            if file.is_file() and not file.name.endswith(("-wal", "-shm", "lock"))
        ]
        return {str(file.relative_to(self.state)): hashlib.sha256(file.read_bytes()).hexdigest() for file in files}


def environment(**more: str) -> dict[str, str]:
    """A plain environment for a process: no terminal, no colour, no configuration of ours."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR", "LANG", "PYTHONPATH") if name in os.environ}
    return kept | {"COLUMNS": "120"} | more
