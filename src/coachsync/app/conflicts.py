"""Appointments that were changed on both sides: the server's version is in place, the coach's waits for a decision."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

from coachsync.adapters.database import Copies, Copy, Edit, Edits
from coachsync.adapters.database.removed import keep, of_calendar
from coachsync.app.wiring import Wiring

NOT_KEPT, TAKEN_BACK = "not-kept", "taken-back"  # why a version of the coach's is among what was removed


class Keep(StrEnum):
    """Which version stays."""

    LOCAL = "local"
    SERVER = "server"


@dataclass(frozen=True, slots=True)
class Conflict:
    """Both versions of one appointment; None where that side has deleted it. `clashes` say in what they differ."""

    calendar: str
    edit: Edit
    copy: Copy | None
    server: bytes | None

    @property
    def local(self) -> bytes | None:
        return self.edit.text


def conflicts(wiring: Wiring) -> tuple[Conflict, ...]:
    """Everything that waits for a decision, calendar by calendar."""
    return tuple(
        _conflict(wiring, calendar, edit)
        for calendar in wiring.config.calendars
        for edit in Edits(wiring.database, calendar).all()
        if edit.clashes
    )


def resolve(wiring: Wiring, conflict: Conflict, which: Keep) -> None:
    """Decide. The coach's version goes to the server at the next sync, in place of what was just compared; or it is
    taken back, and kept with what was deleted, as is what waited for it."""
    edits = Edits(wiring.database, conflict.calendar)
    with wiring.database.transaction():
        if which is Keep.LOCAL:
            edits.put(replace(conflict.edit, base=conflict.server, clashes=()))
        else:
            take_back(wiring, conflict.calendar, conflict.edit, NOT_KEPT)


def take_back(wiring: Wiring, calendar: str, edit: Edit, reason: str) -> None:
    """Drop an edit and those that wait for it. Their texts are kept for 30 days."""
    with wiring.database.transaction():
        if edit.text is not None:
            keep(wiring.database, of_calendar(calendar), reason, edit.href, edit.text, wiring.now)
        drop(wiring, calendar, edit, reason)


def drop(wiring: Wiring, calendar: str, edit: Edit, reason: str) -> None:
    """Drop an edit whose text is kept or not worth it, and take back those that wait for it."""
    edits = Edits(wiring.database, calendar)
    with wiring.database.transaction():
        for follower in edits.all():
            if follower.after == edit.row:
                take_back(wiring, calendar, follower, reason)
        if edit.row is not None:
            edits.drop([edit.row])


def _conflict(wiring: Wiring, calendar: str, edit: Edit) -> Conflict:
    copies = Copies(wiring.database, calendar)
    copy = next(iter(copies.at([edit.href])), None)
    server = None if copy is None else copies.text(copy)
    return Conflict(calendar, edit, copy, server)
