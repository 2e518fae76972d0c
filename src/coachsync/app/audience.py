"""Where the audience of a share finds it: where it was published, or in a place of its own that the server gives it.

Nextcloud and Cyrus show a calendar to whoever was let in among their own ones, under another address and, Nextcloud,
with the owner's name behind its own. The names of the objects stay, and are random: one of them tells the share.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from posixpath import basename
from urllib.parse import unquote, urlsplit

from coachsync.adapters.calendars import CalendarServer
from coachsync.adapters.database import Entry
from coachsync.errors import CoachsyncError, Refused, Temporary
from coachsync.model import Collection, Item, Told

_OWNER = re.compile(r"(?P<name>.*) \((?P<owner>[^()]+)\)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Place:
    """A share's collection as its audience gets it, and the URL that it was published at."""

    about: Collection
    published: str

    @property
    def moved(self) -> bool:
        """Whether it is shown elsewhere than where it was published."""
        return unquote(self._shown) != unquote(self._own)

    @property
    def _shown(self) -> str:
        return urlsplit(self.about.url).path

    @property
    def _own(self) -> str:
        return urlsplit(self.published).path

    def ours(self, href: str) -> str:
        """The address under which an object was published; what is no address in here stays."""
        return self._own + href.removeprefix(self._shown) if href.startswith(self._shown) else href

    def items(self, given: Iterable[Item]) -> tuple[Item, ...]:
        """Objects under the addresses that they were published under."""
        return tuple(replace(item, href=self.ours(item.href)) for item in given)

    def told(self, given: Iterable[Told]) -> Iterator[Told]:
        """The same of what the server tells; and the owner's name, which it may show behind the collection's."""
        yield from (replace(one, href=self.ours(one.href), text=self.ours(one.text)) for one in given)
        if owner := self._named[1]:
            yield Told(self._own, "owner", owner)

    def name(self, expected: str | None) -> str:
        """What the collection is called, without its owner's name where only that is behind the configured one."""
        name, _ = self._named
        return name if name == expected else self.about.name

    @property
    def _named(self) -> tuple[str, str]:
        found = _OWNER.fullmatch(self.about.name) if self.moved else None
        return (found["name"], found["owner"]) if found else (self.about.name, "")


def find(server: CalendarServer, url: str, entries: Iterable[Entry], *, is_owner: bool = False) -> Place:
    """Where an account gets what was published at a URL; `is_owner` looks nowhere else. Raises what the server raises
    there, when none of the account's calendars holds an object of these names."""
    try:
        return Place(server.collection(url), url)
    except (Temporary, Refused):
        raise
    except CoachsyncError as problem:
        shown = None if is_owner else _shown(server, {_called(entry.href) for entry in entries if entry.live})
        if shown is None:
            raise problem from None
        return Place(shown, url)


def _shown(server: CalendarServer, names: set[str]) -> Collection | None:
    try:
        return next((one for one in server.collections() if _holds(server, one, names)), None)
    except CoachsyncError:
        return None


def _holds(server: CalendarServer, about: Collection, names: set[str]) -> bool:
    return not names.isdisjoint(map(_called, server.changes(about.url, None).etags))


def _called(href: str) -> str:
    return basename(unquote(href))
