"""A practice as its coach has it: a configuration, a state folder, real servers, and the program run on them."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterable, Mapping
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from datetime import time as clock
from pathlib import Path
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

from accounts import Account
from coachsync.app.cli import carry_out
from events import event

PARIS = ZoneInfo("Europe/Paris")


# --- the program ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Done:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)

    @property
    def codes(self) -> list[str]:
        """The codes of the problems of a run that was asked for `--json`."""
        return [problem["code"] for problem in self.json["problems"]]


@dataclass
class Practice:
    """A configuration beside its state. Sections are added line by line, as a coach writes them."""

    folder: Path
    sections: list[str] = field(default_factory=list)
    inside: list[str] = field(default_factory=list)  # what a command must be started with to see what it must see

    def __post_init__(self) -> None:
        self.sections.insert(
            0, 'version = 1\n[practice]\nname = "Cabinet"\nlanguage = "fr"\ntimezone = "Europe/Paris"\nstate = "state"'
        )
        self.temporary.mkdir()

    @property
    def state(self) -> Path:
        return self.folder / "state"

    @property
    def temporary(self) -> Path:
        """What TMPDIR is for the commands that run as processes of their own."""
        return self.folder / "tmp"

    @property
    def file(self) -> Path:
        return self.folder / "coachsync.toml"

    def account(self, name: str, account: Account, url: str | None = None, timeout: int = 10) -> None:
        """An account, reached at `url` where something stands before its server."""
        lines = [
            f"[accounts.{name}]",
            f'url = "{url or account.url}"',
            f'username = "{account.username}"',
            f"timeout = {timeout}",
        ]
        if account.password:
            secret = self.folder / f"{name}.password"
            secret.write_text(account.password + "\n", encoding="utf-8")
            secret.chmod(0o600)
            lines.append(f'password = {{ file = "{secret.name}" }}')
        self._add(lines)

    def calendar(self, name: str, account: str, /, **where: str) -> None:
        """A source calendar; `where` is its `name` or its `url`."""
        self._add([f"[calendars.{name}]", f'account = "{account}"', *_settings(where)])

    def share(self, name: str, sources: Iterable[str], to: str, profile: str, **settings: str) -> None:
        """A share; `to` is the inside of the inline table."""
        listed = ", ".join(f'"{source}"' for source in sources)
        self._add(
            [
                f"[shares.{name}]",
                f"from = [{listed}]",
                f"to = {{ {to} }}",
                f'profile = "{profile}"',
                *_settings(settings),
            ]
        )

    def _add(self, lines: list[str]) -> None:
        self.sections.append("\n".join(lines))
        self.file.write_text("\n".join(self.sections) + "\n", encoding="utf-8")

    def run(self, *words: str) -> Done:
        """A command, in this process."""
        out, err = io.StringIO(), io.StringIO()
        with redirect_stdout(out), redirect_stderr(err):
            code = carry_out(["--config", str(self.file), *words])
        return Done(code, out.getvalue(), err.getvalue())

    def sync(self, *words: str) -> Done:
        return self.run("--json", "sync", *words)

    def start(self, *words: str) -> subprocess.Popen[str]:
        """A command, as a process of its own."""
        command = [*self.inside, sys.executable, "-m", "coachsync", "--config", str(self.file), *words]
        environment = os.environ | {"TMPDIR": str(self.temporary)}
        return subprocess.Popen(
            command,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
        )

    def run_process(self, *words: str) -> Done:
        with self.start(*words) as process:
            out, err = process.communicate(timeout=120)
        return Done(process.returncode, out, err)

    def watched(self, *words: str) -> tuple[Done, dict[str, bytes]]:
        """A command as a process of its own, and every file seen in its folder for temporary files meanwhile."""
        seen: dict[str, bytes] = {}
        with self.start(*words) as process:
            while process.poll() is None:
                seen |= contents(self.temporary)
                time.sleep(0.02)
            out, err = process.communicate(timeout=120)
        return Done(process.returncode, out, err), seen | contents(self.temporary)


def _settings(settings: Mapping[str, str]) -> list[str]:
    return [f"{name} = {value if value.startswith('{') else json.dumps(value)}" for name, value in settings.items()]


def contents(folder: Path) -> dict[str, bytes]:
    """Every file below a folder with what is in it; one that vanishes meanwhile counts by its name."""
    found = {}
    for path in folder.rglob("*"):
        try:
            found[str(path.relative_to(folder))] = path.read_bytes() if path.is_file() else b""
        except OSError:
            found[str(path.relative_to(folder))] = b""
    return found


# --- what a coach writes -------------------------------------------------------------------------------------------


def tomorrow() -> date:
    """The first day that is inside every window whatever happens at midnight: the day after the next, in fact."""
    return datetime.now(PARIS).date() + timedelta(days=2)


def local(day: date, hour: int) -> datetime:
    """A time of the practice as an instant in UTC."""
    return datetime.combine(day, clock(hour), PARIS).astimezone(UTC)


def stamp(moment: datetime) -> str:
    return f"{moment:%Y%m%dT%H%M%S}" + ("Z" if moment.tzinfo is UTC else "")


def session(start: datetime) -> bytes:
    """One appointment of an hour, with a UID of its own."""
    return event(str(uuid4()), start)


def sessions(count: int, hour: int = 9) -> dict[str, bytes]:
    """`count` appointments of one hour, on as many days, by the name of their object."""
    return {f"s{number}.ics": session(local(tomorrow() + timedelta(days=number), hour)) for number in range(count)}
