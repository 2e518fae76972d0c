"""What a change of an appointment would do: the one object that a preview, a dry run and a document show.

It holds no text of the appointment but in `wanted`, which nobody is shown.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from coachsync import contentline
from coachsync.app.wiring import Wiring
from coachsync.model import Occurrence


class Action(StrEnum):
    """What is done."""

    ADD = "add"
    MOVE = "move"
    CANCEL = "cancel"
    DELETE = "delete"
    RESTORE = "restore"
    TAKE_BACK = "take-back"  # a change that the server does not have yet


@dataclass(frozen=True, slots=True)
class Wanted:
    """What one object is to become; None: it is to be deleted. `href` is None for a new one."""

    href: str | None
    uid: str
    text: bytes | None = field(repr=False)


@dataclass(frozen=True, slots=True, order=True)
class Change:
    """One date before and after; None where there is none."""

    before: Occurrence | None
    after: Occurrence | None


@dataclass(frozen=True, slots=True)
class People:
    """Who else has to do with an appointment: how many others are invited, and whether somebody else has invited the
    coach."""

    invited: int = 0
    hosted: bool = False


@dataclass(frozen=True, slots=True)
class Plan:
    """What becomes of an appointment. Without `wanted` nothing changes.

    `changes` are its dates that change, in order, as far as they were looked at; with `more` there are further ones
    later. `past`: some of them are over. `shares` are made from its calendar. `new_id` names the second half of a
    series that is cut in two.
    """

    action: Action
    calendar: str
    id: str
    wanted: tuple[Wanted, ...] = ()
    changes: tuple[Change, ...] = ()
    series: bool = False
    more: bool = False
    past: bool = False
    people: People = People()
    notify: bool = False
    shares: tuple[str, ...] = ()
    new_id: str = ""


def people(text: str, own: frozenset[str]) -> People:
    """Who else has to do with an appointment; `own` are the coach's addresses."""
    guests, hosted = set(), False
    for line in contentline.lines(text):
        if line.name not in ("ATTENDEE", "ORGANIZER"):
            continue
        who = contentline.addresses(line)
        if not own.isdisjoint(who):
            continue
        if line.name == "ORGANIZER":
            hosted = True
        else:
            guests.add(line.value.strip().lower())
    return People(len(guests), hosted)


def shares_of(wiring: Wiring, calendar: str) -> tuple[str, ...]:
    """The shares that are made from a calendar."""
    return tuple(name for name, share in wiring.config.shares.items() if calendar in share.calendars)
