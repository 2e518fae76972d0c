"""Putting the coach's changes where the next sync finds them: no network."""

from __future__ import annotations

import uuid
from dataclasses import replace
from urllib.parse import urljoin, urlsplit

from coachsync.adapters.database import Copies, Edit, Edits
from coachsync.adapters.database.removed import keep, of_calendar
from coachsync.app.conflicts import TAKEN_BACK, drop
from coachsync.app.quietly import refuse_loud
from coachsync.app.wiring import Wiring
from coachsync.errors import CoachsyncError, NotInitialised
from coachsync.phrases import say
from coachsync.sync.decide import side
from coachsync.sync.sameness import same


def wanted(wiring: Wiring, calendar: str, href: str) -> bytes | None:
    """An object as the coach wants it: with the changes that the server does not have yet; None when there is none."""
    edit = Edits(wiring.database, calendar).at(href)
    if edit is not None:
        return edit.text
    copies = Copies(wiring.database, calendar)
    return next((copies.text(copy) for copy in copies.at([href])), None)


def queue(
    wiring: Wiring,
    calendar: str,
    href: str,
    uid: str,
    text: bytes | None,
    *,
    notify: bool = False,
    after: Edit | None = None,
) -> Edit | None:
    """Let an object become `text` (None: let it be deleted) at the next sync, once `after` is sent.

    A further change of an object keeps what the first one was made from; what ends where it began needs no sending, and
    is None. Each change decides anew whether somebody may be told, for all that is not sent yet of the object. Raises
    NotInitialised before the calendar's first sync, CoachsyncError while a conflict is open about it, and when its
    server would tell somebody of it and no person has asked for that (`notify`).
    """
    edits, copies = Edits(wiring.database, calendar), Copies(wiring.database, calendar)
    if copies.endpoint() is None:
        raise never_synced(calendar)
    with wiring.database.transaction():
        before = edits.at(href)
        if before is not None and before.clashes:
            raise undecided()
        base = before.base if before is not None else wanted(wiring, calendar, href)
        if not notify:
            refuse_loud(wiring, calendar, base, text)
        if before is not None and before.text is not None and text is None:
            # What no server has yet would be nowhere.
            keep(wiring.database, of_calendar(calendar), "deleted", href, before.text, wiring.now)
        if before is not None and same(side(base), side(text)):
            drop(wiring, calendar, before, TAKEN_BACK)
            return None
        if before is not None:
            return edits.put(replace(before, text=text, notify=notify, refusals=0))
        made_at = int(wiring.now.timestamp())
        first = after.row if after is not None else None
        elsewhere = _elsewhere(wiring, calendar, uid) if base is not None else ()
        return edits.put(Edit(href, uid, text, base, made_at, notify=notify, after=first, elsewhere=elsewhere))


def _elsewhere(wiring: Wiring, calendar: str, uid: str) -> tuple[str, ...]:
    """The other calendars that have an appointment of this UID."""
    others = (name for name in wiring.config.calendars if name != calendar)
    return tuple(name for name in others if uid and Copies(wiring.database, name).holds([uid]))


def new_href(wiring: Wiring, calendar: str) -> str:
    """An address for a new object of a calendar. Raises NotInitialised before the calendar's first sync."""
    endpoint = Copies(wiring.database, calendar).endpoint()
    if endpoint is None:
        raise never_synced(calendar)
    return urlsplit(urljoin(endpoint.url, f"{uuid.uuid4()}.ics")).path


def never_synced(calendar: str) -> NotInitialised:
    """Nothing is known of a calendar yet."""
    return NotInitialised(
        "never-synced",
        say("This calendar has not been synced yet."),
        say("Run: coachsync sync"),
        where=f"calendars.{calendar}",
    )


def undecided() -> CoachsyncError:
    """A conflict is open about an appointment that is to be changed further."""
    return CoachsyncError(
        "conflict-open",
        say("This appointment was changed both here and in the calendar; that must be decided first."),
        say("Run: coachsync conflict list"),
    )
