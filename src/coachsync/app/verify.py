"""Shares checked from outside: fetched again as their audience gets them, and compared with what we wrote (promise 3).

Beside it, who else can see the source calendars that they are made from.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field

from coachsync.adapters.database import Share as Bound
from coachsync.adapters.database import Shares
from coachsync.app import called, eyes, hidden
from coachsync.app.exposed import Onlooker, exposed
from coachsync.app.fallen import GONE, fallen, in_force
from coachsync.app.outcome import FINDINGS, PARTLY
from coachsync.app.people import own_words
from coachsync.app.stale import stale
from coachsync.app.wiring import Wiring
from coachsync.config import CalDavTarget, Share
from coachsync.errors import CoachsyncError, NotInitialised
from coachsync.model import Finding
from coachsync.phrases import say
from coachsync.redaction import naming
from coachsync.redaction.kinds import Kind
from coachsync.redaction.seeking import Search


@dataclass(slots=True)
class Verification:
    """What was found, with the share it concerns ("" for a source calendar), and what could not be looked at, of these
    shares and of the calendars that they are made from, or not be looked for, of a client. `onlookers` are named for
    the coach's own terminal alone."""

    shares: tuple[str, ...] = ()
    calendars: tuple[str, ...] = ()
    findings: list[tuple[str, Finding]] = field(default_factory=list)
    failures: list[tuple[str, CoachsyncError]] = field(default_factory=list)
    onlookers: list[Onlooker] = field(default_factory=list)

    def exit_code(self) -> int:
        """5 with a finding; else the failure's own when nothing else was looked for, 3 when several things were."""
        if self.findings:
            return FINDINGS
        return PARTLY if self.failures else 0


def verify(wiring: Wiring, shares: Sequence[Share], without: Collection[str] = ()) -> Verification:
    """Look at each share and at each calendar they are made from; what cannot be looked at hides nothing else.

    `without` names calendars whose server is not to be asked now.
    """
    result = Verification(
        shares=tuple(share.name for share in shares),
        calendars=tuple(
            dict.fromkeys(name for share in shares for name in share.calendars if name not in without),
        ),
    )
    search = Search(hidden.private(wiring))  # what is private is read once for all of them
    for share in shares:
        try:
            result.findings += [(share.name, finding) for finding in _share(wiring, share, search)]
        except CoachsyncError as failure:
            result.failures.append((f"shares.{share.name}", failure))
    result.failures += [(say("client {code}", code=code), failure) for code, failure in _unsearched(wiring)]
    sources = exposed(wiring, result.calendars, [share.audience for share in shares if share.audience])
    result.findings += [("", finding) for finding in sources.findings]
    result.failures += sources.failures
    result.onlookers = sources.onlookers
    return result


def _share(wiring: Wiring, share: Share, search: Search) -> tuple[Finding, ...]:
    """What is wrong with what the share serves; nothing when it serves exactly what was published.

    Raises NotInitialised before it was first published, and what the server raises when it cannot be asked.
    """
    journal = Shares(wiring.database, share.name)
    bound, published_at = journal.share(), journal.published_at()
    if bound is None or published_at is None:
        raise NotInitialised(
            "share-never-published",
            say("This share has not been published yet."),
            say("Run: coachsync share publish {share}", share=share.name),
            where=f"shares.{share.name}",
        )
    state = fallen(bound)
    if state in GONE:
        return _still_there(wiring, share, bound)
    share, entries = in_force(wiring.config, share, state), journal.entries()
    if isinstance(share.to, CalDavTarget):
        looked = eyes.collection(wiring, share, share.to, bound.url, entries, search)
    else:
        looked = eyes.file(wiring, share, share.to, bound, entries, search)
    if share.public_link is not None:
        looked += eyes.public(wiring, share, share.public_link, looked, entries, search)
    ours = [eyes.ours(entry) for entry in entries if entry.text not in called.USUAL]
    return (
        *looked.findings,
        *naming.in_texts(ours, _may_say(wiring, share), search),
        *naming.in_names(called.target(share), own_words(wiring.config), search),
        *stale(wiring, share, published_at, entries),
    )


def _unsearched(wiring: Wiring) -> Iterator[tuple[str, CoachsyncError]]:
    """The clients of whom nothing can be read, and so nothing was looked for, and why."""
    yield from zip(wiring.clients.unreadable(), wiring.clients.failures(), strict=True)


def _may_say(wiring: Wiring, share: Share) -> frozenset[str]:
    """What the coach lets entries say: the labels, and the pseudonyms of this share."""
    return frozenset((*share.texts.values(), *wiring.clients.pseudonyms(share.name).values()))


def _still_there(wiring: Wiring, share: Share, bound: Bound) -> tuple[Finding, ...]:
    """What was taken out of everybody's reach must not be reached."""
    if eyes.is_reached(wiring, share, bound):
        detail = say("the share was taken away, and can be reached all the same")
        return (Finding(Kind.STALE_SLOT, f"shares.{share.name}", detail),)
    return ()
