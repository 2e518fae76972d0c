"""Where a share is served: which kind of target it has, and what both kinds have in common."""

from __future__ import annotations

from typing import Protocol

from coachsync.adapters.database import Entry, Shares
from coachsync.app.wiring import Wiring
from coachsync.config import FileTarget, Share
from coachsync.errors import CoachsyncError, Problem
from coachsync.model import Slot


class Target(Protocol):
    """An opened target, bound to its share and ours to write."""

    def apply(
        self, create: tuple[Slot, ...], delete: tuple[Entry, ...], resume: tuple[Entry, ...]
    ) -> tuple[Problem, ...]:
        """Make the target serve `create` and `resume` and no longer `delete`; what was noticed on the way."""


def open_target(wiring: Wiring, share: Share, *, replace: bool) -> Target:
    """Bind the share to its target, making a collection that is missing, and emptying it first when `replace`.

    A target that it was bound to before is cleared of what we published there. Raises CoachsyncError with the code
    "target-not-empty" when the target holds what we did not publish, Misconfigured when it is a source calendar.
    """
    from coachsync.app.collection_target import CollectionTarget
    from coachsync.app.file_target import FileShare

    kind = FileShare if isinstance(share.to, FileTarget) else CollectionTarget
    journal = Shares(wiring.database, share.name)
    bound = journal.share()
    opened = kind(wiring, share, journal)
    if bound is not None and bound.target != opened.described:
        opened.noticed += withdraw(wiring, share, journal)
    opened.bind(replace=replace)
    return opened


def withdraw(wiring: Wiring, share: Share, journal: Shares) -> tuple[Problem, ...]:
    """Take back what was published to the target that the share is bound to, and leave it.

    What cannot be reached is said, not forgotten: the problem names the share whose former target still serves.
    """
    from coachsync.app.collection_target import remove_from
    from coachsync.app.file_target import remove_file

    bound = journal.share()
    entries = journal.entries()
    left: list[Problem] = []
    if bound is None:
        return ()
    try:
        if bound.url:
            server = wiring.server(bound.account) if bound.account in wiring.config.accounts else None
            remove_from(server, bound.url, entries)
        else:
            remove_file(bound)
    except CoachsyncError as problem:
        left = [left_behind(share, len(entries), problem)]
    journal.drop(entries)
    return tuple(left)


def left_behind(share: Share, count: int, cause: CoachsyncError) -> Problem:
    """The former target could not be cleared."""
    return Problem(
        "share-left-behind",
        f"shares.{share.name}.to",
        f"The former target still serves {count} slots: {cause.message}",
        "Delete that calendar or file by hand; coachsync no longer watches over it.",
    )


def not_empty(share: Share, count: int) -> CoachsyncError:
    """The refusal of a target that holds what is not ours."""
    return CoachsyncError(
        "target-not-empty",
        f"The target already holds {count} objects that this share did not publish; nothing was written.",
        f"If nobody needs them, run: coachsync share publish {share.name} --replace. Otherwise name another target.",
        where=f"shares.{share.name}.to",
    )
