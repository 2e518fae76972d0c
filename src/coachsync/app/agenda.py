"""The coach's own appointments, from the last synced copies and what was changed here since: no network."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from coachsync import contentline
from coachsync.adapters.database import Copies, Copy, Edit, Edits
from coachsync.app.printable import printable
from coachsync.app.reading import any_synced, read, short_id, synced
from coachsync.app.whose import traits, traits_of
from coachsync.app.wiring import Wiring
from coachsync.errors import Problem
from coachsync.model import Occurrence, Window

WAITING, CONFLICT = "waiting", "conflict"


@dataclass(frozen=True, slots=True)
class Appointment:
    """One line of the agenda. Shown to the coach alone: it holds the title.

    `unsent` is "waiting" for what the server does not have yet, "conflict" for what a person must decide about.
    """

    id: str
    uid: str
    calendar: str
    start: datetime
    end: datetime
    all_day: bool
    stand: str
    title: str
    unsent: str = ""


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
    return tuple(problem for name in any_synced(wiring) for problem in read(wiring, name).news)


def agenda(wiring: Wiring, window: Window) -> list[Appointment]:
    """The appointments that touch the window, by start; `catch_up` first. Raises NotInitialised before any sync.

    What the server does not have yet is shown as the coach wants it; where that clashes with what the server has, the
    server's version is, which stays in place until a person decides.
    """
    return sorted(
        (line for calendar in any_synced(wiring) for line in _of_calendar(wiring, calendar, window)),
        key=lambda line: (line.start, line.end, line.title),
    )


def of_client(wiring: Wiring, code: str) -> list[Appointment]:
    """The appointments that are surely of a client, as they were last synced, by start; `catch_up` first. None before
    any sync."""
    found = []
    for calendar in synced(wiring):
        known = traits(wiring, calendar)
        his = lambda row, seen, known=known: traits_of(known, row, seen).whose.client == code  # noqa: E731
        found += [line for _, line in _copied(wiring, calendar, Copies(wiring.database, calendar), his)]
    return sorted(found, key=lambda line: (line.start, line.end, line.title))


def unreadable(wiring: Wiring) -> list[Unreadable]:
    """Every quarantined event; `catch_up` first. Raises NotInitialised before the first sync."""
    found = []
    for calendar in any_synced(wiring):
        copies = Copies(wiring.database, calendar)
        bad = {copy.row: copy for copy in copies.all() if copy.code is not None}
        for row, body in copies.texts(bad):
            copy = bad[row]
            found.append(
                Unreadable(_name(wiring, copy), printable(copy.uid), calendar, copy.code or "", title(body, 0))
            )
    return found


def _of_calendar(wiring: Wiring, calendar: str, window: Window) -> Iterator[Appointment]:
    copies, edits = Copies(wiring.database, calendar), Edits(wiring.database, calendar).all()
    there = {copy.href: copy.row for copy in copies.at(edit.href for edit in edits)}
    disputed = {there[edit.href] for edit in edits if edit.clashes and edit.href in there}
    ours = [edit for edit in edits if there.get(edit.href) not in disputed]
    replaced = frozenset(there[edit.href] for edit in ours if edit.href in there)
    inside = lambda row, seen: row not in replaced and window.touches(seen.start, seen.end)  # noqa: E731
    for line in _copied(wiring, calendar, copies, inside):
        yield replace(line[1], unsent=CONFLICT) if line[0] in disputed else line[1]
    yield from _edited(wiring, calendar, ours, window)


def _edited(wiring: Wiring, calendar: str, edits: Iterable[Edit], window: Window) -> Iterator[Appointment]:
    texts = [(edit, edit.text) for edit in edits if edit.text is not None]
    own = wiring.addresses(wiring.config.calendars[calendar].account)
    for edit, reading in wiring.reader.read(texts, window, wiring.config.practice.timezone, own):
        for seen in reading.occurrences:
            if window.touches(seen.start, seen.end):
                name = short_id(wiring, edit.uid or edit.href)
                line = _line(name, edit.uid, calendar, seen, edit.text or b"")
                yield replace(line, unsent=CONFLICT if edit.clashes else WAITING)


def _copied(
    wiring: Wiring, calendar: str, copies: Copies, wanted: Callable[[int, Occurrence], bool]
) -> Iterator[tuple[int, Appointment]]:
    """The rows and lines of what the server has, as far as they are wanted."""
    shown: dict[int, list[Occurrence]] = {}
    for stored in copies.readings():
        inside = [seen for seen in stored.reading.occurrences if wanted(stored.row, seen)]
        if inside:
            shown[stored.row] = inside
    known = {copy.row: copy for copy in copies.all() if copy.row in shown}
    for row, body in copies.texts(shown):
        copy = known[row]
        for seen in shown[row]:
            yield row, _line(_name(wiring, copy), copy.uid, calendar, seen, body)


def _line(name: str, uid: str, calendar: str, seen: Occurrence, body: bytes) -> Appointment:
    return Appointment(
        name,
        printable(uid),
        calendar,
        seen.start,
        seen.end,
        seen.all_day,
        seen.stand.value,
        title(body, seen.component),
    )


def _name(wiring: Wiring, copy: Copy) -> str:
    return short_id(wiring, copy.uid or copy.href)


def title(body: bytes, ordinal: int) -> str:
    """The SUMMARY of the object's VEVENT of this ordinal, "" where there is none or the object is broken."""
    seen, open_event = -1, False
    for line in contentline.parse(contentline.decode(body)):
        if line.name in ("BEGIN", "END") and line.value.strip().upper() == "VEVENT":
            open_event = line.name == "BEGIN"
            seen += open_event
        elif open_event and seen == ordinal and line.name == "SUMMARY":
            return printable(contentline.unescape(line.value))
    return ""
