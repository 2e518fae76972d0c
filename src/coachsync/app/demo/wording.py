"""iCalendar text for the demonstration's events: lines, times, zones, whole objects (RFC 5545)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime

from coachsync import contentline

PARIS = "Europe/Paris"
MONTREAL = "America/Montreal"
CUSTOMIZED = "Customized Time Zone"  # the name Exchange gives to a zone it does not know; here it behaves like Paris

_ZONES = {
    PARIS: """\
TZID:Europe/Paris
X-LIC-LOCATION:Europe/Paris
BEGIN:DAYLIGHT
TZOFFSETFROM:+0100
TZOFFSETTO:+0200
TZNAME:CEST
DTSTART:19810329T020000
RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU
END:DAYLIGHT
BEGIN:STANDARD
TZOFFSETFROM:+0200
TZOFFSETTO:+0100
TZNAME:CET
DTSTART:19961027T030000
RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU
END:STANDARD""",
    MONTREAL: """\
TZID:America/Montreal
BEGIN:DAYLIGHT
TZOFFSETFROM:-0500
TZOFFSETTO:-0400
TZNAME:EDT
DTSTART:20070311T020000
RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=2SU
END:DAYLIGHT
BEGIN:STANDARD
TZOFFSETFROM:-0400
TZOFFSETTO:-0500
TZNAME:EST
DTSTART:20071104T020000
RRULE:FREQ=YEARLY;BYMONTH=11;BYDAY=1SU
END:STANDARD""",
    CUSTOMIZED: """\
TZID:Customized Time Zone
BEGIN:STANDARD
DTSTART:16010101T030000
TZOFFSETFROM:+0200
TZOFFSETTO:+0100
RRULE:FREQ=YEARLY;INTERVAL=1;BYDAY=-1SU;BYMONTH=10
END:STANDARD
BEGIN:DAYLIGHT
DTSTART:16010101T020000
TZOFFSETFROM:+0100
TZOFFSETTO:+0200
RRULE:FREQ=YEARLY;INTERVAL=1;BYDAY=-1SU;BYMONTH=3
END:DAYLIGHT""",
}


def text(name: str, value: str) -> str:
    """One property whose value is TEXT (RFC 5545 section 3.3.11), not yet folded."""
    return f"{name}:{contentline.escape(value)}"


def instant(name: str, moment: datetime, zone: str | None) -> str:
    """A DATE-TIME property: in `zone`, in UTC when that is "UTC", floating when it is None. `moment` is local there."""
    local = f"{moment:%Y%m%dT%H%M%S}"
    if zone is None:
        return f"{name}:{local}"
    return f"{name}:{local}Z" if zone == "UTC" else f"{name};TZID={zone}:{local}"


def day(name: str, value: date) -> str:
    """A DATE property, for what lasts all day."""
    return f"{name};VALUE=DATE:{value:%Y%m%d}"


def document(product: str, vevents: Iterable[Iterable[str]]) -> bytes:
    """One calendar object: the definition of every zone its events use, then the events; folded, CRLF."""
    events = [["BEGIN:VEVENT", *lines, "END:VEVENT"] for lines in vevents]
    zones = [name for name in _ZONES if any(f";TZID={name}:" in line for lines in events for line in lines)]
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", f"PRODID:{product}", "CALSCALE:GREGORIAN"]
    for name in zones:
        lines += ["BEGIN:VTIMEZONE", *_ZONES[name].splitlines(), "END:VTIMEZONE"]
    for event in events:
        lines += event
    return "".join(contentline.fold(line) for line in [*lines, "END:VCALENDAR"]).encode()
