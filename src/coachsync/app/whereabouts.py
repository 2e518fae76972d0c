"""Where the appointment of an edit lies now: under another name, in another calendar, or gone."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from coachsync.adapters.database import Copies, Copy, Edit, Edits
from coachsync.app.wiring import Wiring
from coachsync.errors import CoachsyncError
from coachsync.phrases import say
from coachsync.sync.decide import side
from coachsync.sync.sameness import same

_LONGEST_WAIT = 86_400  # seconds


class Whereabouts:
    """Finds the appointments of one calendar's edits, and lets the edits follow them."""

    def __init__(self, wiring: Wiring, calendar: str) -> None:
        self._wiring, self._calendar = wiring, calendar
        self._copies, self._edits = Copies(wiring.database, calendar), Edits(wiring.database, calendar)

    def at_home(self, edit: Edit) -> tuple[Edit, Copy | None]:
        """The edit where its object lies now, and the copy of that: an object may have come back under another name.

        While another edit is of that object, this one stays where it is.
        """
        there = self._copies.at([edit.href]) or (self._copies.named(edit.uid) if edit.uid else ())
        if not there:
            return edit, None
        if there[0].href != edit.href and is_free(self._edits, there[0].href, edit):
            edit = self._edits.put(replace(edit, href=there[0].href))
        return edit, there[0]

    def moved_away(self, edit: Edit) -> bool:
        """Whether the appointment was moved to another calendar; the edit follows it there.

        What was there already when the edit was made is another one.
        """
        if edit.base is None:
            return False
        for other in self._others():
            copies, edits = Copies(self._wiring.database, other), Edits(self._wiring.database, other)
            for copy in copies.named(edit.uid) if other not in edit.elsewhere else ():
                if edits.at(copy.href) is None and same(side(copies.text(copy)), side(edit.base)):
                    with self._wiring.database.transaction():
                        self._hand_over(edit, edits, copy.href)
                    return True
        return False

    def others_with(self, edit: Edit) -> list[str]:
        """The other calendars that have the appointment of an edit that would make it here; not those that had one of
        its UID before."""
        if edit.text is None or not edit.uid:
            return []
        others = (name for name in self._others() if name not in edit.elsewhere)
        return [name for name in others if Copies(self._wiring.database, name).holds([edit.uid])]

    def may_turn_up(self, edit: Edit) -> bool:
        """Whether the appointment may have been moved to a calendar that was not looked at since this one.

        One that cannot be looked at is not waited for longer than a day.
        """
        own = self._copies.endpoint()
        if edit.base is None or own is None or own.synced_at is None:
            return False
        endpoints = (Copies(self._wiring.database, other).endpoint() for other in self._others())
        looked = [endpoint.synced_at for endpoint in endpoints if endpoint is not None and endpoint.synced_at]
        return any(0 < own.synced_at - at < _LONGEST_WAIT for at in looked)

    def _hand_over(self, edit: Edit, edits: Edits, href: str, after: int | None = None) -> None:
        """Give an edit to another calendar, with what is to be made there once it is sent."""
        following = [one for one in self._edits.all() if one.base is None and one.after == edit.row]
        self._edits.drop([] if edit.row is None else [edit.row])
        there = edits.put(replace(edit, href=href, row=None, clashes=(), after=after))
        for one in following:
            place = f"{href.rpartition('/')[0]}/{one.href.rpartition('/')[2]}"
            self._hand_over(one, edits, place, there.row)

    def _others(self) -> Iterator[str]:
        return (name for name in self._wiring.config.calendars if name != self._calendar)


def is_free(edits: Edits, place: str, edit: Edit) -> bool:
    """Whether no other edit is of this place."""
    there = edits.at(place)
    return there is None or there.row == edit.row


def in_another_calendar(names: Iterable[str]) -> CoachsyncError:
    """An appointment that was moved to another calendar would be in both."""
    return CoachsyncError(
        "in-another-calendar",
        say("This appointment is in another calendar now: {names}.", names=", ".join(names)),
        say("Delete it there first, or move it back in your calendar program."),
    )
