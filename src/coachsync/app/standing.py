"""What stands now, out of the status: everything that the coach must hear about, also what was not looked at again."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from coachsync.app.alarms import Alarm, Kind, alarm
from coachsync.app.status import Found, Status
from coachsync.phrases import say, say_count


def standing(known: Status, stale: Collection[str] = (), unchecked: Collection[str] = ()) -> tuple[Alarm, ...]:
    """The alarms of a status; `stale` names the shares that are older than their schedule, `unchecked` those that could
    not be looked at from outside for long."""
    return (
        *_refused(known),
        *_found(known),
        *_opening(known),
        *_inbox(known),
        *_held(known),
        *_changes(known),
        *_left_behind(known),
        *_stale(stale),
        *_unchecked(unchecked),
    )


def _refused(known: Status) -> Iterator[Alarm]:
    for account in known.refused:
        yield alarm(
            Kind.REFUSED,
            f"accounts.{account}",
            "refused",
            say("The server does not accept the user name and password, and is not asked again until they change."),
            say("Put the right password, or a new app password, where this account's password is kept."),
        )


def _found(known: Status) -> Iterator[Alarm]:
    for name, share in known.shares.items():
        yield from (_finding(f"shares.{name}", found) for found in share.findings)
        if share.has_fallen and share.trouble is not None:
            yield alarm(Kind.FINDING, f"shares.{name}", share.trouble.code, share.trouble.message, share.trouble.hint)
    yield from (_finding(found.where, found) for found in known.exposed)


def _opening(known: Status) -> Iterator[Alarm]:
    for one in known.opening:
        yield alarm(Kind.FINDING, one.where, one.code, one.message, one.hint)


def _inbox(known: Status) -> Iterator[Alarm]:
    for one in known.inbox:
        yield alarm(Kind.HELD, one.where, one.code, one.message, one.hint)


def _finding(where: str, found: Found) -> Alarm:
    hint = say("To see what was found, run: coachsync share verify")
    return alarm(Kind.FINDING, where, found.code, found.detail, hint)


def _held(known: Status) -> Iterator[Alarm]:
    for name, calendar in known.calendars.items():
        if calendar.waiting:
            yield alarm(
                Kind.HELD,
                f"calendars.{name}",
                "deletions-wait",
                say_count(
                    "An appointment is no longer found in the calendar; it stays shared until you decide.",
                    "{number} appointments are no longer found in the calendar; they stay shared until you decide.",
                    calendar.waiting,
                ),
                say("If they were really deleted, run: coachsync sync --accept-deletions {name}", name=name),
            )


def _changes(known: Status) -> Iterator[Alarm]:
    for name, calendar in known.calendars.items():
        where = f"calendars.{name}"
        if calendar.withheld:
            message = say_count(
                "A change of yours is not sent to the calendar until you decide.",
                "{number} changes of yours are not sent to the calendar until you decide.",
                calendar.withheld,
            )
            hint = say("To send them after all, run: coachsync sync --accept-deletions {name}", name=name)
            yield alarm(Kind.HELD, where, "changes-wait", message, hint)
        if calendar.conflicts:
            message = say_count(
                "An appointment was changed both here and in the calendar; both versions are kept.",
                "{number} appointments were changed both here and in the calendar; both versions are kept.",
                calendar.conflicts,
            )
            hint = say("To see them, and to decide, run: coachsync conflict list")
            yield alarm(Kind.CONFLICT, where, "conflict", message, hint)
        if calendar.rejected:
            message = say_count(
                "The server does not take a change of yours, however often it is sent.",
                "The server does not take {number} changes of yours, however often they are sent.",
                calendar.rejected,
            )
            hint = say("To see why, run: coachsync status. To take it back: coachsync appointment restore")
            yield alarm(Kind.REJECTED, where, "changes-rejected", message, hint)


def _left_behind(known: Status) -> Iterator[Alarm]:
    for one in known.left_behind:
        yield alarm(Kind.HELD, one.where, one.code, one.message, one.hint)


def _stale(stale: Collection[str]) -> Iterator[Alarm]:
    for name in stale:
        yield alarm(
            Kind.STALE,
            f"shares.{name}",
            "share-stale",
            say("The share is older than it should be: others see old times."),
            say("To see why, run: coachsync status"),
        )


def _unchecked(unchecked: Collection[str]) -> Iterator[Alarm]:
    for name in unchecked:
        yield alarm(
            Kind.UNCHECKED,
            f"shares.{name}",
            "share-unchecked",
            say("For days it could not be checked from outside what this share shows."),
            say("To see why, run: coachsync share verify {name}", name=name),
        )
