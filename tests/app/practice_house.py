"""A practice for job tests: the real state and jobs, with a calendar server in memory and a clock that tests move."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import sqlalchemy as sa

from coachsync import config, contentline
from coachsync.adapters import keystore
from coachsync.adapters.database import Copies, Edit, Edits, open_database
from coachsync.adapters.database.engine import database_file
from coachsync.adapters.database.removed import kept
from coachsync.adapters.memory import MemoryCalendars, MemoryServer
from coachsync.app import jobs
from coachsync.app.conflicts import Keep, conflicts, resolve
from coachsync.app.outcome import Outcome
from coachsync.app.queueing import queue, wanted
from coachsync.app.verify import Verification, verify
from coachsync.app.wiring import Wiring
from coachsync.model import Finding
from events import event

CONFIG = """\
version = 1
[practice]
name = "Cabinet Exemple"
language = "fr"
timezone = "Europe/Paris"
state = "state"
[accounts.cloud]
url = "https://calendar.example/"
username = "alice"
[calendars.coaching]
account = "cloud"
name = "Coaching"
[shares.office]
from = ["coaching"]
to = { account = "cloud", name = "Office" }
profile = "session"
"""
SOURCE = "https://calendar.example/alice/source/"
OTHER = "https://calendar.example/alice/other/"


@dataclass
class House:
    """Everything of one practice. `now` is Monday 2 March 2026, nine o'clock in Paris, until a test moves it."""

    folder: Path
    text: str = CONFIG
    now: datetime = datetime(2026, 3, 2, 8, tzinfo=UTC)
    server: MemoryServer = field(default_factory=MemoryServer)
    offline: bool = False  # whoever asks for a server then has broken a promise

    def __post_init__(self) -> None:
        self.server.add(SOURCE, "Coaching", "alice")
        self.server.shut.add(SOURCE)
        self.state.mkdir()

    @property
    def state(self) -> Path:
        return self.folder / "state"

    @property
    def file(self) -> Path:
        return self.folder / "coachsync.toml"

    def write(self) -> None:
        """Write the configuration file as the test has it now."""
        self.file.write_text(self.text)

    @contextmanager
    def wiring(self, settings: config.Config | None = None) -> Iterator[Wiring]:
        """The state, opened with the configuration of the test, or with another one."""
        if settings is None:
            self.write()
            settings = config.load(self.file)
        key = keystore.load_device_key(self.state, create=not database_file(self.state).exists())
        opened = Wiring(
            settings,
            open_database(self.state, key),
            self.now,
            connect=lambda account, _password, _scheme: self._account(account.username),
        )
        try:
            yield opened
        finally:
            opened.close()

    @contextmanager
    def apart(self) -> Iterator[Wiring]:
        """The state, opened where no server can be had."""
        self.offline = True
        try:
            with self.wiring() as wiring:
                yield wiring
        finally:
            self.offline = False

    def _account(self, username: str) -> MemoryCalendars:
        assert not self.offline, "asked for a server"
        return self.server.account(username)

    def sync(self, *accept: str, dry_run: bool = False) -> Outcome:
        with self.wiring() as wiring:
            return jobs.sync(wiring, accept=accept, dry_run=dry_run)

    def publish(self, name: str = "office", *, replace_content: bool = False) -> Outcome:
        with self.wiring() as wiring:
            return jobs.publish_share(wiring, name, replace_content=replace_content)

    def verification(self, name: str = "office") -> Verification:
        with self.wiring() as wiring:
            return verify(wiring, [wiring.config.shares[name]])

    def verify(self, name: str = "office") -> tuple[Finding, ...]:
        """The findings, once everything could be looked at."""
        result = self.verification(name)
        for _, failure in result.failures:
            raise failure
        return tuple(finding for _, finding in result.findings)

    # --- what the coach changes in coachsync ------------------------------------------------------------------------

    def want(self, name: str, body: bytes | None, url: str = SOURCE, calendar: str = "coaching") -> None:
        """Queue what an object is to become; None to delete it."""
        href = f"{url.removeprefix('https://calendar.example')}{name}.ics"
        with self.wiring() as wiring:
            uid = contentline.uid(body or wanted(wiring, calendar, href) or b"")
            queue(wiring, calendar, href, uid, body)

    def edits(self, calendar: str = "coaching") -> tuple[Edit, ...]:
        with self.wiring() as wiring:
            return Edits(wiring.database, calendar).all()

    def copies(self, calendar: str = "coaching") -> dict[str, bytes]:
        with self.wiring() as wiring:
            stored = Copies(wiring.database, calendar)
            texts = dict(stored.texts())
            return {copy.href: texts[copy.row] for copy in stored.all()}

    def trash(self, calendar: str = "coaching") -> list[tuple[str, bytes]]:
        """Why each thing was kept, and its text."""
        with self.wiring() as wiring:
            return [(one.reason, one.body) for one in kept(wiring.database, f"calendar {calendar}")]

    def resolve(self, which: Keep) -> None:
        """Decide every conflict in the same way."""
        with self.wiring() as wiring:
            for conflict in conflicts(wiring):
                resolve(wiring, conflict, which)

    # --- the coach's phone and the audience -------------------------------------------------------------------------

    def put(self, name: str, body: bytes, url: str = SOURCE) -> None:
        self.server.store(url, f"{url.removeprefix('https://calendar.example')}{name}.ics", body)

    def delete(self, name: str, url: str = SOURCE) -> None:
        self.server.delete(url, f"{url.removeprefix('https://calendar.example')}{name}.ics")

    def sessions(self, count: int) -> None:
        """`count` sessions of one hour, one on each day from today."""
        for number in range(count):
            self.put(f"e{number}", event(f"uid-{number}", self.now + timedelta(days=number, hours=1)))

    def share_url(self, name: str = "Office") -> str:
        (found,) = (about.url for about in self.server.calendars("https://calendar.example/") if about.name == name)
        return found

    def served(self, name: str = "Office") -> dict[str, bytes]:
        return self.server.objects(self.share_url(name))

    def starts(self, name: str = "Office") -> list[str]:
        """DTSTART of everything the share serves, sorted."""
        lines = [line for body in self.served(name).values() for line in body.decode().split("\r\n")]
        return sorted(line.partition(":")[2] for line in lines if line.startswith("DTSTART"))


def damage(house: House, table: sa.Table, **which: object) -> None:
    """Have rows of the database not open any more, all of a table or those of these values."""
    with house.wiring() as wiring, wiring.database.transaction() as connection:
        chosen = [table.c[name] == value for name, value in which.items()]
        found = connection.execute(sa.update(table).where(*chosen).values(sealed=bytes(64)))
        assert found.rowcount > 0


def session(house: House, number: int, hours: int = 1, title: str = "Marguerite", extra: str = "") -> bytes:
    """A session of one hour, `number` days and `hours` from now, as the coach or the phone may have it."""
    return event(f"uid-{number}", house.now + timedelta(days=number, hours=hours), title=title, extra=extra)


def there(house: House, name: str) -> bytes:
    """What the server has under this name."""
    return house.server.objects(SOURCE)[f"/alice/source/{name}.ics"]


def codes(outcome: Outcome) -> list[str]:
    """What a run said that went wrong."""
    return [problem.code for problem in outcome.problems()]
