"""What a share holds, byte for byte: written from slots alone, never from a copy of anything."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from coachsync import contentline
from coachsync.model import Label, Slot

PRODID = "-//coachsync//share//EN"  # no version: which one runs here is nobody's business
DTSTAMP = "19700101T000000Z"  # required by RFC 5545 section 3.6.1; a constant, because a real one says when
_UID = re.compile(r"[0-9a-f-]{32,36}")  # as a random UUID is written: no text fits in
_PUNCTUATION = str.maketrans("", "", "-:")
_CONTROL = re.compile(r"[\x00-\x09\x0b\x0c\x0e-\x1f\x7f]")  # RFC 5545 section 3.1 has no place for them


@dataclass(frozen=True, slots=True)
class Changes:
    """What makes a share say what it should: slots to create and published slots to delete, each sorted."""

    create: tuple[Slot, ...] = ()
    delete: tuple[Slot, ...] = ()


def plan(wanted: Collection[Slot], published: Collection[Slot]) -> Changes:
    """The difference of two sets of slots."""
    target, present = frozenset(wanted), frozenset(published)
    return Changes(create=tuple(sorted(target - present)), delete=tuple(sorted(present - target)))


def text_of(slot: Slot, texts: Mapping[Label, str]) -> str:
    """What a slot says: its pseudonym, else what the configuration writes for its label; the number of its series."""
    said = slot.pseudonym or texts[slot.label]
    return f"{said} {slot.series}" if slot.series else said


def is_ours(body: bytes) -> bool:
    """Whether a text says that it was written here."""
    lines = contentline.lines(contentline.decode(body))
    return any((line.name, line.value) == ("PRODID", PRODID) for line in lines)


def document(uid: str, slot: Slot, text: str) -> bytes:
    """The calendar object of one slot; `text` as `text_of` gives it.

    Raises ValueError when `uid` is not written as random UUIDs are.
    """
    return _calendar((), [(uid, slot, text)])


def feed(entries: Iterable[tuple[str, Slot]], texts: Mapping[Label, str], name: str = "") -> bytes:
    """One calendar file of (UID, slot) entries, sorted by time; `name` comes from the configuration.

    Raises ValueError when a UID is not written as random UUIDs are.
    """
    ordered = sorted(entries, key=lambda entry: (entry[1], entry[0]))
    title = [f"NAME:{_text(name)}", f"X-WR-CALNAME:{_text(name)}"] if name else []
    return _calendar(title, [(uid, slot, text_of(slot, texts)) for uid, slot in ordered])


def _calendar(title: Iterable[str], events: Iterable[tuple[str, Slot, str]]) -> bytes:
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", f"PRODID:{PRODID}", "CALSCALE:GREGORIAN", *title]
    for uid, slot, text in events:
        lines += _event(uid, slot, text)
    lines.append("END:VCALENDAR")
    return contentline.encode("".join(contentline.fold(line) for line in lines))


def _event(uid: str, slot: Slot, text: str) -> list[str]:
    if not _UID.fullmatch(uid):
        raise ValueError("the UID of a slot is a random UUID")
    return [
        "BEGIN:VEVENT",
        f"UID:{uid}",
        f"DTSTAMP:{DTSTAMP}",
        f"DTSTART:{utc(slot.start)}",
        f"DTEND:{utc(slot.end)}",
        f"SUMMARY:{_text(text)}",
        "TRANSP:OPAQUE",
        "END:VEVENT",
    ]


def utc(moment: datetime) -> str:
    """A UTC instant as RFC 5545 section 3.3.5 writes it (form 2); isoformat pads the year where strftime does not."""
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="seconds").translate(_PUNCTUATION) + "Z"


def _text(text: str) -> str:
    return contentline.escape(_CONTROL.sub(" ", text))
