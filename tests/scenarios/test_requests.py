"""What a run asks of the servers and what it writes: nothing when nothing changed, one slot when one session moved."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from urllib.parse import urlsplit
from uuid import uuid4

import pytest

from accounts import Account
from scenario_practice import Practice, local, sessions, tomorrow
from servers import Recorder
from web import Web, slots_of

BY_CHANCE = 8  # hexadecimal digits in a row that two random names of 32 share less than once in a million


@pytest.mark.parametrize("calendars", [pytest.param(1, marks=pytest.mark.long), 2])
def test_p13_a_second_run_writes_nothing_and_asks_once_for_each_calendar(
    practice: Practice, account: Account, web: Web, recorder: Callable[[str], Recorder], calendars: int
) -> None:
    front = recorder(account.url)
    practice.account("cloud", account, front.url)
    sources = []
    for number in range(calendars):
        sources.append(web.make(account.new_calendar(), f"Coaching {uuid4().hex}"))
        web.put_all(sources[-1], sessions(8, hour=9 + 2 * number))
        practice.calendar(f"coaching{number}", "cloud", url=urlsplit(sources[-1]).path)
    shares = {f"share{number}": uuid4().hex for number in range(calendars)}
    for number, (share, name) in enumerate(shares.items()):
        feeding = [f"coaching{place}" for place in range(number + 1)]
        practice.share(share, feeding, f'account = "cloud", name = "{name}"', ("session", "busy")[number])
    first = practice.run_process("--json", "sync")
    assert first.code == 0
    assert front.count["MKCALENDAR"] == calendars
    assert front.count["PUT"] == sum(share["created"] for share in first.json["shares"].values()) >= 8 * calendars
    served = {name: web.objects(web.calendar(name)) for name in shares.values()}

    for command in (("--json", "sync"), ("share", "publish", "share0")):
        front.clear()
        again = practice.run_process(*command)
        # A person who publishes wants to know that all of it is there: the share is asked too.
        asked = sources if "sync" in command else [sources[0], web.calendar(shares["share0"])]
        assert again.code == 0
        assert [(request.method, urlsplit(request.path).path) for request in front.requests] == [
            ("REPORT", urlsplit(source).path) for source in asked
        ]
        assert front.connections == 1
    assert {name: web.objects(web.calendar(name)) for name in shares.values()} == served


def test_a_share_on_a_server_far_away_is_written_over_several_connections_once(
    practice: Practice, account: Account, web: Web, recorder: Callable[[str], Recorder]
) -> None:
    front = recorder(account.url)
    source, name = web.make(account.new_calendar(), "Coaching"), uuid4().hex
    web.put_all(source, sessions(24))
    practice.account("cloud", account, front.url)
    practice.calendar("coaching", "cloud", url=urlsplit(source).path)
    practice.share("office", ["coaching"], f'account = "cloud", name = "{name}"', "session")
    front.delay = 0.2  # many times what the server itself takes

    first = practice.run_process("--json", "sync")

    assert first.code == 0
    put = [request.path for request in front.requests if request.method == "PUT"]
    assert len(put) == len({*put}) == len(web.objects(web.calendar(name))) == 24
    assert front.connections > 2
    front.clear()
    assert practice.run_process("--json", "sync").code == 0
    assert front.methods == ["REPORT"]


def test_p13_a_moved_session_changes_one_slot_and_the_new_one_bears_no_trace_of_the_old(
    practice: Practice, account: Account, web: Web, recorder: Callable[[str], Recorder]
) -> None:
    front = recorder(account.url)
    source = web.make(account.new_calendar(), "Coaching")
    uid, name = str(uuid4()), f"Office {uuid4().hex}"
    assert web.put(f"{source}series.ics", _series(uid)).status == 201
    practice.account("cloud", account, front.url)
    practice.calendar("coaching", "cloud", url=urlsplit(source).path)
    practice.share("office", ["coaching"], f'account = "cloud", name = "{name}"', "session")
    assert practice.sync().code == 0
    before = web.objects(web.calendar(name))
    assert [slot[0] for slot in web.slots(web.calendar(name))] == [_week(week) for week in range(6)]
    front.clear()

    assert web.put(f"{source}series.ics", _series(uid, moved=3)).status in (201, 204)
    assert practice.sync().json["shares"]["office"] == {"created": 1, "deleted": 1, "held_back": 0}

    after = web.objects(web.calendar(name))
    (gone,), (new,) = before.keys() - after.keys(), after.keys() - before.keys()
    assert all(after[href] == body for href, body in before.items() if href != gone)
    assert [slot[0] for slot in slots_of(before[gone])] == [_week(3)]
    assert [slot[0] for slot in slots_of(after[new])] == [_week(3) + timedelta(days=1, hours=2)]
    assert (front.count["PUT"], front.count["DELETE"]) == (1, 1)
    old_names, new_names = _names(gone, before[gone]), _names(new, after[new])
    for old in (*old_names, uid.replace("-", "")):
        assert all(_shared(old, other) < BY_CHANCE for other in new_names)
    assert _shared(*new_names) < BY_CHANCE


def _week(number: int) -> datetime:
    return local(tomorrow() + timedelta(weeks=number), 10)


def _series(uid: str, moved: int | None = None) -> bytes:
    """Six weeks at ten in Paris; the session of week `moved` takes place a day and two hours later."""

    def event(day_and_hour: str, end: str, extra: str) -> str:
        return (
            f"BEGIN:VEVENT\r\nUID:{uid}\r\nDTSTAMP:20260101T000000Z\r\nDTSTART;TZID=Europe/Paris:{day_and_hour}\r\n"
            f"DTEND;TZID=Europe/Paris:{end}\r\nSUMMARY:Marguerite\r\n{extra}END:VEVENT\r\n"
        )

    first = tomorrow()
    text = event(f"{first:%Y%m%d}T100000", f"{first:%Y%m%d}T110000", "RRULE:FREQ=WEEKLY;COUNT=6\r\n")
    if moved is not None:
        was = first + timedelta(weeks=moved)
        now = was + timedelta(days=1)
        replaces = f"RECURRENCE-ID;TZID=Europe/Paris:{was:%Y%m%d}T100000\r\n"
        text += event(f"{now:%Y%m%d}T120000", f"{now:%Y%m%d}T130000", replaces)
    return f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Phone//EN\r\n{text}END:VCALENDAR\r\n".encode()


def _names(href: str, body: bytes) -> tuple[str, str]:
    """The UID and the address of a served object, without what all of them have."""
    (uid,) = re.findall(r"^UID:(\S+)", body.decode(), re.M)
    return uid.replace("-", ""), href.rpartition("/")[2].removesuffix(".ics")


def _shared(one: str, other: str) -> int:
    """The length of the longest piece that two names share."""
    assert len(one) >= 32 <= len(other)
    pieces = ((start, end) for start in range(len(one)) for end in range(start + 1, len(one) + 1))
    return max((end - start for start, end in pieces if one[start:end] in other), default=0)
