"""Who else can see a source calendar: no redaction helps where the private calendar itself is shared."""

from __future__ import annotations

from collections.abc import Iterator

from coachsync.adapters.database import Copies
from coachsync.app.wiring import Wiring
from coachsync.model import Finding
from coachsync.phrases import say, say_count


def exposed(wiring: Wiring, calendar: str) -> Iterator[Finding]:
    """What the server tells about others who can see the calendar. Raises CoachsyncError when it cannot be asked."""
    where = f"calendars.{calendar}"
    endpoint = Copies(wiring.database, calendar).endpoint()
    if endpoint is None:
        return
    told = wiring.server(wiring.config.calendars[calendar].account).exposure(endpoint.url)
    if told.public:
        yield Finding("source-public", where, say("the private calendar is open to everybody, or has a public link"))
    if told.people:
        detail = say_count(
            "the private calendar is shared with {number} other",
            "the private calendar is shared with {number} others",
            told.people,
        )
        if told.writers:
            detail = say_count(
                "{shared}, of whom {number} may change it",
                "{shared}, of whom {number} may change it",
                told.writers,
                shared=detail,
            )
        yield Finding("source-shared", where, detail)
