"""The coach's word on whose an appointment is: it counts more than all that the appointment says."""

from __future__ import annotations

from coachsync.app.appointments.finding import Found, find, matching
from coachsync.app.wiring import Wiring


def meant(wiring: Wiring, name: str, calendar: str | None = None) -> Found:
    """The appointment of this UID or short id. One that a calendar has several times over is one: the word holds for
    all of them. Raises as `find` does."""
    found = {(one.calendar, _name(one)): one for one in matching(wiring, name, calendar)}
    return next(iter(found.values())) if len(found) == 1 else find(wiring, name, calendar)


def decide(wiring: Wiring, found: Found, client: str | None) -> bool:
    """Keep the coach's word, for all dates of a series: whose it is by the client's code, NOBODY for nobody's, or None
    to take the word back. Whether that is another one than before; if not, nothing is written."""
    clients, name = wiring.clients, _name(found)
    if clients.assigned(found.calendar).get(clients.blind(name)) == client:
        return False
    if client is None:
        clients.unassign(found.calendar, name)
    else:
        clients.assign(found.calendar, name, client)
    return True


def _name(found: Found) -> str:
    """As `whose.name_of` names its copy."""
    return found.uid or found.href
