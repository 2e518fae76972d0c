"""A share on a real server and the eyes of its audience: what `verify` finds there, with a directory of clients."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit
from uuid import uuid4

from coachsync import config
from coachsync.adapters.database import Shares
from coachsync.app.publish import publish
from coachsync.app.verify import verify
from coachsync.app.wiring import Wiring, open_wiring
from coachsync.clients.directory import Client
from coachsync.model import Finding
from events import event
from scenario_practice import Practice, local, tomorrow
from web import NAMESPACES, Web

CLIENTS = (
    Client("C-7F3K2M", ("Юрий Щербаков",), phones=("+33 6 12 34 56 78",)),
    Client("C-9Q4T2W", ("Marina Dupont",)),
    Client("C-3H8N5R", ("Bo Li",)),
)
WORD = "Quetzalcoatlus"  # of a source event, and of nobody
ATTENDEE = "Zebulon Quartz"
SOURCE_UID = "7d1f7f6e-3f6c-4c1e-9d57-0f6b9b0e2a11"


@dataclass
class Watched:
    """A practice with a calendar of one session and a share of it."""

    practice: Practice
    web: Web
    before: str = ""  # where a proxy stands before the server of the share
    settings: dict[str, str] = field(default_factory=dict)
    place: str = ""  # the end of the share's path, where that is given
    name: str = field(default_factory=lambda: f"Share {uuid4().hex}")

    def __post_init__(self) -> None:
        source = self.web.make(self.web.account.new_calendar(), "Coaching")
        guest = f"ATTENDEE;CN={ATTENDEE}:mailto:quartz@zebulon.example\r\n"
        extra = f"DESCRIPTION:{WORD}\r\n{guest}ORGANIZER:mailto:{self.web.account.username}@home.example\r\n"
        self.web.put_all(source, {"s.ics": event(SOURCE_UID, local(tomorrow(), 9), title="Séance", extra=extra)})
        self.source = source
        self.practice.account("cloud", self.web.account)
        self.practice.account("outlet", self.web.account, self.before or None)
        self.practice.calendar("coaching", "cloud", url=urlsplit(source).path)
        where = f'url = "{urlsplit(self.url).path}"' if self.place else f'name = "{self.name}"'
        self.practice.share("office", ["coaching"], f'account = "outlet", {where}', "session", **self.settings)

    def sync(self) -> None:
        done = self.practice.sync()
        assert done.code == 0, done.out + done.err

    @property
    def url(self) -> str:
        return f"{self.web.account.home}{self.place}/" if self.place else self.web.calendar(self.name)

    def publish(self, name: str = "office") -> tuple[str, ...]:
        """Write all of a share anew, from what was read before; the codes of what was noticed."""
        with self.wiring() as wiring:
            Shares(wiring.database, name).take_back()
            done = publish(wiring, wiring.config.shares[name], {})
        return tuple(problem.code for problem in done.problems)

    @contextmanager
    def wiring(self, after: timedelta = timedelta(0)) -> Iterator[Wiring]:
        with open_wiring(config.load(self.practice.file), "test", datetime.now(UTC) + after) as wiring:
            yield wiring

    def found(self, after: timedelta = timedelta(0)) -> tuple[Finding, ...]:
        """What is found after a while; everything could be looked at, and no finding repeats a name."""
        with self.wiring(after) as wiring:
            if not wiring.clients.directory().clients:
                for client in CLIENTS:
                    wiring.clients.save(client)
            result = verify(wiring, list(wiring.config.shares.values()))
        assert result.failures == []
        findings = tuple(finding for _, finding in result.findings)
        said = " ".join(f"{finding.where} {finding.detail}" for finding in findings).lower()
        assert not any(name in said for name in ("dupont", "щерб", "chtcher", "quetzal", "zebulon", "дюпон"))
        return findings

    def codes(self, where: str, after: timedelta = timedelta(0)) -> set[str]:
        """The codes of what is found at a place."""
        return {str(finding.code) for finding in self.found(after) if finding.where.startswith(where)}


# --- searching -----------------------------------------------------------------------------------------------------


def search(web: Web, url: str, prop: str, word: str) -> bytes:
    """A calendar-query for a text (RFC 4791 section 9.7.5)."""
    match = f'<C:text-match collation="i;unicode-casemap">{word}</C:text-match>'
    match = f'<C:prop-filter name="{prop}">{match}</C:prop-filter>'
    inside = f'<C:comp-filter name="VCALENDAR"><C:comp-filter name="VEVENT">{match}</C:comp-filter></C:comp-filter>'
    query = f"<C:calendar-query {NAMESPACES}><prop><getetag/></prop><C:filter>{inside}</C:filter></C:calendar-query>"
    answer = web.ask("REPORT", url, query, Depth="1")
    assert answer.status == 207, answer
    return answer.body


def hits(web: Web, url: str, words: Iterable[str]) -> list[str]:
    """Those of the words that a search in any property finds."""
    fields = ("SUMMARY", "DESCRIPTION", "ATTENDEE", "ORGANIZER", "UID", "LOCATION", "COMMENT")
    return [word for word in words for prop in fields if b"getetag>" in search(web, url, prop, word)]
