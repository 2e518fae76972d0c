"""A coach, two other programs and a server that change the same calendar, and an account of what nobody may lose.

Every change leaves a mark (`two_way_events`), so that it can be said of each where it is.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from coachsync import config, contentline
from coachsync.adapters import keystore
from coachsync.adapters.calendars import CalendarServer
from coachsync.adapters.database import Copies, Database, Edits, open_database
from coachsync.adapters.database.engine import database_file
from coachsync.adapters.database.removed import kept
from coachsync.adapters.memory import MemoryServer
from coachsync.app import jobs
from coachsync.app.conflicts import Keep, conflicts, resolve, take_back
from coachsync.app.outcome import Outcome
from coachsync.app.queueing import new_href, queue, wanted
from coachsync.app.wiring import Wiring
from coachsync.errors import CoachsyncError
from coachsync.sync.sameness import same
from two_way_events import changed, fresh, marks
from two_way_server import Killed, Trouble, Watched, Write

CONFIG = """\
version = 1
[practice]
name = "Cabinet Exemple"
language = "fr"
timezone = "Europe/Paris"
state = "state"
[accounts.cloud]
url = "{root}"
username = "{username}"
[calendars.coaching]
account = "cloud"
url = "{url}"
"""


@dataclass
class Program:
    """Another calendar program: it shows what it last saw, and writes under the condition of that."""

    server: CalendarServer
    url: str
    seen: dict[str, tuple[str, bytes]] = field(default_factory=dict)

    def refresh(self) -> None:
        hrefs = self.server.changes(self.url, None).etags
        self.seen = {item.href: (item.etag, item.body) for item in self.server.fetch(self.url, hrefs)}

    def make(self, name: str, *, series: bool, uid: str = "") -> None:
        self._create(f"{self.url}{name}.ics", fresh(uid or f"uid-{name}", series=series))
        self.refresh()

    def _create(self, place: str, body: bytes) -> None:
        """Like a program that knows what to do about a server's trash."""
        for item in self.server.in_trash(self.url, {contentline.uid(body)}):
            self.server.remove(item.href, item.etag)
        self.server.create(place, body)

    def change(self, number: int, way: str) -> None:
        if self.seen:
            self.change_at(sorted(self.seen)[number % len(self.seen)], way)

    def change_at(self, href: str, way: str) -> None:
        if href in self.seen:
            etag, body = self.seen[href]
            self._write(href, lambda place: self.server.update(place, changed(body, way), etag))

    def delete(self, number: int) -> None:
        if self.seen:
            href = sorted(self.seen)[number % len(self.seen)]
            self._write(href, lambda place: self.server.remove(place, self.seen[href][0]))

    def rename(self, number: int, name: str) -> None:
        """As a move between calendars and back does: the same appointment under another address."""
        if self.seen:
            href = sorted(self.seen)[number % len(self.seen)]
            etag, body = self.seen[href]
            self._write(href, lambda place: self.server.remove(place, etag))
            if href not in self.seen:
                self._create(f"{self.url}{name}.ics", body)
                self.refresh()

    def _write(self, href: str, act: Callable[[str], object]) -> None:
        with suppress(CoachsyncError):  # somebody was quicker: the person sees it, and would do it again
            act(self.url + href.rpartition("/")[2])
        self.refresh()


class World:
    """Everything that touches one calendar. `connect` gives a connection to its server."""

    def __init__(
        self, folder: Path, connect: Callable[[], CalendarServer], url: str, username: str, root: str = ""
    ) -> None:
        self.folder, self.url, self.now = folder, url, datetime(2026, 3, 2, 8, tzinfo=UTC)
        self.server = connect()
        self.programs = [Program(connect(), url), Program(connect(), url)]
        self.trouble, self.writes = Trouble(), list[Write]()
        self._watched: Any = Watched(self.server, self.trouble, self.writes)
        self.unsent: set[str] = set()  # marks of the coach that must be somewhere
        self.known: dict[str, set[str]] = {}  # by UID: what of the others the coach has seen when changing it
        root = root or url[: url.index("/", 8) + 1]
        (folder / "coachsync.toml").write_text(CONFIG.format(root=root, username=username, url=url))
        (folder / "state").mkdir()
        self.settings = config.load(folder / "coachsync.toml")
        self.wiring = self._open()
        self._made = count(1)
        self._watch_commits()

    # --- the coach -------------------------------------------------------------------------------------------------

    def objects(self) -> dict[str, bytes]:
        """What the coach sees, by href."""
        hrefs = {copy.href for copy in Copies(self.wiring.database, "coaching").all()}
        hrefs |= {edit.href for edit in Edits(self.wiring.database, "coaching").all()}
        seen = {href: wanted(self.wiring, "coaching", href) for href in sorted(hrefs)}
        return {href: body for href, body in seen.items() if body is not None}

    def make(self, *, series: bool) -> None:
        uid = f"uid-coach-{next(self._made)}"
        body = fresh(uid, series=series)
        with suppress(CoachsyncError):
            queue(self.wiring, "coaching", new_href(self.wiring, "coaching"), uid, body)
            self.unsent |= marks(body)

    def new_uids(self) -> list[str]:
        """The UIDs of what the coach has made and no server has."""
        return [edit.uid for edit in Edits(self.wiring.database, "coaching").all() if edit.base is None]

    def change(self, number: int, *ways: str) -> str:
        """One change after the other of one object; its href."""
        href = ""
        for way in ways:
            objects = self.objects()
            if objects:
                href = href if href in objects else sorted(objects)[number % len(objects)]
                self._want(href, objects[href], changed(objects[href], way))
        return href

    def split(self, number: int) -> None:
        """One object is changed, and what is cut off it becomes another that waits for it."""
        objects = self.objects()
        if objects:
            href = sorted(objects)[number % len(objects)]
            self._want(href, objects[href], changed(objects[href], "title"))
            first = Edits(self.wiring.database, "coaching").at(href)
            uid = f"uid-coach-{next(self._made)}"
            body = fresh(uid, series=True)
            queue(self.wiring, "coaching", new_href(self.wiring, "coaching"), uid, body, after=first)
            self.unsent |= marks(body)

    def delete(self, number: int) -> None:
        objects = self.objects()
        if objects:
            href = sorted(objects)[number % len(objects)]
            self._want(href, objects[href], None)

    def _want(self, href: str, before: bytes, after: bytes | None) -> None:
        with suppress(CoachsyncError):  # a conflict that must be decided first
            queue(self.wiring, "coaching", href, contentline.uid(before), after)
            if after is not None:
                self.unsent -= marks(before) - marks(after)  # the coach has written over them
            self.unsent |= marks(after) - marks(before)
            self.known.setdefault(contentline.uid(before), set()).update(marks(before))

    def decide(self, which: Keep) -> None:
        for conflict in conflicts(self.wiring)[:1]:
            self.known.setdefault(conflict.edit.uid, set()).update(marks(conflict.server))
            resolve(self.wiring, conflict, which)

    def take_back(self, number: int) -> None:
        waiting = Edits(self.wiring.database, "coaching").all()
        if waiting:
            take_back(self.wiring, "coaching", waiting[number % len(waiting)], "taken-back")

    # --- coachsync -------------------------------------------------------------------------------------------------

    def sync(self, *, accept: bool = False) -> Outcome | None:
        """One run; None when it was killed, and the state opened anew."""
        self.wiring.now = self.now
        self.trouble.steps = 0
        try:
            return jobs.sync(self.wiring, accept=["coaching"] if accept else [])
        except Killed:
            self.restart()
            return None

    def restart(self) -> None:
        self.wiring.close()
        self.wiring = self._open()
        self._watch_commits()

    def close(self) -> None:
        self.wiring.close()
        for server in (self.server, *(program.server for program in self.programs)):
            server.close()

    def _open(self) -> Wiring:
        state = self.folder / "state"
        key = keystore.load_device_key(state, create=not database_file(state).exists())
        return Wiring(self.settings, open_database(state, key), self.now, connect=lambda *_: self._watched)

    def _watch_commits(self) -> None:
        """Every transaction is a step before it is written and after."""
        database, trouble = self.wiring.database, self.trouble
        database.__class__ = _Stepping
        database.trouble = trouble  # type: ignore[attr-defined]

    def remake(self, server: MemoryServer, *, whole: bool) -> None:
        """Another collection takes the place of the calendar; unless it is the `whole` one, it lacks an object."""
        there = sorted(server.objects(self.url).items())
        server.drop(self.url)
        server.add(self.url, "Coaching", username_of(self.url))
        for href, body in there if whole else there[1:]:
            server.store(self.url, href, body)
        for program in self.programs:
            program.refresh()

    # --- the account -----------------------------------------------------------------------------------------------

    def check(self) -> None:
        """What must be true at every moment."""
        removed = [one.body for one in kept(self.wiring.database, "calendar coaching")]
        assert {*map(bytes, self._watched.discarded)} <= {*removed}, "taken out of the server's trash, and not kept"
        held = [edit.text for edit in Edits(self.wiring.database, "coaching").all()]
        somewhere = set().union(*map(marks, [*removed, *held, *(write.after for write in self.writes)]))
        assert self.unsent <= somewhere, f"lost, and never sent: {self.unsent - somewhere}"
        for write in self.writes:
            gone = (
                marks(write.before) - marks(write.after) - self.known.get(contentline.uid(write.before or b""), set())
            )
            assert not gone, f"the coach has never seen what was written over: {gone}"

    def settle(self) -> None:
        """Nobody changes anything any more, and nothing fails; conflicts are decided in turns."""
        self.trouble.__dict__.update(Trouble().__dict__)
        self.now += timedelta(days=1, minutes=1)
        for number in range(20):
            outcome = self.sync(accept=True)
            assert outcome is not None
            if not Edits(self.wiring.database, "coaching").all():
                break
            for conflict in conflicts(self.wiring):
                self.known.setdefault(conflict.edit.uid, set()).update(marks(conflict.server))
                resolve(self.wiring, conflict, list(Keep)[number % 2])
            self.check()
        self.check()

    def check_at_rest(self) -> None:
        """All sides agree, a further run does nothing, and what coachsync wrote over is kept."""
        assert Edits(self.wiring.database, "coaching").all() == ()
        there = {item.href: item.body for item in self._listed()}
        copies = Copies(self.wiring.database, "coaching")
        texts = dict(copies.texts())
        here = {copy.href: texts[copy.row] for copy in copies.all()}
        assert here.keys() == there.keys()
        for href, body in here.items():
            assert same(contentline.decode(body), contentline.decode(there[href]))
        written = len(self.writes)
        outcome = self.sync()
        assert outcome is not None
        assert outcome.exit_code() == 0
        assert len(self.writes) == written
        removed = set().union(*(marks(one.body) for one in kept(self.wiring.database, "calendar coaching")))
        for write in self.writes:
            assert marks(write.before) - marks(write.after) <= removed

    def _listed(self) -> list[Any]:
        hrefs = self.server.changes(self.url, None).etags
        return list(self.server.fetch(self.url, hrefs))


class _Stepping(Database):
    """A state whose every transaction is a step just before it is made, and just after."""

    trouble: Trouble

    def transaction(self) -> Any:
        return _stepping(self, super().transaction())


class _stepping:  # noqa: N801 - a context manager that reads as a verb
    def __init__(self, database: _Stepping, inner: Any) -> None:
        self._database, self._inner = database, inner
        self._outer = not database.connection.in_transaction()

    def __enter__(self) -> Any:
        return self._inner.__enter__()

    def __exit__(self, *problem: Any) -> Any:
        try:
            if problem[0] is None and self._outer:
                self._database.trouble.step()  # killed now, nothing of it was written
        except Killed as killed:
            self._inner.__exit__(Killed, killed, None)
            raise
        answer = self._inner.__exit__(*problem)
        if problem[0] is None and self._outer:
            self._database.trouble.step()
        return answer


def username_of(url: str) -> str:
    """The user whose calendar it is, by its address."""
    return urlsplit(url).path.split("/")[1]
