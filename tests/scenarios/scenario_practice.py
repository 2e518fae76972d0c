"""A practice as its coach has it: a configuration, a state folder, real servers, and the program run on them."""

from __future__ import annotations

import base64
import http.client
import io
import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from datetime import time as clock
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit
from uuid import uuid4
from xml.etree import ElementTree
from xml.sax.saxutils import escape
from zoneinfo import ZoneInfo

from accounts import Account
from coachsync.app.cli import run

PARIS = ZoneInfo("Europe/Paris")
DAV, CAL = "{DAV:}", "{urn:ietf:params:xml:ns:caldav}"
NAMESPACES = 'xmlns="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav"'

Slot = tuple[datetime, datetime, str]  # what a share says: two UTC instants and the text of a label


# --- the servers, as any client sees them -------------------------------------------------------------------------


@dataclass(frozen=True)
class Answer:
    """What a server said, nothing left out."""

    status: int
    head: str
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode()


@dataclass(frozen=True)
class Web:
    """Plain HTTP with the login of an account: nothing of the program is in between."""

    account: Account

    def ask(self, method: str, url: str, body: bytes | str = b"", **headers: str) -> Answer:
        """One request; `url` may be a path, header names are written with underscores."""
        server = urlsplit(self.account.url).netloc
        address = urlsplit(urljoin(self.account.url, url))
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        named.setdefault("Content-Type", "application/xml; charset=utf-8")
        if self.account.password:
            login = f"{self.account.username}:{self.account.password}".encode()
            named["Authorization"] = "Basic " + base64.b64encode(login).decode()
        connection = http.client.HTTPConnection(server, timeout=60)
        try:
            octets = body.encode() if isinstance(body, str) else body
            connection.request(method, address.path, octets or None, named)
            answer = connection.getresponse()
            return Answer(answer.status, str(answer.msg), answer.read())
        finally:
            connection.close()

    def make(self, url: str, name: str = "", description: str = "") -> str:
        """Create a calendar; its URL."""
        props = f"<displayname>{escape(name)}</displayname>" if name else ""
        if description:
            props += f"<C:calendar-description>{escape(description)}</C:calendar-description>"
        settings = f"<set><prop>{props}</prop></set>" if props else ""
        body = f'<?xml version="1.0"?><C:mkcalendar {NAMESPACES}>{settings}</C:mkcalendar>'
        made = self.ask("MKCALENDAR", url, body)
        assert made.status == 201, made
        return url

    def put(self, url: str, body: bytes | str) -> Answer:
        return self.ask("PUT", url, body, Content_Type="text/calendar; charset=utf-8")

    def put_all(self, url: str, objects: Mapping[str, bytes]) -> None:
        for name, body in objects.items():
            assert self.put(f"{url}{name}", body).status in (201, 204)

    def delete(self, url: str) -> None:
        assert self.ask("DELETE", url).status in (200, 204)

    def hrefs(self, url: str) -> list[str]:
        """The path of every object of a calendar, sorted."""
        listed = self.ask("PROPFIND", url, f"<propfind {NAMESPACES}><prop><getetag/></prop></propfind>", Depth="1")
        assert listed.status == 207, listed
        own = urlsplit(url).path.rstrip("/")
        found = [href.text or "" for href in ElementTree.fromstring(listed.body).iter(f"{DAV}href")]
        return sorted(href for href in found if urlsplit(href).path.rstrip("/") != own)

    def objects(self, url: str) -> dict[str, bytes]:
        """Path and text of every object of a calendar, as GET serves them."""
        return {href: self.ask("GET", href).body for href in self.hrefs(url)}

    def calendar(self, name: str) -> str:
        """The URL of the one calendar of this name in the account's home."""
        (found,) = self.calendars(name)
        return found

    def calendars(self, name: str) -> list[str]:
        asked = f"<propfind {NAMESPACES}><prop><displayname/></prop></propfind>"
        listed = self.ask("PROPFIND", self.account.home, asked, Depth="1")
        responses = ElementTree.fromstring(listed.body).iter(f"{DAV}response")
        return [
            urljoin(self.account.url, response.findtext(f"{DAV}href") or "")
            for response in responses
            if name in [given.text for given in response.iter(f"{DAV}displayname")]
        ]

    def slots(self, url: str) -> list[Slot]:
        """What a shared calendar says, sorted; one entry for each event served."""
        return sorted(slot for body in self.objects(url).values() for slot in slots_of(body))


_EVENT = re.compile(r"BEGIN:VEVENT\r?\n(.*?)END:VEVENT", re.S)


def slots_of(body: bytes) -> list[Slot]:
    """The slots in a served text, read by plain pattern: what is not written as a slot is written is an error."""
    return [
        (_instant(event, "DTSTART"), _instant(event, "DTEND"), _value(event, "SUMMARY"))
        for event in _EVENT.findall(body.decode())
    ]


def _value(event: str, name: str) -> str:
    (value,) = re.findall(rf"^{name}:(.*?)\r?$", event, re.M)
    return str(value)


def _instant(event: str, name: str) -> datetime:
    return datetime.strptime(_value(event, name), "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)


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

    def account(self, name: str, account: Account, url: str | None = None) -> None:
        """An account, reached at `url` where something stands before its server."""
        lines = [
            f"[accounts.{name}]",
            f'url = "{url or account.url}"',
            f'username = "{account.username}"',
            "timeout = 10",
        ]
        if account.password:
            secret = self.folder / f"{name}.password"
            secret.write_text(account.password + "\n", encoding="utf-8")
            secret.chmod(0o600)
            lines.append(f'password = {{ file = "{secret.name}" }}')
        self._add(lines)

    def calendar(self, name: str, account: str, **where: str) -> None:
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
            code = run(["--config", str(self.file), *words])
        return Done(code, out.getvalue(), err.getvalue())

    def sync(self, *words: str) -> Done:
        return self.run("--json", "sync", *words)

    def start(self, *words: str) -> subprocess.Popen[str]:
        """A command, as a process of its own."""
        command = [sys.executable, "-m", "coachsync", "--config", str(self.file), *words]
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


def local(day: date, hour: int, minute: int = 0) -> datetime:
    """A time of the practice as an instant in UTC."""
    return datetime.combine(day, clock(hour, minute), PARIS).astimezone(UTC)


def stamp(moment: datetime) -> str:
    return f"{moment:%Y%m%dT%H%M%S}" + ("Z" if moment.tzinfo is UTC else "")


def session(start: datetime, minutes: int = 60, uid: str = "", extra: str = "") -> bytes:
    """One appointment; `extra` holds further property lines, each with its line end."""
    return (
        "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Phone//EN\r\nBEGIN:VEVENT\r\n"
        f"UID:{uid or uuid4()}\r\nDTSTAMP:20260101T000000Z\r\nDTSTART:{stamp(start)}\r\n"
        f"DTEND:{stamp(start + timedelta(minutes=minutes))}\r\nSUMMARY:Marguerite\r\n{extra}"
        "END:VEVENT\r\nEND:VCALENDAR\r\n"
    ).encode()


def sessions(count: int, hour: int = 9) -> dict[str, bytes]:
    """`count` appointments of one hour, on as many days, by the name of their object."""
    return {f"s{number}.ics": session(local(tomorrow() + timedelta(days=number), hour)) for number in range(count)}


def eventually(condition: Callable[[], bool], seconds: float = 30) -> None:
    """Wait for something that another process does."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it never happened"
        time.sleep(0.005)
