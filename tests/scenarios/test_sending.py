"""What the coach has changed here, sent to real servers in one run."""

from __future__ import annotations

from datetime import UTC, datetime
from urllib.parse import urlsplit

import pytest

from accounts import Account
from coachsync import config, contentline
from coachsync.app.queueing import queue, wanted
from coachsync.app.wiring import open_wiring
from scenario_practice import Practice, sessions
from web import Web

pytestmark = pytest.mark.servers


def test_many_changes_in_one_run_all_arrive_and_the_next_run_has_nothing_to_do(
    practice: Practice, account: Account, web: Web
) -> None:
    calendar = web.make(account.new_calendar(), "Coaching")
    web.put_all(calendar, sessions(12, hour=9))
    practice.account("cloud", account)
    practice.calendar("coaching", "cloud", url=urlsplit(calendar).path)
    assert practice.sync().code == 0
    with open_wiring(config.load(practice.file), "test", datetime.now(UTC)) as wiring:
        for number in range(12):
            href = urlsplit(f"{calendar}s{number}.ics").path
            text = contentline.decode(wanted(wiring, "coaching", href) or b"")
            new = text.replace("BEGIN:VEVENT", f"BEGIN:VEVENT\r\nLOCATION:Salle {number}")
            queue(wiring, "coaching", href, contentline.uid(new.encode()), new.encode())

    done = practice.sync()

    assert (done.code, done.codes) == (0, [])
    assert done.json["calendars"]["coaching"]["pushed"]["changed"] == 12
    for number in range(12):
        assert f"LOCATION:Salle {number}\r\n" in web.ask("GET", f"{calendar}s{number}.ics").text
    again = practice.sync()
    assert again.code == 0
    assert set(again.json["calendars"]["coaching"]["pushed"].values()) == {0}
