"""Where the audience of a share finds it: where it was published, or in a place of its own that the server gives it.

Nextcloud and Cyrus show a calendar to whoever was let in among their own ones, under another address and, Nextcloud,
with the owner's name behind its own. The names of the objects stay, and are random: one of them tells the share.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Set
from dataclasses import dataclass, replace
from posixpath import basename
from urllib.parse import unquote, urlsplit

from coachsync.adapters.calendars import CalendarServer
from coachsync.adapters.database import Entry
from coachsync.errors import CoachsyncError, Refused, Temporary
from coachsync.model import Collection, Item, Told

_SERVER_ERROR = "server-error"  # the code of a failure that may be one calendar's own (500)
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
    there, when none of the account's calendars holds most of the objects; Temporary when one of them may, and cannot be
    looked at now."""
    try:
        return Place(server.collection(url), url)
    except (Temporary, Refused):
        raise
    except CoachsyncError as problem:
        names = frozenset(_called(entry.href) for entry in entries if entry.live)
        shown = None if is_owner else _shown(server, names)
        if shown is None:
            raise problem from None
        return Place(shown, url)


def _shown(server: CalendarServer, names: Set[str]) -> Collection | None:
    """The calendar that holds most of these names, and more than half of them: anybody who lets the account into a
    calendar can put a few of them there. One that cannot be listed hides no other."""
    best, most, late = None, len(names) // 2, None
    for about in _collections(server):
        try:
            number = len(names & set(map(_called, server.changes(about.url, None).etags)))
        except Temporary as problem:
            if problem.code != _SERVER_ERROR:
                raise
            late = problem
        except Refused:
            raise
        except CoachsyncError:
            continue
        else:
            best, most = (about, number) if number > most else (best, most)
            if most == len(names):
                break
    if best is None and late is not None:
        raise late
    return best


def _collections(server: CalendarServer) -> tuple[Collection, ...]:
    try:
        return server.collections()
    except (Temporary, Refused):
        raise
    except CoachsyncError:
        return ()


def _called(href: str) -> str:
    return basename(unquote(href))
