"""Taking a share out of everybody's reach, and bringing it back: never by emptying it, an empty calendar looks free."""

from __future__ import annotations

from dataclasses import replace

from coachsync.adapters.database import Share as Bound
from coachsync.adapters.database import Shares
from coachsync.adapters.database.removed import keep, of_share
from coachsync.app import claiming, people
from coachsync.app.fallen import Fallen, fallen, set_fallen
from coachsync.app.file_target import remove_file
from coachsync.app.wiring import Wiring
from coachsync.errors import CoachsyncError, Misconfigured, NotThere, Temporary
from coachsync.phrases import Phrase, say


def take_away(wiring: Wiring, share: str, bound: Bound, state: Fallen) -> None:
    """Delete the share's collection or file; what others had put there is kept for 30 days.

    The state comes first, so that a run cut short is ended by the next one (`finish`). Raises CoachsyncError when it is
    impossible: the share then stays what it was, but for a server that cannot be reached now (Temporary). An object
    that invites people is a reason: its deletion could send mail (promise 6).
    """
    journal = Shares(wiring.database, share)
    journal.bind(replace(bound, fallen=state.value, made=True))
    try:
        _withdraw(wiring, share, bound)
    except Temporary:
        raise
    except CoachsyncError:
        journal.bind(bound)
        raise


def finish(wiring: Wiring, share: str, bound: Bound) -> None:
    """End the removal of a share that is to be out of reach; nothing where that was done. Raises CoachsyncError."""
    if bound.made:
        _withdraw(wiring, share, bound)


def _withdraw(wiring: Wiring, share: str, bound: Bound) -> None:
    journal = Shares(wiring.database, share)
    try:
        if bound.url:
            _destroy(wiring, share, bound)
        else:
            _remove(share, bound)
    except NotThere:
        pass  # it is gone already
    journal.drop_all()
    now = journal.share()
    if now is not None:
        journal.bind(replace(now, made=False))


def revive(wiring: Wiring, share: str) -> bool:
    """Let a share be published by its own settings again, after a leak or a recall; whether that was needed.

    A person asks for it; where it was taken away, its target is made anew.
    """
    journal = Shares(wiring.database, share)
    bound = journal.share()
    state = fallen(bound)
    if state is Fallen.NOT:
        return False
    if state is Fallen.BUSY:
        set_fallen(wiring, share, Fallen.NOT)
    else:
        journal.unbind()
    return True


def _remove(share: str, bound: Bound) -> None:
    try:
        remove_file(bound)
    except CoachsyncError as problem:
        raise _not_away(share, problem.message, say("Delete the file yourself, now.")) from None


def _destroy(wiring: Wiring, share: str, bound: Bound) -> None:
    if bound.account not in wiring.config.accounts:
        raise _not_away(share, say("Its account is no longer configured."))
    claiming.refuse_source(wiring, share, bound.account, bound.url)
    server = wiring.server(bound.account)
    ours = {entry.href: entry.etag for entry in Shares(wiring.database, share).readable()}
    listed = server.changes(bound.url, None).etags
    foreign = list(server.fetch(bound.url, [href for href, etag in listed.items() if ours.get(href) != etag]))
    if foreign and not bound.made:
        raise _not_away(share, say("It is not known whether it was made here."))
    if any(people.invites(item.body) for item in foreign):
        raise _not_away(share, say("It holds appointments with invited people; deleting them could send mail."))
    claiming.refuse_appointments(wiring, share, (item for item in foreign if item.href not in ours))
    for item in foreign:
        keep(wiring.database, of_share(share), "replaced", item.href, item.body, wiring.now)
    try:
        server.destroy(bound.url)
    except (NotThere, Misconfigured, Temporary):
        raise
    except CoachsyncError as problem:
        raise _not_away(share, problem.message) from problem


def _not_away(share: str, cause: str, hint: Phrase | None = None) -> CoachsyncError:
    return CoachsyncError(
        "share-not-away",
        say("The share cannot be taken away: {cause}", cause=cause),
        hint or say("Delete its calendar in your calendar program, or end its sharing there, now."),
        where=f"shares.{share}.to",
    )
