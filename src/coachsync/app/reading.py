"""Reading the copies of a calendar: what each says about time, kept until its text or the question changes."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta

from coachsync.adapters.database import Copies, Copy, Standing, StoredReading
from coachsync.app.outcome import Pulled
from coachsync.app.wiring import Wiring
from coachsync.errors import NotInitialised, Problem
from coachsync.model import Occurrence, Reading, Window
from coachsync.phrases import say
from coachsync.redaction.window import window
from coachsync.span import Span
from coachsync.sync import guard

_READER = "1"  # another number reads everything again
_AT_LEAST = (Span(months=2), Span(months=13))  # back and ahead, whatever the shares ask for
_BATCH = 200
MASS_UNREADABLE = "mass-unreadable"


@dataclass(frozen=True, slots=True)
class _Frame:
    """The question that a reading answers."""

    horizon: Window
    zone: str
    addresses: frozenset[str]

    def name(self, wiring: Wiring) -> str:
        who = wiring.database.key.blind("addresses", "\n".join(sorted(self.addresses))).hex()[:8]
        edges = f"{self.horizon.start:%Y%m%d}-{self.horizon.end:%Y%m%d}"
        return f"{_READER}/{edges}/{self.zone}/{who}"


def synced(wiring: Wiring) -> list[str]:
    """The calendars of which something has come in."""
    endpoints = {name: Copies(wiring.database, name).endpoint() for name in wiring.config.calendars}
    return [name for name, endpoint in endpoints.items() if endpoint is not None and endpoint.synced_at is not None]


def any_synced(wiring: Wiring) -> list[str]:
    """The same. Raises NotInitialised when there is none."""
    found = synced(wiring)
    if not found:
        raise NotInitialised("never-synced", say("Nothing has been synced yet."), say("Run: coachsync sync"))
    return found


def read(wiring: Wiring, calendar: str, *, accept_deletions: bool = False) -> Pulled:
    """Read every copy that changed since it was last read.

    When so many become unreadable at once that a server's fault is likelier than the coach's wish, their earlier
    readings stay in force, under the code "mass-unreadable", until they can be read again or `accept_deletions`.
    """
    copies = Copies(wiring.database, calendar)
    if copies.is_empty():
        return Pulled()
    frame = _frame(wiring, calendar)
    name = frame.name(wiring)
    before = copies.standings(name)
    again = {row for row, stood in before.items() if accept_deletions and stood.code == MASS_UNREADABLE}
    stale = [row for row, stood in before.items() if stood.frame != name or row in again]
    fresh = {stored.row: stored for stored in _fresh(wiring, calendar, copies, stale, frame, name)}
    for row, earlier in ({} if accept_deletions else _held(copies, fresh)).items():
        fresh[row] = StoredReading(row, name, Reading(earlier.occurrences, MASS_UNREADABLE))
    copies.record(fresh.values())
    news = {row: stored for row, stored in fresh.items() if _news(stored, before[row])}
    after = copies.standings(name) if fresh else before
    codes = {row: stood.code for row, stood in after.items() if stood.code is not None}
    held = frozenset(row for row, code in codes.items() if code == MASS_UNREADABLE)
    return Pulled(
        held=len(held),
        why=MASS_UNREADABLE if held else "",
        held_rows=held,
        quarantined=len(codes),
        news=tuple(_quarantine(wiring, calendar, copy, news[copy.row]) for copy in copies.some(news)),
    )


def _held(copies: Copies, fresh: Mapping[int, StoredReading]) -> dict[int, Reading]:
    """The rows whose new reading is held, with the earlier one: they became unreadable with too many others, now or in
    an earlier run."""
    unreadable = [row for row, stored in fresh.items() if _lost(stored)]
    if not unreadable:
        return {}
    before = {stored.row: stored.reading for stored in copies.readings() if stored.reading.occurrences}
    lost = {row: before[row] for row in unreadable if row in before}
    if guard.refuses(len(before), len(lost)):
        return lost
    return {row: reading for row, reading in lost.items() if reading.code == MASS_UNREADABLE}


def occurrences(wiring: Wiring, calendar: str, without: frozenset[int] = frozenset()) -> list[Occurrence]:
    """Every occurrence read from the calendar's copies, leaving out some rows."""
    return [
        occurrence
        for stored in Copies(wiring.database, calendar).readings()
        if stored.row not in without
        for occurrence in stored.reading.occurrences
    ]


def short_id(wiring: Wiring, uid: str) -> str:
    """Five letters and digits by which a person names an appointment: the same for the same UID, and only here."""
    return base64.b32encode(wiring.database.key.blind("appointment", uid)).decode()[:5]


def horizon(wiring: Wiring, today: date) -> Window:
    """How far events are expanded: what any share may ask for, in whole months so that it moves once a month."""
    spans = [(share.profile.past, share.profile.future) for share in wiring.config.shares.values()] + [_AT_LEAST]
    before = today.replace(day=1) - timedelta(days=1)  # a day to spare at both ends: rounding reaches an hour further
    after = (today.replace(day=28) + timedelta(days=7)).replace(day=1)
    first = min(past.before(before) for past, _ in spans).replace(day=1)
    last = (max(future.after(after) for _, future in spans).replace(day=28) + timedelta(days=7)).replace(day=1)
    return replace(window(first, Span(), Span(), wiring.zone), end=window(last, Span(), Span(), wiring.zone).start)


def _frame(wiring: Wiring, calendar: str) -> _Frame:
    today = wiring.now.astimezone(wiring.zone).date()
    account = wiring.config.calendars[calendar].account
    return _Frame(horizon(wiring, today), wiring.config.practice.timezone, wiring.addresses(account))


def _fresh(
    wiring: Wiring, calendar: str, copies: Copies, stale: Iterable[int], frame: _Frame, name: str
) -> list[StoredReading]:
    rows = list(stale)
    if not rows:
        return []
    found = []
    for row, reading in wiring.reader.read(copies.texts(rows), frame.horizon, frame.zone, frame.addresses):
        found.append(StoredReading(row, name, reading))
        if len(found) % _BATCH == 0 or len(found) == len(rows):
            wiring.progress(say("{calendar} (reading)", calendar=f"calendars.{calendar}"), len(found), len(rows))
    return found


def _lost(stored: StoredReading) -> bool:
    return stored.reading.code is not None and not stored.reading.occurrences


def _news(stored: StoredReading, before: Standing) -> bool:
    return stored.reading.code not in (None, MASS_UNREADABLE, before.code)


def _quarantine(wiring: Wiring, calendar: str, copy: Copy, stored: StoredReading) -> Problem:
    return Problem(
        f"event-{stored.reading.code}",
        f"calendars.{calendar}/{short_id(wiring, copy.uid or copy.href)}",
        say("An event cannot be read as it should be; its times are published. The others go on.")
        if stored.reading.occurrences
        else say("An event cannot be read as it should be; it is not published. The others go on."),
        say("`coachsync agenda --unreadable` names it; open it in your calendar and save it again, or delete it."),
    )
