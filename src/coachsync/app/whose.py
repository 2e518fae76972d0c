"""Whose the appointments of a calendar are, and what else shares choose by: kept until a text or the clients change."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping

from coachsync import contentline
from coachsync.adapters.database import Copies, Copy
from coachsync.adapters.database.clients import KEPT_OUT
from coachsync.adapters.database.traits import Of, StoredTraits
from coachsync.app.wiring import Wiring
from coachsync.clients.directory import Directory
from coachsync.clients.facts import Facts, facts
from coachsync.clients.matching import Matcher
from coachsync.model import Occurrence, Traits, Whose

_READER = "3"  # another number reads everything again
_UNKNOWN = Traits()


def traits(wiring: Wiring, calendar: str) -> Mapping[int, Of]:
    """The traits of every copy of a calendar, by row, one for each VEVENT; what has changed is read first. What was
    known of a client who cannot be read just now stays."""
    stored, directory = StoredTraits(wiring.database, calendar), wiring.clients.directory()
    own = wiring.addresses(wiring.config.calendars[calendar].account)
    assigned = wiring.clients.assigned(calendar)
    frame = _frame(wiring, directory, own, assigned)
    stale = stored.stale(frame)
    if stale:
        unread = frozenset(wiring.clients.unreadable())
        before = _named(stored.all(), unread) if unread else {}
        stored.record(frame, _read(wiring, calendar, stale, directory, own, assigned, before))
    return stored.all()


def traits_of(known: Mapping[int, Of], row: int, occurrence: Occurrence) -> Traits:
    """Those of the VEVENT that an occurrence of this row comes from; of one whose text says nothing, nobody's."""
    of_row = known.get(row, ())
    return of_row[occurrence.component] if occurrence.component < len(of_row) else _UNKNOWN


def name_of(copy: Copy) -> str:
    """By what the coach's word on an appointment is kept: its UID, else its href."""
    return copy.uid or copy.href


def facts_of(body: bytes, own: frozenset[str], clients: frozenset[str]) -> tuple[Facts, ...]:
    """What the text of an object says about the others in it; `own` are the coach's addresses, `clients` those of the
    directory."""
    return facts(contentline.decode(body), own, clients)


def _read(
    wiring: Wiring,
    calendar: str,
    rows: list[int],
    directory: Directory,
    own: frozenset[str],
    assigned: Mapping[bytes, str],
    before: Mapping[int, frozenset[str]],
) -> Iterator[tuple[int, Of]]:
    """`before`: the clients whom an appointment named, and for whom nobody can look now."""
    copies, matcher, clients = Copies(wiring.database, calendar), Matcher(directory), directory.addresses()
    uids = {copy.row: wiring.clients.blind(name_of(copy)) for copy in copies.some(rows)} if assigned else {}
    decided = {row: assigned[uid] for row, uid in uids.items() if uid in assigned}
    for row, body in copies.texts(rows):
        said = _decided(decided[row]) if row in decided else None
        lost = before.get(row, frozenset())
        yield row, tuple(_traits(one, said or _or(matcher.whose(one), lost)) for one in facts_of(body, own, clients))


def _named(known: Mapping[int, Of], clients: frozenset[str]) -> dict[int, frozenset[str]]:
    """Which of these clients each row names, surely or perhaps."""
    return {row: clients & frozenset().union(*(one.whose.candidates for one in of)) for row, of in known.items()}


def _or(whose: Whose, clients: frozenset[str]) -> Whose:
    """The same, or perhaps of one of these."""
    return Whose(None, whose.candidates | clients) if clients else whose


def _decided(code: str) -> Whose:
    """What the coach said: this client's, or ("") nobody's; or what is left of an erased client who was kept out."""
    if code == KEPT_OUT:
        return Whose(None, frozenset({code}))
    return Whose(code, frozenset({code})) if code else Whose()


def _traits(one: Facts, whose: Whose) -> Traits:
    return Traits(whose, one.categories, one.visibility)


def _frame(wiring: Wiring, directory: Directory, own: frozenset[str], assigned: Mapping[bytes, str]) -> str:
    said = [directory.digest(), *sorted(own), *(f"{uid.hex()} {code}" for uid, code in sorted(assigned.items()))]
    digest = hashlib.sha256("\n".join(said).encode()).digest()
    return f"{_READER}/{wiring.database.key.blind('traits', digest.hex()).hex()}"
