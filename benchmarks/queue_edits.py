"""Changes that wait for the next sync, as the coach's commands leave them: `queue_edits.py CONFIG CALENDAR`."""

from __future__ import annotations

import sys
from datetime import UTC, datetime

import edit

from coachsync import config, contentline
from coachsync.adapters.database import Copies, Copy
from coachsync.app.queueing import queue, wanted
from coachsync.app.wiring import Wiring, open_wiring
from coachsync.errors import CoachsyncError


def main() -> None:
    settings, calendar = config.load(config.locate(sys.argv[1], {})), sys.argv[2]
    with open_wiring(settings, "benchmark", datetime.now(UTC)) as wiring:
        copies = sorted(Copies(wiring.database, calendar).all(), key=lambda copy: copy.href)
        for copy in copies[: edit.COUNT]:
            change(wiring, calendar, copy)


def change(wiring: Wiring, calendar: str, copy: Copy) -> None:
    """Queue another title; guests may hear of it where a server cannot be kept quiet: none here has a way to mail."""
    text = contentline.decode(wanted(wiring, calendar, copy.href) or b"")
    new = contentline.encode(edit.changed(text))
    try:
        queue(wiring, calendar, copy.href, copy.uid, new)
    except CoachsyncError as refused:
        if refused.code != "would-notify":
            raise
        queue(wiring, calendar, copy.href, copy.uid, new, notify=True)


if __name__ == "__main__":
    main()
