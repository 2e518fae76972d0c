"""Deleting the collection of a share: only one that is ours, with nothing in it that has to stay, and until it is gone.

Where something has to stay, the collection stays with it, and only what we wrote goes: whoever may write into a share
could else keep a leak in it alive. It is not empty then.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from urllib.parse import urljoin

from coachsync.adapters.calendars import CalendarServer
from coachsync.adapters.database import Share as Bound
from coachsync.adapters.database import Shares
from coachsync.adapters.database.removed import keep_from_now, of_share
from coachsync.app import claiming, people
from coachsync.app.confirming import NOT_CONFIRMED
from coachsync.app.wiring import Wiring
from coachsync.errors import CoachsyncError, Misconfigured, NotThere, Stale, Temporary
from coachsync.model import Item
from coachsync.phrases import Phrase, say


def destroy(wiring: Wiring, share: str, bound: Bound) -> None:
    """Delete the share's collection; nothing where it is gone already, or is somebody else's by now. What others had
    put there is kept for 30 days.

    Raises CoachsyncError when it stays. An object that invites people is a reason, its deletion could send mail
    (promise 6), and so is an appointment of a private calendar: our own entries are taken out then, and leave the
    journal. Raises Temporary while the server still has what it says is gone.
    """
    if bound.account not in wiring.config.accounts:
        raise not_away(share, say("Its account is no longer configured."))
    claiming.refuse_source(wiring, share, bound.account, bound.url)
    server = wiring.server(bound.account)
    try:
        if not _delete(wiring, share, bound, server):
            return
    except NotThere:
        pass  # so it says; but a proxy may have said so in its place
    with suppress(NotThere):
        server.collection(bound.url)
        raise _still_there(share)


def _delete(wiring: Wiring, share: str, bound: Bound, server: CalendarServer) -> bool:
    """Whether there was anything of ours to delete."""
    ours = {entry.href: entry.etag for entry in Shares(wiring.database, share).readable()}
    listed = server.changes(bound.url, None).etags
    if not _is_ours(bound, ours.keys(), listed.keys()):
        return False
    foreign = list(server.fetch(bound.url, [href for href, etag in listed.items() if ours.get(href) != etag]))
    reason = _reason_to_stay(wiring, share, foreign, ours.keys())
    if reason is not None:
        _take_back(wiring, share, bound.url, server, listed, foreign)
        raise not_away(share, reason)
    for item in foreign:
        _keep(wiring, share, "replaced", item)
    try:
        server.destroy(bound.url)
    except (NotThere, Misconfigured, Temporary):
        raise
    except CoachsyncError as problem:
        raise not_away(share, problem.message) from problem
    return True


def _is_ours(bound: Bound, ours: Collection[str], listed: Collection[str]) -> bool:
    """Whether the collection was made here. One that nobody knows to have been made may be somebody else's, at an
    address that the coach has named; an address that we drew is nobody else's."""
    drawn = not bound.target.rpartition("\n")[2]  # see `CollectionTarget.described`
    return bound.made or any(href in listed for href in ours) or (drawn and not listed)


def _reason_to_stay(wiring: Wiring, share: str, foreign: Sequence[Item], ours: Collection[str]) -> Phrase | None:
    if any(people.invites(item.body) for item in foreign):
        return say(
            "It holds appointments with invited people; deleting them could send mail. What was published there was "
            "taken out of it."
        )
    try:
        claiming.refuse_appointments(wiring, share, (item for item in foreign if item.href not in ours))
    except Misconfigured:
        return say("It holds appointments of a private calendar. What was published there was taken out of it.")
    return None


def _take_back(
    wiring: Wiring,
    share: str,
    url: str,
    server: CalendarServer,
    listed: Mapping[str, str],
    foreign: Sequence[Item],
) -> None:
    """Take our own entries out of a collection that has to stay, also edited ones, which are kept for 30 days; not
    those that invite people by now. Raises Temporary while the server still lists any."""
    journal = Shares(wiring.database, share)
    entries = journal.readable()
    going = {entry.href for entry in entries} - {item.href for item in foreign if people.invites(item.body)}
    for item in foreign:
        if item.href in going:
            _keep(wiring, share, "edited", item)
    for href in going & listed.keys():
        with suppress(Stale):  # somebody edits it at this moment: it is listed still
            server.remove(urljoin(url, href), listed[href])
    left = server.changes(url, None).etags
    journal.drop(entry for entry in entries if entry.href not in left)
    if not going.isdisjoint(left):
        raise _still_there(share)


def _keep(wiring: Wiring, share: str, reason: str, item: Item) -> None:
    keep_from_now(wiring.database, of_share(share), reason, item.href, item.body, wiring.now)


def _still_there(share: str) -> Temporary:
    return Temporary(
        NOT_CONFIRMED,
        say("The server still shows what it says is gone, so the share is not taken away yet."),
        say("It is tried again at the next sync."),
        where=f"shares.{share}.to",
    )


def not_away(share: str, cause: str, hint: Phrase | None = None) -> CoachsyncError:
    """Why a share cannot be taken away, and what to do then."""
    return CoachsyncError(
        "share-not-away",
        say("The share cannot be taken away: {cause}", cause=cause),
        hint or say("Delete its calendar in your calendar program, or end its sharing there, now."),
        where=f"shares.{share}.to",
    )
