"""The coach's appointments by whose they are: those for the coach to decide, and how many of one client are coming."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from coachsync.adapters.database import Copies, Edits
from coachsync.app.agenda import title
from coachsync.app.reading import any_synced, short_id, synced
from coachsync.app.whose import name_of, traits, traits_of
from coachsync.app.wiring import Wiring
from coachsync.model import EVERYTHING, Choice, Occurrence, Stand, Traits, Window
from coachsync.redaction.choosing import is_chosen
from coachsync.redaction.window import window
from coachsync.span import Span

_PAST, _AHEAD = Span(days=35), Span(months=12)
_TAKES_PLACE = frozenset((Stand.BUSY, Stand.FREE))


@dataclass(frozen=True, slots=True)
class Undecided:
    """An appointment, or all of a series, whose client is not sure. Shown to the coach alone: it holds the title.

    `start` is that of the next date that is not sure, else of the last one. `candidates` are codes, sorted.
    """

    id: str
    calendar: str
    start: datetime
    all_day: bool
    title: str
    candidates: tuple[str, ...]


def undecided(wiring: Wiring, calendar: str | None = None, *, nobody_known: bool = False) -> list[Undecided]:
    """The appointments of the last five weeks and the coming year whose client is not sure, by start; `agenda.catch_up`
    first. Those that name nobody known are left out, unless they are asked for, and so are those that the coach has
    decided about.

    Raises NotInitialised before any sync.
    """
    places = any_synced(wiring) if calendar is None else [calendar]
    found = (one for place in places for one in _of_calendar(wiring, place))
    return sorted((one for one in found if one.candidates or nobody_known), key=lambda one: (one.start, one.id))


def coming(wiring: Wiring, client: str) -> int | None:
    """How many dates of the coming year are surely of this client, by its code; None while a calendar that was synced
    has not been read, or none was synced. Reads nothing."""
    places = synced(wiring)
    if not places or any(Copies(wiring.database, place).unread() for place in places):
        return None
    ahead = replace(_window(wiring), start=wiring.now)
    return sum(
        found.whose.client == client
        for place in places
        for _, _, found in _taking_place(wiring, place, ahead, _deleted(wiring, place))
    )


def _of_calendar(wiring: Wiring, calendar: str) -> Iterator[Undecided]:
    copies, dates = Copies(wiring.database, calendar), dict[int, list[tuple[Occurrence, frozenset[str]]]]()
    for row, occurrence, found in _taking_place(wiring, calendar, _window(wiring), _deleted(wiring, calendar)):
        if found.whose.client is None:
            dates.setdefault(row, []).append((occurrence, found.whose.candidates))
    assigned, blind = wiring.clients.assigned(calendar), wiring.clients.blind
    names = {copy.row: name_of(copy) for copy in copies.some(dates)}
    waiting = [row for row, name in names.items() if blind(name) not in assigned]
    for row, body in copies.texts(waiting):
        when = _next((occurrence for occurrence, _ in dates[row]), wiring.now)
        candidates = frozenset[str]().union(*(some for _, some in dates[row]))
        yield Undecided(
            short_id(wiring, names[row]),
            calendar,
            when.start,
            when.all_day,
            title(body, when.component),
            tuple(sorted(candidates)),
        )


def _taking_place(
    wiring: Wiring, calendar: str, frame: Window, without: Collection[int]
) -> Iterator[tuple[int, Occurrence, Traits]]:
    """Row, occurrence and traits of all that takes place in the frame and is of the categories of the calendar."""
    known, own = traits(wiring, calendar), wiring.config.calendars[calendar].categories
    categories = EVERYTHING if own is None else Choice(own)
    for stored in Copies(wiring.database, calendar).readings():
        for occurrence in stored.reading.occurrences if stored.row not in without else ():
            found = traits_of(known, stored.row, occurrence)
            if (
                occurrence.stand in _TAKES_PLACE
                and frame.touches(occurrence.start, occurrence.end)
                and is_chosen(found, EVERYTHING, categories)
            ):
                yield stored.row, occurrence, found


def _deleted(wiring: Wiring, calendar: str) -> frozenset[int]:
    """The rows of what the coach has deleted, though the calendar does not know yet."""
    edits = Edits(wiring.database, calendar).all()
    gone = [edit.href for edit in edits if edit.text is None and not edit.clashes]
    return frozenset(copy.row for copy in Copies(wiring.database, calendar).at(gone))


def _window(wiring: Wiring) -> Window:
    return window(wiring.now.astimezone(wiring.zone).date(), _PAST, _AHEAD, wiring.zone)


def _next(dates: Iterable[Occurrence], now: datetime) -> Occurrence:
    """The first that is not over, else the last."""
    known = sorted(dates)
    return next((one for one in known if one.end > now), known[-1])
