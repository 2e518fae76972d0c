"""Calling back what a share has shown: everything is published anew or taken away, and what stays out there is said."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from coachsync.adapters.database import Entry, Shares
from coachsync.adapters.database import Share as Bound
from coachsync.app import trash
from coachsync.app.fallen import Fallen
from coachsync.app.jobs import take_in
from coachsync.app.outcome import Outcome, Published
from coachsync.app.publish import publish
from coachsync.app.wiring import Wiring
from coachsync.app.withdrawing import revive, take_away
from coachsync.config import Share
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


def recall(wiring: Wiring, share: Share) -> Recalled:
    """Take back everything that the share shows, publish it by today's rules under other names, and clear the server's
    trash of it.

    Raises NotInitialised for a share that was never published, and what its publishing raises; what goes wrong with the
    trash after that is in the outcome.
    """
    journal, outcome = Shares(wiring.database, share.name), Outcome()
    bound, entries = _published(wiring, share.name), journal.entries()
    take_in(wiring, outcome, share.calendars)
    held = {calendar: pulled.held_rows for calendar, pulled in outcome.calendars.items()}
    revive(wiring, share.name)
    journal.take_back()
    outcome.shares[share.name] = publish(wiring, share, held)
    again = say("Run it again: coachsync share recall {share}", share=share.name)
    return _account(wiring, share.name, bound, entries, outcome, again)


def remove(wiring: Wiring, name: str) -> Recalled:
    """Take the share away, also one that is no longer configured, and clear the server's trash of what it showed.

    Raises as `recall` does, and what the removal raises. A share that is out of reach for good, as its account is not
    configured any more either, is forgotten, and that is a failure in the outcome.
    """
    journal, outcome = Shares(wiring.database, name), Outcome()
    bound, entries = _published(wiring, name), journal.readable()
    try:
        take_away(wiring, name, bound, Fallen.RECALLED)
        outcome.shares[name] = Published(deleted=len(entries))
    except CoachsyncError as failure:
        if name in wiring.config.shares or not bound.url or bound.account in wiring.config.accounts:
            raise
        journal.unbind()
        outcome.failures.append((f"shares.{name}", failure))
    again = say("Run it again: coachsync share recall {share} --remove", share=name)
    return _account(wiring, name, bound, entries, outcome, again)


def _published(wiring: Wiring, name: str) -> Bound:
    bound = Shares(wiring.database, name).share()
    if bound is None:
        raise NotInitialised(
            "share-never-published",
            say("This share has not been published yet: there is nothing to call back."),
            say("Run: coachsync share publish {share}", share=name),
            where=f"shares.{name}",
        )
    return bound


def _account(
    wiring: Wiring, name: str, bound: Bound, entries: Sequence[Entry], outcome: Outcome, again: Phrase
) -> Recalled:
    """What became of the entries that were there, once the trash is cleared of them."""
    purged = _purge(wiring, name, bound, outcome, again)
    return Recalled(
        name,
        outcome,
        replaced=len(entries),
        shown=len(Shares(wiring.database, name).entries()),
        purged=purged,
        since=min((entry.since for entry in entries if entry.since is not None), default=None),
        left=tuple(_left(wiring, name, bound)) if entries else (),
    )


def _purge(wiring: Wiring, name: str, bound: Bound, outcome: Outcome, again: Phrase) -> int:
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
        outcome.failures.append((f"shares.{name}", _not_purged(name, failure, again)))
    return purged


def _not_purged(name: str, cause: CoachsyncError, again: Phrase) -> CoachsyncError:
    return CoachsyncError(
        "trash-not-cleared",
        say(
            "The share was taken back, but the server's trash may still hold what it showed: {cause}",
            cause=cause.message,
        ),
        again,
        where=f"shares.{name}",
    )


def _left(wiring: Wiring, name: str, bound: Bound) -> list[Phrase]:
    if not bound.url:
        return [
            say("Whoever has downloaded the file keeps what it said; so do caches on the way, and search engines."),
            say("Calendar programs that subscribed to it show the old times until they look again."),
        ]
    left = [
        say("Phones and calendar programs of the audience show the old times until they look again."),
        say("Whoever has copied, exported or printed them keeps them."),
        say("Backups of the calendar server keep them until these are overwritten."),
    ]
    software = _software(wiring, bound.account)
    if software == Software.XANDIKOS:
        left.append(say("Xandikos keeps every version in its history (git), for whoever can read its files."))
    if software == Software.NEXTCLOUD:
        left.append(say("Nextcloud keeps a list of activities that says when entries were made and deleted."))
    share = wiring.config.shares.get(name)
    if share is not None and share.public_link is not None:
        left.append(say("Whoever has the public link can go on using it: renew it in your calendar program."))
    return left


def _software(wiring: Wiring, account: str) -> Software | None:
    if account not in wiring.config.accounts:
        return None
    try:
        return wiring.signin(account).software
    except CoachsyncError:  # the share is taken back all the same
        return None
