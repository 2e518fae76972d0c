"""Writers that let a title through, and what a look from outside makes of what they wrote."""

from __future__ import annotations

from collections.abc import Callable

from coachsync.app.falling_back import respond
from coachsync.app.outcome import Outcome
from coachsync.app.verify import verify
from coachsync.model import Slot
from coachsync.redaction.publication import document
from events import event
from practice_house import House

INVITATION = event("foreign", House.now, title="Lunch", extra="ATTENDEE:mailto:a@b.example\r\n")
Document = Callable[[str, Slot, str], bytes]


def leaking(uid: str, slot: Slot, text: str) -> bytes:
    """A writer that lets a title through."""
    return document(uid, slot, text).replace(b"TRANSP", b"DESCRIPTION:Marguerite Lenoir\r\nTRANSP")


def only_sessions(uid: str, slot: Slot, text: str) -> bytes:
    """One that does so in all shares but of busy times."""
    return document(uid, slot, text) if slot.label == "busy" else leaking(uid, slot, text)


def answer(house: House) -> Outcome:
    """What a look from outside leads to."""
    with house.wiring() as wiring:
        share = wiring.config.shares["office"]
        return respond(wiring, share, verify(wiring, [share]))[0]


def labels(house: House) -> set[bytes]:
    return {line for body in house.served().values() for line in body.split(b"\r\n") if line.startswith(b"SUMMARY")}
