"""One share out: gather what is wanted, decide by set difference against the journal, apply."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from coachsync.adapters.database import Copies, Entry, Shares
from coachsync.app import claiming
from coachsync.app.choosing import Held, marked
from coachsync.app.fallen import GONE, fallen, in_force, problems_of
from coachsync.app.opening_target import open_target, refuse_target
from coachsync.app.outcome import Published
from coachsync.app.wiring import Wiring
from coachsync.app.withdrawing import finish
from coachsync.config import Config, Share
from coachsync.errors import NotInitialised
from coachsync.model import Choice, Occurrence, Slot
from coachsync.phrases import say
from coachsync.redaction import publication
from coachsync.redaction.slots import Mark, slots
from coachsync.redaction.window import window


@dataclass(frozen=True, slots=True)
class SharePlan:
    """What must change in one share: a dry run prints it, `publish` carries it out."""

    create: tuple[Slot, ...]
    delete: tuple[Entry, ...]
    resume: tuple[Entry, ...]  # journaled before, and wanted still: the target may or may not have them
    held_back: int


def wanted(wiring: Wiring, share: Share, without: Held | None = None) -> tuple[Slot, ...]:
    """The slots that the share should serve now, sorted. Raises as `refuse_unread` and `marked` do."""
    refuse_unread(wiring, share)
    return slots_of(wiring, share, marked(wiring, share, without or {}))


def refuse_unread(wiring: Wiring, share: Share) -> None:
    """Raise NotInitialised while a calendar that the share is made from has never been read whole: a share made from a
    part of a calendar would look free."""
    for calendar in share.calendars:
        copies = Copies(wiring.database, calendar)
        endpoint = copies.endpoint()
        if endpoint is None or endpoint.synced_at is None or copies.unread():
            raise NotInitialised(
                "calendar-never-synced",
                say("A calendar that this share is made from has not been read yet; the share stays as it is."),
                say("Run: coachsync sync"),
                where=f"calendars.{calendar}",
            )


def slots_of(wiring: Wiring, share: Share, groups: Mapping[Mark, Collection[Occurrence]]) -> tuple[Slot, ...]:
    """What the share shows of these occurrences today, sorted."""
    today = wiring.now.astimezone(wiring.zone).date()
    frame = window(today, share.profile.past, share.profile.future, wiring.zone)
    found = (slots(group, share.profile, frame, wiring.zone, mark) for mark, group in groups.items())
    return tuple(sorted(slot for some in found for slot in some))


def plan(wiring: Wiring, share: Share, want: Collection[Slot], held: Held) -> SharePlan:
    """Compare the slots that are wanted with the journal of what was published."""
    entries = Shares(wiring.database, share.name).entries()
    current = [
        entry for entry in entries if not entry.going and entry.text == publication.text_of(entry.slot, share.texts)
    ]
    changes = publication.plan(want, [entry.slot for entry in current])
    going = frozenset(changes.delete)
    stay = {entry.tag for entry in current if entry.slot not in going}
    return SharePlan(
        create=changes.create,
        delete=tuple(entry for entry in entries if entry.tag not in stay),
        resume=tuple(entry for entry in entries if entry.tag in stay and not entry.live),
        held_back=_held_back(wiring, share, want, held),
    )


def publish(wiring: Wiring, share: Share, held: Held, *, replace: bool = False, dry_run: bool = False) -> Published:
    """Make the share's target serve what is wanted, and nothing else; nothing at all once it was taken away.

    `replace` empties and refills the target, whoever filled it. What the journal says is to be taken back
    (`Shares.take_back`) comes again under other names. Raises CoachsyncError when the target is refused or cannot be
    written; what was done until then is journaled, and the next run goes on from there.
    """
    before = Shares(wiring.database, share.name).share()
    state = fallen(before)
    if before is not None and state in GONE:
        if not dry_run:
            finish(wiring, share.name, before)
        return Published(problems=problems_of(share, before))
    share = in_force(wiring.config, share, state)
    want = wanted(wiring, share)  # before anything is touched: it may be refused
    if dry_run:
        refuse_target(wiring, share)
        todo = plan(wiring, share, want, held)
        return Published(len(todo.create) + len(todo.resume), len(todo.delete), todo.held_back)
    claiming.refuse_returned(wiring, share.name)
    target = open_target(wiring, share, replace=replace)
    todo = plan(wiring, share, want, held)
    problems = target.apply(todo.create, todo.delete, todo.resume) + problems_of(share, before)
    journal = Shares(wiring.database, share.name)
    bound, settings = journal.share(), settings_of(wiring.config, share.name)
    if bound is not None and bound.settings != settings:
        journal.bind(dataclasses.replace(bound, settings=settings))
    journal.done(wiring.now)
    return Published(len(todo.create) + len(todo.resume), len(todo.delete), todo.held_back, problems)


def settings_of(config: Config, name: str) -> str:
    """What tells the settings of a share from other ones that would make it serve something else."""
    share = config.shares[name]
    texts = sorted((label.value, text) for label, text in share.texts.items())
    chosen = [_said(share.clients), _said(share.categories)]
    own = [sorted(config.calendars[name].categories or ()) for name in share.calendars]
    said = repr((share.calendars, share.profile, texts, config.practice.timezone, chosen, own))
    return hashlib.sha256(said.encode()).hexdigest()[:32]


def _said(choice: Choice) -> tuple[list[str] | None, list[str]]:
    """A choice as it reads the same in every process."""
    return None if choice.only is None else sorted(choice.only), sorted(choice.without)


def _held_back(wiring: Wiring, share: Share, want: Collection[Slot], held: Held) -> int:
    if not any(held.get(calendar) for calendar in share.calendars):
        return 0
    return len(set(want) - set(wanted(wiring, share, held)))
