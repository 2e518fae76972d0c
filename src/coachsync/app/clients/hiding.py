"""What stays of a client whom no share was to show, and who is erased: the appointments in the calendar, which no share
may show all at once because nobody knows any more whose they are."""

from __future__ import annotations

from contextlib import suppress

from coachsync.adapters.database import Copies
from coachsync.adapters.database.clients import KEPT_OUT
from coachsync.app.whose import name_of, traits
from coachsync.app.wiring import Wiring
from coachsync.errors import CoachsyncError


def keep_out(wiring: Wiring, code: str) -> None:
    """Note of each appointment that may be this client's, if the client was kept out of shares, that no share shows it;
    nothing of the note names the client. Done before the client is forgotten, and twice is once. Of one who cannot be
    read, as where an older database stands beside keys that were destroyed, nobody can tell: that one was kept out.

    What cannot be read keeps nobody from being erased: no share is made from a calendar of which a note does not open.
    """
    client = wiring.clients.directory().clients.get(code)
    if client is not None and not client.unshared:
        return
    for calendar in wiring.config.calendars:
        with suppress(CoachsyncError, ValueError):
            _hide(wiring, calendar, code)
    wiring.clients.keep_out(code)


def _hide(wiring: Wiring, calendar: str, code: str) -> None:
    known = traits(wiring, calendar)
    rows = [row for row, of in known.items() if any(code in (one.whose.client, *one.whose.candidates) for one in of)]
    for copy in list(Copies(wiring.database, calendar).some(rows)):
        wiring.clients.assign(calendar, name_of(copy), KEPT_OUT)
