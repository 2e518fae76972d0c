"""A believable French coaching practice, a month back and two months ahead, and what changes later.

Pure: the same day gives the same bytes. The week that is shown is full on purpose: a session moved and one cancelled
by an override, an unanswered invitation, a reminder that takes no time, a client on another continent.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta

from coachsync.app.demo.occasions import COMPANY, DAYS, OWN, SINGLE
from coachsync.app.demo.series import WED, Event
from coachsync.app.demo.sessions import ELODIE, FORTNIGHTLY, JULIEN, ROMAIN, WEEKLY

__all__ = ["Change", "Event", "changed", "practice", "shown_monday"]


@dataclass(frozen=True, slots=True)
class Change:
    """One later change: "moved", "cancelled" or "added", when it was and will be (Paris wall clock), the new text."""

    kind: str
    before: datetime | None
    after: datetime | None
    event: Event


def shown_monday(today: date) -> date:
    """The Monday of the week to show: the next one, or today. Shares begin today, so the whole week can be in them."""
    return today + timedelta(days=-today.weekday() % 7)


def practice(today: date) -> tuple[Event, ...]:
    """Every object of the private calendar as it lies on the server on that day."""
    monday = shown_monday(today)
    return tuple(item.event(monday) for item in (*WEEKLY, *FORTNIGHTLY, *COMPANY, *SINGLE, *OWN, *DAYS))


def changed(today: date) -> tuple[Change, ...]:
    """What happens later in the shown week: one session of a series moves, one is cancelled, one is added."""
    monday = shown_monday(today)
    moved = replace(ELODIE, moved={**ELODIE.moved, 0: (WED, time(16))}, sequence=ELODIE.sequence + 1)
    cancelled = replace(JULIEN, cancelled=JULIEN.cancelled | {0}, sequence=JULIEN.sequence + 1)
    return (
        Change("moved", ELODIE.start(monday, 0), moved.start(monday, 0), moved.event(monday)),
        Change("cancelled", JULIEN.start(monday, 0), None, cancelled.event(monday)),
        Change("added", None, ROMAIN.start(monday, 0), ROMAIN.event(monday)),
    )
