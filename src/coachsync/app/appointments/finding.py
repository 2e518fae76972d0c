"""Finding the appointment that a person names, by its UID or by the short id that `agenda` shows."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from coachsync import contentline
from coachsync.adapters.database import Copies, Copy, Edit, Edits
from coachsync.app.locating import refuse_unknown
from coachsync.app.queueing import never_synced, undecided
from coachsync.app.reading import any_synced, short_id, synced
from coachsync.app.wiring import Wiring
from coachsync.errors import CoachsyncError, UsageError
from coachsync.phrases import say


@dataclass(frozen=True, slots=True)
class Found:
    """One appointment of a calendar. `text` is what the coach wants of it, None when it is to be deleted; `edit` is
    what its server does not have of that yet, `copy` what the server has."""

    calendar: str
    href: str
    uid: str
    id: str
    text: bytes | None
    edit: Edit | None = None
    copy: Copy | None = None


def known_calendar(wiring: Wiring, name: str) -> None:
    """Raise UsageError for a calendar that is not configured, NotInitialised for one that was never synced."""
    refuse_unknown(wiring, name)
    if name not in synced(wiring):
        raise never_synced(name)


def find(wiring: Wiring, name: str, calendar: str | None = None) -> Found:
    """The appointment of this UID or short id, in one calendar or in any.

    Raises UsageError when there is none, or when several could be meant; NotInitialised before the first sync.
    """
    found = matching(wiring, name, calendar)
    if not found:
        raise UsageError(
            "no-such-appointment",
            say("There is no appointment of that id."),
            say("`coachsync agenda` shows the ids; what was deleted is listed by: coachsync appointment restore"),
        )
    if len(found) > 1:
        raise _ambiguous(found)
    return found[0]


def matching(wiring: Wiring, name: str, calendar: str | None = None) -> list[Found]:
    """Every appointment that could be meant; deletions that wait to be sent are among them.

    Raises as `find` does for a calendar that cannot be looked at.
    """
    if calendar is not None:
        known_calendar(wiring, calendar)
    places = [calendar] if calendar is not None else any_synced(wiring)
    by_uid = [found for place in places for found in _of_uid(wiring, place, name)]
    return by_uid or [found for place in places for found in _of_id(wiring, place, name.strip().upper())]


def _of_uid(wiring: Wiring, calendar: str, uid: str) -> Iterator[Found]:
    edits = Edits(wiring.database, calendar).all()
    hrefs = {edit.href for edit in edits if edit.uid == uid}
    yield from _joined(wiring, calendar, Copies(wiring.database, calendar).named(uid), hrefs)


def _of_id(wiring: Wiring, calendar: str, name: str) -> Iterator[Found]:
    edits = Edits(wiring.database, calendar).all()
    hrefs = {edit.href for edit in edits if short_id(wiring, edit.uid or edit.href) == name}
    copies = Copies(wiring.database, calendar).all()
    named = [copy for copy in copies if short_id(wiring, copy.uid or copy.href) == name]
    yield from _joined(wiring, calendar, named, hrefs)


def _joined(wiring: Wiring, calendar: str, copies: Collection[Copy], hrefs: Collection[str]) -> Iterator[Found]:
    """These copies with their edits, and the edits of these hrefs with their copies."""
    stored = Copies(wiring.database, calendar)
    edits = {edit.href: edit for edit in Edits(wiring.database, calendar).all()}
    more = stored.at(set(hrefs) - {copy.href for copy in copies})
    there = {copy.href: copy for copy in (*copies, *more)}
    texts = dict(stored.texts(copy.row for copy in there.values()))
    for href in {**there, **dict.fromkeys(href for href in hrefs if href in edits)}:
        copy, edit = there.get(href), edits.get(href)
        text = edit.text if edit is not None else texts[copy.row] if copy is not None else None
        uid = edit.uid if edit is not None else copy.uid if copy is not None else ""
        yield Found(calendar, href, uid, short_id(wiring, uid or href), text, edit, copy)


def _ambiguous(found: list[Found]) -> CoachsyncError:
    calendars = sorted({one.calendar for one in found})
    if len(calendars) == len(found):
        return in_several(calendars)
    if len({one.uid for one in found}) == len(found):
        return UsageError(
            "which-appointment",
            say("Several appointments happen to have this short id ({names}).", names=", ".join(calendars)),
            say("Name it by its UID, which `coachsync --json agenda` shows."),
        )
    return CoachsyncError(
        "stored-twice",
        say("The calendar has this appointment several times ({names}).", names=", ".join(calendars)),
        say("Delete all but one of them in your calendar program, and sync again."),
    )


def in_several(calendars: Collection[str]) -> UsageError:
    """An id names something in each of these calendars."""
    return UsageError(
        "which-calendar",
        say("Appointments in several calendars have this id: {names}.", names=", ".join(sorted(calendars))),
        say("Say which calendar is meant with --calendar."),
    )


def text_of(found: Found) -> str:
    """What the coach wants of it.

    Raises UsageError when it is to be deleted, CoachsyncError while a conflict is open about it.
    """
    refuse_disputed(found)
    if found.text is None:
        raise UsageError(
            "deleted-already",
            say("You have deleted this appointment; the calendar does not know yet."),
            say("To take that back, run: coachsync appointment restore {id}", id=found.id),
        )
    return contentline.decode(found.text)


def refuse_disputed(found: Found) -> None:
    """Raise CoachsyncError while a conflict is open about it."""
    if found.edit is not None and found.edit.clashes:
        raise undecided()
