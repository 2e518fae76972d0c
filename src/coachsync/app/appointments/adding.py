"""Planning a new appointment."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from coachsync import contentline
from coachsync.adapters.ical.instances import instances
from coachsync.adapters.ical.vtimezone import vtimezone
from coachsync.app.appointments.checking import unintended
from coachsync.app.appointments.finding import known_calendar
from coachsync.app.appointments.plans import Action, Change, Plan, Wanted, shares_of
from coachsync.app.appointments.whens import in_practice
from coachsync.app.reading import horizon, short_id
from coachsync.app.wiring import Wiring
from coachsync.editing.adding import Repeat, add
from coachsync.errors import UsageError
from coachsync.model import Occurrence, Window
from coachsync.moments import Moment, beginning, instant
from coachsync.phrases import say

_HOUR, _DAY = timedelta(hours=1), timedelta(days=1)
_LATER = timedelta(days=800)


@dataclass(frozen=True, slots=True)
class New:
    """A new appointment as a person describes it. Without `end` and `lasting` it takes an hour, or one day.

    Of whole days, `end` is the last one.
    """

    start: date | datetime
    title: str
    end: date | datetime | None = None
    lasting: timedelta | None = None
    location: str = ""
    repeat: Repeat | None = None


def adding(wiring: Wiring, calendar: str, new: New, uid: str) -> Plan:
    """Raises UsageError for what makes no sense, NotInitialised before the calendar's first sync."""
    known_calendar(wiring, calendar)
    start = in_practice(new.start, wiring.zone)
    end = _end(wiring, start, new)
    if new.repeat is not None and new.repeat.until is not None and new.repeat.until < _day(start):
        raise UsageError(
            "ends-before-it-starts", say("The series would end before it starts."), say("Give a later --until.")
        )
    text = contentline.encode(
        add(
            uid,
            start,
            end,
            new.title,
            _zone(wiring, start, end, series=new.repeat is not None),
            stamp=wiring.now,
            repeat=new.repeat,
            location=new.location,
        )
    )
    begins, ends = beginning(start, wiring.zone), beginning(end, wiring.zone)
    found, more = _read(wiring, text, begins, ends, series=new.repeat is not None)
    return Plan(
        action=Action.ADD,
        calendar=calendar,
        id=short_id(wiring, uid),
        wanted=(Wanted(None, uid, text),),
        changes=tuple(Change(None, one) for one in found),
        series=new.repeat is not None,
        more=more,
        past=found[0].end <= wiring.now,
        shares=shares_of(wiring, calendar),
    )


def _zone(wiring: Wiring, start: Moment, end: Moment, *, series: bool) -> str:
    """The definition of the practice's zone; none for whole days, for UTC, and for what only UTC can say: a time that
    the clocks show a second time that night."""
    if not isinstance(start, datetime) or wiring.zone.key in ("UTC", "Etc/UTC"):
        return ""
    if not series and (start.fold or (isinstance(end, datetime) and end.fold)):
        return ""
    return vtimezone(wiring.zone.key, start.year)


def _end(wiring: Wiring, start: Moment, new: New) -> Moment:
    """When it ends; of whole days, the day after the last. Raises UsageError."""
    whole = not isinstance(start, datetime)
    if new.end is None:
        lasting = new.lasting or (_DAY if whole else _HOUR)
        if whole and lasting % _DAY:
            raise _mixed()
        return (instant(start) + lasting).astimezone(wiring.zone) if isinstance(start, datetime) else start + lasting
    end = in_practice(new.end, wiring.zone)
    if isinstance(end, datetime) == whole:
        raise _mixed()
    end = end + _DAY if whole else end
    if beginning(end, wiring.zone) <= beginning(start, wiring.zone):
        raise UsageError(
            "ends-before-it-starts", say("The appointment would end before it starts."), say("Give a later --end.")
        )
    return end


def _mixed() -> UsageError:
    return UsageError(
        "day-and-time",
        say("Start and end must both be days, or both have a time."),
        say("Of whole days give --start 2026-12-01 and --end 2026-12-03; else a time with both."),
    )


def _read(
    wiring: Wiring, text: bytes, start: datetime, end: datetime, *, series: bool
) -> tuple[list[Occurrence], bool]:
    """The dates that the new text gives, as far as they are looked at, and whether there are more.

    Raises CoachsyncError when it does not give what was asked for.
    """
    zone = wiring.config.practice.timezone
    reach = horizon(wiring, wiring.now.astimezone(wiring.zone).date())
    last = max(reach.end, end) if series else end
    told = instances(wiring.reader, text, Window(start - _DAY, last), zone)
    dates = [Occurrence(one.start, one.end, one.all_day, one.stand) for one in told]
    if not dates or (dates[0].start, dates[0].end) != (start, end) or (len(dates) > 1 and not series):
        raise unintended()
    more = series and bool(instances(wiring.reader, text, Window(last, last + _LATER), zone))
    return dates, more


def _day(start: Moment) -> date:
    return start.date() if isinstance(start, datetime) else start
