"""Shares checked from outside: fetched again as their audience gets them, and compared with what we wrote (promise 3).

Beside it, who else can see the source calendars that they are made from.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from coachsync.adapters.database import Entry, Shares
from coachsync.adapters.database import Share as Bound
from coachsync.app import called, eyes, hidden
from coachsync.app.clients.unread import unread
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
    shares and of the calendars that they are made from, or not be looked for, of a client. `seen` are the shares of
    which the calendar or file itself was looked at, whatever else failed. `onlookers` are named for the coach's own
    terminal alone."""

    shares: tuple[str, ...] = ()
    calendars: tuple[str, ...] = ()
    findings: list[tuple[str, Finding]] = field(default_factory=list)
    failures: list[tuple[str, CoachsyncError]] = field(default_factory=list)
    seen: set[str] = field(default_factory=set)
    onlookers: list[Onlooker] = field(default_factory=list)

    def failure(self, share: str) -> CoachsyncError | None:
        """Why a share could not be looked at in every way; the first reason."""
        return next((failure for where, failure in self.failures if where == f"shares.{share}"), None)

    @contextmanager
    def noting(self, share: str) -> Iterator[None]:
        """What cannot be looked at in here is a failure of the share, and no more."""
        try:
            yield
        except CoachsyncError as failure:
            self.failures.append((f"shares.{share}", failure))

    def found(self, share: str, findings: Iterable[Finding]) -> None:
        """Keep what was found, one by one: what a look has shown before it fails counts."""
        for finding in findings:
            self.findings.append((share, finding))

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
        with result.noting(share.name):
            _share(wiring, share, search, result)
    result.failures += unread(wiring.clients)  # of whom nothing was looked for
    sources = exposed(wiring, result.calendars, [share.audience for share in shares if share.audience])
    result.findings += [("", finding) for finding in sources.findings]
    result.failures += sources.failures
    result.onlookers = sources.onlookers
    return result


def _share(wiring: Wiring, share: Share, search: Search, result: Verification) -> None:
    """Look at what the share serves in each way there is; one that fails hides nothing that another shows.

    Raises NotInitialised before anything was published, and what keeps from looking at all.
    """
    journal = Shares(wiring.database, share.name)
    bound, published_at, (entries, damaged) = journal.share(), journal.published_at(), journal.opened()
    if bound is None or (published_at is None and not entries and not damaged):
        raise NotInitialised(
            "share-never-published",
            say("This share has not been published yet."),
            say("Run: coachsync share publish {share}", share=share.name),
            where=f"shares.{share.name}",
        )
    state = fallen(bound)
    if state in GONE:
        result.found(share.name, _still_there(wiring, share, bound))
        result.seen.add(share.name)
        return
    share = in_force(wiring.config, share, state)
    _served(wiring, share, bound, entries, search, result)
    ours = [eyes.ours(entry) for entry in entries if entry.text not in called.USUAL]
    ways: tuple[Callable[[], Iterable[Finding]], ...] = (
        lambda: naming.in_texts(ours, _may_say(wiring, share), search),
        lambda: naming.in_names(called.target(share), own_words(wiring.config), search),
        lambda: stale(wiring, share, published_at, entries),
    )
    for way in ways:
        with result.noting(share.name):
            result.found(share.name, way())
    result.failures += [(f"shares.{share.name}", problem) for problem in list(damaged.values())[:1]]


def _served(
    wiring: Wiring, share: Share, bound: Bound, entries: Sequence[Entry], search: Search, result: Verification
) -> None:
    """What is wrong with what the share serves to its audience, and to whoever has its public link."""
    looked = eyes.Looked(seen=None)
    with result.noting(share.name):
        if isinstance(share.to, CalDavTarget):
            looked = eyes.collection(wiring, share, share.to, bound.url, entries, search)
        else:
            looked = eyes.file(wiring, share, share.to, bound, entries, search)
        result.seen.add(share.name)
    result.found(share.name, looked.findings)
    if looked.failure is not None:
        result.seen.discard(share.name)
        result.failures.append((f"shares.{share.name}", looked.failure))
    if share.public_link is not None:
        with result.noting(share.name):
            result.found(share.name, eyes.public(wiring, share, share.public_link, looked, entries, search))


def _may_say(wiring: Wiring, share: Share) -> frozenset[str]:
    """What the coach lets entries say: the labels, and the pseudonyms of this share."""
    return frozenset((*share.texts.values(), *wiring.clients.pseudonyms(share.name).values()))


def _still_there(wiring: Wiring, share: Share, bound: Bound) -> tuple[Finding, ...]:
    """What was taken out of everybody's reach must not be reached."""
    if eyes.is_reached(wiring, share, bound):
        detail = say("the share was taken away, and can be reached all the same")
        return (Finding(Kind.STALE_SLOT, f"shares.{share.name}", detail),)
    return ()
