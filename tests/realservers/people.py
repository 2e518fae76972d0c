"""Two people of one server, Alice and Bob, a guest from elsewhere, and all that they are told when an event changes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from uuid import uuid4

from coachsync.adapters.caldav.client import CalDav
from coachsync.adapters.caldav.hrefs import path
from coachsync.adapters.caldav.multistatus import DAV, ETAG
from coachsync.errors import CoachsyncError
from coachsync.model import Principal
from realservers.realserver import RealAccount, RealServer

GUEST, BOSS = "mailto:guest@elsewhere.invalid", "mailto:boss@elsewhere.invalid"
START = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) + timedelta(days=40)
WEEK = timedelta(days=7)


def invitation(
    uid: str,
    organizer: str,
    attendees: Iterable[str],
    *,
    hours: int = 0,
    status: str = "CONFIRMED",
    moved: bool = False,
    skipped: bool = False,
    sequence: int = 0,
) -> str:
    """Four weekly meetings: all of them `hours` later; the second one `moved`, or `skipped`."""
    series = f"RRULE:FREQ=WEEKLY;COUNT=4\r\n{f'EXDATE:{_utc(START + WEEK)}' + chr(13) + chr(10) if skipped else ''}"
    people = [f"ORGANIZER:{organizer}\r\n"]
    people += [f"ATTENDEE;PARTSTAT={_answer(one, organizer)};RSVP=TRUE:{one}\r\n" for one in attendees]
    common = f"SUMMARY:Session\r\nSEQUENCE:{sequence}\r\nSTATUS:{status}\r\n{''.join(people)}"
    parts = [(START + timedelta(hours=hours), series)]
    if moved:
        parts.append((START + WEEK + timedelta(hours=2), f"RECURRENCE-ID:{_utc(START + WEEK)}\r\n"))
    events = "".join(
        f"BEGIN:VEVENT\r\nUID:{uid}\r\nDTSTAMP:20260101T000000Z\r\nDTSTART:{_utc(start)}\r\n"
        f"DTEND:{_utc(start + timedelta(hours=1))}\r\n{more}{common}END:VEVENT\r\n"
        for start, more in parts
    )
    return f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//test//EN\r\n{events}END:VCALENDAR\r\n"


def _answer(attendee: str, organizer: str) -> str:
    return "ACCEPTED" if attendee == organizer or attendee.startswith("mailto:alice") else "NEEDS-ACTION"


def _utc(moment: datetime) -> str:
    return f"{moment:%Y%m%dT%H%M%SZ}"


@dataclass
class Told:
    """What has gone out since a moment: to whom mail went, and whether something appeared or changed at Bob's."""

    mail: set[str]
    calendar: bool

    def __bool__(self) -> bool:
        return bool(self.mail or self.calendar)


@dataclass
class People:
    """Alice, whose account coachsync has, in a calendar of hers; and Bob beside her."""

    server: RealServer
    alice: RealAccount = field(init=False)
    bob: RealAccount = field(init=False)
    client: CalDav = field(init=False)
    calendar: str = field(init=False)
    who: Principal = field(init=False)

    def __post_init__(self) -> None:
        tail = uuid4().hex[:8]
        self.alice, self.bob = self.server.account(f"alice{tail}"), self.server.account(f"bob{tail}")
        self.client, self._bobs = self.alice.client(), self.bob.client()
        self.calendar = self.alice.new_calendar()
        self.client.make(self.calendar, "Coaching")
        self.who = self.client.whoami()
        if not self._bobs.collections():
            self._bobs.make(f"{self.bob.home}calendar/", "Home")  # where DAViCal looks for a first calendar
        self._home = next(path(one.url) for one in self._bobs.collections() if "box" not in one.url)
        self._forget()

    def close(self) -> None:
        self.client.close()
        self._bobs.close()

    def place(self, uid: str) -> str:
        return f"{path(self.calendar)}{uid}.ics"

    def invited_by_bob(self, text: str, uid: str) -> str:
        """Let Bob invite Alice; where it lies at hers then. What the server does not deliver she has from elsewhere."""
        before = self._objects(self.alice, self.client)
        self._bobs.create(f"{self._home}{uid}.ics", text.encode(), notify=True)
        for href in self._objects(self.alice, self.client).keys() - before.keys():
            if "nbox/" not in href and "/.in/" not in href:
                return href
        self.client.create(self.place(uid), text.encode(), notify=True)
        return self.place(uid)

    def told(self, *, asked: bool) -> Told:
        """What has gone out since this was called before; whether the server was `asked` to tell people meanwhile."""
        letters, shown = self._letters, self._shown
        self._forget()
        new = self.server.letters.taken()[letters:]
        if asked:
            self.server.letters.asked += len(new)
        return Told({str(message["To"]).strip().lower() for message in new}, self._shown != shown)

    def _forget(self) -> None:
        self._letters = len(self.server.letters.taken())
        self._shown = self._objects(self.bob, self._bobs)

    def _objects(self, account: RealAccount, client: CalDav) -> dict[str, str]:
        """All that somebody has in calendars and in the scheduling inbox, with its ETag."""
        found: dict[str, str] = {}
        kind = f"{DAV}resourcetype"
        listed = client._dav.propfind(account.home, (kind,), depth=1)
        for place in listed.status.responses:
            tags = place.found[kind].tags if kind in place.found else frozenset()
            if not any(tag.endswith(("}calendar", "}schedule-inbox")) for tag in tags):
                continue
            url = listed.folder.origin + (listed.folder.resolve(place.href) or "")
            try:
                inside = client._dav.propfind(url, (ETAG,), depth=1)
            except CoachsyncError:
                continue
            hrefs = ((inside.folder.resolve(one.href) or "", one.text(ETAG)) for one in inside.status.responses)
            found |= {href: etag for href, etag in hrefs if href.endswith(".ics")}
        return found
