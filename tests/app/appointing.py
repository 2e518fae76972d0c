"""A coach who changes appointments in a practice: each change is planned and queued without any server."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from coachsync.app import agenda
from coachsync.app.agenda import Appointment
from coachsync.app.appointments.adding import New, adding
from coachsync.app.appointments.carrying_out import carry_out
from coachsync.app.appointments.choosing import Wish
from coachsync.app.appointments.disputes import Dispute, disputes
from coachsync.app.appointments.finding import Found, find
from coachsync.app.appointments.planning import cancelling, deleting, moving
from coachsync.app.appointments.plans import Plan
from coachsync.app.appointments.restoring import Kept, Unsent, bringing_back, kept_of, unsent_of
from coachsync.app.wiring import Wiring
from coachsync.model import Occurrence
from coachsync.redaction.window import window
from coachsync.span import Span
from events import event
from practice_house import SOURCE, House


@dataclass
class Coach:
    """The coach of a practice. `calendar` says in which calendar something is, where that must be said."""

    house: House
    calendar: str | None = None

    def move(
        self,
        name: str,
        to: date | datetime,
        on: date | datetime | None = None,
        lasting: timedelta | None = None,
        *,
        notify: bool = False,
        **scope: bool,
    ) -> Plan:
        uid = str(uuid.uuid4())
        return self.do(
            lambda w: moving(w, self._find(w, name), Wish(on, **scope), to, lasting, new_uid=uid, notify=notify)
        )

    def cancel(self, name: str, on: date | datetime | None = None, **scope: bool) -> Plan:
        uid = str(uuid.uuid4())
        return self.do(lambda w: cancelling(w, self._find(w, name), Wish(on, **scope), new_uid=uid))

    def delete(self, name: str, on: date | datetime | None = None, **scope: bool) -> Plan:
        return self.do(lambda w: deleting(w, self._find(w, name), Wish(on, **scope)))

    def add(self, start: date | datetime, title: str = "Marguerite", **more: object) -> Plan:
        calendar, uid = self.calendar or "coaching", str(uuid.uuid4())
        return self.do(lambda w: adding(w, calendar, New(start, title, **more), uid))  # type: ignore[arg-type]

    def restore(self, name: str) -> Plan:
        return self.do(lambda w: bringing_back(w, name, self.calendar))

    def do(self, make: Callable[[Wiring], Plan]) -> Plan:
        """Plan something and queue it; a server is not to be had."""
        with self.house.apart() as wiring:
            plan = make(wiring)
            carry_out(wiring, plan)
        return plan

    def find(self, name: str) -> Found:
        with self.house.apart() as wiring:
            return self._find(wiring, name)

    def kept(self) -> list[Kept]:
        with self.house.apart() as wiring:
            return kept_of(wiring, self.calendar)

    def unsent(self) -> list[Unsent]:
        with self.house.apart() as wiring:
            return unsent_of(wiring, self.calendar)

    def disputes(self) -> list[Dispute]:
        with self.house.apart() as wiring:
            return disputes(wiring)

    def agenda(self, days: int = 120) -> list[Appointment]:
        with self.house.apart() as wiring:
            agenda.catch_up(wiring)
            today = self.house.now.date()
            return agenda.agenda(wiring, window(today, Span(days=60), Span(days=days), wiring.zone))

    def _find(self, wiring: Wiring, name: str) -> Found:
        return find(wiring, name, self.calendar)


def at(text: str) -> datetime:
    """A time of 2026 without a zone, as a person writes it: "03-03 14:00"."""
    return datetime.fromisoformat(f"2026-{text}")


def there(house: House, name: str) -> str:
    """What the server has of an object."""
    return house.server.objects(SOURCE)[f"/alice/source/{name}.ics"].decode()


def wanted(plan: Plan, place: int = 0) -> str:
    """What one object is to become."""
    text = plan.wanted[place].text
    assert text is not None
    return text.decode()


def weekly(house: House, rule: str = "FREQ=WEEKLY;COUNT=10", extra: str = "", **more: str) -> bytes:
    """A series on Tuesdays at ten in Paris, from 3 March 2026 on."""
    start = at("03-03 09:00")
    text = event("weekly", start, extra=f"RRULE:{rule}\r\n{extra}", **more).decode()  # type: ignore[arg-type]
    local = text.replace("DTSTART:20260303T090000Z", "DTSTART;TZID=Europe/Paris:20260303T100000")
    return local.replace("DTEND:20260303T100000Z", "DTEND;TZID=Europe/Paris:20260303T110000").encode()


def told(house: House, one: Occurrence | None) -> str:
    """A date by the clock of the practice: "03-03 10:00-11:00"."""
    if one is None:
        return "-"
    with house.wiring() as wiring:
        start, end = one.start.astimezone(wiring.zone), one.end.astimezone(wiring.zone)
    return f"{start:%m-%d %H:%M}-{end:%H:%M}"


def changes(house: House, plan: Plan) -> list[tuple[str, str]]:
    """Every date before and after."""
    return [(told(house, one.before), told(house, one.after)) for one in plan.changes]
