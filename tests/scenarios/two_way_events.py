"""What is in the calendar of the random test: each change puts a mark into the text that no other change has."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from itertools import count

from coachsync import contentline

EVENT = """\
BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//elsewhere//EN
BEGIN:VEVENT
UID:{uid}
DTSTAMP:20260101T000000Z
DTSTART:20260302T090000Z
DTEND:20260302T100000Z
{rule}SUMMARY:{mark}
END:VEVENT
END:VCALENDAR
"""
OVERRIDE = """\
BEGIN:VEVENT
UID:{uid}
DTSTAMP:20260101T000000Z
RECURRENCE-ID:20260309T090000Z
DTSTART:20260309T090000Z
DTEND:20260309T100000Z
SUMMARY:{mark}
END:VEVENT
"""
WAYS = ("title", "place", "comment", "time", "exception", "skip", "alarm")
_MARK = re.compile(r"MARK\d+|2027\d{4}T\d{6}Z")
_marks = count(1)


def marks(body: bytes | None) -> set[str]:
    """The marks in a text, however a server has folded it."""
    return set(_MARK.findall(contentline.unfold(body.decode()))) if body else set()


def fresh(uid: str, *, series: bool) -> bytes:
    """A new object."""
    rule = "RRULE:FREQ=WEEKLY;COUNT=8\n" if series else ""
    text = EVENT.format(uid=uid, rule=rule, mark=f"MARK{next(_marks)}")
    return text.replace("\n", "\r\n").encode()


def changed(body: bytes, way: str) -> bytes:
    """The text after a change of one kind, with a mark of its own."""
    lines = contentline.parse(contentline.decode(body))
    [calendar] = contentline.components(lines)
    events = [child for child in calendar.children if child.name == "VEVENT"]
    master = next(event for event in events if not any(line.name == "RECURRENCE-ID" for line in event.lines))
    number = next(_marks)
    mark = f"MARK{number}"
    series = any(line.name == "RRULE" for line in master.lines)
    if way == "time" or (way in ("exception", "skip") and not series):
        when = datetime(2027, 1, 1, tzinfo=UTC) + timedelta(minutes=number)
        lines = contentline.replace(lines, master, "DTSTART", [f"DTSTART:{when:%Y%m%dT%H%M%SZ}"])
        master = _again(lines)
        lines = contentline.replace(lines, master, "DTEND", [f"DTEND:{when + timedelta(hours=1):%Y%m%dT%H%M%SZ}"])
    elif way == "exception":
        return _with_exception(lines, events, mark)
    elif way == "skip":
        when = datetime(2026, 3, 16, 9, tzinfo=UTC) + timedelta(weeks=number % 5)
        old = [line for line in master.lines if line.name == "EXDATE"]
        wanted = {contentline.unfold(line.raw) for line in old} | {f"EXDATE:{when:%Y%m%dT%H%M%SZ}"}
        lines = contentline.replace(lines, master, "EXDATE", sorted(wanted))
    elif way == "alarm":
        return _with_alarm(lines, master, mark)
    else:
        name = {"title": "SUMMARY", "place": "LOCATION", "comment": "DESCRIPTION"}[way]
        lines = contentline.replace(lines, master, name, [f"{name}:{mark}"])
    return contentline.encode("".join(line.raw for line in lines))


def _again(lines: tuple[contentline.Line, ...]) -> contentline.Component:
    [calendar] = contentline.components(lines)
    return next(
        child
        for child in calendar.children
        if child.name == "VEVENT" and not any(line.name == "RECURRENCE-ID" for line in child.lines)
    )


def _with_exception(lines: tuple[contentline.Line, ...], events: list[contentline.Component], mark: str) -> bytes:
    others = [event for event in events if any(line.name == "RECURRENCE-ID" for line in event.lines)]
    if others:
        lines = contentline.replace(lines, others[0], "SUMMARY", [f"SUMMARY:{mark}"])
        return contentline.encode("".join(line.raw for line in lines))
    uid = next(line.value for line in events[0].lines if line.name == "UID")
    raws = [line.raw for line in lines]
    raws.insert(events[0].last + 1, OVERRIDE.format(uid=uid, mark=mark).replace("\n", "\r\n"))
    return contentline.encode("".join(raws))


def _with_alarm(lines: tuple[contentline.Line, ...], master: contentline.Component, mark: str) -> bytes:
    raws = [line.raw for line in lines]
    alarm = f"BEGIN:VALARM\nACTION:DISPLAY\nDESCRIPTION:{mark}\nTRIGGER:-PT15M\nEND:VALARM\n"
    raws.insert(master.last, alarm.replace("\n", "\r\n"))
    return contentline.encode("".join(raws))
