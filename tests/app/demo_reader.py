"""The invented practice as an independent reader sees it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import icalendar
import recurring_ical_events

from coachsync import contentline
from coachsync.app.demo import practice
from coachsync.app.demo.practice import Event, changed

PARIS = ZoneInfo("Europe/Paris")
TODAY = date(2026, 11, 22)
# A year by steps that meet every weekday, with both changes of the clock in France and in Montreal
DAYS = [date(2026, 2, 27) + timedelta(days=step) for step in range(0, 365, 39)]
ALL = [*practice.practice(TODAY), *(change.event for change in changed(TODAY))]


@dataclass(frozen=True, order=True)
class Seen:
    """What an independent reader sees of one occurrence, in UTC."""

    start: datetime
    end: datetime
    title: str
    busy: bool
    timed: bool


def seen(texts: Iterable[bytes], start: date, days: int) -> list[Seen]:
    """The occurrences of these objects between two local midnights, floating times read in Paris."""
    found = []
    for text in texts:
        calendar = icalendar.Calendar.from_ical(text)
        for event in recurring_ical_events.of(calendar).between(start, start + timedelta(days=days)):
            cancelled = event.get("STATUS") == "CANCELLED"
            mine = event.get("ATTENDEE", [])
            answers = [who.params.get("PARTSTAT") for who in (mine if isinstance(mine, list) else [mine])]
            busy = (
                not cancelled and event.get("TRANSP") != "TRANSPARENT" and not {"NEEDS-ACTION", "DECLINED"} & {*answers}
            )
            timed = isinstance(event.start, datetime)
            found.append(Seen(_utc(event.start), _utc(event.end), str(event["SUMMARY"]), busy, timed))
    return sorted(found)


def _utc(moment: date) -> datetime:
    if not isinstance(moment, datetime):
        moment = datetime.combine(moment, time())
    return (moment if moment.tzinfo else moment.replace(tzinfo=PARIS)).astimezone(UTC)


def texts(today: date) -> list[bytes]:
    return [event.text for event in practice.practice(today)]


def texts_after_the_change(today: date) -> list[bytes]:
    replaced = {change.event.name: change.event.text for change in changed(today)}
    return list(({event.name: event.text for event in practice.practice(today)} | replaced).values())


def vevents(events: Iterable[Event]) -> list[contentline.Component]:
    return [
        vevent
        for event in events
        for vcalendar in contentline.components(contentline.parse(event.text.decode()))
        for vevent in vcalendar.children
        if vevent.name == "VEVENT"
    ]


def names(component: contentline.Component) -> list[str]:
    return [line.name for line in component.lines]


def day_in_paris(moment: datetime) -> date:
    return moment.astimezone(PARIS).date()
