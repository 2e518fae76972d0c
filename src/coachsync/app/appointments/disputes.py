"""Conflicts as a person sees them: what each side has."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from coachsync.app.appointments.finding import in_several, known_calendar
from coachsync.app.appointments.glimpses import Glimpse, differences, glimpse
from coachsync.app.conflicts import Conflict, conflicts
from coachsync.app.reading import short_id
from coachsync.app.wiring import Wiring
from coachsync.errors import UsageError
from coachsync.phrases import say


@dataclass(frozen=True, slots=True)
class Dispute:
    """One conflict under the short id of its appointment. A side is None where it has deleted the appointment."""

    id: str
    conflict: Conflict
    local: Glimpse | None
    server: Glimpse | None


def disputes(wiring: Wiring) -> list[Dispute]:
    """Everything that waits for a decision, with the dates in which the sides differ where they do."""
    return [_dispute(wiring, conflict) for conflict in conflicts(wiring)]


def named(wiring: Wiring, name: str, calendar: str | None = None) -> Dispute:
    """The conflict about the appointment of this UID or short id. Raises UsageError when there is not exactly one."""
    if calendar is not None:
        known_calendar(wiring, calendar)
    found = [
        conflict
        for conflict in conflicts(wiring)
        if (conflict.edit.uid == name or _id(wiring, conflict) == name.strip().upper())
        and calendar in (None, conflict.calendar)
    ]
    if not found:
        raise UsageError(
            "no-such-conflict",
            say("No conflict about an appointment of that id waits for a decision."),
            say("To see them, run: coachsync conflict list"),
        )
    if len(found) > 1:
        raise in_several({conflict.calendar for conflict in found})
    return _dispute(wiring, found[0])


def _id(wiring: Wiring, conflict: Conflict) -> str:
    return short_id(wiring, conflict.edit.uid or conflict.edit.href)


def _dispute(wiring: Wiring, conflict: Conflict) -> Dispute:
    ours, theirs = _texts(conflict.local), _texts(conflict.server)
    differ = differences(wiring, conflict.calendar, ours, theirs)
    here = next((change.before for change in differ if change.before is not None), None)
    there = next((change.after for change in differ if change.after is not None), None)
    sides = []
    for texts, date in ((ours, here), (theirs, there)):
        seen = glimpse(wiring, conflict.calendar, texts[0]) if texts else None
        sides.append(seen if seen is None or date is None else replace(seen, date=date))
    return Dispute(_id(wiring, conflict), conflict, *sides)


def _texts(text: bytes | None) -> Sequence[bytes]:
    return [] if text is None else [text]
