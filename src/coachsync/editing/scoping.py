"""How much of an object a target means."""

from __future__ import annotations

from datetime import datetime, timedelta

from coachsync.editing import values
from coachsync.editing.events import CalendarObject
from coachsync.editing.target import Scope, Target
from coachsync.errors import NotEditable
from coachsync.moments import Moment
from coachsync.phrases import say


def scoped(found: CalendarObject, target: Target, before: int | None = None) -> Scope:
    """The scope that is really meant: the first occurrence with those that follow is the whole series.

    `before`: how many instances of the rule come before the target, 0 when nothing takes place before it.
    Raises NotEditable when there is no such occurrence, as far as the text alone tells.
    """
    if not found.recurring:
        _refuse_another(found, target)
        return Scope.ALL
    if target.scope is Scope.ALL:
        found.series  # noqa: B018 - there is one, or it is refused
        return Scope.ALL
    original = known(found, target)
    if target.scope is Scope.ONE:
        return Scope.ONE
    start = found.plain(found.series.start)
    return Scope.ALL if before == 0 or found.plain(original) == start else Scope.FOLLOWING


def known(found: CalendarObject, target: Target) -> Moment:
    """The original start of the occurrence that is meant. Raises NotEditable when there is none such."""
    original = target.original
    if original is None:
        raise NotEditable(
            "which-occurrence",
            say("This is a series: it is not said which appointment of it is meant."),
            say("Name its day with --on, or the whole series with --series."),
        )
    if isinstance(original, datetime) != isinstance(found.anchor, datetime):
        raise no_such_occurrence()
    if found.override(original) is None and (found.master is None or dropped(found, original)):
        raise no_such_occurrence()
    return original


def dropped(found: CalendarObject, original: Moment) -> bool:
    """Whether an EXDATE leaves this instance out."""
    name = found.plain(original)
    for line in found.series.component.lines:
        for moment in values.each(line, found.zones) if line.name == "EXDATE" else ():
            if isinstance(name, datetime) and not isinstance(moment, datetime):
                if moment == name.date():  # whatever starts on that day
                    return True
            elif found.plain(moment) == name:
                return True
    return False


def period(found: CalendarObject, original: Moment) -> timedelta | None:
    """The length that an RDATE gives to this instance alone, if any."""
    for line in found.series.component.lines:
        for start, length in values.periods(line, found.zones) if line.name == "RDATE" else ():
            if found.plain(start) == found.plain(original):
                return length
    return None


def no_such_occurrence() -> NotEditable:
    """The series has no appointment of this original start."""
    return NotEditable(
        "no-such-occurrence",
        say("The series has no appointment then."),
        say("`coachsync agenda` shows its appointments."),
    )


def _refuse_another(found: CalendarObject, target: Target) -> None:
    only = found.events[0]
    if target.original is None:
        return
    if isinstance(target.original, datetime) != isinstance(found.anchor, datetime):
        raise no_such_occurrence()
    if found.plain(target.original) not in (found.plain(only.start), found.plain(found.anchor)):
        raise no_such_occurrence()
