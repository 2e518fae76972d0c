"""vobject as the second parser: what it sees, what it refuses, and that it says nothing."""

from __future__ import annotations

import logging
import time
from datetime import UTC, datetime
from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coachsync.adapters import secondparser
from coachsync.adapters.secondparser import view
from coachsync.model import Label, Slot
from coachsync.redaction.publication import document, feed

CALENDAR, EVENT = ("VCALENDAR",), ("VCALENDAR", "VEVENT")
UID = "3f2a9b1c-7d54-4e0b-9a63-5c1d8e2f4a70"
SLOT = Slot(datetime(2026, 1, 5, 9, tzinfo=UTC), datetime(2026, 1, 5, 10, tzinfo=UTC), Label.SESSION)


def event(*lines: str) -> bytes:
    return "".join(
        f"{line}\r\n"
        for line in ("BEGIN:VCALENDAR", "VERSION:2.0", "BEGIN:VEVENT", *lines, "END:VEVENT", "END:VCALENDAR")
    ).encode()


def test_it_sees_every_property_of_a_published_slot() -> None:
    seen = view(document(UID, SLOT, "Séance, longue; \\ très\nlongue" * 5))
    assert seen is not None
    assert sorted(seen) == sorted(
        [
            (CALENDAR, "VERSION", (), "2.0"),
            (CALENDAR, "PRODID", (), "-//coachsync//share//EN"),
            (CALENDAR, "CALSCALE", (), "GREGORIAN"),
            (EVENT, "UID", (), UID),
            (EVENT, "DTSTAMP", (), "19700101T000000Z"),
            (EVENT, "DTSTART", (), "20260105T090000Z"),
            (EVENT, "DTEND", (), "20260105T100000Z"),
            (EVENT, "SUMMARY", (), "Séance, longue; \\ très\nlongue" * 5),
            (EVENT, "TRANSP", (), "OPAQUE"),
        ]
    )


def test_it_sees_every_event_of_a_file() -> None:
    seen = view(feed([(f"{number:032x}", SLOT) for number in range(3)], {Label.SESSION: "x"}, "Cabinet"))
    assert seen is not None
    assert [value for path, name, _, value in seen if name == "UID"] == [f"{number:032x}" for number in range(3)]
    assert {value for path, name, _, value in seen if name in ("NAME", "X-WR-CALNAME")} == {"Cabinet"}


def test_parameters_groups_and_components_inside_show() -> None:
    seen = view(event("item1.x-a;b=c,d;e:f", "BEGIN:VALARM", "trigger:-PT5M", "END:VALARM"))
    assert seen is not None
    assert (EVENT, "ITEM1.X-A", (("B", ("c", "d")), ("E", ())), "f") in seen
    assert ((*EVENT, "VALARM"), "TRIGGER", (), "-PT5M") in seen


@pytest.mark.parametrize(
    "body",
    [
        b"garbage",
        b"BEGIN:VCALENDAR\r\n",
        b"BEGIN:VCALENDAR\r\nEND:VEVENT\r\n",
        b"END:VCALENDAR\r\n",
        event("no colon"),
        event("SUMMARY:caf\xe9".encode("latin-1").decode("latin-1")).replace(b"\xc3", b""),
        event('X-A;B="c:d'),
        event("A:b\rX:y"),
        event("SUMMARY;ENCODING=QUOTED-PRINTABLE;CHARSET=no-such:=C3"),
        "BEGIN:VCALENDAR".encode("utf-16"),
        b"BEGIN:X\r\n" * 5000 + b"END:X\r\n" * 5000,
    ],
)
def test_what_it_cannot_read_is_none(body: bytes) -> None:
    assert view(body) is None


@pytest.mark.parametrize(
    "line",
    [
        "X;A=" + "," * 60 + '"',
        "X;A=b" + ",c" * 60 + '"',
        "X" + ";a" * 60 + '"',
        'X;A="b"' + ',"c"' * 60 + '"',
        "X;A=" + "," * 60 + '":',
        "A:b\rX;A=" + "," * 60 + '"',
        'X;A="b:' + "," * 60 + '"' + "," * 60 + '"',
        "SUMMARY:" + "x" * 200_000,
    ],
)
def test_a_line_made_to_keep_it_busy_is_refused_at_once(line: str) -> None:
    began = time.process_time()
    assert view(event(line)) is None
    assert time.process_time() - began < 1


@given(st.lists(st.sampled_from([";a", "=", "b", ",", '"', ":", "\r\n ", '"b"', "\r", "\n", ";a=b"]), max_size=60))
def test_it_answers_quickly_whatever_the_line(parts: list[str]) -> None:
    began = time.process_time()
    view(event("X" + "".join(parts)))
    assert time.process_time() - began < 1


@given(
    st.binary(max_size=200) | st.binary(max_size=80).map(lambda noise: event("SUMMARY:x").replace(b"SUMMARY", noise))
)
def test_it_never_raises(body: bytes) -> None:
    found = view(body)
    assert found is None or isinstance(found, tuple)


@pytest.mark.parametrize(
    "body",
    [
        event("zelphania"),
        event("DTSTART;TZID=Zelphania:20260105T090000"),
        event("TRIGGER:zelphania", "DTSTART:zelphania", "RRULE:zelphania", "DUE:zelphania"),
        event("X-A;ENCODING=BASE64:zelphania", "SUMMARY;ENCODING=QUOTED-PRINTABLE:zelphania=C3"),
        event("x").replace(b"VEVENT", b"VTIMEZONE").replace(b"x\r\n", b"TZID:Zelphania\r\n"),
        b"VERSION:zelphania\r\nzelphania:\r\n",
    ],
)
def test_p12_it_says_nothing_about_what_it_reads(
    body: bytes, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    records: list[logging.LogRecord] = []
    monkeypatch.setattr(logging.Logger, "callHandlers", lambda self, record: records.append(record))
    view(body)
    assert records == []
    assert capfd.readouterr() == ("", "")


def test_p12_whoever_else_uses_the_library_its_own_log_stays_shut(caplog: pytest.LogCaptureFixture) -> None:
    logging.getLogger("vobject.base").error("Skipped line 3, message: zelphania")
    assert caplog.records == []


def test_signs_of_equality_in_one_parameter_do_not_keep_it_busy() -> None:
    started = time.process_time()
    assert view(event("X;a=" + "=a" * 60 + '\x01"b":c')) is None
    assert time.process_time() - started < 1


VALUES = (UID, "00000000-0000-4000-8000-000000000000", "20260105T090000Z", "00000001T000000Z", "20260105T090000", "x")
LINES = st.one_of(
    st.builds("{}{}:{}{}".format, st.sampled_from(("UID", "DTSTART", "DTEND", "uid", "SUMMARY", "X-A")),
              st.sampled_from(("", ";A=b")), st.sampled_from(VALUES), st.sampled_from(("", "\r\n 1", "\r\n "))),
    st.sampled_from((" folded", "BEGIN:VALARM", "END:VALARM", "SUMMARY:0000\r\n 0001T000000Z", "END:VEVENT")),
)  # fmt: skip


@given(st.lists(LINES, max_size=6))
def test_texts_that_differ_by_uid_and_times_alone_are_seen_as_each_is_alone(lines: list[str]) -> None:
    text = event(*lines).decode()
    assert view(text.encode()) == secondparser._read(text)


def test_slots_of_one_label_are_read_once_and_each_keeps_its_own_values(monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[str] = []
    whole = secondparser._read
    monkeypatch.setattr(secondparser, "_viewed", cache(lambda text: read.append(text) or whole(text)))
    uids = [f"3f2a9b1c-7d54-4e0b-9a63-5c1d8e2f4a{number}" for number in range(10, 20)]
    for uid in uids:
        assert (EVENT, "UID", (), uid) in (view(document(uid, SLOT, "Session")) or ())
    assert len(read) == 1
