"""Changes that wait for the next sync, as the coach's commands leave them: `queue_edits.py CONFIG CALENDAR`."""

from __future__ import annotations

import sys
from datetime import UTC, datetime

import edit

from coachsync import config, contentline
from coachsync.adapters.database import Copies
from coachsync.app.queueing import queue, wanted
from coachsync.app.wiring import open_wiring


def main() -> None:
    settings, calendar = config.load(config.locate(sys.argv[1], {})), sys.argv[2]
    with open_wiring(settings, "benchmark", datetime.now(UTC)) as wiring:
        copies = sorted(Copies(wiring.database, calendar).all(), key=lambda copy: copy.href)
        for copy in copies[: edit.COUNT]:
            text = contentline.decode(wanted(wiring, calendar, copy.href) or b"")
            queue(wiring, calendar, copy.href, copy.uid, contentline.encode(edit.changed(text)))


if __name__ == "__main__":
    main()
