"""The texts of objects, in bounded batches (RFC 4791 section 7.9).

A batch that cannot be read, is too large or is refused is split until what is wrong with it stands alone: one object
with control characters makes the XML of all unreadable, and sabre/dav 1.8 answers 404 to all for one that is missing.
A single object comes by GET, byte for byte; out of a multiget it comes with the line endings XML leaves (LF, mostly).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import partial
from itertools import islice

from coachsync.adapters.caldav import hrefs
from coachsync.adapters.caldav.dav import Dav, Told
from coachsync.adapters.caldav.multistatus import DATA, ETAG, UnreadableError
from coachsync.adapters.caldav.network_errors import truncated
from coachsync.adapters.caldav.transport import Answer
from coachsync.errors import CoachsyncError, NotThere, ObjectsRefused
from coachsync.model import Item

BATCH = 200
_MOST_FAILURES = 3  # single objects that may fail before the server as a whole counts as failing


Batch = tuple[list[Item], dict[str, CoachsyncError]]  # what came, and what was refused by href


def batches(url: str, wanted: Iterable[str]) -> Iterator[Callable[[Dav], Batch]]:
    """What there is to ask for the objects named, batch by batch."""
    waiting = iter(wanted)
    while batch := list(islice(waiting, BATCH)):
        yield partial(_read, url, batch)


def collected(answers: Iterable[Batch]) -> Iterator[Item]:
    """The objects of all batches; one that vanished is left out.

    One that the server refuses to give does not keep back the others: ObjectsRefused is raised after the last of them.
    Any other error means that the fetch stopped where it was.
    """
    failures: dict[str, CoachsyncError] = {}
    for items, refused in answers:
        yield from items
        for href, problem in refused.items():
            if len(failures) >= _MOST_FAILURES:
                raise problem
            failures[href] = problem
    if failures:
        raise _refused(failures)


def _read(url: str, wanted: list[str], dav: Dav) -> Batch:
    reading = _Reading(dav, url)
    return list(reading.batch(wanted)), reading.failures


@dataclass(slots=True)
class _Reading:
    dav: Dav
    url: str
    failures: dict[str, CoachsyncError] = field(default_factory=dict)  # single objects that were refused, by href

    def batch(self, wanted: list[str]) -> Iterator[Item]:
        """A batch by multiget, or by halves; what its answer leaves out is asked for alone."""
        if len(wanted) == 1:
            yield from self._alone(wanted[0])
            return
        try:
            items = _items(self.dav.multiget(self.url, wanted))
        except (UnreadableError, CoachsyncError) as problem:
            if not self._may_split(problem):
                raise
            middle = len(wanted) // 2
            yield from self.batch(wanted[:middle])
            yield from self.batch(wanted[middle:])
            return
        for href in wanted:
            item = items.get(hrefs.canonical(href))
            if item:
                yield Item(href, item.etag, item.body)
            else:
                yield from self._alone(href)

    def _may_split(self, problem: Exception) -> bool:
        """Whether a smaller batch may do better: not when network, login or the calendar itself is the trouble."""
        if isinstance(problem, NotThere):
            self.dav.propfind(self.url, (ETAG,))  # raises NotThere when the calendar is gone
            return True
        return isinstance(problem, UnreadableError) or (isinstance(problem, CoachsyncError) and problem.code in _SPLIT)

    def _alone(self, href: str) -> Iterator[Item]:
        """One object by GET."""
        try:
            yield self._get(href)
        except NotThere:
            return
        except CoachsyncError as problem:
            if problem.code not in _SPLIT or len(self.failures) >= _MOST_FAILURES:
                raise
            self.failures[href] = problem

    def _get(self, href: str) -> Item:
        """An object with its ETag. Told only in a PROPFIND, it is asked first and the text read again after it."""
        answer = self._text(href)
        etag = strong(answer.headers.get("ETag"))
        if etag is None:
            etag = current_etag(self.dav, hrefs.origin(self.url) + href)
            answer = self._text(href)
        return Item(href, etag or "", answer.body)

    def _text(self, href: str) -> Answer:
        """An object as it is served. One without its end is asked for again: only a server's own text is so twice.

        Raises Temporary when the two differ and neither is whole.
        """
        url = hrefs.origin(self.url) + href
        answer = self.dav.get(url)
        if not _lacks_its_end(answer.body):
            return answer
        again = self.dav.get(url)
        if _lacks_its_end(again.body) and again.body != answer.body:
            raise truncated()
        return again


_SPLIT = frozenset(
    {"forbidden", "refused", "storage-full", "too-large", "answer-too-large", "server-error", "stale", "locked"}
)


def _lacks_its_end(body: bytes) -> bool:
    """Whether a text may have been cut short on its way, by something that then announced the shorter length."""
    text = body.strip().upper()
    return not text or (text.startswith(b"BEGIN:VCALENDAR") and not text.endswith(b"END:VCALENDAR"))


def _refused(failures: dict[str, CoachsyncError]) -> ObjectsRefused:
    first = next(iter(failures.values()))
    return ObjectsRefused(first.code, first.message, first.hint, hrefs=tuple(failures))


def strong(etag: str | None) -> str | None:
    """An ETag that says that the bytes are the same, or None (RFC 9110 section 8.8.1)."""
    return etag if etag and not etag.startswith("W/") else None


def current_etag(dav: Dav, url: str) -> str | None:
    """The ETag of an object as its collection lists it; None when there is no such object."""
    try:
        told = dav.propfind(url, (ETAG,))
    except NotThere:
        return None
    return next((etag for response in told.status.responses if (etag := response.text(ETAG))), None)


def _items(told: Told) -> dict[str, Item]:
    """The objects of a multiget answer that came with text and ETag, by canonical href."""
    items: dict[str, Item] = {}
    for response in told.status.responses:
        path = told.folder.resolve(response.href)
        if path is not None and DATA in response.found and (etag := response.text(ETAG)):
            items[path] = Item(path, etag, _with_returns(response.found[DATA].text, told))
    return items


def _with_returns(data: str, told: Told) -> bytes:
    """A text as the server has it: with the line ends that RFC 5545 section 3.1 asks for, where XML has taken them."""
    lost = told.status.lost_returns and "\r" not in data
    return (data.replace("\n", "\r\n") if lost else data).encode()
