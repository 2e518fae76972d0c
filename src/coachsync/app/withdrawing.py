"""Taking a share out of everybody's reach, and bringing it back: never by emptying it, an empty calendar looks free."""

from __future__ import annotations

from dataclasses import replace

from coachsync.adapters.database import Share as Bound
from coachsync.adapters.database import Shares
from coachsync.app.destroying import destroy, not_away
from coachsync.app.fallen import Fallen, fallen, set_fallen
from coachsync.app.file_target import remove_file
from coachsync.app.wiring import Wiring
from coachsync.errors import CoachsyncError, Temporary
from coachsync.phrases import say


def take_away(wiring: Wiring, share: str, bound: Bound, state: Fallen) -> None:
    """Delete the share's collection or file; what others had put there is kept for 30 days.

    The state comes first, so that a run cut short is ended by the next one (`finish`). Raises CoachsyncError when it is
    impossible: the share then stays what it was, but for a server that cannot be reached now (Temporary), and for a
    collection that stays with what others wrote, and without what we did (`destroy`).
    """
    journal = Shares(wiring.database, share)
    before = len(journal.held())
    journal.bind(replace(bound, fallen=state.value, leaving=True))
    try:
        _withdraw(wiring, share, bound)
    except Temporary:
        raise
    except CoachsyncError:
        if len(journal.held()) == before:  # else the next publishing would write it there again
            journal.bind(bound)
        raise


def finish(wiring: Wiring, share: str, bound: Bound) -> None:
    """End the removal of a share that is to be out of reach; nothing where that was done. Raises CoachsyncError."""
    if bound.leaving:
        _withdraw(wiring, share, bound)


def _withdraw(wiring: Wiring, share: str, bound: Bound) -> None:
    journal = Shares(wiring.database, share)
    if bound.url:
        destroy(wiring, share, bound)
    else:
        _remove(share, bound)
    journal.drop_all()
    now = journal.share()
    if now is not None:
        journal.bind(replace(now, made=False, leaving=False))


def revive(wiring: Wiring, share: str, *, give_up: bool = False) -> bool:
    """Let a share be published by its own settings again, after a leak or a recall; whether that was needed.

    A person asks for it; where it was taken away, its target is made anew. A removal that was cut short is ended first:
    what it left would be forgotten else, and be served for good. Raises Temporary when the server cannot be reached
    now, unless `give_up`.
    """
    journal = Shares(wiring.database, share)
    bound = journal.share()
    state = fallen(bound)
    if bound is None or state is Fallen.NOT:
        return False
    if state is Fallen.BUSY:
        set_fallen(wiring, share, Fallen.NOT)
    elif _finished(wiring, share, bound, give_up=give_up):
        journal.unbind()
    else:  # it is there and stays ours: publishing replaces what it shows, or leaves it as any former target
        with wiring.database.transaction():
            journal.take_back()
            journal.bind(replace(bound, fallen=Fallen.NOT.value, leaving=False))
    return True


def _finished(wiring: Wiring, share: str, bound: Bound, *, give_up: bool) -> bool:
    try:
        finish(wiring, share, bound)
    except Temporary:
        if not give_up:
            raise
        return False
    except CoachsyncError:
        return False
    return True


def _remove(share: str, bound: Bound) -> None:
    try:
        remove_file(bound)
    except CoachsyncError as problem:
        raise not_away(share, problem.message, say("Delete the file yourself, now.")) from None
