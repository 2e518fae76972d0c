"""`coachsync appointment restore`: what is kept for 30 days, and what was not sent yet."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, TypeVar

from coachsync.app.appointments.glimpses import Glimpse
from coachsync.app.appointments.restoring import Kept, Unsent
from coachsync.app.cli.commands import Options
from coachsync.app.cli.output import instant, tell, tell_json, tell_table
from coachsync.app.cli.tongue import spoken, tongue
from coachsync.app.dates import short_moment, span
from coachsync.phrases import say

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from coachsync.app.wiring import Wiring

_Shown = TypeVar("_Shown", Kept, Unsent)

_REASONS = {
    "overwritten": say("changed since"),
    "deleted": say("deleted"),
    "replaced": say("another calendar took its place"),
    "not-kept": say("not kept in a conflict"),
    "taken-back": say("taken back by you"),
}
_REASONS_IN_SHARES = {"edited": say("edited in the share"), "replaced": say("removed to make room for the share")}
_KINDS = {"new": say("new"), "changed": say("changed"), "deleted": say("deleted")}


def list_kept(options: Options, calendar: str | None) -> None:
    """List it, newest first, with titles: for the coach's own terminal."""
    from coachsync.app.appointments.restoring import kept_of, unsent_of
    from coachsync.app.cli.opening import opened

    with opened(options, "appointment restore") as wiring:
        zone = wiring.zone
        versions = _glimpsed(wiring, [one for one in kept_of(wiring, calendar) if not one.expired])
        changes = _glimpsed(wiring, unsent_of(wiring, calendar))
    if options.json:
        tell_json({"kept": [_kept(*pair) for pair in versions], "unsent": [_unsent(*pair) for pair in changes]})
        return
    if not versions and not changes:
        tell(say("Nothing was overwritten or deleted in the last 30 days."), err=True)
    if changes:
        tell(say("Changes of yours that are not sent yet, and can be taken back:"), err=True)
        tell_table(
            (say("id"), say("what"), say("calendar"), say("date"), say("title")),
            [(one.id, _KINDS[one.kind], one.calendar, date_of(seen, zone), seen.title) for one, seen in changes],
        )
    if versions:
        tell(say("Kept for 30 days, and can be brought back:"), err=True)
        tell_table(
            (say("id"), say("since"), say("why"), say("calendar"), say("date"), say("title")),
            [_row(one, seen, zone) for one, seen in versions],
        )


def _glimpsed(wiring: Wiring, ones: list[_Shown]) -> list[tuple[_Shown, Glimpse]]:
    """Each with what the coach recognises it by; read calendar by calendar."""
    from coachsync.app.appointments.glimpses import glimpses

    seen = {
        name: iter(glimpses(wiring, name, [one.shown for one in ones if one.calendar == name]))
        for name in {one.calendar for one in ones}
    }
    return [(one, next(seen[one.calendar])) for one in ones]


def _row(one: Kept, seen: Glimpse, zone: ZoneInfo) -> tuple[str, ...]:
    return (
        one.id,
        short_moment(one.removed_at.astimezone(zone), tongue().code),
        spoken(_REASONS_IN_SHARES.get(one.reason, one.reason) if one.share else _REASONS.get(one.reason, one.reason)),
        one.share or one.calendar,
        date_of(seen, zone),
        seen.title,
    )


def date_of(seen: Glimpse, zone: ZoneInfo) -> str:
    """The date that an appointment is recognised by."""
    if seen.date is None:
        return "-"
    start, end = seen.date.start.astimezone(zone), seen.date.end.astimezone(zone)
    return span(start, end, tongue().code, all_day=seen.date.all_day)


def date_document(seen: Glimpse) -> dict[str, Any]:
    """The same, with the title, as `--json` shows it."""
    date = seen.date
    return {
        "start": None if date is None else instant(date.start),
        "end": None if date is None else instant(date.end),
        "all_day": None if date is None else date.all_day,
        "title": seen.title,
    }


def _kept(one: Kept, seen: Glimpse) -> dict[str, Any]:
    return {
        "id": one.id,
        "appointment": one.appointment,
        "calendar": one.calendar or None,
        "share": one.share or None,
        "reason": one.reason,
        "removed_at": instant(one.removed_at),
        **date_document(seen),
    }


def _unsent(one: Unsent, seen: Glimpse) -> dict[str, Any]:
    return {
        "id": one.id,
        "calendar": one.calendar,
        "change": one.kind,
        "conflict": one.conflict,
        "made_at": instant(datetime.fromtimestamp(one.made_at, UTC)),
        **date_document(seen),
    }
