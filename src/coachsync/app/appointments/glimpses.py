"""What the coach recognises an appointment by, for lists on their own terminal: a date and the title."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from coachsync import contentline
from coachsync.app.agenda import title
from coachsync.app.appointments.plans import Change
from coachsync.app.reading import horizon
from coachsync.app.wiring import Wiring
from coachsync.model import Occurrence, Window

_START = re.compile(r"([0-9]{4})([0-9]{2})([0-9]{2})", re.ASCII)
_AROUND = timedelta(days=3)


@dataclass(frozen=True, slots=True)
class Glimpse:
    """A date of an appointment, the next one where there is one ahead, None where none can be read; and its title."""

    date: Occurrence | None
    title: str


def glimpses(wiring: Wiring, calendar: str, texts: Sequence[bytes]) -> list[Glimpse]:
    """A glimpse of each text."""
    ahead = horizon(wiring, wiring.now.astimezone(wiring.zone).date())
    found = []
    for text, near in zip(texts, _dates(wiring, calendar, texts, ahead), strict=True):
        dates = near or _around_start(wiring, calendar, text)
        coming = [one for one in dates if one.end > wiring.now]
        date = min(coming) if coming else max(dates, default=None)
        found.append(Glimpse(date, title(text, date.component if date else 0)))
    return found


def glimpse(wiring: Wiring, calendar: str, text: bytes) -> Glimpse:
    """A glimpse of one text."""
    return glimpses(wiring, calendar, [text])[0]


def differences(wiring: Wiring, calendar: str, before: Sequence[bytes], after: Sequence[bytes]) -> tuple[Change, ...]:
    """The dates that only one of two versions has, in order, as far as anything is looked at.

    Where each has one, that is one change.
    """
    windows = [horizon(wiring, wiring.now.astimezone(wiring.zone).date())]
    windows += [where for text in (*before, *after) if (where := _stated(text)) is not None]
    gone: set[Occurrence] = set()
    came: set[Occurrence] = set()
    for where in windows:
        old, new = (Counter(_plain(_dates(wiring, calendar, side, where))) for side in (before, after))
        gone |= (old - new).keys()
        came |= (new - old).keys()
    if len(gone) == len(came) == 1:
        return (Change(gone.pop(), came.pop()),)
    changes = [Change(one, None) for one in gone] + [Change(None, one) for one in came]
    return tuple(sorted(changes, key=lambda change: (change.before or change.after, change.before is None)))


def _dates(wiring: Wiring, calendar: str, texts: Sequence[bytes], where: Window) -> list[list[Occurrence]]:
    known = wiring.config.calendars.get(calendar)
    own = frozenset() if known is None else wiring.addresses(known.account)
    read = wiring.reader.read(enumerate(texts), where, wiring.config.practice.timezone, own)
    return [[one for one in reading.occurrences if where.touches(one.start, one.end)] for _, reading in read]


def _plain(found: Iterable[Iterable[Occurrence]]) -> list[Occurrence]:
    return [Occurrence(one.start, one.end, one.all_day, one.stand) for dates in found for one in dates]


def _around_start(wiring: Wiring, calendar: str, text: bytes) -> list[Occurrence]:
    where = _stated(text)
    return [] if where is None else _dates(wiring, calendar, [text], where)[0]


def _stated(text: bytes) -> Window | None:
    """Some days around the first DTSTART of an event; None where there is none."""
    inside = False
    for line in contentline.lines(contentline.decode(text)):
        if line.name in ("BEGIN", "END") and line.value.strip().upper() == "VEVENT":
            inside = line.name == "BEGIN"
        elif inside and line.name == "DTSTART" and (found := _START.match(line.value.strip())):
            try:
                day = datetime(int(found[1]), int(found[2]), int(found[3]), tzinfo=UTC)
                return Window(day - _AROUND, day + _AROUND)
            except (ValueError, OverflowError):
                return None
    return None
