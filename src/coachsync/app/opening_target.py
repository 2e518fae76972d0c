"""Opening the target of a share: the one that the configuration names, once it was left where it was before."""

from __future__ import annotations

from coachsync.adapters.database import Share as Bound
from coachsync.adapters.database import Shares
from coachsync.app.collection_target import CollectionTarget, take_back
from coachsync.app.file_target import FileShare, remove_file
from coachsync.app.target import Target
from coachsync.app.wiring import Wiring
from coachsync.config import FileTarget, Share
from coachsync.errors import CoachsyncError, Problem, Refused, Temporary
from coachsync.phrases import say, say_count


def open_target(wiring: Wiring, share: Share, *, replace: bool) -> Target:
    """The share's target, ready to be written; see `Target.claim` for what is refused.

    A share that was bound to another target is withdrawn from it, once the new one is known to be good.
    """
    opened = target_of(wiring, share)
    journal = Shares(wiring.database, share.name)
    bound = journal.share()
    if bound is not None and bound.target == opened.described:
        opened.resume(bound, replace=replace)
        return opened
    ours = opened.claim(replace=replace)
    if bound is not None and not ours:
        opened.noticed += _withdraw(wiring, share, bound, give_up=replace)
    opened.settle()
    return opened


def refuse_target(wiring: Wiring, share: Share) -> None:
    """Raise what `open_target` would raise of a target that the share is not bound to; writes nothing to it."""
    bound = Shares(wiring.database, share.name).share()
    opened = target_of(wiring, share)
    if bound is None or bound.target != opened.described:
        opened.claim(replace=False)


def target_of(wiring: Wiring, share: Share) -> Target:
    """The target that the configuration names, not opened yet."""
    if isinstance(share.to, FileTarget):
        return FileShare(wiring, share, share.to)
    return CollectionTarget(wiring, share, share.to)


def _withdraw(wiring: Wiring, share: Share, bound: Bound, *, give_up: bool) -> tuple[Problem, ...]:
    """Take back what was published to the target that the share is bound to, and leave it.

    A target that may answer later is waited for, unless `give_up`. Raises Temporary.
    """
    journal = Shares(wiring.database, share.name)
    try:
        _take_back(wiring, bound, journal)
    except CoachsyncError as problem:
        if isinstance(problem, Temporary | Refused) and not give_up:
            raise _not_left(share, problem) from None
        entries = journal.entries()
        journal.drop(entries)
        return (_left_behind(share, len(entries), problem),)
    return ()


def _take_back(wiring: Wiring, bound: Bound, journal: Shares) -> None:
    if not bound.url:
        remove_file(bound)
        journal.drop(journal.entries())
    elif bound.account in wiring.config.accounts:
        server = wiring.server(bound.account)
        take_back(server, bound.url, journal)
        if not server.changes(bound.url, None).etags:  # an empty calendar looks free
            server.destroy(bound.url)
    else:
        raise CoachsyncError("account-gone", say("Its account is no longer configured."))


def _not_left(share: Share, cause: CoachsyncError) -> Temporary:
    return Temporary(
        cause.code,
        say(
            "The former destination of the share cannot be cleared now, so the share stays there: {cause}",
            cause=cause.message,
        ),
        say(
            "It is tried again. If that destination is gone for good, run: coachsync share publish {share} --replace",
            share=share.name,
        ),
        where=f"shares.{share.name}.to",
    )


def _left_behind(share: Share, count: int, cause: CoachsyncError) -> Problem:
    return Problem(
        "share-left-behind",
        f"shares.{share.name}.to",
        say_count(
            "The former destination still shows {number} time. {cause}",
            "The former destination still shows {number} times. {cause}",
            count,
            cause=cause.message,
        ),
        say("Delete that calendar or file by hand; coachsync no longer watches over it."),
    )
