"""Shares checked from outside: fetched again as their audience gets them, and compared with what we wrote (promise 3).

Beside it, who else can see the source calendars that they are made from.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from urllib.parse import unquote

from coachsync import contentline
from coachsync.adapters import secondparser
from coachsync.adapters.calendars import CalendarServer
from coachsync.adapters.database import Copies, Entry, Shares
from coachsync.adapters.files import read_if_there
from coachsync.app.exposed import Onlooker, exposed
from coachsync.app.outcome import FINDINGS, PARTLY
from coachsync.app.people import named, own_words
from coachsync.app.wiring import Wiring
from coachsync.config import CalDavTarget, FileTarget, Share
from coachsync.errors import CoachsyncError, NotInitialised, NotThere
from coachsync.model import Finding, Label
from coachsync.phrases import say
from coachsync.redaction import leaks


@dataclass(slots=True)
class Verification:
    """What was found, with the share it concerns ("" for a source calendar), and what could not be looked at, of these
    shares and of the calendars that they are made from. `onlookers` are named for the coach's own terminal alone."""

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
    for share in shares:
        try:
            result.findings += [(share.name, finding) for finding in _share(wiring, share)]
        except CoachsyncError as failure:
            result.failures.append((f"shares.{share.name}", failure))
    sources = exposed(wiring, result.calendars)
    result.findings += [("", finding) for finding in sources.findings]
    result.failures += sources.failures
    result.onlookers = sources.onlookers
    return result


def private(wiring: Wiring) -> Iterator[str]:
    """Everything that nobody else may read: the texts of every source event, and what its object is called."""
    for calendar in wiring.config.calendars:
        copies = Copies(wiring.database, calendar)
        for copy in copies.all():
            yield unquote(copy.href).rpartition("/")[2]
        for _, body in copies.texts():
            yield contentline.decode(body)


def _share(wiring: Wiring, share: Share) -> tuple[Finding, ...]:
    """What is wrong with what the share serves; nothing when it serves exactly what was published.

    Raises NotInitialised before it was first published, and what the server raises when it cannot be asked.
    """
    journal = Shares(wiring.database, share.name)
    bound = journal.share()
    if bound is None or journal.published_at() is None:
        raise NotInitialised(
            "share-never-published",
            say("This share has not been published yet."),
            say("Run: coachsync share publish {share}", share=share.name),
            where=f"shares.{share.name}",
        )
    entries = journal.entries()
    if isinstance(share.to, CalDavTarget):
        found = _collection(wiring, share, share.to, bound.url, entries)
    else:
        found = _file(wiring, share, share.to, entries)
    return (*found, *leaks.in_names(_names(share), own_words(wiring.config), lambda: named(wiring)))


def _collection(
    wiring: Wiring, share: Share, target: CalDavTarget, url: str, entries: Sequence[Entry]
) -> tuple[Finding, ...]:
    with closing(_eyes(wiring, share, target)) as server:
        try:
            collection = server.collection(url)
        except NotThere:
            return (Finding("target-missing", say("collection"), say("the share's calendar is not there")),)
        except CoachsyncError as problem:
            problem.where = f"shares.{share.name}.audience" if share.audience else ""
            raise
        labelled = target.display_name is None and collection.name in share.texts.values()  # made so, from its url
        expected = collection.name if labelled else target.display_name
        front = leaks.Front(collection.name, collection.description, collection.colour, expected)
        listed = sorted(server.changes(url, None).etags)
        served = [
            leaks.Served(item.href, item.body, secondparser.view(item.body)) for item in server.fetch(url, listed)
        ]
    # What a run cut short has planned may be there or not: both are fine.
    journal = {entry.href: (entry.uid, entry.slot) for entry in entries if entry.live or entry.href in listed}
    unseen = len(set(listed) - {item.href for item in served})
    hidden = (
        [Finding("unseen-object", say("collection"), say("listed and not given: {number}", number=unseen))]
        if unseen
        else []
    )
    return (*hidden, *leaks.in_collection(served, journal, _texts(share, entries), front, lambda: private(wiring)))


def _file(wiring: Wiring, share: Share, target: FileTarget, entries: Sequence[Entry]) -> tuple[Finding, ...]:
    view = read_if_there(target.path)
    if view is None:
        return (Finding("target-missing", say("file"), say("the file is not there")),)
    written = [(entry.uid, entry.slot) for entry in entries if entry.live]
    return leaks.in_file(view, secondparser.view(view), written, _texts(share, entries), "", lambda: private(wiring))


def _names(share: Share) -> Iterator[tuple[str, str]]:
    """What the coach called the target, wherever its audience sees it: name, end of the address, file name."""
    key = f"shares.{share.name}.to"
    if isinstance(share.to, FileTarget):
        yield f"{key}.file", share.to.path.stem
        return
    if share.to.display_name is not None:
        yield f"{key}.name", share.to.display_name
    if share.to.url is not None:
        yield f"{key}.url", unquote(share.to.url.rstrip("/").rpartition("/")[2])


def _texts(share: Share, entries: Iterable[Entry]) -> dict[Label, str]:
    """What labels said when they were published: a label that was changed since is no leak."""
    return dict(share.texts) | {entry.slot.label: entry.text for entry in entries}


def _eyes(wiring: Wiring, share: Share, target: CalDavTarget) -> CalendarServer:
    """The audience's account where one is configured, else the one that publishes; never the publishing connection."""
    return wiring.another(share.audience or target.account)
