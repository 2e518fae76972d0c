"""One source calendar out: what the coach changed here is decided against what the server has, and sent.

The copies are what the server was last seen to have; `pull` has just brought them in step. `delivering` carries out
what is decided here.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import replace
from urllib.parse import urlsplit

from coachsync.adapters.database import Copies, Edit, Edits, Endpoint
from coachsync.app.delivering import Delivery, Tally, rests, unsettled
from coachsync.app.outcome import MASS_DELETION, REPLACED, Pushed
from coachsync.app.quietly import sending, would_tell
from coachsync.app.whereabouts import Whereabouts, in_another_calendar, is_free
from coachsync.app.wiring import Wiring
from coachsync.app.writing import Step
from coachsync.errors import CoachsyncError
from coachsync.phrases import say
from coachsync.sync import guard
from coachsync.sync.decide import Side, decide, side
from coachsync.sync.sameness import same

_OFTEN = 5  # refusals in a row after which a person must hear of it
_MOST_ROUNDS = 5  # what changes on the server while it is written is decided again so often, then at the next sync


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
    once and about changes that were made for another collection (promise 5). While a person must say whether the
    calendar still is what it was, nothing is sent: it may be somebody else's. Raises CoachsyncError when the server
    cannot be worked with; what it had accepted by then is kept.
    """
    edits = Edits(wiring.database, calendar)
    endpoint = Copies(wiring.database, calendar).endpoint()
    if endpoint is None or not edits.all():
        return Pushed()
    if endpoint.held:
        return _pushed(edits.all(), Tally(), _own_deletions(wiring, calendar))
    if accept_deletions:
        _adopt(edits, endpoint)
    outgoing = _Outgoing(wiring, calendar, endpoint)
    if patiently:
        outgoing.rest()
    held = outgoing.run(dry_run=dry_run, accept_deletions=accept_deletions)
    return _pushed(edits.all(), outgoing.tally, held)


def _own_deletions(wiring: Wiring, calendar: str) -> int:
    """How many deletions of the coach's own a person must agree to as well: what is agreed to must have been told."""
    gone = sum(edit.text is None and edit.bound for edit in Edits(wiring.database, calendar).all())
    return gone if gone and guard.refuses(Copies(wiring.database, calendar).agreed(), gone) else 0


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
        self._wiring, self._calendar = wiring, calendar
        self._copies, self._edits = Copies(wiring.database, calendar), Edits(wiring.database, calendar)
        self._places = Whereabouts(wiring, calendar)
        self._delivery = Delivery(wiring, calendar, endpoint.url)
        self.tally = self._delivery.tally

    def rest(self) -> None:
        """Leave alone for now what the server would not take, the longer the more often it did so."""
        now = int(self._wiring.now.timestamp())
        for edit in self._edits.all():
            if rests(edit, now):
                self._delivery.leave(edit, CoachsyncError(edit.refusal, say("The server would not take it.")))

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
                self._delivery.rehearse(now)
            else:
                self._delivery.send(now)
        rows = {step.edit.row for step in now}
        for edit in self._ready():
            if edit.row in rows:
                self._delivery.leave(edit, unsettled())
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
        if step.verdict.clashes or step.verdict.theirs == theirs:
            return step
        if copy is None and (others := self._places.others_with(edit)):
            self._delivery.leave(edit, in_another_calendar(others))
            return None
        return self._quietly(step)

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
            self._delivery.refuse(step.edit, would_tell(told.refused))
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
            self._edits.drop([] if edit.row is None else [edit.row])
            return True
        return False


def _pushed(left: Iterable[Edit], tally: Tally, held: int) -> Pushed:
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
