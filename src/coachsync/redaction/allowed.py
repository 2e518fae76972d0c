"""What a share may say, written down by hand and shared with nothing that writes one: a mistake of the writer shows.

DESIGN section 7: every slot is an event of its own, in UTC, with a random UID and a constant DTSTAMP.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import NamedTuple

from coachsync.model import Slot

STAMP = "19700101T000000Z"
_CALENDAR = {"VERSION": "2.0", "PRODID": "-//coachsync//share//EN", "CALSCALE": "GREGORIAN"}
_RANDOM = r"[0-9a-f]{8}-?[0-9a-f]{4}-?4[0-9a-f]{3}-?[89ab][0-9a-f]{3}-?[0-9a-f]{12}"  # RFC 9562 section 5.4
_UID = re.compile(_RANDOM)
_PLACE = re.compile(rf"{_RANDOM}(?:\.ics)?")
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f\x7f]")  # no text of iCalendar holds them; line breaks are told apart


class Ours(NamedTuple):
    """What was published as one entry: its UID, its times, what it says, and the version that was written (None where
    the server told none, or where it was somebody else's at once)."""

    uid: str
    slot: Slot
    text: str
    etag: str | None = None


@dataclass(frozen=True, slots=True)
class Expected:
    """What may stand in a text: calendar properties, and by UID those of each event. Nothing has parameters."""

    calendar: Mapping[str, str]
    events: Mapping[str, Mapping[str, str]]


def allowed(entries: Iterable[Ours]) -> Expected:
    """All that a calendar text with these entries may say; texts as they are, without iCalendar's escapes."""
    return Expected(_CALENDAR, {entry.uid: _event(entry) for entry in entries})


def is_random(uid: str) -> bool:
    """Whether this is how random UIDs are written (UUID version 4, lower case): no text fits in."""
    return _UID.fullmatch(uid) is not None


def is_random_place(segment: str) -> bool:
    """Whether the last part of an address is a random name, with .ics or without."""
    return _PLACE.fullmatch(segment) is not None


def _event(entry: Ours) -> Mapping[str, str]:
    return {
        "UID": entry.uid,
        "DTSTAMP": STAMP,
        "DTSTART": _instant(entry.slot.start),
        "DTEND": _instant(entry.slot.end),
        "SUMMARY": said(entry.text),
        "TRANSP": "OPAQUE",
    }


def said(text: str) -> str:
    """A text as an event can say it: line breaks of every kind are one, and control characters are spaces."""
    return _CONTROL.sub(" ", text.replace("\r\n", "\n").replace("\r", "\n"))


def _instant(moment: datetime) -> str:
    utc = moment.astimezone(UTC)
    return f"{utc.year:04}{utc.month:02}{utc.day:02}T{utc.hour:02}{utc.minute:02}{utc.second:02}Z"
