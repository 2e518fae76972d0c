"""Between coachsync and a calendar server: what coachsync wrote over, and trouble of every kind at a chosen moment."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator, Set
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Any, TypeVar
from urllib.parse import urlsplit

from coachsync.adapters.calendars import CalendarServer
from coachsync.errors import CoachsyncError, Temporary
from coachsync.model import Item, Listing

T = TypeVar("T")


class Killed(BaseException):
    """The process ends here."""


@dataclass(frozen=True)
class Write:
    """One object as it was just before coachsync wrote to it, and what it wrote; None for no object."""

    href: str
    before: bytes | None
    after: bytes | None


@dataclass
class Trouble:
    """What is to go wrong in the next run. `steps` counts what has been done to the server and to the state."""

    kill_at: int | None = None
    steps: int = 0
    failures: dict[str, list[CoachsyncError]] = field(default_factory=dict)  # by method: refused before it is done
    lost: set[str] = field(default_factory=set)  # methods that are done, and whose answer is lost
    half: bool = False  # the next complete listing names every second object
    lie: bool = False  # the next changes are kept quiet, for good: the token has moved on
    meanwhile: list[Callable[[], object]] = field(default_factory=list)  # just before the next write
    early: list[Callable[[], object]] = field(default_factory=list)  # once it is decided what to write

    def step(self) -> None:
        """One thing more has been done; the process may end at it."""
        self.steps += 1
        if self.kill_at is not None and self.steps >= self.kill_at:
            self.kill_at = None
            raise Killed


class Watched:
    """A `CalendarServer` that passes everything on to `inner`, with the trouble of the moment."""

    def __init__(self, inner: CalendarServer, trouble: Trouble, writes: list[Write]) -> None:
        self._inner, self._trouble, self._writes = inner, trouble, writes
        self.discarded: list[bytes] = []  # what was taken out of the server's own trash
        self._seen: dict[str, bytes] = {}  # of it, by href

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    def changes(self, url: str, token: str | None) -> Listing:
        self._before("changes")
        listing = self._inner.changes(url, token)
        if listing.complete and self._trouble.half:
            self._trouble.half = False
            return replace(listing, etags=dict(islice(sorted(listing.etags.items()), 0, None, 2)))
        if not listing.complete and self._trouble.lie:
            self._trouble.lie = False
            return Listing(token=listing.token)
        return listing

    def fetch(self, url: str, hrefs: Iterable[str]) -> Iterator[Item]:
        self._before("fetch")
        yield from self._inner.fetch(url, hrefs)

    def together(self, tasks: Iterable[Callable[[CalendarServer], T]]) -> Generator[T, None, None]:
        while self._trouble.early:
            self._trouble.early.pop()()
        for task in tasks:
            yield task(self)  # type: ignore[arg-type]

    def create(self, href: str, body: bytes, *, notify: bool = False) -> str | None:
        return self._write("create", href, body, lambda: self._inner.create(href, body, notify=notify))

    def update(self, href: str, body: bytes, etag: str, *, notify: bool = False) -> str | None:
        return self._write("update", href, body, lambda: self._inner.update(href, body, etag, notify=notify))

    def remove(self, href: str, etag: str, *, notify: bool = False) -> bool:
        if urlsplit(href).path in self._seen:
            self._before("remove")
            self.discarded.append(self._seen[urlsplit(href).path])
            return self._inner.remove(href, etag, notify=notify)
        return self._write("remove", href, None, lambda: self._inner.remove(href, etag, notify=notify))

    def in_trash(self, url: str, uids: Set[str]) -> tuple[Item, ...]:
        self._before("in_trash")
        there = self._inner.in_trash(url, uids)
        self._seen |= {item.href: item.body for item in there}
        return there

    def close(self) -> None:
        """The connection is shared by every run."""

    def _before(self, method: str) -> None:
        self._trouble.step()
        failures = self._trouble.failures.get(method)
        if failures:
            raise failures.pop()

    def _write(self, method: str, href: str, body: bytes | None, act: Callable[[], T]) -> T:
        while self._trouble.meanwhile:
            self._trouble.meanwhile.pop()()
        self._before(method)
        place = urlsplit(href)
        url = href.rpartition("/")[0] + "/"
        before = next((item.body for item in self._inner.fetch(url, [place.path])), None)
        answer = act()
        self._writes.append(Write(place.path, before, body))
        self._trouble.step()
        if method in self._trouble.lost:
            self._trouble.lost.discard(method)
            raise Temporary("connection-lost", "The answer did not arrive.")
        return answer
