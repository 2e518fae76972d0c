"""What was decided about a calendar's edits, carried out on its server; the state keeps what each answer means.

An edit that the server has accepted becomes the copy, in one transaction: until then it stays, so that a run cut short
decides again. What the server would not take stays too, and is counted.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, field, replace
from functools import partial
from urllib.parse import urljoin

from coachsync import contentline
from coachsync.adapters.calendars import CalendarServer
from coachsync.adapters.database import Copies, Edit, Edits
from coachsync.adapters.database.removed import keep, keep_from_now, of_calendar
from coachsync.app import trash
from coachsync.app.quietly import sending
from coachsync.app.reading import short_id
from coachsync.app.wiring import Wiring
from coachsync.app.writing import LOCKED, Sent, Step, raise_if_of_all, write
from coachsync.errors import CoachsyncError, Problem, Temporary
from coachsync.model import Item
from coachsync.phrases import say
from coachsync.sync.sameness import same

_FIRST_REST, _LAST_REST = 300, 86_400  # seconds between two tries of what a server would not take: twice the first, ...


@dataclass(slots=True)
class Tally:
    """What came of a calendar's edits so far; `failures` by the row of the edit, which is left alone from then on."""

    added: int = 0
    changed: int = 0
    removed: int = 0
    failures: dict[int, Problem] = field(default_factory=dict)


class Delivery:
    """The way of one calendar's steps to the collection at `url`, and of its answers into the state."""

    def __init__(self, wiring: Wiring, calendar: str, url: str) -> None:
        self._wiring, self._calendar, self._url = wiring, calendar, url
        self._server = wiring.server(wiring.config.calendars[calendar].account)
        self._copies, self._edits = Copies(wiring.database, calendar), Edits(wiring.database, calendar)
        self._one_by_one = False
        self._made_room_for: set[int | None] = set()  # the rows of edits, in this run
        self.tally = Tally()

    def send(self, steps: Iterable[Step]) -> None:
        """Send, several at once at first; what a server locks then (Xandikos) stays for the next call, one by one."""
        tasks: Iterator[Callable[[CalendarServer], Sent]] = (partial(write, self._url, step) for step in steps)
        alone, locked = self._one_by_one, False
        refused: list[Sent] = []
        for sent in (task(self._server) for task in tasks) if alone else self._server.together(tasks):
            if not alone and sent.failure is not None and sent.failure.code == LOCKED:
                locked = True
            elif sent.step.copy is None and sent.failure is not None and trash.may_be_why(sent.failure):
                refused.append(sent)
            else:
                self._record(sent)
        self._one_by_one = alone or locked
        self._make_room(refused)

    def rehearse(self, steps: Iterable[Step]) -> None:
        """As if the server had accepted: what is sent after it, and what shares show then, follows from that."""
        for step in steps:
            self._record(Sent(step, None if step.sends is None else Item(step.edit.href, "", step.text)))

    def refuse(self, edit: Edit, failure: CoachsyncError) -> None:
        """The change cannot go to the server: that is told, and counted."""
        self.leave(edit, failure)
        now = int(self._wiring.now.timestamp())
        self._edits.put(replace(edit, clashes=(), refusals=edit.refusals + 1, refusal=failure.code, refused_at=now))

    def leave(self, edit: Edit, failure: CoachsyncError) -> None:
        """The change stays for another run: that is told."""
        self.tally.failures[edit.row or 0] = Problem(
            f"change-{failure.code}",
            f"calendars.{self._calendar}/{short_id(self._wiring, edit.uid)}",
            say("A change of yours was not accepted: {cause} It stays here, and is sent again.", cause=failure.message),
            failure.hint or say("To take it back, run: coachsync appointment restore"),
        )

    # --- answers ---------------------------------------------------------------------------------------------------

    def _record(self, sent: Sent) -> None:
        """Keep what the server has now, and let go of the edit once it has accepted it."""
        if sent.failure is not None:
            self.refuse(sent.step.edit, sent.failure)
        elif sent.stale and sent.item is None:
            self._miss(sent.step)
        else:
            self._take(sent)

    def _take(self, sent: Sent) -> None:
        step, edit = sent.step, sent.step.edit
        with self._wiring.database.transaction():
            if sent.item is not None:
                self._keep_if_rewritten(sent)
                self._copies.store([(sent.item, contentline.uid(sent.item.body))], self._wiring.now)
            elif step.copy is not None:
                self._copies.forget([step.copy.row], self._wiring.now)
            if not sent.stale and step.last:
                self._edits.drop([] if edit.row is None else [edit.row])
                self._count(step)
            elif not sent.stale and sent.item is not None:
                self._edits.put(replace(edit, clashes=(), base=sent.item.body))

    def _miss(self, step: Step) -> None:
        """There is another version, and it is not shown: a listing tells of what is gone, and the guard is asked."""
        if step.copy is None:
            self.refuse(step.edit, _taken())
        else:
            self.leave(step.edit, unsettled())

    def _make_room(self, refused: Collection[Sent]) -> None:
        """Take what stands in the way of new appointments out of the server's own trash; the next round sends those."""
        uids = {sent.step.edit.uid for sent in refused} - {""}
        there = trash.look(self._server, self._url, uids) if uids else ()
        for sent in refused:
            edit = sent.step.edit
            items = [item for item in there if contentline.uid(item.body) == edit.uid]
            if sent.failure is not None and (not items or edit.row in self._made_room_for):
                self.refuse(edit, sent.failure)
            elif any(self._is_told_of(item) for item in items):
                self.refuse(edit, _guests_in_trash())
            else:
                self._made_room_for.add(edit.row)
                self._take_out(edit, items)

    def _is_told_of(self, item: Item) -> bool:
        """Whether taking it out of the trash might write to somebody."""
        return sending(self._wiring, self._calendar, contentline.decode(item.body), None).steps != (None,)

    def _take_out(self, edit: Edit, items: Iterable[Item]) -> None:
        """The server keeps it no longer then: so it is kept here first."""
        origin, now = of_calendar(self._calendar), self._wiring.now
        try:
            for item in items:
                keep_from_now(self._wiring.database, origin, "deleted", edit.href, item.body, now)
                self._server.remove(urljoin(self._url, item.href), item.etag)
        except CoachsyncError as failure:
            raise_if_of_all(failure)
            self.refuse(edit, failure)

    def _keep_if_rewritten(self, sent: Sent) -> None:
        """What was sent, when the server has something else at once: somebody may have written over it."""
        if sent.stale or sent.item is None or sent.item.body == sent.step.text:
            return
        if not same(contentline.decode(sent.item.body), sent.step.sends or ""):
            origin, now = of_calendar(self._calendar), self._wiring.now
            keep(self._wiring.database, origin, "overwritten", sent.item.href, sent.step.text, now)

    def _count(self, step: Step) -> None:
        if step.removes:
            self.tally.removed += 1
        elif step.copy is None:
            self.tally.added += 1
        else:
            self.tally.changed += 1


def rests(edit: Edit, now: int) -> bool:
    """Whether what a server would not take is left alone for now (seconds since 1970): the longer the more often that
    was so. A clock that was set back lets nothing rest."""
    pause = min(_FIRST_REST * 2 ** min(edit.refusals, 20), _LAST_REST)
    return bool(edit.refusals) and 0 <= now - edit.refused_at < pause


def unsettled() -> Temporary:
    """The server has another version each time that it is written to."""
    return Temporary(
        "unsettled",
        say("The appointment is being changed in the calendar at the same time."),
        say("It is decided again at the next sync."),
    )


def _taken() -> CoachsyncError:
    return CoachsyncError(
        "taken",
        say("The server says that it has such an appointment already, and does not show it."),
        say("Somebody may have deleted it: bring it back in your calendar program, or empty the trash there."),
    )


def _guests_in_trash() -> CoachsyncError:
    return CoachsyncError(
        "would-notify",
        say("The calendar's trash still has this appointment, and taking it out of there might tell others of it."),
        say("Empty the trash in your calendar program, then run: coachsync sync"),
    )
