"""What a real private appointment carries besides its times: notes, people, places, links, files, vendors' marks.

Every function answers property lines of one VEVENT, not yet folded. Their variety is the point: nothing of it may
reach a share.
"""

from __future__ import annotations

from base64 import b64encode
from hashlib import sha256

from coachsync.app.demo.people import COACH, Person
from coachsync.app.demo.wording import text


def _code(key: str, digits: int) -> str:
    """A number that looks drawn and is the same every time."""
    return str(int(sha256(key.encode()).hexdigest(), 16))[:digits]


def notes(person: Person, *more: str) -> list[str]:
    """The coach's own words, and how to reach the client."""
    reach = f"{person.name} · {person.phone} · {person.mail}"
    return [text("DESCRIPTION", "\n".join([person.note, reach, *more])), "CLASS:PRIVATE"]


def at_office(person: Person) -> list[str]:
    """A session in the coach's rooms, coloured and filed the way desktop calendars do."""
    return [
        *notes(person, "Code d'entrée 48B17, 2e étage."),
        text("LOCATION", f"Cabinet, {COACH.address}"),
        "GEO:45.7716;4.8052",
        f'X-APPLE-STRUCTURED-LOCATION;VALUE=URI;X-ADDRESS="{COACH.address}";X-TITLE=Cabinet:geo:45.7716,4.8052',
        "X-APPLE-TRAVEL-ADVISORY-BEHAVIOR:AUTOMATIC",
        "CATEGORIES:Coaching,Particulier",
        "COLOR:darkseagreen",
        *reminder(30),
    ]


def by_video(person: Person) -> list[str]:
    """A session by video: the room and its passcode stand in four places, as they do in life."""
    room, code = _code(person.mail, 10), _code(person.phone, 6)
    link = f"https://visio.example.org/j/{room}?pwd={sha256(person.mail.encode()).hexdigest()[:24]}"
    return [
        *notes(person, f"Visio : {link}", f"Code secret : {code}"),
        text("LOCATION", link),
        f"URL:{link}",
        f"CONFERENCE;VALUE=URI;FEATURE=AUDIO,VIDEO;LABEL=Salle de {person.name}:{link}",
        f"X-GOOGLE-CONFERENCE:https://meet.example.com/{room[:3]}-{room[3:7]}-{room[7:]}",
        "CATEGORIES:Coaching,Visio",
        *invitation(COACH, person),
        *reminder(10),
    ]


def at_company(person: Person) -> list[str]:
    """A session at the sponsor's, booked from an office suite: HTML notes, meeting link, busy state."""
    room, code = _code(person.mail, 13), _code(person.phone, 6)
    link = f"https://reunion.example.com/meet/{room}?p={code}"
    html = f"<html><body><p>Salle 4, badge à l'accueil. Lien de secours : <a href='{link}'>{code}</a></p></body></html>"
    return [
        *notes(person, f"ID de réunion : {room}, code : {code}"),
        text("LOCATION", person.address),
        text("X-ALT-DESC;FMTTYPE=text/html", html),
        f"X-MICROSOFT-SKYPETEAMSMEETINGURL:{link}",
        "X-MICROSOFT-CDO-BUSYSTATUS:BUSY",
        "X-MICROSOFT-CDO-OWNERAPPTID:-1209337422",
        "CATEGORIES:Coaching,Entreprise",
        *invitation(COACH, person),
        *reminder(45),
    ]


def by_phone(person: Person) -> list[str]:
    """A first talk by telephone."""
    return [
        *notes(person, f"Appeler le {person.phone}."),
        text("LOCATION", f"Téléphone {person.phone}"),
        text("CONTACT", f"{person.name}, {person.phone}"),
        text("COMMENT", "Demande reçue par le formulaire du site."),
        "CATEGORIES:Découverte",
        f"CONFERENCE;VALUE=URI;FEATURE=PHONE:tel:+33{person.phone.replace(' ', '')[1:]}",
        "X-MOZ-LASTACK:20260105T074500Z",
    ]


def invitation(organizer: Person, *people: Person, mine: str | None = None) -> list[str]:
    """Who invites and who is asked. `mine` is the coach's own PARTSTAT when somebody else organises."""
    lines = [f"ORGANIZER;CN={organizer.name}:mailto:{organizer.mail}"]
    if mine is not None:
        lines.append(f"ATTENDEE;CN={COACH.name};ROLE=REQ-PARTICIPANT;PARTSTAT={mine};RSVP=TRUE:mailto:{COACH.mail}")
    lines += [
        f'ATTENDEE;CUTYPE=INDIVIDUAL;ROLE=REQ-PARTICIPANT;PARTSTAT=ACCEPTED;CN="{person.name}";EMAIL={person.mail};'
        f"SCHEDULE-AGENT=CLIENT;X-NUM-GUESTS=0:mailto:{person.mail}"
        for person in people
    ]
    return lines


def attached(title: str, content: str) -> list[str]:
    """Two attachments: a file inside the event, and one behind a link."""
    body = b64encode(content.encode()).decode()
    link = f"https://fichiers.example.org/s/{_code(title, 9)}/{title}.pdf"
    return [
        f"ATTACH;FMTTYPE=text/plain;ENCODING=BASE64;VALUE=BINARY;FILENAME={title}.txt:{body}",
        f"ATTACH;FMTTYPE=application/pdf;FILENAME={title}.pdf:{link}",
    ]


def reminder(minutes: int) -> list[str]:
    """An alarm on the coach's devices."""
    return ["BEGIN:VALARM", "ACTION:DISPLAY", f"TRIGGER:-PT{minutes}M", "DESCRIPTION:Rappel", "END:VALARM"]


def mail_reminder(person: Person) -> list[str]:
    """An alarm that asks the calendar for a mail."""
    return [
        "BEGIN:VALARM",
        "ACTION:EMAIL",
        "TRIGGER:-P1D",
        text("SUMMARY", f"Demain : {person.name}"),
        text("DESCRIPTION", f"Préparer les questions pour {person.name}."),
        f"ATTENDEE:mailto:{COACH.mail}",
        "END:VALARM",
    ]
