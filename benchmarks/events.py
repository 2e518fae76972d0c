"""Deterministic calendars of believable size: one object for each UID, about 3 KB each, one in five recurring.

Every object defines its time zone; half of the recurring ones have exceptions, half have overrides; there are one to
six attendees, prose of 300 to 2,000 characters, links and an alarm. All of it is invented.
"""

from __future__ import annotations

import random
import uuid
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta

from coachsync import contentline

_ZONE = """\
BEGIN:VTIMEZONE
TZID:Europe/Paris
X-LIC-LOCATION:Europe/Paris
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
_WORDS = (
    "séance objectif progrès équipe revue stratégie entretien préparation suivi bilan retour écoute posture confiance "
    "décision énergie priorité engagement limite valeur besoin émotion réunion comité direction délégation conflit "
    "transition carrière formation exercice carnet lecture pratique réflexion le la les un une des pour avec sans sur"
).split()
_NAMES = "Alice Bruno Chloé David Élise Farid Gaëlle Hugo Inès Jules Karim Léa Marc Nora Olivier Rose Sami Théo".split()
_DAYS = 1300  # the first times lie in these days, half of them past


def objects(count: int, today: date, seed: int = 20260101) -> Iterator[tuple[str, bytes]]:
    """File names and texts of a calendar of `count` objects."""
    draw = random.Random(seed)  # noqa: S311  repeatable, not secret
    for _ in range(count):
        uid = str(uuid.UUID(int=draw.getrandbits(128), version=4))
        lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//coachsync//benchmark//EN", *_ZONE]
        lines += _events(draw, uid, today)
        lines.append("END:VCALENDAR")
        yield f"{uid}.ics", contentline.encode("".join(contentline.fold(line) for line in lines))


def _events(draw: random.Random, uid: str, today: date) -> Iterator[str]:
    """The event and, where it has some, its overrides."""
    first = today - timedelta(days=_DAYS // 2)
    start = datetime.combine(first, time(8)) + timedelta(days=draw.randrange(_DAYS), minutes=15 * draw.randrange(44))
    people = [f"{draw.choice(_NAMES)} {draw.randrange(400)}" for _ in range(draw.choice([1, 1, 1, 2, 3, 6]))]
    length = timedelta(minutes=draw.choice([30, 45, 60, 60, 90, 120]))
    if draw.random() >= 0.2:
        yield from _event(draw, uid, start, length, people, ())
        return
    count = draw.randint(6, 30)
    weeks = [start + timedelta(weeks=week) for week in draw.sample(range(1, count), 5)]
    excluded = weeks[: draw.randint(1, 3)] if draw.random() < 0.5 else []
    rule = (f"RRULE:FREQ=WEEKLY;COUNT={count}", *(f"EXDATE;TZID=Europe/Paris:{_local(week)}" for week in excluded))
    yield from _event(draw, uid, start, length, people, rule)
    for week in weeks[3 : 3 + draw.randint(1, 2)] if draw.random() < 0.5 else []:
        moved = (f"RECURRENCE-ID;TZID=Europe/Paris:{_local(week)}",)
        yield from _event(draw, uid, week + timedelta(hours=1), length, people, moved)


def _event(
    draw: random.Random, uid: str, start: datetime, length: timedelta, people: list[str], more: tuple[str, ...]
) -> Iterator[str]:
    room = f"{draw.randrange(10**10):010d}"
    yield from ("BEGIN:VEVENT", f"UID:{uid}", "DTSTAMP:20260101T000000Z", "CREATED:20260101T000000Z")
    yield from (f"LAST-MODIFIED:20260101T00{draw.randrange(60):02}00Z", f"SEQUENCE:{draw.randrange(4)}")
    yield f"DTSTART;TZID=Europe/Paris:{_local(start)}"
    yield f"DTEND;TZID=Europe/Paris:{_local(start + length)}"
    yield from more
    yield f"SUMMARY:{contentline.escape(f'Séance, {people[0]}')}"
    yield "LOCATION:12 rue de la Paix\\, 75002 Paris"
    yield f"DESCRIPTION:{contentline.escape(_prose(draw))}"
    yield from ("STATUS:CONFIRMED", "TRANSP:OPAQUE", "CLASS:PRIVATE", "CATEGORIES:Coaching,Client")
    yield 'ORGANIZER;CN="Coach, Camille":mailto:camille.coach@example.org'
    for name in people:
        yield (
            f"ATTENDEE;CUTYPE=INDIVIDUAL;ROLE=REQ-PARTICIPANT;PARTSTAT=ACCEPTED;RSVP=TRUE;CN={name};X-NUM-GUESTS=0"
            f":mailto:client{draw.randrange(400)}@example.com"
        )
    yield f"CONFERENCE;VALUE=URI;FEATURE=AUDIO,VIDEO;LABEL=Visio:https://visio.example.org/j/{room}?pwd={room * 2}"
    yield f"URL:https://agenda.example.org/e/{uid}"
    yield from ("BEGIN:VALARM", "ACTION:DISPLAY", "TRIGGER:-PT15M", "DESCRIPTION:Rappel", "END:VALARM", "END:VEVENT")


def _prose(draw: random.Random) -> str:
    wanted, text = draw.randint(300, 2000), ""
    while len(text) < wanted:
        text += " ".join(draw.choices(_WORDS, k=draw.randint(6, 16))).capitalize() + draw.choice([". ", ", ", ".\n"])
    return text[:wanted]


def _local(moment: datetime) -> str:
    return f"{moment:%Y%m%dT%H%M%S}"
