"""A share checked from outside: fetched again as its audience gets it, and compared with what we wrote (promise 3).

Beside it, who else can see the source calendars that it is made from.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from urllib.parse import unquote

from coachsync import contentline
from coachsync.adapters import secondparser
from coachsync.adapters.calendars import CalendarServer
from coachsync.adapters.database import Copies, Entry, Shares
from coachsync.adapters.files import read_if_there
from coachsync.app.exposed import exposed
from coachsync.app.wiring import Wiring
from coachsync.config import CalDavTarget, FileTarget, Share
from coachsync.errors import NotInitialised, NotThere
from coachsync.model import Finding, Label
from coachsync.redaction import leaks, words

_PERSONS = frozenset(("ATTENDEE", "ORGANIZER", "CONTACT"))


def verify(wiring: Wiring, share: Share) -> tuple[Finding, ...]:
    """What is wrong with what the share serves; nothing when it serves exactly what was published.

    Raises NotInitialised before it was first published, and what the server raises when it cannot be asked.
    """
    journal = Shares(wiring.database, share.name)
    bound = journal.share()
    if bound is None or journal.published_at() is None:
        raise NotInitialised(
            "share-never-published",
            "This share has not been published yet.",
            f"Run: coachsync share publish {share.name}",
            where=f"shares.{share.name}",
        )
    entries = journal.entries()
    if isinstance(share.to, CalDavTarget):
        served = _collection(wiring, share, share.to, bound.url, entries)
    else:
        served = _file(share, share.to, entries, lambda: private(wiring))
    return (*served, *(finding for calendar in share.calendars for finding in exposed(wiring, calendar)))


def _file(share: Share, target: FileTarget, entries: Sequence[Entry], private: leaks.Private) -> tuple[Finding, ...]:
    view = read_if_there(target.path)
    if view is None:
        return (Finding("target-missing", "file", "the file is not there"),)
    written = [(entry.uid, entry.slot) for entry in entries if entry.live]
    return leaks.in_file(view, secondparser.view(view), written, _texts(share, entries), "", private)


def private(wiring: Wiring) -> Iterator[str]:
    """Everything that nobody else may read: the texts of every source event, and what its object is called."""
    for calendar in wiring.config.calendars:
        copies = Copies(wiring.database, calendar)
        for copy in copies.all():
            yield unquote(copy.href).rpartition("/")[2]
        for _, body in copies.texts():
            yield contentline.decode(body)


def _collection(
    wiring: Wiring, share: Share, target: CalDavTarget, url: str, entries: Sequence[Entry]
) -> tuple[Finding, ...]:
    with closing(_eyes(wiring, share, target)) as server:
        try:
            collection = server.collection(url)
        except NotThere:
            return (Finding("target-missing", "collection", "the share's calendar is not there"),)
        front = leaks.Front(
            collection.name,
            collection.description,
            collection.colour,
            target.display_name,
            "" if target.url is None else unquote(url.rstrip("/").rpartition("/")[2]),
            _own_words(wiring),
            lambda: _people(wiring),
        )
        listed = sorted(server.changes(url, None).etags)
        served = [
            leaks.Served(item.href, item.body, secondparser.view(item.body)) for item in server.fetch(url, listed)
        ]
    # What a run cut short has planned may be there or not: both are fine.
    journal = {entry.href: (entry.uid, entry.slot) for entry in entries if entry.live or entry.href in listed}
    unseen = len(set(listed) - {item.href for item in served})
    hidden = [Finding("unseen-object", "collection", f"listed and not given: {unseen}")] if unseen else []
    return (*hidden, *leaks.in_collection(served, journal, _texts(share, entries), front, lambda: private(wiring)))


def _own_words(wiring: Wiring) -> frozenset[str]:
    """What the coach calls the practice, its calendars and shares."""
    config = wiring.config
    calendars = (calendar.display_name or "" for calendar in config.calendars.values())
    labels = (text for share in config.shares.values() for text in share.texts.values())
    return words.said((config.practice.name, *config.calendars, *calendars, *config.shares, *labels))


def _people(wiring: Wiring) -> Iterator[str]:
    """The lines of source events that name a person, but for those about the coach."""
    for name, calendar in wiring.config.calendars.items():
        coach = wiring.addresses(calendar.account)
        for _, body in Copies(wiring.database, name).texts():
            for line in contentline.lines(contentline.decode(body)):
                if line.name in _PERSONS and line.value.strip().lower().removeprefix("mailto:") not in coach:
                    yield line.raw


def _texts(share: Share, entries: Iterable[Entry]) -> dict[Label, str]:
    """What labels said when they were published: a label that was changed since is no leak."""
    return dict(share.texts) | {entry.slot.label: entry.text for entry in entries}


def _eyes(wiring: Wiring, share: Share, target: CalDavTarget) -> CalendarServer:
    """The audience's account where one is configured, else the one that publishes; never the publishing connection."""
    return wiring.connect(wiring.config.accounts[share.audience or target.account], None)
