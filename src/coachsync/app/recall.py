"""Calling back what a share has shown: everything is published anew or taken away, and what stays out there is said."""

from __future__ import annotations

from dataclasses import dataclass

from coachsync.adapters.database import Share as Bound
from coachsync.adapters.database import Shares
from coachsync.app import trash
from coachsync.app.fallen import Fallen
from coachsync.app.jobs import take_in
from coachsync.app.outcome import Outcome, Published
from coachsync.app.publish import publish
from coachsync.app.wiring import Wiring
from coachsync.app.withdrawing import revive, take_away
from coachsync.config import FileTarget, Share
from coachsync.errors import CoachsyncError, NotInitialised
from coachsync.model import Software
from coachsync.phrases import Phrase, say
from coachsync.redaction.publication import is_ours


@dataclass(frozen=True, slots=True)
class Recalled:
    """What became of a share. `replaced` entries were taken back and `shown` are there now; `purged` went out of the
    server's trash. `since`: from when on the oldest of those taken back could be seen (seconds since 1970), None where
    there was none. `left`: what nobody can call back."""

    share: str
    outcome: Outcome
    replaced: int = 0
    shown: int = 0
    purged: int = 0
    since: int | None = None
    left: tuple[Phrase, ...] = ()


def recall(wiring: Wiring, share: Share, *, remove: bool = False) -> Recalled:
    """Take back everything that the share shows, publish it by today's rules under other names unless `remove`, and
    clear the server's trash of it.

    Raises NotInitialised for a share that was never published, and what its publishing or its removal raises; what goes
    wrong with the trash after that is in the outcome.
    """
    journal = Shares(wiring.database, share.name)
    bound, entries = journal.share(), journal.entries()
    if bound is None:
        raise NotInitialised(
            "share-never-published",
            say("This share has not been published yet: there is nothing to call back."),
            say("Run: coachsync share publish {share}", share=share.name),
            where=f"shares.{share.name}",
        )
    outcome = Outcome()
    if remove:
        take_away(wiring, share, bound, Fallen.RECALLED)
        outcome.shares[share.name] = Published(deleted=len(entries))
    else:
        take_in(wiring, outcome, share.calendars)
        held = {calendar: pulled.held_rows for calendar, pulled in outcome.calendars.items()}
        revive(wiring, share)
        journal.take_back()
        outcome.shares[share.name] = publish(wiring, share, held)
    purged = _purge(wiring, share, bound, outcome, remove=remove)
    return Recalled(
        share.name,
        outcome,
        replaced=len(entries),
        shown=len(journal.entries()),
        purged=purged,
        since=min((entry.since for entry in entries if entry.since is not None), default=None),
        left=tuple(_left(wiring, share)) if entries else (),
    )


def _purge(wiring: Wiring, share: Share, bound: Bound, outcome: Outcome, *, remove: bool) -> int:
    """Take what we had published out of the server's trash; how much that was."""
    purged = 0
    if not bound.url or bound.account not in wiring.config.accounts:
        return purged
    try:
        server = wiring.server(bound.account)
        for item in trash.look(server, bound.url, None):
            if is_ours(item.body):
                purged += trash.discard(server, item)
    except CoachsyncError as failure:
        outcome.failures.append((f"shares.{share.name}", _not_purged(share, failure, remove=remove)))
    return purged


def _not_purged(share: Share, cause: CoachsyncError, *, remove: bool) -> CoachsyncError:
    return CoachsyncError(
        "trash-not-cleared",
        say(
            "The share was taken back, but the server's trash may still hold what it showed: {cause}",
            cause=cause.message,
        ),
        say("Run it again: coachsync share recall {share} --remove", share=share.name)
        if remove
        else say("Run it again: coachsync share recall {share}", share=share.name),
        where=f"shares.{share.name}",
    )


def _left(wiring: Wiring, share: Share) -> list[Phrase]:
    if isinstance(share.to, FileTarget):
        return [
            say("Whoever has downloaded the file keeps what it said; so do caches on the way, and search engines."),
            say("Calendar programs that subscribed to it show the old times until they look again."),
        ]
    left = [
        say("Phones and calendar programs of the audience show the old times until they look again."),
        say("Whoever has copied, exported or printed them keeps them."),
        say("Backups of the calendar server keep them until these are overwritten."),
    ]
    software = _software(wiring, share.to.account)
    if software == Software.XANDIKOS:
        left.append(say("Xandikos keeps every version in its history (git), for whoever can read its files."))
    if software == Software.NEXTCLOUD:
        left.append(say("Nextcloud keeps a list of activities that says when entries were made and deleted."))
    if share.public_link is not None:
        left.append(say("Whoever has the public link can go on using it: renew it in your calendar program."))
    return left


def _software(wiring: Wiring, account: str) -> Software | None:
    try:
        return wiring.signin(account).software
    except CoachsyncError:  # the share is taken back all the same
        return None
