"""Who else can see a source calendar: no redaction helps where the private calendar itself is shared."""

from __future__ import annotations

from collections.abc import Iterator

from coachsync.adapters.database import Copies
from coachsync.app.wiring import Wiring
from coachsync.errors import CoachsyncError
from coachsync.model import Exposure, Finding


def exposed(wiring: Wiring, calendar: str) -> Iterator[Finding]:
    """What the server tells about others who can see the calendar; a finding too when it cannot be asked."""
    where = f"calendars.{calendar}"
    endpoint = Copies(wiring.database, calendar).endpoint()
    if endpoint is None:
        return
    try:
        told = wiring.server(wiring.config.calendars[calendar].account).exposure(endpoint.url)
    except CoachsyncError as problem:
        yield Finding("source-not-asked", where, f"the server did not say who else can see it: {problem.code}")
        return
    yield from _findings(told, where)


def _findings(told: Exposure, where: str) -> Iterator[Finding]:
    if told.public:
        yield Finding("source-public", where, "the private calendar is open to everybody, or has a public link")
    if told.people:
        writers = f", of whom {told.writers} may change it" if told.writers else ""
        yield Finding("source-shared", where, f"the private calendar is shared with {told.people} others{writers}")
