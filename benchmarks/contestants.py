"""The programs that are compared: for each task the command that does it, and what must stand ready before.

A contestant is made anew for every round. `initial`, `poll`, `changes`, `push`, `publish` and `republish` are timed as
whole processes; what `ready` does is not timed.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import urllib.request
import uuid
from pathlib import Path

import edit

HERE = Path(__file__).parent
PUBLISHED = 300  # objects that the others copy; coachsync writes the slots of about as many sessions
_QUIET = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "stdin": subprocess.DEVNULL}
_CONFIG = """\
version = 1
[practice]
name = "Benchmark"
language = "en"
timezone = "Europe/Paris"
state = "state"
[accounts.here]
url = "{origin}"
username = "{username}"
password = {{ file = "password" }}
[calendars.coaching]
account = "here"
url = "{path}"
"""
_SHARE = """\
[shares.office]
from = ["coaching"]
to = {{ account = "here", url = "{target}" }}
profile = "session"
window = {{ past = "P0D", future = "P3M" }}
"""
_PAIR = """\
[general]
status_path = "{folder}/status/"
[pair p]
a = "l"
b = "r"
collections = null
conflict_resolution = "b wins"
[storage l]
{left}
[storage r]
{right}
"""


class Contestant:
    """One program in one round: `url` is the collection it reads, `folder` is its own, `delay` in milliseconds."""

    name = ""
    tasks: tuple[str, ...] = ("initial", "poll", "changes", "push", "publish")

    def __init__(self, url: str, folder: Path, delay: float = 0) -> None:
        self.url, self.folder, self.delay = url, folder, delay
        self.origin = "/".join(url.split("/")[:3])
        self.target = f"/user/{uuid.uuid4().hex}/"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)

    def environment(self) -> dict[str, str]:
        """What the program runs in: as an installed one does, it finds its modules compiled."""
        kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
        return {**kept, "HOME": str(self.folder)}

    def ready(self, task: str) -> None:
        """Whatever is not part of the task but must be there before."""

    def command(self, task: str) -> list[str]:
        raise NotImplementedError

    def quietly(self, command: list[str]) -> None:
        subprocess.run(command, env=self.environment(), check=True, **_QUIET)


class Floor(Contestant):
    """`floor.py`, over several connections where there is a round trip to wait for."""

    name = "floor"

    def command(self, task: str) -> list[str]:
        words = [sys.executable, str(HERE / "floor.py"), task, self.url, str(self.folder / "state.json")]
        words += ["--connections", "6" if self.delay else "1"]
        return words + (["--target", self.target, "--count", str(PUBLISHED)] if task == "publish" else [])


class Coachsync(Contestant):
    """`coachsync sync`, with a share from when it is time to publish. Events are read before that."""

    name = "coachsync"
    tasks = (*Contestant.tasks, "republish")
    username, password = "coach", "benchmark"

    def __init__(self, url: str, folder: Path, delay: float = 0) -> None:
        super().__init__(url, folder, delay)
        path = url.removeprefix(self.origin)
        self._config = _CONFIG.format(origin=f"{self.origin}/", path=path, username=self.username)
        self._write(self._config)
        (folder / "password").write_text(self.password, encoding="utf-8")
        (folder / "password").chmod(0o600)

    def ready(self, task: str) -> None:
        if task == "push":
            config = str(self.folder / "coachsync.toml")
            self.quietly([sys.executable, str(HERE / "queue_edits.py"), config, "coaching"])
        elif task == "publish":
            self._write(self._config + _SHARE.format(target=self.target))
            self.quietly([*self._program, "agenda"])

    def command(self, task: str) -> list[str]:
        return [*self._program, "--json", "sync"]

    @property
    def _program(self) -> list[str]:
        return [sys.executable, "-m", "coachsync", "--config", str(self.folder / "coachsync.toml")]

    def _write(self, text: str) -> None:
        (self.folder / "coachsync.toml").write_text(text, encoding="utf-8")


class Vdirsyncer(Contestant):
    """vdirsyncer between the collection and a folder; to publish, between a part of it and the target."""

    name = "vdirsyncer"
    tasks = (*Contestant.tasks, "republish")
    bin = Path()  # where its program is

    def ready(self, task: str) -> None:
        if task == "initial":
            (self.folder / "local").mkdir()
            self._pair(f'type = "filesystem"\npath = "{self.folder}/local"\nfileext = ".ics"', _dav(self.url))
        elif task == "push":
            for file in sorted((self.folder / "local").iterdir())[: edit.COUNT]:
                file.write_bytes(edit.changed(file.read_bytes().decode()).encode())
        elif task == "publish":
            source = f"{self.origin}/user/{uuid.uuid4().hex}/"
            _ask("MKCALENDAR", source)
            _ask("MKCALENDAR", self.origin + self.target)
            for file in sorted((self.folder / "local").iterdir())[:PUBLISHED]:
                _ask("PUT", source + file.name, file.read_bytes())
            shutil.rmtree(self.folder / "status")
            self._pair(_dav(source) + "\nread_only = true", _dav(self.origin + self.target))

    def command(self, task: str) -> list[str]:
        return [str(self.bin / "vdirsyncer"), "--verbosity", "ERROR", "--config", str(self.folder / "config"), "sync"]

    def _pair(self, left: str, right: str) -> None:
        text = _PAIR.format(folder=self.folder, left=left, right=right)
        (self.folder / "config").write_text(text, encoding="utf-8")
        self.quietly([*self.command("discover")[:-1], "discover"])


class PlainCaldav(Contestant):
    """`plain_caldav.py`."""

    name = "python-caldav"
    bin = Path()  # where its Python is

    def ready(self, task: str) -> None:
        if task == "poll":
            self.quietly(self.command("remember"))
        elif task == "push":
            listed = _ask("REPORT", self.url, b"<sync-collection/>").decode()
            places = sorted(re.findall(r"<href>([^<]+\.ics)</href>", listed))[: edit.COUNT]
            (self.folder / "places").write_text("\n".join(self.origin + place for place in places), encoding="utf-8")
        elif task == "publish":
            (self.folder / "source").mkdir()
            listed = _ask("REPORT", self.url, b"<calendar-query/>").decode().split("<C:calendar-data>")[1:]
            for number, text in enumerate(listed[:PUBLISHED]):
                body = text.partition("</C:calendar-data>")[0].replace("&amp;", "&").replace("&lt;", "<")
                (self.folder / "source" / f"{number:04}.ics").write_text(body.replace("&gt;", ">"), encoding="utf-8")

    def command(self, task: str) -> list[str]:
        words = [str(self.bin / "python"), str(HERE / "plain_caldav.py"), task, self.url]
        words.append(str(self.folder / "state.json"))
        more = {
            "push": ["--source", str(self.folder / "places")],
            "publish": ["--target", self.origin + self.target, "--source", str(self.folder / "source")],
        }
        return words + more.get(task, [])


def contestants(tools: Path) -> tuple[type[Contestant], ...]:
    """Everybody who is here: vdirsyncer and python-caldav only when `tools` is a virtual environment that has them."""
    found: list[type[Contestant]] = [Floor, Coachsync]
    Vdirsyncer.bin = PlainCaldav.bin = tools.resolve() / "bin"
    if (Vdirsyncer.bin / "vdirsyncer").exists():
        found += [Vdirsyncer, PlainCaldav]
    return tuple(found)


def _dav(url: str) -> str:
    return f'type = "caldav"\nurl = "{url}"'


def _ask(method: str, url: str, body: bytes | None = None) -> bytes:
    request = urllib.request.Request(url, body, method=method, headers={"Content-Type": "text/calendar"})  # noqa: S310
    with urllib.request.urlopen(request) as answer:  # noqa: S310
        return bytes(answer.read())
