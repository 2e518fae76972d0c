"""Deterministic calendars of believable size for benchmarks: about 3 KB an event, one in five recurring."""

from __future__ import annotations

import random
import uuid
from datetime import UTC, datetime, timedelta

from coachsync import contentline

_ZONE = """\
BEGIN:VTIMEZONE
TZID:Europe/Paris
BEGIN:DAYLIGHT
TZOFFSETFROM:+0100
TZOFFSETTO:+0200
TZNAME:CEST
DTSTART:19700329T020000
RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU
END:DAYLIGHT
BEGIN:STANDARD
TZOFFSETFROM:+0200
TZOFFSETTO:+0100
TZNAME:CET
DTSTART:19701025T030000
RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU
END:STANDARD
END:VTIMEZONE""".split("\n")
_WORDS = "séance objectif progrès équipe bilan écoute posture confiance décision priorité limite besoin réunion".split()
_FIRST_DAY = datetime(2024, 1, 1, 8, tzinfo=UTC)


def calendar(count: int, seed: int = 1) -> bytes:
    """One iCalendar stream of `count` events, ready to be stored as a whole collection."""
    draw = random.Random(seed)  # noqa: S311  repeatable, not secret
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//coachsync//benchmark//EN", *_ZONE]
    for _ in range(count):
        lines += _event(draw)
    lines.append("END:VCALENDAR")
    return contentline.encode("".join(contentline.fold(line) for line in lines))


def _event(draw: random.Random) -> list[str]:
    start = _FIRST_DAY + timedelta(days=draw.randrange(1300), minutes=15 * draw.randrange(44))
    end = start + timedelta(minutes=draw.choice([30, 45, 60, 60, 90, 120]))
    prose = contentline.escape(" ".join(draw.choices(_WORDS, k=draw.randint(40, 250))))
    rule = [f"RRULE:FREQ=WEEKLY;COUNT={draw.randint(6, 30)}"] if draw.random() < 0.2 else []
    people = [
        f"ATTENDEE;CUTYPE=INDIVIDUAL;ROLE=REQ-PARTICIPANT;PARTSTAT=ACCEPTED;CN=Client {n}:mailto:client{n}@example.com"
        for n in draw.sample(range(400), draw.choice([1, 1, 1, 2, 3, 6]))
    ]
    return [
        "BEGIN:VEVENT",
        f"UID:{uuid.UUID(int=draw.getrandbits(128), version=4)}",
        "DTSTAMP:20260101T000000Z",
        f"DTSTART;TZID=Europe/Paris:{start:%Y%m%dT%H%M%S}",
        f"DTEND;TZID=Europe/Paris:{end:%Y%m%dT%H%M%S}",
        *rule,
        f"SUMMARY:Séance {draw.randrange(400)}",
        f"DESCRIPTION:{prose}",
        "ORGANIZER:mailto:coach@example.org",
        *people,
        f"X-ROOM:https://visio.example.org/{draw.getrandbits(96):024x}",
        "BEGIN:VALARM",
        "ACTION:DISPLAY",
        "TRIGGER:-PT15M",
        "DESCRIPTION:Rappel",
        "END:VALARM",
        "END:VEVENT",
    ]
