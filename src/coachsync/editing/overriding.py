"""One occurrence of a series apart from the others: an override made from the master (RFC 5545 section 3.8.4.4)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from coachsync import contentline
from coachsync.editing.events import CalendarObject, Event
from coachsync.editing.values import changed, head
from coachsync.moments import Moment

_OF_SERIES = ("RRULE", "RDATE", "EXDATE", "EXRULE")


def overridden(
    found: CalendarObject, original: Moment, stamp: datetime, change: Callable[[CalendarObject, Event], None]
) -> str:
    """The text with an override of this instance after the master. Raises NotEditable.

    It has the master's lines byte for byte, but for those that make a series, and its alarms; `change` gives it times.
    """
    master = found.series
    copy = CalendarObject("".join(_copied(found, original)), found.zones)
    (event,) = copy.events
    change(copy, event)
    copy.revise(stamp)
    found.sheet.copy_after(master.component.last, copy.text())
    return found.text()


def named(found: CalendarObject, name: str, original: Moment) -> str:
    """A content line that names an instance as DTSTART would: same type, same zone."""
    (start,) = (line for line in found.series.component.lines if line.name == "DTSTART")
    return name + head(start) + changed(start, lambda _: found.moment(original), found.zones).strip()


def _copied(found: CalendarObject, original: Moment) -> list[str]:
    master = found.series.component
    left_out = {at for name in _OF_SERIES for at in found.sheet.own(master, name)}
    (start,) = found.sheet.own(master, "DTSTART")
    lines = []
    for at in range(master.first, master.last + 1):
        raw = found.sheet.lines[at].raw
        if at == start:
            line_break = "\r\n" if raw.endswith("\r\n") else "\n"
            lines.append(contentline.fold(named(found, "RECURRENCE-ID", original)).replace("\r\n", line_break))
        if at not in left_out:
            lines.append(raw)
    return lines
