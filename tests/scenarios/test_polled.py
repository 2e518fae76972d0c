"""Somebody polls two shares of one calendar and joins all that is no time: it leads from no entry to another.

What times and the moments of writing tell is another matter, measured in `redaction/polling.py`.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import pairwise
from urllib.parse import urlsplit
from uuid import uuid4
from xml.etree import ElementTree

import pytest

from accounts import Account
from coachsync.app import collection_target
from coachsync.model import Slot
from coachsync.redaction import publication
from events import event
from scenario_practice import Practice, local, stamp, tomorrow
from web import DAV, Web, slots_of

SHARES = {"office": "session", "team": "session"}
SINGLES = 8
_ALL = '<propfind xmlns="DAV:"><allprop/></propfind>'
_TIME = re.compile(r"\d{8}T\d{6}Z|\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT|\d{4}-\d\d-\d\dT[\d:.]+Z")

Mark = tuple[str, str]  # the name of something that a server tells of an entry, and what it says


@dataclass(frozen=True)
class Entry:
    """One entry as a poll finds it."""

    share: str
    start: datetime
    marks: frozenset[Mark]

    @property
    def name(self) -> str:
        (href,) = (value for what, value in self.marks if what == "href")
        return href


def marks_of(response: ElementTree.Element, body: bytes) -> Iterable[Mark]:
    """All that is no time: the name, every property that the server tells, every line of the text."""
    yield "href", (response.findtext(f"{DAV}href") or "").rpartition("/")[2]
    for prop in response.iter(f"{DAV}prop"):
        for one in prop:
            yield one.tag, ElementTree.tostring(one, "unicode")
    for line in body.decode().splitlines():
        yield (line.partition(":")[0].partition(";")[0], line)


@dataclass
class Poller:
    """What somebody knows who looks again and again. `lives`: each entry ever seen, by share and name."""

    web: Web
    urls: dict[str, str]
    lives: dict[tuple[str, str], Entry] = field(default_factory=dict)
    orders: list[list[datetime]] = field(default_factory=list)  # of starts, as each listing gave them

    def poll(self) -> dict[str, dict[datetime, Entry]]:
        """By share, its entries by their start."""
        return {share: self._look(share, url) for share, url in self.urls.items()}

    def _look(self, share: str, url: str) -> dict[datetime, Entry]:
        listed = ElementTree.fromstring(self.web.ask("PROPFIND", url, _ALL, Depth="1").body)
        found = {}
        for response in listed.iter(f"{DAV}response"):
            href = response.findtext(f"{DAV}href") or ""
            if urlsplit(url).path == href:
                continue
            body = self.web.ask("GET", href).body
            marks = frozenset(mark for mark in marks_of(response, body) if not _TIME.search(mark[1]))
            ((start, _, _),) = slots_of(body)
            found[start] = Entry(share, start, marks)
            assert self.lives.setdefault((share, found[start].name), found[start]) == found[start]
        self.orders.append(list(found))
        return found

    def links(self) -> dict[Mark, set[tuple[str, datetime]]]:
        """What several entries have in common, and not all that there ever were: the entries, by that."""
        bearers: dict[Mark, set[tuple[str, str]]] = defaultdict(set)
        for life, entry in self.lives.items():
            for mark in entry.marks:
                bearers[mark].add(life)
        some = {mark: lives for mark, lives in bearers.items() if 1 < len(lives) < len(self.lives)}
        return {
            mark: {(self.lives[life].share, self.lives[life].start) for life in lives} for mark, lives in some.items()
        }


@dataclass
class Week:
    """A calendar with a series of four weeks and single sessions, and what its coach does with it."""

    practice: Practice
    web: Web
    source: str
    series: str = "RRULE:FREQ=WEEKLY;COUNT=4\r\n"

    def put(self, number: int, hour: int = 9, extra: str = "") -> datetime:
        start = local(tomorrow() + timedelta(days=number), hour)
        self.web.put_all(self.source, {f"s{number}.ics": event(f"uid-{number}", start, title="Lenoir", extra=extra)})
        return start

    def sync(self) -> None:
        assert self.practice.sync().code == 0


@pytest.fixture
def week(practice: Practice, radicale: Account) -> tuple[Week, Poller]:
    web = Web(radicale)
    week = Week(practice, web, web.make(radicale.new_calendar(), "Coaching"))
    practice.account("cloud", radicale)
    practice.calendar("coaching", "cloud", url=urlsplit(week.source).path)
    names = {share: f"{share} {uuid4().hex}" for share in SHARES}
    for share, profile in SHARES.items():
        practice.share(share, ["coaching"], f'account = "cloud", name = "{names[share]}"', profile)
    for number in range(1, SINGLES):
        week.put(number)
    week.put(0, 14, week.series)
    week.sync()
    return week, Poller(web, {share: web.calendar(name) for share, name in names.items()})


def happens(week: Week, poller: Poller) -> tuple[datetime, ...]:
    """Sessions are moved and cancelled, and come back: the starts of what came back."""
    poller.poll()
    at = [local(tomorrow() + timedelta(days=number), 9) for number in range(SINGLES)]
    moved = week.put(1, 16)
    week.sync()
    first = poller.poll()["office"]
    assert moved in first
    assert at[1] not in first
    second = tomorrow() + timedelta(weeks=1)
    exception = f"EXDATE:{stamp(local(second, 14))}\r\n"
    week.put(0, 14, week.series + exception)
    week.put(2, extra="STATUS:CANCELLED\r\n")
    week.sync()
    middle = poller.poll()["office"]
    assert {at[2], local(second, 14)}.isdisjoint(middle)
    week.put(0, 14, week.series)
    week.put(1)
    week.put(2)
    week.sync()
    back = (at[1], at[2], local(second, 14))
    assert set(back) <= set(poller.poll()["office"])
    return back


def test_p01_nothing_but_times_leads_from_one_entry_to_another(week: tuple[Week, Poller]) -> None:
    coach, poller = week
    back = happens(coach, poller)
    assert poller.links() == {}
    for share in SHARES:  # what came back is another entry than what had gone
        for start in back:
            lives = [entry for entry in poller.lives.values() if (entry.share, entry.start) == (share, start)]
            assert len({entry.name for entry in lives}) == 2
    office, team = poller.orders[:2]
    assert sorted(office) == sorted(team)
    assert office != team  # a listing gives the order of writing, which is drawn
    for order in (office, team):
        assert not all(one < two for one, two in pairwise(order))
        assert not all(one > two for one, two in pairwise(order))


def test_p01_a_writer_that_links_entries_is_found_out(
    week: tuple[Week, Poller], monkeypatch: pytest.MonkeyPatch
) -> None:
    coach, poller = week

    def document(uid: str, slot: Slot, text: str) -> bytes:
        written = publication.document(uid, slot, text)
        return written.replace(b"TRANSP", f"CATEGORIES:{slot.start:%a%H}\r\nTRANSP".encode())

    monkeypatch.setattr(collection_target, "document", document)
    for share in SHARES:
        assert coach.practice.run("share", "publish", share, "--replace").code == 0
    back = happens(coach, poller)
    linked = poller.links()
    assert {what for what, _ in linked} == {"CATEGORIES"}
    assert any(len({start for _, start in entries}) >= 4 for entries in linked.values())  # the series
    assert all(any((share, start) in entries for entries in linked.values()) for share in SHARES for start in back)
