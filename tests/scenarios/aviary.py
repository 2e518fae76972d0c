"""A practice whose calendar holds canaries: what its coach keeps apart, and all that others get of its shares."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property
from urllib.parse import urljoin, urlsplit
from uuid import uuid4

from coachsync import config
from coachsync.app.wiring import Wiring, open_wiring
from coachsync.clients.directory import Client, Sponsor
from coachsync.redaction.spellings import Spellings
from realservers.people import People
from scenario_canaries import CLIENTS, Ink, Written, found_in
from scenario_practice import PARIS, Practice
from web import NAMESPACES, Slot, Web

# Shares served as collections and as files, by name, with their profiles.
COLLECTIONS = {"office": "session", "team": "busy", "desk": "pseudonym", "payer": "sponsor"}
FILES = {"public": "busy", "relief": "pseudonym"}
PAID_FOR = ("Marina Dupont", "Bo Li")  # those whose sessions the sponsor sees
SPONSOR = "S-4D8K2M"
NAMES = Spellings(CLIENTS)
_QUARTER = timedelta(minutes=15)
_ALL = '<propfind xmlns="DAV:"><allprop/></propfind>'
_SYNC = (
    f"<sync-collection {NAMESPACES}><sync-token/><sync-level>1</sync-level>"
    "<prop><getetag/><displayname/><C:calendar-data/></prop></sync-collection>"
)


@dataclass
class Aviary:
    """A practice with a directory of clients, a calendar of canaries, and shares of every kind. `people` where others
    of the same server can be let in."""

    practice: Practice
    web: Web
    ink: Ink
    source: str
    written: list[Written]
    people: People | None = None
    names: dict[str, str] = field(default_factory=lambda: {name: f"{name} {uuid4().hex}" for name in COLLECTIONS})

    def shared(self, name: str) -> str:
        return self.web.calendar(self.names[name])

    def file(self, name: str) -> bytes:
        return (self.practice.folder / f"{name}.ics").read_bytes()

    def configure(self, outlet: str) -> None:
        """Read directly, published through `outlet`: what passes there goes to the shares and nowhere else."""
        self.practice.account("cloud", self.web.account)
        self.practice.account("outlet", self.web.account, outlet)
        self.practice.calendar("coaching", "cloud", url=urlsplit(self.source).path)
        for name, profile in (COLLECTIONS | FILES).items():
            to = f'file = "{name}.ics"' if name in FILES else f'account = "outlet", name = "{self.names[name]}"'
            chosen = {"clients": f'{{ only = ["{SPONSOR}"] }}'} if profile == "sponsor" else {}
            self.practice.share(name, ["coaching"], to, profile, **chosen)
        with self.wiring() as wiring:
            wiring.clients.save_sponsor(Sponsor(SPONSOR, "Société Zürcher"))
            for client in self.clients.values():
                wiring.clients.save(client)

    @cached_property
    def clients(self) -> dict[str, Client]:
        """The directory, by main name; the last of CLIENTS is how the first is phoned."""
        *names, phone = CLIENTS
        return {
            name: Client(
                f"C-{number}H8N5R",
                (name,),
                phones=(phone,) if not number else (),
                sponsor=SPONSOR if name in PAID_FOR else "",
            )
            for number, name in enumerate(names)
        }

    @contextmanager
    def wiring(self) -> Iterator[Wiring]:
        with open_wiring(config.load(self.practice.file), "test", datetime.now(UTC)) as wiring:
            yield wiring

    def pseudonyms(self, share: str) -> dict[str, str]:
        """What a share calls clients, by their names."""
        with self.wiring() as wiring:
            given = wiring.clients.pseudonyms(share)
        return {name: str(given[one.code]) for name, one in self.clients.items() if one.code in given}

    def clean(self, *parts: str | bytes) -> bool:
        return not found_in(parts, self.ink)

    # --- what must come out, counted another way -----------------------------------------------------------------

    def wanted(self, name: str) -> list[Slot]:
        """What a share is to say."""
        profile = (COLLECTIONS | FILES)[name]
        if profile == "busy":
            return _blocks(self.written)
        called = self.pseudonyms(name) if profile == "pseudonym" else {}
        return sorted(
            {
                (start, end, called.get(event.client, "Séance"))
                for event in self.written
                for start, end in event.busy
                if profile != "sponsor" or event.client in PAID_FOR
            }
        )


def _blocks(written: list[Written]) -> list[Slot]:
    """Busy quarters of an hour, put together as long as one follows the other on the same day."""
    busy = [span for event in written for span in event.busy]
    quarters = sorted({start + _QUARTER * step for start, end in busy for step in range((end - start) // _QUARTER)})
    blocks: list[tuple[datetime, datetime]] = []
    for quarter in quarters:
        if blocks and blocks[-1][1] == quarter and quarter.astimezone(PARIS).hour + quarter.astimezone(PARIS).minute:
            blocks[-1] = (blocks[-1][0], quarter + _QUARTER)
        else:
            blocks.append((quarter, quarter + _QUARTER))
    return [(start, end, "Indisponible") for start, end in blocks]


# --- looking for names ---------------------------------------------------------------------------------------------


def named(parts: Iterable[str | bytes]) -> list[str]:
    """The lines that hold a client's name in any spelling. What is random (names, versions) is left out: in it short
    names come about by chance."""
    texts = {part if isinstance(part, str) else part.decode() for part in parts}
    lines = {line for text in texts for line in re.sub(r"[0-9a-f-]{16,}", " ", text).splitlines()}
    return sorted(line for line in lines if NAMES.within(line))


_PARTS = {part for name in CLIENTS for part in (name, *name.split()) if len(part.encode()) > 3 and not part.isdigit()}
_STORED = {form.encode(code) for part in _PARTS for form in (part, part.lower()) for code in ("utf-8", "utf-16-le")}


def stored(body: bytes) -> bool:
    """Whether a file holds a client's name, or a part of one, in clear."""
    return any(form in body for form in _STORED)


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


def led_to(web: Web, url: str) -> str:
    """Where somebody else finds a calendar: Cyrus shows it to them in a place of their own, and leads there."""
    answer = web.ask("PROPFIND", url, _ALL, Depth="0")
    (place,) = re.findall(r"^Location: (.*)", answer.head, re.M) or [url]
    return urljoin(url, place)


def of_collection(web: Web, url: str) -> bytes:
    """Every property of a collection."""
    return web.ask("PROPFIND", url, _ALL, Depth="0").body


def identities(web: Web, url: str) -> set[str]:
    """All that could tell an object again: the names of objects, their UIDs and versions."""
    found = set()
    for href in web.hrefs(url):
        got = web.ask("GET", href)
        etags = re.findall(r'^ETag: (?:W/)?"?([^"\s]+)', got.head, re.M | re.I)
        assert len(etags) == len(uids(got.body)) == 1
        found |= {*etags, *uids(got.body), href.rpartition("/")[2].removesuffix(".ics")}
    return found


def uids(body: bytes) -> set[str]:
    return set(re.findall(r"^UID:(\S+)", body.decode(), re.M))
