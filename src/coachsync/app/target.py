"""Where a share is served: what both kinds of target promise, and what both say when something is in the way."""

from __future__ import annotations

from dataclasses import replace
from typing import Protocol

from coachsync.adapters.database import Entry
from coachsync.adapters.database import Share as Bound
from coachsync.config import Share
from coachsync.errors import CoachsyncError, Problem
from coachsync.model import Slot
from coachsync.phrases import say, say_count


class Target(Protocol):
    """A target of a share. It is bound, and so ours to write, only after every reason to refuse it was looked at."""

    noticed: tuple[Problem, ...]

    @property
    def described(self) -> str:
        """What tells this target from another one."""

    def resume(self, bound: Bound, *, replace: bool) -> None:
        """Open the target that the share is bound to; empty it first when `replace`."""

    def claim(self, *, replace: bool) -> bool:
        """Make sure that a target the share is not bound to may be ours; empty it when `replace`.

        Whether what it holds is what the journal says: the same target by another name. Raises CoachsyncError with
        the code "target-not-empty" when it holds anything else, Misconfigured when it is a source calendar.
        """

    def settle(self) -> None:
        """Bind the share to the target that was claimed."""

    def apply(
        self, create: tuple[Slot, ...], delete: tuple[Entry, ...], resume: tuple[Entry, ...]
    ) -> tuple[Problem, ...]:
        """Make the target serve `create` and `resume` and no longer `delete`; what was noticed on the way."""


def still_fallen(bound: Bound, before: Bound | None) -> Bound:
    """A new target of a share that has leaked: that is not over because it goes to another place."""
    return bound if before is None else replace(bound, fallen=before.fallen, fallen_for=before.fallen_for)


def not_empty(share: Share, count: int) -> CoachsyncError:
    """The refusal of a target that holds what is not ours."""
    return CoachsyncError(
        "target-not-empty",
        say_count(
            "The destination already holds {number} entry that this share did not publish; nothing was written.",
            "The destination already holds {number} entries that this share did not publish; nothing was written.",
            count,
        ),
        say(
            "If nobody needs them, run: coachsync share publish {share} --replace. Otherwise name another destination.",
            share=share.name,
        ),
        where=f"shares.{share.name}.to",
    )


def edited(share: Share, what: str, hint: str) -> Problem:
    """Somebody changed what the share serves; `what` says what became of it."""
    return Problem("share-object-edited", f"shares.{share.name}", what, hint)
