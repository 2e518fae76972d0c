"""Calendar objects as text, in the short form that the tests of reading use."""

from __future__ import annotations

from datetime import UTC, datetime

from coachsync.adapters.ical import expansion
from coachsync.model import Reading, Window

PARIS = ";TZID=Europe/Paris"
YEAR = Window(datetime(2025, 1, 1, tzinfo=UTC), datetime(2026, 1, 1, tzinfo=UTC))
COACH = frozenset({"camille@example.org", "c.coach@example.com"})


def document(*events: str, zones: str = "") -> bytes:
    """One object; blanks stand between the properties of an event, "~" for a blank. `zones` is text of VTIMEZONEs."""
    lines = [event.replace(" ", "\n").replace("~", " ") for event in events]
    blocks = [f"BEGIN:VEVENT\nUID:1\nDTSTAMP:20250101T000000Z\n{event}\nEND:VEVENT" for event in lines]
    text = "\n".join(["BEGIN:VCALENDAR", "VERSION:2.0", *filter(None, [zones.strip()]), *blocks, "END:VCALENDAR", ""])
    return text.replace("\n", "\r\n").encode("utf-8", "surrogateescape")


def read(*events: str, zones: str = "", horizon: Window = YEAR, zone: str = "Europe/Paris") -> Reading:
    return expansion.read(document(*events, zones=zones), horizon, zone, COACH)


def times(reading: Reading) -> list[str]:
    """Each occurrence as "MM-DD HH:MM/MM-DD HH:MM" in UTC, the end without its day where it is the same."""
    shown = []
    for one in reading.occurrences:
        end = f"{one.end:%H:%M}" if one.end.date() == one.start.date() else f"{one.end:%m-%d %H:%M}"
        shown.append(f"{one.start:%m-%d %H:%M}/{end}")
    return shown


def starts(*events: str, **options) -> list[str]:
    reading = read(*events, **options)
    assert reading.code is None
    return [f"{one.start:%m-%d %H:%M}" for one in reading.occurrences]


def vtimezone(tzid: str, summer: str = "+0200", winter: str = "+0100", since: int = 1970, extra: str = "") -> str:
    return f"""
BEGIN:VTIMEZONE
TZID:{tzid}
BEGIN:STANDARD
DTSTART:{since}1025T030000
TZOFFSETFROM:{summer}
TZOFFSETTO:{winter}
RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU
END:STANDARD
BEGIN:DAYLIGHT
DTSTART:{since}0329T020000
TZOFFSETFROM:{winter}
TZOFFSETTO:{summer}
RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU
END:DAYLIGHT
{extra}END:VTIMEZONE
"""


SERIES = f"DTSTART{PARIS}:20250106T100000 DTEND{PARIS}:20250106T110000 RRULE:FREQ=WEEKLY;COUNT=4"
AT = "DTSTART:20250110T100000Z DURATION:PT1H"
CLIENT = "ORGANIZER:mailto:client@example.net"
