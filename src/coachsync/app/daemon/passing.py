"""One pass over what is due: take in calendars, write shares, look at them from outside, keep the status."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, field

from coachsync.adapters.database import Edits, Shares
from coachsync.adapters.database.removed import discard_expired
from coachsync.app import jobs, recording
from coachsync.app.daemon.books import Books
from coachsync.app.daemon.moment import Moment
from coachsync.app.defects import defect
from coachsync.app.falling_back import respond
from coachsync.app.outcome import Outcome
from coachsync.app.status import Status
from coachsync.app.verify import Verification, verify
from coachsync.app.wiring import Wiring
from coachsync.config import Secret, Share
from coachsync.errors import CoachsyncError, Problem, WrongKey

Say = Callable[[str], str]


@dataclass(slots=True)
class Pass:
    """What one pass did; `checked` only where something was looked at from outside."""

    outcome: Outcome = field(default_factory=Outcome)
    checked: list[Verification] = field(default_factory=list)

    @property
    def is_idle(self) -> bool:
        """Whether nobody was asked anything."""
        outcome = self.outcome
        return not (outcome.calendars or outcome.shares or outcome.failures or self.checked)

    def findings(self) -> int:
        """How many things were found in shares that should not be there."""
        return sum(len(checked.findings) for checked in self.checked)

    def problems(self) -> tuple[Problem, ...]:
        """Everything that went wrong."""
        failed = [failure.problem(where) for checked in self.checked for where, failure in checked.failures]
        return self.outcome.problems() + tuple(failed)


class Passing:
    """Does one pass in an opened state; what follows for the next ones is written into the books.

    `pardoned`: a person has asked, so a refused credential is tried once more. `alive` is called between the steps.
    """

    def __init__(
        self,
        wiring: Wiring,
        books: Books,
        known: Status,
        moment: Moment,
        say: Say,
        *,
        pardoned: bool = False,
        alive: Callable[[], None] = lambda: None,
    ) -> None:
        self._wiring, self._books, self._moment, self._say = wiring, books, moment, say
        self._boot, self._pardoned, self._alive = moment.boot, pardoned, alive
        self.known = known
        self.done = Pass()
        self._unanswered: CoachsyncError | None = None  # why a leak that was just found could not be answered

    def run(self) -> None:
        """Do what is due. Raises WrongKey when what is here of a calendar does not open; anything else is in `done`."""
        if not self._wiring.undisturbed:  # somebody may have taken in changes and not published them
            self._books.disturbed()
            self._hurry_changes()
            for name in self._wiring.config.shares:
                if self.known.share(name).findings:  # somebody has looked, and found what asks for an answer
                    self._books.check_now(name, self._boot)
        for name in self._books.due_calendars(self._boot):
            self._take_in(name)
        for name in self._books.due_shares(self._moment):
            self._write(name)
        for name in self._books.due_checks(self._boot):
            self._check(name)
        self._confirm()
        discard_expired(self._wiring.database, self._wiring.now)

    def _hurry_changes(self) -> None:
        """What somebody has queued meanwhile is sent now, and not by the interval."""
        for name in self._wiring.config.calendars:
            if any(edit.bound and not edit.clashes for edit in Edits(self._wiring.database, name).all()):
                self._books.wanted(name, self._boot)

    def _take_in(self, name: str) -> None:
        if not self._may_ask(self._wiring.config.calendars[name].account):
            return
        did = Outcome()
        self._attempt(did, f"calendars.{name}", lambda: jobs.take_in(self._wiring, did, [name], patiently=True))
        pulled = did.calendars.get(name)
        read = pulled is not None and recording.read_at(self._wiring, name) == int(self._wiring.now.timestamp())
        self._books.looked_at(name, whole=read)
        for _, failure in did.failures:
            self._books.failed(name, self._boot, failure)
        if pulled is not None and not did.failures:  # what could be taken in and not sent is tried again as it failed
            changed = bool(pulled.added or pulled.changed or pulled.removed or pulled.news or _sent(did, name))
            self._books.taken_in(name, self._boot, changed=changed)

    def _write(self, name: str) -> None:
        account = recording.account_of(self._wiring.config, f"shares.{name}")
        if account is not None and not self._may_ask(account):
            return
        did, waiting = Outcome(), self._held(self._wiring.config.shares[name])
        self._attempt(did, f"shares.{name}", lambda: jobs.publish_shares(self._wiring, did, [name], waiting))
        for _, failure in did.failures:
            held = Shares(self._wiring.database, name).held()  # what may have been written before it failed
            self._books.unwritten(name, self._boot, failure, held)
        if name in did.shares:
            published = did.shares[name]
            as_of = recording.as_of(self._wiring, name)
            changed = bool(published.created or published.deleted)
            self._books.written(name, self._moment, as_of, changed=changed)

    def _check(self, name: str) -> None:
        account = self._books.eyes(name)
        if account is not None and not self._may_ask(account):
            return
        share = self._wiring.config.shares[name]
        closed = [one for one in share.calendars if not self._may_ask(self._wiring.config.calendars[one].account)]
        did = Outcome()
        self._attempt(did, f"shares.{name}", lambda: self._look(share, closed))
        held = Shares(self._wiring.database, name).held()
        if did.failures:
            self._books.checked(name, self._boot, did.failures[0][1], held=held)
        else:
            checked = self.done.checked[-1]
            self._books.checked(name, self._boot, checked.failure(name), held=held, blind=name not in checked.seen)
        if self._unanswered is not None:
            self._books.unanswered(name, self._boot, self._unanswered)

    def _look(self, share: Share, closed: Collection[str]) -> None:
        """Look at a share from outside, and do what a leak asks for."""
        self._unanswered = None
        checked = verify(self._wiring, [share], closed)
        self._learn(checked)
        did, after = respond(self._wiring, share, checked)
        if did.shares or did.failures:
            self.done.outcome.add(did)
            self.known = recording.after_run(self.known, self._wiring, did, self._say)
            self._unanswered = next((failure for _, failure in did.failures), None)
        if after is not checked:
            self._learn(after)

    def _learn(self, checked: Verification) -> None:
        self.done.checked.append(checked)
        self.known = recording.after_check(self.known, self._wiring, checked, self._say)

    def _confirm(self) -> None:
        """A share into which nothing has to be written is as fresh as what its calendars have just said."""
        looked = self.done.outcome.calendars
        for name, share in self._wiring.config.shares.items():
            if name in self.done.outcome.shares or not self._books.is_current(name, self._moment):
                continue
            if any(calendar in looked for calendar in share.calendars):
                as_of = recording.as_of(self._wiring, name)
                self._books.confirmed(name, self._moment, as_of)
                self.known = self.known.with_share(name, as_of=as_of)

    def _attempt(self, did: Outcome, where: str, act: Callable[[], None]) -> None:
        """Do a part of the pass; a defect in it is told and stops no other part."""
        self._alive()
        try:
            act()
        except WrongKey as problem:
            if not where.startswith("shares."):
                raise
            did.failures.append((where, problem))  # of one share: what the others need opens
        except CoachsyncError:
            raise
        except Exception as problem:  # noqa: BLE001 - the others go on, whatever is wrong with this one
            did.failures.append((where, defect(problem)))
        self.done.outcome.add(did)
        self.known = recording.after_run(self.known, self._wiring, did, self._say)

    def _may_ask(self, account: str) -> bool:
        return not (self._books.is_held(account, self._boot) or self._is_refused(account))

    def _is_refused(self, account: str) -> bool:
        """Whether the account's credential is still the one that its server has refused."""
        before = self.known.refused.get(account)
        if before is None or self._pardoned:
            return False
        try:
            same = self._wiring.fingerprint(account) == before
        except CoachsyncError:
            same = True
        if same:
            quickly = _is_cheap(self._wiring.config.accounts[account].password)
            self._books.hold_refused(account, self._boot, quickly=quickly)
        return same

    def _held(self, share: Share) -> dict[str, frozenset[int]]:
        """The rows of the share's calendars whose disappearance waits, where this pass has learnt them."""
        seen = self.done.outcome.calendars
        return {calendar: seen[calendar].held_rows for calendar in share.calendars if calendar in seen}


def _sent(did: Outcome, name: str) -> bool:
    pushed = did.pushed.get(name)
    return pushed is not None and bool(pushed.added or pushed.changed or pushed.removed)


def _is_cheap(secret: Secret | None) -> bool:
    """Whether looking at where a password is kept costs nothing and asks nobody: a command may do both."""
    return secret is None or secret.file is not None
