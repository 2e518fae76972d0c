"""The coach's own appointments, from the last synced copies: no network."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from coachsync import contentline
from coachsync.adapters.database import Copies, Copy
from coachsync.app.printable import printable
from coachsync.app.reading import read, short_id
from coachsync.app.wiring import Wiring
from coachsync.errors import NotInitialised, Problem
from coachsync.model import Occurrence, Window
from coachsync.phrases import say


@dataclass(frozen=True, slots=True)
class Appointment:
    """One line of the agenda. Shown to the coach alone: it holds the title."""

    id: str
    uid: str
    calendar: str
    start: datetime
    end: datetime
    all_day: bool
    stand: str
    title: str


@dataclass(frozen=True, slots=True)
class Unreadable:
    """One event that is quarantined, with its title for the coach to find it by."""

    id: str
    uid: str
    calendar: str
    code: str
    title: str


def catch_up(wiring: Wiring) -> tuple[Problem, ...]:
    """Read what no share needed until now; what could not be read, for the first time, is told.

    Raises NotInitialised before the first sync.
    """
    return tuple(problem for name in _synced(wiring) for problem in read(wiring, name).news)


def agenda(wiring: Wiring, window: Window) -> list[Appointment]:
    """The appointments that touch the window, by start; `catch_up` first. Raises NotInitialised before any sync."""
    return sorted(
        (line for calendar in _synced(wiring) for line in _appointments(wiring, calendar, window)),
        key=lambda line: (line.start, line.end, line.title),
    )


def unreadable(wiring: Wiring) -> list[Unreadable]:
    """Every quarantined event; `catch_up` first. Raises NotInitialised before the first sync."""
    found = []
    for calendar in _synced(wiring):
        copies = Copies(wiring.database, calendar)
        bad = {copy.row: copy for copy in copies.all() if copy.code is not None}
        for row, body in copies.texts(bad):
            copy = bad[row]
            found.append(
                Unreadable(_name(wiring, copy), printable(copy.uid), calendar, copy.code or "", _title(body, 0))
            )
    return found


def _synced(wiring: Wiring) -> list[str]:
    endpoints = {name: Copies(wiring.database, name).endpoint() for name in wiring.config.calendars}
    synced = [name for name, endpoint in endpoints.items() if endpoint and endpoint.synced_at is not None]
    if not synced:
        raise NotInitialised("never-synced", say("Nothing has been synced yet."), say("Run: coachsync sync"))
    return synced


def _appointments(wiring: Wiring, calendar: str, window: Window) -> Iterator[Appointment]:
    copies = Copies(wiring.database, calendar)
    shown: dict[int, list[Occurrence]] = {}
    for stored in copies.readings():
        inside = [seen for seen in stored.reading.occurrences if window.touches(seen.start, seen.end)]
        if inside:
            shown[stored.row] = inside
    known = {copy.row: copy for copy in copies.all() if copy.row in shown}
    for row, body in copies.texts(shown):
        copy = known[row]
        for seen in shown[row]:
            yield Appointment(
                _name(wiring, copy),
                printable(copy.uid),
                calendar,
                seen.start,
                seen.end,
                seen.all_day,
                seen.stand.value,
                _title(body, seen.component),
            )


def _name(wiring: Wiring, copy: Copy) -> str:
    return short_id(wiring, copy.uid or copy.href)


def _title(body: bytes, ordinal: int) -> str:
    """The SUMMARY of the object's VEVENT of this ordinal, "" where there is none or the object is broken."""
    seen, open_event = -1, False
    for line in contentline.parse(contentline.decode(body)):
        if line.name in ("BEGIN", "END") and line.value.strip().upper() == "VEVENT":
            open_event = line.name == "BEGIN"
            seen += open_event
        elif open_event and seen == ordinal and line.name == "SUMMARY":
            return printable(contentline.unescape(line.value))
    return ""
