"""The jobs: calendar by calendar and share by share, each gathers, decides and applies; one that fails stops none."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from contextlib import nullcontext
from dataclasses import replace
from functools import partial
from typing import TypeVar

from coachsync.adapters.database import Edits, Shares
from coachsync.adapters.database.removed import discard_expired
from coachsync.app.choosing import Held
from coachsync.app.confirming import NOT_CONFIRMED
from coachsync.app.fallen import now_in_force
from coachsync.app.locating import refuse_unknown
from coachsync.app.outcome import Outcome, Pulled
from coachsync.app.publish import publish, wanted
from coachsync.app.pull import pull
from coachsync.app.push import push
from coachsync.app.reading import read
from coachsync.app.unconfigured import left_behind
from coachsync.app.wiring import Wiring
from coachsync.app.withdrawing import revive
from coachsync.errors import CoachsyncError, NotInitialised, Temporary, WrongKey
from coachsync.model import Slot

T = TypeVar("T")


def sync(wiring: Wiring, *, accept: Collection[str] = (), dry_run: bool = False) -> Outcome:
    """Bring every calendar in step with its server, both ways, then publish every share.

    `accept` names calendars whose held disappearances and deletions a person has confirmed. A dry run asks the servers,
    decides, and leaves neither them nor the state changed. Raises UsageError for a calendar that is not configured.
    """
    for name in accept:
        refuse_unknown(wiring, name)
    with wiring.database.rehearsal() if dry_run else nullcontext():
        outcome = Outcome()
        take_in(wiring, outcome, wiring.config.calendars, accept, dry_run=dry_run)
        held = {calendar: pulled.held_rows for calendar, pulled in outcome.calendars.items()}
        publish_shares(wiring, outcome, wiring.config.shares, held, dry_run=dry_run)
        outcome.left_behind = left_behind(wiring)
        discard_expired(wiring.database, wiring.now)
    return outcome


def publish_share(wiring: Wiring, name: str, *, replace_content: bool = False) -> Outcome:
    """Pull the calendars that a share is made from, then publish it, also when it was taken away or shows busy times
    only since a leak: a person wants it. `replace_content` as for `publish`, also when what is kept of the share is
    damaged. Raises what its publishing raises."""
    outcome, share = Outcome(), wiring.config.shares[name]
    if replace_content:
        _forget_damaged(wiring, name)
    revive(wiring, name, give_up=replace_content)
    take_in(wiring, outcome, share.calendars)
    held = {calendar: pulled.held_rows for calendar, pulled in outcome.calendars.items()}
    if not outcome.failures:
        _look_again(wiring, name)
    try:
        outcome.shares[name] = publish(wiring, share, held, replace=replace_content)
    except Temporary as failure:
        if failure.code != NOT_CONFIRMED:
            raise
        outcome.shares[name] = publish(wiring, share, held)  # what somebody took out of it is put there again
    except NotInitialised:
        if outcome.failures:  # it waits for a calendar: why that could not be read says more
            raise outcome.failures[0][1] from None
        raise
    return outcome


def _forget_damaged(wiring: Wiring, name: str) -> None:
    """A share of which something does not open any more is made anew: its target is emptied all the same."""
    journal = Shares(wiring.database, name)
    try:
        journal.share()
    except WrongKey:
        journal.unbind()
    else:
        journal.drop_damaged()


def _look_again(wiring: Wiring, name: str) -> None:
    """Let the next publishing compare everything with what the server lists, which it else does once a day."""
    journal = Shares(wiring.database, name)
    bound = journal.share()
    if bound is not None:
        journal.bind(replace(bound, confirmed_at=None))


def preview(wiring: Wiring, name: str) -> tuple[Slot, ...]:
    """What a share would serve, from the last synced copies; whoever has no pseudonym there yet shows under one that is
    not kept. Raises NotInitialised before they were ever synced."""
    share = now_in_force(wiring, wiring.config.shares[name])
    for calendar in share.calendars:
        read(wiring, calendar)
    with wiring.database.rehearsal():  # whoever looks gives nobody a pseudonym
        return wanted(wiring, share)


def take_in(
    wiring: Wiring,
    outcome: Outcome,
    calendars: Iterable[str],
    accept: Collection[str] = (),
    *,
    dry_run: bool = False,
    patiently: bool = False,
) -> None:
    """Pull these calendars, send what was changed here, and read those that feed a share; `accept` and `dry_run` as for
    `sync`, `patiently` as for `push`. What fails is in the outcome."""
    feeding = {calendar for share in wiring.config.shares.values() for calendar in share.calendars}
    accepted = {name: name in accept for name in calendars}
    # All come in before anything goes out: an appointment may have moved from one calendar to another.
    for name, given in accepted.items():
        pulled = _attempt(outcome, name, partial(pull, wiring, name, accept_deletions=given))
        if pulled is not None:
            outcome.calendars[name] = pulled
    for name, given in accepted.items():
        if name in outcome.calendars:
            send = partial(push, wiring, name, accept_deletions=given, dry_run=dry_run, patiently=patiently)
            pushed = _attempt(outcome, name, send)
            if pushed is not None:
                outcome.pushed[name] = pushed
        if name not in outcome.pushed:
            _undecided(wiring, outcome, name)
    for name, given in accepted.items():
        if name not in feeding:  # what no share is made from is read when somebody looks at it
            continue
        # Also when nothing came in: a share may be made from these copies for the first time.
        seen = _attempt(outcome, name, partial(read, wiring, name, accept_deletions=given))
        if name in outcome.calendars and seen is not None:
            outcome.calendars[name] = _merged(outcome.calendars[name], seen)
        else:
            outcome.calendars.pop(name, None)


def _undecided(wiring: Wiring, outcome: Outcome, calendar: str) -> None:
    """A conflict stays open while its calendar cannot be reached."""
    conflicts = sum(bool(edit.clashes) for edit in Edits(wiring.database, calendar).all())
    if conflicts:
        outcome.undecided[calendar] = conflicts


def _attempt(outcome: Outcome, calendar: str, act: Callable[[], T]) -> T | None:
    try:
        return act()
    except WrongKey:  # no calendar's own trouble: nothing here opens
        raise
    except CoachsyncError as failure:
        outcome.failures.append((f"calendars.{calendar}", failure))
        return None


def _merged(pulled: Pulled, seen: Pulled) -> Pulled:
    return replace(
        pulled,
        held=pulled.held + len(seen.held_rows - pulled.held_rows),
        why=pulled.why or seen.why,
        held_rows=pulled.held_rows | seen.held_rows,
        quarantined=seen.quarantined,
        news=seen.news,
    )


def publish_shares(
    wiring: Wiring, outcome: Outcome, shares: Iterable[str], held: Held, *, dry_run: bool = False
) -> None:
    """Publish these shares from what is here. What fails is in the outcome, but for a share that waits for a calendar
    which has failed itself: that is told with its cause."""
    for name in shares:
        try:
            outcome.shares[name] = publish(wiring, wiring.config.shares[name], held, dry_run=dry_run)
        except CoachsyncError as failure:
            if not (isinstance(failure, NotInitialised) and failure.where in dict(outcome.failures)):
                outcome.failures.append((f"shares.{name}", failure))
