"""Events that no program should meet: each is quarantined or read, the good ones beside it are published, in time."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from urllib.parse import unquote
from uuid import uuid4

import pytest

from accounts import Account
from cli_desk import NAME, Desk, event, fill, tomorrow
from coachsync.adapters.caldav import transport
from davscript import about, asked_hrefs, asked_token, collection, multistatus
from servers import Reply, Request, Scripted

Script = Callable[..., Scripted]

BOUND = 12.0  # seconds for a sync with any one of them, on a busy machine
FOLDED = "\r\n "


def dates(count: int) -> str:
    first = datetime(2026, 1, 1, tzinfo=UTC)
    return "".join(f"RDATE:{first + timedelta(hours=n):%Y%m%dT%H%M%SZ}\r\n" for n in range(count))


def bad(extra: str = "") -> bytes:
    return event("bad", extra=extra)


TWO_UIDS = bad().replace(
    b"END:VCALENDAR",
    b"BEGIN:VEVENT\r\nUID:second\r\nDTSTAMP:20260101T000000Z\r\n"
    b"DTSTART:20270101T090000Z\r\nSUMMARY:Marguerite\r\nEND:VEVENT\r\nEND:VCALENDAR",
)

# The object, and how the program sees it: a code of quarantine, or None when it can be read as it is meant
EVENTS: dict[str, tuple[bytes, str | None]] = {
    "truncated": (bad()[:-40], "not-a-calendar"),
    "cut-in-time": (bad()[:120], "not-a-calendar"),
    "no-start": (bad().replace(b"DTSTART", b"X-START"), "no-start"),
    "secondly": (bad("RRULE:FREQ=SECONDLY\r\n"), "rule-too-frequent"),
    "minutely": (event("bad", datetime(2020, 1, 1, tzinfo=UTC), extra="RRULE:FREQ=MINUTELY\r\n"), "rule-too-frequent"),
    "never": (bad("RRULE:FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30\r\n"), "too-slow"),
    "rdates": (bad(dates(100_000)), "too-many-dates"),
    "one-line-of-rdates": (
        bad("RDATE:" + ",".join("20260101T000000Z" for _ in range(100_000)) + "\r\n"),
        "too-many-dates",
    ),
    "two-uids": (TWO_UIDS, "two-uids"),
    "control": (bad("DESCRIPTION:secret-note\x00\x08\x1b[2J\r\n"), "damaged-text"),
    "control-in-time": (bad().replace(b"DTSTART:", b"DTSTART:\x01"), "damaged-text"),
    "invalid-utf-8": (bad("DESCRIPTION:secret-note ").replace(b"note ", b"note \xff\xc3\x28\r\n"), "damaged-text"),
    "invalid-utf-8-uid": (bad().replace(b"UID:bad", b"UID:b\xff\xfead"), "damaged-text"),
    "invalid-utf-8-title": (bad().replace(b"SUMMARY:", b"SUMMARY:\xe9t\xe9 "), "damaged-text"),
    "empty": (b"", "not-a-calendar"),
    "html": (b"<html><body>secret-note</body></html>", "not-a-calendar"),
    "no-event": (b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nEND:VCALENDAR\r\n", "no-event"),
    "nested": (b"BEGIN:VCALENDAR\r\n" * 5_000, "not-a-calendar"),
    "huge-number": (bad("RRULE:FREQ=DAILY;COUNT=999999999999999999999\r\n"), "bad-rule"),
    "far-year": (bad().replace(b"DTSTART:2", b"DTSTART:9"), None),
    "long-description": (bad("DESCRIPTION:" + "x" * (10 << 20) + "\r\n"), None),
    "folded-attachment": (
        bad("ATTACH;ENCODING=BASE64;VALUE=BINARY:" + FOLDED.join("QUJD" * 18 for _ in range(140_000)) + "\r\n"),
        None,
    ),
}
SLOW = {"rdates", "folded-attachment", "long-description"}  # to read
LOOSE = {"rdates", "one-line-of-rdates", "never", "far-year", "folded-attachment", "control-in-time", "cut-in-time"}


def named(name: str) -> bytes:
    """The object with a UID of its own."""
    return EVENTS[name][0].replace(b"UID:b", f"UID:{name}-b".encode())


# --- a server that serves any bytes ---------------------------------------------------------------------------------


class Canned:
    """One calendar, "Coaching", whose objects are any bytes; read-only, as another vendor's server may be."""

    home = "/dav/alice/coaching/"

    def __init__(self, objects: Mapping[str, bytes]) -> None:
        self.objects = {f"{self.home}{name}.ics": body for name, body in objects.items()}

    def __call__(self, request: Request) -> Reply:
        path = unquote(request.path)
        if request.method == "GET":
            body = self.objects.get(path)
            headers = {"ETag": self.etag(path), "Content-Type": "text/calendar"}
            return Reply(404) if body is None else Reply(200, body, headers)
        if request.method == "PROPFIND" and path == self.home:
            return multistatus(about(path, "<resourcetype><collection/><C:calendar/></resourcetype>"))
        if request.method == "PROPFIND":
            return collection(request)
        if request.method == "OPTIONS":
            return Reply(200, b"", {"DAV": "1, calendar-access"})
        assert request.method == "REPORT"
        if asked_token(request) is not None:
            known = asked_token(request) == "urn:7"
            listed = [] if known else [self.member(href) for href in self.objects]
            return multistatus(*listed, token="urn:7")
        return self.multiget(asked_hrefs(request))

    def etag(self, href: str) -> str:
        return f'"{hashlib.sha256(self.objects.get(href, b"")).hexdigest()[:16]}"'

    def member(self, href: str) -> str:
        return about(href, f"<getetag>{self.etag(href)}</getetag>")

    def multiget(self, wanted: list[str]) -> Reply:
        """The texts as they are, in CDATA: bytes that XML does not know make all of it unreadable."""
        start, end = multistatus().body.split(b"</multistatus>")[0], b"</multistatus>"
        parts = [
            f"<response><href>{href}</href><propstat><prop><getetag>{self.etag(href)}</getetag><C:calendar-data>"
            "<![CDATA[".encode()
            + self.objects[href]
            + b"]]></C:calendar-data></prop>"
            b"<status>HTTP/1.1 200 OK</status></propstat></response>"
            for href in wanted
            if href in self.objects
        ]
        return Reply(207, start + b"".join(parts) + end, {"Content-Type": "application/xml; charset=utf-8"})


def good() -> dict[str, bytes]:
    return {f"good-{n}": event(f"good-{n}", tomorrow(1 + n)) for n in range(5)}


@pytest.fixture
def served(desk: Desk, scripted: Script) -> Callable[[Mapping[str, bytes]], Desk]:
    """A desk that reads a server of any bytes and publishes on a real one."""

    def start(objects: Mapping[str, bytes]) -> Desk:
        source = scripted(Canned(objects)).url
        desk.text += f'[accounts.vendor]\nurl = "{source}"\nusername = "alice"\n'
        desk.text = desk.text.replace('account = "cloud"\nname = "Coaching"', 'account = "vendor"\nname = "Coaching"')
        return desk

    return start


@contextmanager
def bounded(seconds: float = BOUND) -> Iterator[None]:
    began = time.monotonic()
    yield
    assert time.monotonic() - began < seconds


def starts(objects: Iterable[bytes]) -> set[str]:
    lines = [line for body in objects for line in body.decode().split("\r\n")]
    return {line.partition(":")[2] for line in lines if line.startswith("DTSTART")}


def published(desk: Desk) -> set[str]:
    """When the slots begin that the share serves."""
    return starts(desk.storage.objects("Office").values())


@pytest.mark.parametrize("name", [pytest.param(one, marks=pytest.mark.long) if one in SLOW else one for one in EVENTS])
def test_p02_a_bad_event_stops_no_good_one(name: str, served: Callable[[Mapping[str, bytes]], Desk]) -> None:
    body, code = EVENTS[name]
    sound = good()
    desk = served(sound | {"bad": body})
    with bounded():
        first = desk.json("sync")
    quarantined = first.document["quarantined"]
    if code is not None or quarantined:
        assert (first.code, quarantined, len(first.codes)) == (3, 1, 1)
        (problem,) = first.document["problems"]
        assert problem["where"].startswith("calendars.coaching/")
        assert "agenda --unreadable" in problem["hint"]
        if name not in LOOSE:
            assert problem["code"] == f"event-{code}"
    else:
        assert (first.code, first.codes) == (0, [])
    assert published(desk) >= starts(sound.values())

    second = desk.json("sync")
    assert (second.code, second.document["quarantined"], second.codes) == (0, quarantined, [])
    assert second.document["shares"]["office"] == {"created": 0, "deleted": 0, "held_back": 0}
    listed = desk.json("agenda", "--unreadable")
    assert (listed.code, len(listed.document)) == (0, quarantined)
    plain = desk.run("agenda", "--unreadable")
    assert (plain.code, plain.out.count("\n")) == (0, quarantined)
    assert desk.json("agenda").code == desk.run("agenda").code == 0
    assert desk.run("share", "verify").code == 0


def test_p02_all_of_them_at_once(served: Callable[[Mapping[str, bytes]], Desk]) -> None:
    small = {name: named(name) for name, (body, _) in EVENTS.items() if len(body) < 1 << 20}
    sound = good()
    desk = served(sound | small)
    with bounded(30):
        result = desk.json("sync")
    assert result.code == 3
    assert result.document["quarantined"] == len(result.codes) >= sum(1 for name in small if EVENTS[name][1])
    assert published(desk) >= starts(sound.values())
    assert len(desk.json("agenda", "--unreadable").document) == result.document["quarantined"]
    assert desk.run("sync").code == 0


def large(size: int) -> dict[str, bytes]:
    """Eight events of this many bytes."""
    filler = "DESCRIPTION:" + "x" * size + "\r\n"
    return {f"large-{n}": event(f"large-{n}", tomorrow(10 + n), extra=filler) for n in range(8)}


def test_many_large_events_do_not_stop_a_calendar(served: Callable[[Mapping[str, bytes]], Desk]) -> None:
    """Together they are more than is taken in one answer."""
    desk = served(good() | large(transport.ANSWER_LIMIT // 7))
    with bounded(60):
        result = desk.json("sync")
    assert (result.code, result.codes) == (0, [])
    assert len(published(desk)) == 13


def test_p05_a_share_is_never_published_from_a_calendar_that_could_not_be_fetched(
    served: Callable[[Mapping[str, bytes]], Desk], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What did not come in looks free."""
    monkeypatch.setattr(transport, "ANSWER_LIMIT", 30_000)
    desk = served(good() | large(40_000))
    result = desk.json("sync")
    assert "answer-too-large" in result.codes
    assert result.code == 3
    assert result.document["shares"] == {}
    assert desk.storage.titled("Office") is None
    assert desk.run("agenda").code == 10


def test_an_event_edited_without_mending_it_is_no_news(desk: Desk) -> None:
    folder = desk.storage.calendar("home", "Coaching")
    fill(folder, 5)
    for title, code in ((b"one", 3), (b"two", 0)):
        (folder / "bad.ics").write_bytes(bad("RRULE:FREQ=SECONDLY\r\n").replace(b"SUMMARY:", b"SUMMARY:" + title))
        result = desk.json("sync")
        assert (result.code, result.document["quarantined"]) == (code, 1)


def test_a_mended_event_is_published_and_no_longer_counted(desk: Desk) -> None:
    folder = desk.storage.calendar("home", "Coaching")
    fill(folder, 5)
    (folder / "bad.ics").write_bytes(bad("RRULE:FREQ=SECONDLY\r\n"))
    assert desk.run("sync").code == 3
    (folder / "bad.ics").write_bytes(event("bad", tomorrow(20)))
    result = desk.json("sync")
    assert (result.code, result.document["quarantined"]) == (0, 0)
    assert len(desk.storage.objects("Office")) == 6


def test_an_event_that_turns_bad_is_told_again_with_its_new_fault(desk: Desk) -> None:
    folder = desk.storage.calendar("home", "Coaching")
    fill(folder, 5)
    for body, code in ((bad("RRULE:FREQ=SECONDLY\r\n"), 3), (bad("RRULE:FREQ=DAILY;COUNT=-1\r\n"), 3)):
        (folder / "bad.ics").write_bytes(body)
        assert desk.run("sync").code == code
        assert desk.run("sync").code == 0


# --- real servers ---------------------------------------------------------------------------------------------------


def test_p02_on_radicale_what_it_serves_is_read_and_the_rest_goes_on(desk: Desk) -> None:
    folder = desk.storage.calendar("home", "Coaching")
    fill(folder, 5)
    sound = starts(desk.storage.objects("Coaching").values())
    for name, (body, _) in EVENTS.items():
        if len(body) < 1 << 17 and name != "never":  # those keep Radicale itself busy
            (folder / f"bad-{name}.ics").write_bytes(named(name))
    with bounded(30):
        result = desk.json("sync")
    assert result.code == 3
    assert published(desk) >= sound
    assert desk.run("sync").code == 0


def test_p02_on_xandikos_too(xandikos: Account, desk: Desk) -> None:
    source, title = xandikos.new_calendar(), f"Coaching {uuid4().hex}"
    client = xandikos.client()
    client.make(source, title)
    path = source.removeprefix(xandikos.url.rstrip("/"))
    sound, taken = good(), 0
    for name, body in sound.items():
        client.create(f"{path}{name}.ics", body)
    for name, (body, _) in EVENTS.items():
        if len(body) > 1 << 17 or name == "nested":  # they keep Xandikos itself busy
            continue
        try:
            client.create(f"{path}bad-{name}.ics", named(name))
        except Exception:  # noqa: BLE001 - Xandikos itself refuses some
            continue
        taken += 1
    client.close()
    assert taken > 5
    desk.text += f'[accounts.xandikos]\nurl = "{xandikos.url}"\nusername = "user"\n'
    desk.text = desk.text.replace('account = "cloud"\nname = "Coaching"', f'account = "xandikos"\nname = "{title}"')
    with bounded(30):
        result = desk.json("sync")
    assert result.code == 3
    assert published(desk) >= starts(sound.values())
    assert desk.run("sync").code == 0


def test_a_title_with_escape_sequences_is_neutralised(desk: Desk) -> None:
    folder = desk.storage.calendar("home", "Coaching")
    nasty = "evil\u009b2J\u202egnp.exe\u2028line\u200b\\nnew\tx"
    body = event("nasty\u009bid").decode().replace(f"SUMMARY:{NAME}", f"SUMMARY:{nasty}").encode()
    (folder / "nasty.ics").write_bytes(body)
    (folder / "odd.ics").write_bytes(
        event("odd\u009bid", extra="RRULE:FREQ=SECONDLY\r\n").replace(b"SUMMARY:", b"SUMMARY:\xc2\x9b1m")
    )
    desk.run("sync")
    for words in (["agenda"], ["agenda", "--unreadable"]):
        plain = desk.run(*words)
        assert plain.code == 0
        assert plain.out.count("\n") == 1
        assert not [sign for sign in plain.out if not sign.isprintable() and sign not in "\n\t"]
        machine = desk.json(*words)
        assert not [sign for sign in machine.out if "\x7f" <= sign <= "\x9f" or sign in "\u202e\u2028"]
