"""A series cut in two: what comes before an occurrence stays, the rest becomes an object of its own."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from coachsync.editing import values
from coachsync.editing.events import STAMP, CalendarObject, damaged
from coachsync.editing.rules import Rule
from coachsync.editing.shifting import until_of
from coachsync.editing.target import Zones
from coachsync.errors import NotEditable
from coachsync.moments import Moment, in_zone
from coachsync.phrases import say


def shorten(found: CalendarObject, original: Moment, before: int | None) -> None:
    """Let the series end before this instance, which is not its first. Raises NotEditable.

    `before`: how many instances of the rule come before; None when the rule does not give this one.
    """
    sheet, master = found.sheet, found.series.component
    if sheet.own(master, "EXRULE") or len(sheet.own(master, "RRULE")) > 1:
        raise damaged()
    for at in sheet.own(master, "RRULE"):
        rule = Rule(sheet.lines[at].value)
        if before is None and rule.get("COUNT") is not None:
            raise _not_of_the_rule()  # it may have counted to its end before
        if not _has_ended(found, rule, original):
            rule.put("UNTIL", _just_before(found, original), instead="COUNT")
            sheet.set(at, str(rule))
    _keep(found, "RDATE", original, earlier=True)
    for override in found.overrides:
        if not _is_earlier(found, override.replaces, original):
            found.drop(override)


def rest(text: str, original: Moment, zones: Zones, new_uid: str, before: int | None) -> CalendarObject:
    """What `shorten` takes away, as an object of its own that starts with this instance. Raises NotEditable.

    `before`: how many instances of the rule come before; None when the rule does not give this one.
    """
    found = CalendarObject(text, zones)
    if found.invites:
        raise _invites()
    _count_on(found, before)
    for name in ("RDATE", "EXDATE"):
        _keep(found, name, original, earlier=False)
    for override in found.overrides:
        if _is_earlier(found, override.replaces, original):
            found.drop(override)
    for event in found.events:
        for at in found.sheet.own(event.component, "UID") if not found.is_out(event) else ():
            found.sheet.set(at, new_uid)
    found.place(found.series, found.moment(original))
    return CalendarObject(found.text(), zones)


def _count_on(found: CalendarObject, before: int | None) -> None:
    """Leave of a rule that counts what is not counted yet."""
    for at in found.sheet.own(found.series.component, "RRULE"):
        if before is None:
            raise _not_of_the_rule()
        rule = Rule(found.sheet.lines[at].value)
        count = rule.get("COUNT")
        if count is None:
            continue
        if not count.isdecimal() or int(count) <= before:
            raise damaged()
        rule.put("COUNT", str(int(count) - before))
        found.sheet.set(at, str(rule))


def born(found: CalendarObject, stamp: datetime) -> str:
    """The text of an object that is new: made now, and never revised."""
    moment = stamp.astimezone(UTC).strftime(STAMP)
    for event in found.events:
        for name, value in (("CREATED", moment), ("DTSTAMP", moment), ("LAST-MODIFIED", moment), ("SEQUENCE", "0")):
            for at in found.sheet.own(event.component, name):
                found.sheet.set(at, value)
    return found.text()


def _keep(found: CalendarObject, name: str, original: Moment, *, earlier: bool) -> None:
    """Keep the dates of one list that are earlier than an instance, or those that are not."""
    sheet = found.sheet

    def keep(moment: Moment) -> Moment | None:
        return moment if _is_earlier(found, moment, original) is earlier else None

    for at in sheet.own(found.series.component, name):
        left = values.changed(sheet.lines[at], keep, found.zones)
        if left:
            sheet.set(at, left)
        else:
            sheet.take_out([at])


def _is_earlier(found: CalendarObject, moment: Moment | None, original: Moment) -> bool:
    assert moment is not None  # noqa: S101 - an override names its instance
    edge = found.plain(original)
    if isinstance(edge, datetime) and not isinstance(moment, datetime):
        return moment < edge.date()
    return found.plain(moment) < edge


def _has_ended(found: CalendarObject, rule: Rule, original: Moment) -> bool:
    """Whether the rule ends by itself before this instance, which it does not give then."""
    until = rule.get("UNTIL")
    return until is not None and _is_earlier(found, in_zone(until_of(found, until), found.zone), original)


def _just_before(found: CalendarObject, original: Moment) -> str:
    """UNTIL for a series that ends before an instance: in UTC where it has a zone (RFC 5545 section 3.3.10)."""
    (start,) = (line for line in found.series.component.lines if line.name == "DTSTART")
    edge = found.plain(original)
    if not isinstance(edge, datetime):
        return values.write(edge - timedelta(days=1), "00000000", UTC)
    floating = not start.param("TZID") and not start.value.strip().endswith("Z")
    like = "00000000T000000" if floating else "00000000T000000Z"
    return values.write(in_zone(edge - timedelta(seconds=1), found.zone), like, found.zone)


def _invites() -> NotEditable:
    return NotEditable(
        "split-with-attendees",
        say("People are invited to this series; cut in two, it would invite them anew."),
        say("Change single appointments of it, or the whole series; or change it in your calendar program."),
    )


def _not_of_the_rule() -> NotEditable:
    return NotEditable(
        "not-of-the-rule",
        say("This appointment was added to its series by hand; the series cannot be cut there."),
        say("Name the next regular appointment."),
    )
