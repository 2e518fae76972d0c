"""One source calendar out: what the coach changed here is decided against what the server has, and sent.

The copies are what the server was last seen to have; `pull` has just brought them in step. An edit that the server has
accepted becomes the copy, in one transaction: until then it stays, so that a run cut short decides again.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, field, replace
from functools import partial
from urllib.parse import urlsplit

from coachsync import contentline
from coachsync.adapters.calendars import CalendarServer
from coachsync.adapters.database import Copies, Edit, Edits, Endpoint
from coachsync.adapters.database.removed import keep, kept, of_calendar
from coachsync.app.outcome import MASS_DELETION, REPLACED, VANISHED, Pushed
from coachsync.app.quietly import sending, would_tell
from coachsync.app.reading import short_id
from coachsync.app.whereabouts import Whereabouts, is_free
from coachsync.app.wiring import Wiring
from coachsync.app.writing import LOCKED, Sent, Step, make_room, write
from coachsync.errors import CoachsyncError, Problem, Temporary
from coachsync.model import Item
from coachsync.phrases import say
from coachsync.sync import guard
from coachsync.sync.decide import Side, decide, side
from coachsync.sync.sameness import same

_FIRST_REST, _LAST_REST = 300, 86_400  # seconds between two tries of what a server would not take: twice the first, ...
_OFTEN = 5  # refusals in a row after which a person must hear of it
_MOST_ROUNDS = 5  # what changes on the server while it is written is decided again so often, then at the next sync


@dataclass(slots=True)
class _Tally:
    added: int = 0
    changed: int = 0
    removed: int = 0
    failures: dict[int, Problem] = field(default_factory=dict)  # by the row of the edit


def push(
    wiring: Wiring,
    calendar: str,
    *,
    accept_deletions: bool = False,
    dry_run: bool = False,
    patiently: bool = False,
) -> Pushed:
    """Send what waits for one calendar, which has just been pulled.

    `patiently`: what the server would not take is tried again more and more seldom, at last once a day; otherwise now.

    A person must decide about what clashes with the server, and, unless `accept_deletions`, about too many deletions at
    once and about changes that were made for another collection (promise 5). Raises CoachsyncError when the server
    cannot be worked with; what it had accepted by then is kept.
    """
    edits = Edits(wiring.database, calendar)
    endpoint = Copies(wiring.database, calendar).endpoint()
    if endpoint is None or not edits.all():
        return Pushed()
    if endpoint.held == VANISHED:
        return _pushed(edits.all(), _Tally(), 0)
    if accept_deletions:
        _adopt(edits, endpoint)
    outgoing = _Outgoing(wiring, calendar, endpoint)
    if patiently:
        outgoing.rest()
    held = outgoing.run(dry_run=dry_run, accept_deletions=accept_deletions)
    return _pushed(edits.all(), outgoing.tally, held)


def _adopt(edits: Edits, endpoint: Endpoint) -> None:
    """A person says that the changes belong into the collection that the calendar is now."""
    folder = urlsplit(endpoint.url).path.rstrip("/")
    for edit in edits.all():
        place = f"{folder}/{edit.href.rpartition('/')[2]}"
        if not edit.bound and is_free(edits, place, edit):  # else what was made there since is sent first
            edits.put(replace(edit, bound=True, href=place))


class _Outgoing:
    """One calendar's edits on their way to its server."""

    def __init__(self, wiring: Wiring, calendar: str, endpoint: Endpoint) -> None:
        self._wiring, self._calendar, self._url = wiring, calendar, endpoint.url
        self._server = wiring.server(wiring.config.calendars[calendar].account)
        self._copies, self._edits = Copies(wiring.database, calendar), Edits(wiring.database, calendar)
        self._places = Whereabouts(wiring, calendar)
        self._one_by_one = False
        self.tally = _Tally()

    def rest(self) -> None:
        """Leave alone for now what the server would not take, the longer the more often it did so."""
        now = int(self._wiring.now.timestamp())
        for edit in self._edits.all():
            pause = min(_FIRST_REST * 2 ** min(edit.refusals, 20), _LAST_REST)
            if edit.refusals and 0 <= now - edit.refused_at < pause:  # a clock that was set back lets nothing rest
                again = CoachsyncError(edit.refusal, say("The server would not take it."))
                self.tally.failures[edit.row or 0] = self._problem(edit, again)

    def run(self, *, dry_run: bool, accept_deletions: bool) -> int:
        """Decide and send until nothing is left that can be sent; how many deletions are held."""
        for _ in range(_MOST_ROUNDS):
            ready = self._ready()
            steps = [step for step in map(self._step, ready) if step is not None and not self._settled(step)]
            removing = [step for step in steps if step.removes]
            held = removing if self._too_many(removing) and not accept_deletions else []
            now = [step for step in steps if step not in held]
            if not now and not self._freed(ready):
                return len(held)
            if dry_run:
                self._rehearse(now)
            else:
                self._send(now)
        rows = {step.edit.row for step in now}
        unsettled = (edit for edit in self._ready() if edit.row in rows)
        self.tally.failures |= {edit.row or 0: self._problem(edit, _unsettled()) for edit in unsettled}
        return len(held)

    def _too_many(self, removing: Collection[Step]) -> bool:
        """Whether a person must say so first, together with what was deleted in this run already."""
        removed = self.tally.removed
        return bool(removing) and guard.refuses(self._copies.agreed() + removed, len(removing) + removed)

    def _freed(self, before: Iterable[Edit]) -> bool:
        """Whether an edit may be sent now that waited for one of these, which needed no sending."""
        return not {edit.row for edit in self._ready()} <= {edit.row for edit in before}

    # --- decide ----------------------------------------------------------------------------------------------------

    def _ready(self) -> list[Edit]:
        """The edits that may be sent now."""
        return [
            edit
            for edit in self._edits.all()
            if edit.bound and edit.after is None and edit.row not in self.tally.failures
        ]

    def _step(self, edit: Edit) -> Step | None:
        """What follows for an edit; None while the disappearance of its appointment waits for a person or another edit
        of it is sent first, and when the appointment lies in another calendar now, or may do so."""
        edit, copy = self._places.at_home(edit)
        if copy is not None and not (copy.agreed and copy.href == edit.href):
            return None
        if copy is None and (self._places.moved_away(edit) or self._places.may_turn_up(edit)):
            return None
        theirs = side(None if copy is None else self._copies.text(copy))
        step = Step(edit, copy, theirs, decide(self._base(edit, theirs), side(edit.text), theirs))
        return step if step.verdict.clashes or step.verdict.theirs == theirs else self._quietly(step)

    def _base(self, edit: Edit, theirs: Side) -> Side:
        """What the edit was made from; an intermediate version that a run cut short has sent stands for it."""
        base = side(edit.base)
        if base is None or theirs is None or edit.notify or same(base, theirs):
            return base
        first = next(iter(sending(self._wiring, self._calendar, base, side(edit.text)).steps), None)
        return theirs if first is not None and first != side(edit.text) and same(first, theirs) else base

    def _quietly(self, step: Step) -> Step | None:
        """The step as it is sent so that nobody is told, but where a person asked for it; None where that cannot be."""
        if step.edit.notify:
            return replace(step, sends=step.verdict.theirs)
        told = sending(self._wiring, self._calendar, step.theirs, step.verdict.theirs)
        if told.refused is not None:
            self._refused(step.edit, would_tell(told.refused))
            return None
        rest = list(told.steps)
        while len(rest) > 1 and rest[0] == step.theirs:
            del rest[0]
        return replace(step, sends=rest[0], last=len(rest) == 1)

    def _settled(self, step: Step) -> bool:
        """Whether nothing has to be sent: the server has what is wanted, or a person must decide."""
        edit, verdict = step.edit, step.verdict
        if verdict.clashes != edit.clashes:
            self._edits.put(replace(edit, clashes=verdict.clashes))
        if verdict.clashes:
            return True
        if verdict.theirs == step.theirs:
            self._edits.drop(_rows(edit))
            return True
        return False

    # --- apply -----------------------------------------------------------------------------------------------------

    def _send(self, steps: Iterable[Step]) -> None:
        """Send, several at once at first; what a server locks then (Xandikos) stays for the next round, one by one."""
        tasks: Iterator[Callable[[CalendarServer], Sent]] = (partial(write, self._url, step) for step in steps)
        alone, locked = self._one_by_one, False
        for sent in (task(self._server) for task in tasks) if alone else self._server.together(tasks):
            if not alone and sent.failure is not None and sent.failure.code == LOCKED:
                locked = True
            else:
                self._record(sent)
        self._one_by_one = alone or locked

    def _rehearse(self, steps: Iterable[Step]) -> None:
        """As if the server had accepted: what is sent after it, and what shares show then, follows from that."""
        for step in steps:
            self._record(Sent(step, None if step.sends is None else Item(step.edit.href, "", step.text)))

    def _record(self, sent: Sent) -> None:
        """Keep what the server has now, and let go of the edit once it has accepted it."""
        step, edit = sent.step, sent.step.edit
        if sent.trashed:
            self._make_room(sent)
            return
        if sent.failure is not None:
            self._refused(edit, sent.failure)
            return
        with self._wiring.database.transaction():
            if sent.item is not None:
                self._keep_if_rewritten(sent)
                self._copies.store([(sent.item, contentline.uid(sent.item.body))], self._wiring.now)
            elif sent.stale and step.copy is None:
                self._refused(edit, _taken())
            elif sent.stale:  # gone, or so it says: a listing tells, and the guard is asked
                self.tally.failures[edit.row or 0] = self._problem(edit, _unsettled())
            elif step.copy is not None:
                self._copies.forget([step.copy.row], self._wiring.now)
            if not sent.stale and step.last:
                self._edits.drop(_rows(edit))
                self._count([step])
            elif not sent.stale and sent.item is not None:
                self._edits.put(replace(edit, clashes=(), base=sent.item.body))

    def _make_room(self, sent: Sent) -> None:
        """Take what stands in the way out of the server's trash, where it is kept no longer: so it is kept here. The
        next round sends the step again."""
        before = {one.body for one in kept(self._wiring.database, of_calendar(self._calendar))}
        for item in sent.trashed:
            if item.body not in before:
                self._keep("deleted", sent.step.edit.href, item.body)
        sent = make_room(self._url, sent, self._server)
        if sent.failure is not None:
            self._refused(sent.step.edit, sent.failure)

    def _refused(self, edit: Edit, failure: CoachsyncError) -> None:
        """The server would not take it: that is told, and counted."""
        self.tally.failures[edit.row or 0] = self._problem(edit, failure)
        now = int(self._wiring.now.timestamp())
        self._edits.put(replace(edit, clashes=(), refusals=edit.refusals + 1, refusal=failure.code, refused_at=now))

    def _keep_if_rewritten(self, sent: Sent) -> None:
        """What was sent, when the server has something else at once: somebody may have written over it."""
        if sent.stale or sent.item is None or sent.item.body == sent.step.text:
            return
        if not same(contentline.decode(sent.item.body), sent.step.sends or ""):
            self._keep("overwritten", sent.item.href, sent.step.text)

    def _keep(self, reason: str, href: str, body: bytes) -> None:
        keep(self._wiring.database, of_calendar(self._calendar), reason, href, body, self._wiring.now)

    def _count(self, steps: Iterable[Step]) -> None:
        for step in steps:
            if step.removes:
                self.tally.removed += 1
            elif step.copy is None:
                self.tally.added += 1
            else:
                self.tally.changed += 1

    def _problem(self, edit: Edit, failure: CoachsyncError) -> Problem:
        return Problem(
            f"change-{failure.code}",
            f"calendars.{self._calendar}/{short_id(self._wiring, edit.uid)}",
            say("A change of yours was not accepted: {cause} It stays here, and is sent again.", cause=failure.message),
            failure.hint or say("To take it back, run: coachsync appointment restore"),
        )


def _pushed(left: Iterable[Edit], tally: _Tally, held: int) -> Pushed:
    left = tuple(left)
    foreign = sum(not edit.bound for edit in left)
    return Pushed(
        added=tally.added,
        changed=tally.changed,
        removed=tally.removed,
        waiting=len(left),
        conflicts=sum(bool(edit.clashes) for edit in left),
        held=held + foreign,
        why=REPLACED if foreign else MASS_DELETION if held else "",
        rejected=sum(edit.refusals >= _OFTEN for edit in left),
        problems=tuple(tally.failures.values()),
    )


def _unsettled() -> Temporary:
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


def _rows(edit: Edit) -> list[int]:
    return [] if edit.row is None else [edit.row]
