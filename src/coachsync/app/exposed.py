"""Who else can see a source calendar: no redaction helps where the private calendar itself is shared."""

from __future__ import annotations

from collections.abc import Iterator

from coachsync.adapters.database import Copies
from coachsync.app.wiring import Wiring
from coachsync.model import Finding


def exposed(wiring: Wiring, calendar: str) -> Iterator[Finding]:
    """What the server tells about others who can see the calendar. Raises CoachsyncError when it cannot be asked."""
    where = f"calendars.{calendar}"
    endpoint = Copies(wiring.database, calendar).endpoint()
    if endpoint is None:
        return
    told = wiring.server(wiring.config.calendars[calendar].account).exposure(endpoint.url)
    if told.public:
        yield Finding("source-public", where, "the private calendar is open to everybody, or has a public link")
    if told.people:
        writers = f", of whom {told.writers} may change it" if told.writers else ""
        yield Finding("source-shared", where, f"the private calendar is shared with {told.people} others{writers}")
