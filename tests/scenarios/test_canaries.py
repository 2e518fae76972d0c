"""Not one word of a private calendar comes out: not in a share, not at rest, not on the terminal, not in temp files."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from urllib.parse import urlsplit
from uuid import uuid4

import pytest

from coachsync.redaction.spellings import Spellings
from scenario_canaries import CLIENTS, Ink, Written, calendar, found, in_base64
from scenario_practice import PARIS, Done, Practice, contents, local, session, tomorrow
from servers import Recorder
from web import NAMESPACES, Slot, Web, slots_of

SIZE = 90
QUARTER = timedelta(minutes=15)
LONGEST = 100  # days: all that the calendar holds is nearer
_ALL = '<propfind xmlns="DAV:"><allprop/></propfind>'
_SYNC = (
    f"<sync-collection {NAMESPACES}><sync-token/><sync-level>1</sync-level>"
    "<prop><getetag/><displayname/><C:calendar-data/></prop></sync-collection>"
)


@dataclass
class Aviary:
    """A practice with a calendar of canaries and three shares: what its coach keeps apart from what others get."""

    practice: Practice
    web: Web
    ink: Ink
    source: str
    written: list[Written]
    names: dict[str, str] = field(
        default_factory=lambda: {name: f"{name} {uuid4().hex}" for name in ("office", "team")}
    )

    def shared(self, name: str) -> str:
        return self.web.calendar(self.names[name])

    @property
    def file(self) -> bytes:
        return (self.practice.folder / "public.ics").read_bytes()

    def configure(self, outlet: str) -> None:
        """Read directly, published through `outlet`: what passes there goes to the shares and nowhere else."""
        self.practice.account("cloud", self.web.account)
        self.practice.account("outlet", self.web.account, outlet)
        self.practice.calendar("coaching", "cloud", url=urlsplit(self.source).path)
        for name, profile in (("office", "session"), ("team", "busy")):
            self.practice.share(name, ["coaching"], f'account = "outlet", name = "{self.names[name]}"', profile)
        self.practice.share("public", ["coaching"], 'file = "public.ics"', "busy")

    def clean(self, text: str | bytes) -> bool:
        return not found(text, self.ink)


@pytest.fixture
def aviary(practice: Practice, web: Web) -> Aviary:
    """A calendar of 90 objects: every kind nine times. Its own path, name and description are canaries too."""
    ink = Ink()
    written = calendar(ink, SIZE)
    source = f"{web.account.home}{ink.word()}/"
    if web.account.username == "user":  # Xandikos
        web.make(source, ink.word(), ink.word())
        one_by_one = written
    else:  # Radicale: most of them at once; it names those objects after their UIDs
        at_once = [event for event in written[:60] if "BEGIN:VTIMEZONE" not in event.components]
        whole = "".join(event.components for event in at_once)
        head = f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//{ink.word()}//EN\r\nX-WR-CALDESC:{ink.word()}\r\n"
        made = web.put(source, f"{head}X-WR-CALNAME:{ink.word()}\r\n{whole}END:VCALENDAR\r\n")
        assert made.status == 201, made
        one_by_one = [event for event in written if event not in at_once]
    web.put_all(source, {event.href: event.document(ink) for event in one_by_one})
    return Aviary(practice, web, ink, source, written)


# --- what must come out, counted another way -----------------------------------------------------------------------


def sessions_of(written: list[Written]) -> list[Slot]:
    return sorted({(start, end, "Séance") for event in written for start, end in event.busy})


def blocks_of(written: list[Written]) -> list[Slot]:
    """Busy quarters of an hour, put together as long as one follows the other on the same day."""
    busy = [span for event in written for span in event.busy]
    quarters = sorted({start + QUARTER * step for start, end in busy for step in range((end - start) // QUARTER)})
    blocks: list[tuple[datetime, datetime]] = []
    for quarter in quarters:
        if blocks and blocks[-1][1] == quarter and quarter.astimezone(PARIS).hour + quarter.astimezone(PARIS).minute:
            blocks[-1] = (blocks[-1][0], quarter + QUARTER)
        else:
            blocks.append((quarter, quarter + QUARTER))
    return [(start, end, "Indisponible") for start, end in blocks]


NAMES = Spellings(CLIENTS)


def _lines(part: str | bytes) -> list[str]:
    """Without what is random (names, versions), in which short names come about by chance."""
    text = part if isinstance(part, str) else part.decode()
    return re.sub(r"[0-9a-f-]{16,}", " ", text).splitlines()


# --- everything that a share serves --------------------------------------------------------------------------------


def everything_served(web: Web, url: str) -> Iterator[str | bytes]:
    """Heads and bodies of every way to look at a calendar, and of each object in it."""
    for method, body, depth in (("PROPFIND", _ALL, "0"), ("PROPFIND", _ALL, "1"), ("REPORT", _SYNC, "1")):
        answer = web.ask(method, url, body, Depth=depth)
        assert answer.status == 207, answer
        yield from (answer.head, answer.body)
    hrefs = web.hrefs(url)
    yield " ".join(hrefs)
    asked = "".join(f"<href>{href}</href>" for href in hrefs)
    multiget = f"<C:calendar-multiget {NAMESPACES}><allprop/>{asked}</C:calendar-multiget>"
    with_data = multiget.replace("<allprop/>", "<prop><getetag/><C:calendar-data/></prop>")
    for question in (multiget, with_data):
        answer = web.ask("REPORT", url, question, Depth="1")
        assert answer.status == 207, answer
        yield from (answer.head, answer.body)
    assert answer.body.count(b"BEGIN:VEVENT") == len(hrefs)
    for href in hrefs:
        got = web.ask("GET", href)
        assert got.status == 200
        yield from (got.head, got.body)


# --- the promises --------------------------------------------------------------------------------------------------


def test_p01_p02_p12_not_one_canary_comes_out(aviary: Aviary, recorder: Callable[[str], Recorder]) -> None:
    outlet = recorder(aviary.web.account.url)
    aviary.configure(outlet.url)
    _the_server_holds_every_canary(aviary)
    runs: dict[str, Done] = {}
    temporary: dict[str, bytes] = {}

    def run(*words: str) -> Done:
        name = " ".join(words)
        runs[name], left = aviary.practice.watched(*words)
        temporary.update(left)
        return runs[name]

    assert run("check").code == 0
    with closing(sqlite3.connect(aviary.practice.state / "coachsync.db")) as reader:
        reader.execute("SELECT count(*) FROM appointments").fetchall()  # while somebody reads, the journal stays
        assert run("--json", "sync").json["calendars"]["coaching"]["pulled"]["added"] == SIZE
        at_rest = contents(aviary.practice.state)
    assert {"coachsync.db", "coachsync.db-wal", "coachsync.db-shm"} <= set(at_rest)
    assert sum(map(len, at_rest.values())) > sum(len(event.components) for event in aviary.written)
    run("share", "list")
    for name in ("office", "team", "public"):
        run("share", "preview", name)
        run("share", "publish", name)
    run("--json", "check")
    run("sync", "--dry-run")
    assert run("--json", "share", "verify").json == {"findings": [], "exposure": [], "problems": []}
    assert {done.code for done in runs.values()} == {0}

    leaky = [name for name, done in runs.items() if not aviary.clean(done.out + done.err)]
    assert leaky == []
    assert all(aviary.clean(name) and aviary.clean(body) for name, body in temporary.items())
    for files in (at_rest, contents(aviary.practice.state)):
        told = [name for name, body in files.items() if found(name, aviary.ink) or found(body, aviary.ink, deep=1)]
        assert told == []
    _the_shares_are_right_and_clean(aviary)
    _nothing_was_sent(aviary, outlet)
    _the_agenda_shows_titles(aviary)


def _the_server_holds_every_canary(aviary: Aviary) -> None:
    """Otherwise their absence elsewhere would mean nothing; it also shows what `found` finds."""
    stored = aviary.web.objects(aviary.source)
    assert len(stored) == SIZE
    of_collection = aviary.web.ask("PROPFIND", aviary.source, _ALL, Depth="0").body
    seen = found(b"\n".join([of_collection, *stored.values(), *map(str.encode, stored)]), aviary.ink)
    hrefs = {word for event in aviary.written for word in found(event.href, aviary.ink)}
    missing = aviary.ink.words - seen - hrefs  # Radicale has names of its own for what it got in one piece
    assert len(missing) <= 5
    assert len(aviary.ink.words) > 40 * SIZE


def _the_shares_are_right_and_clean(aviary: Aviary) -> None:
    wanted = {"office": sessions_of(aviary.written), "team": blocks_of(aviary.written)}
    assert len(wanted["office"]) > 80 > len(wanted["team"]) > 40
    for name, slots in wanted.items():
        url = aviary.shared(name)
        assert aviary.web.slots(url) == slots
        parts = list(everything_served(aviary.web, url))
        assert [number for number, part in enumerate(parts) if not aviary.clean(part)] == []
        assert not any(NAMES.within(line) for part in parts for line in _lines(part))
    assert slots_of(aviary.file) == wanted["team"]
    assert aviary.clean(aviary.file)
    previews = aviary.practice.run("--json", "share", "preview", "office").json
    assert [(slot["start"], slot["label"]) for slot in previews] == [
        (f"{start:%Y-%m-%dT%H:%M:%SZ}", label) for start, _, label in wanted["office"]
    ]


def _nothing_was_sent(aviary: Aviary, outlet: Recorder) -> None:
    assert outlet.count["PUT"] == len(sessions_of(aviary.written)) + len(blocks_of(aviary.written))
    assert outlet.count["MKCALENDAR"] == 2
    for request in outlet.requests:
        assert aviary.clean(request.path)
        assert aviary.clean(request.body)
        assert aviary.clean(str(request.headers))


def _the_agenda_shows_titles(aviary: Aviary) -> None:
    shown = aviary.practice.run_process("agenda", "--days", str(LONGEST))
    events = sum(event.components.count("BEGIN:VEVENT") for event in aviary.written)
    titles = set(re.findall(r"Séance (zq[a-z]{8})", shown.out))
    assert len(titles & aviary.ink.words) == events == SIZE
    assert aviary.clean(shown.err)


@pytest.mark.parametrize("as_json", [True, False])
def test_p03_p12_a_planted_leak_is_found_and_not_repeated(practice: Practice, web: Web, as_json: bool) -> None:
    ink = Ink()
    written = calendar(ink, 20)
    source = web.make(f"{web.account.home}{ink.word()}/", ink.word())
    web.put_all(source, {event.href: event.document(ink) for event in written})
    aviary = Aviary(practice, web, ink, source, written)
    aviary.configure(web.account.url)
    assert practice.sync().code == 0
    url = aviary.shared("office")
    secrets = sorted(found(written[0].components, ink))
    ours, *_ = web.hrefs(url)
    clean = web.ask("GET", ours).body.decode()
    hidden = f"X-HARMLESS:{in_base64('Rendez-vous ' + secrets[0])}\r\nEND:VEVENT"
    assert web.put(ours, clean.replace("\r\nEND:VEVENT", f"\r\n{hidden}")).status in (201, 204)
    foreign = session(local(tomorrow(), 12)).replace(b"Marguerite", secrets[1].encode())
    assert web.put(f"{url}{secrets[2]}.ics", foreign).status == 201

    done = practice.run_process(*(["--json"] if as_json else []), "share", "verify", "office", "team")

    assert done.code == 5
    assert aviary.clean(done.out + done.err)
    expected = {"property", "edited-object", "source-word", "foreign-object", "href"}
    if as_json:
        codes = {(finding["share"], finding["code"]) for finding in done.json["findings"]}
        assert codes == {("office", code) for code in expected}
        details = [f["detail"] for f in done.json["findings"] if f["code"] == "source-word"]
        assert any("base64" in detail for detail in details)
        assert len(details) == 2
    else:
        assert all(re.search(rf"^office\t{code}\t", done.out, re.M) for code in expected)
