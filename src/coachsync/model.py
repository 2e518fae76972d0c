"""The nouns, as frozen values. Standard library only; every datetime is aware and in UTC."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


@dataclass(frozen=True, slots=True, order=True)
class Window:
    """A half-open stretch of time, two UTC instants."""

    start: datetime
    end: datetime

    def touches(self, start: datetime, end: datetime) -> bool:
        """Whether [start, end) shares any time with this window."""
        return start < self.end and end > self.start


class Stand(StrEnum):
    """How an occurrence stands with the coach's time."""

    BUSY = "busy"
    FREE = "free"  # TRANSP:TRANSPARENT
    CANCELLED = "cancelled"
    UNANSWERED = "unanswered"  # an invitation that the coach has not accepted


@dataclass(frozen=True, slots=True, order=True)
class Occurrence:
    """One time at which an event takes place. Holds no text: `component` is the ordinal of its VEVENT in the object."""

    start: datetime
    end: datetime
    all_day: bool = False
    stand: Stand = Stand.BUSY
    component: int = 0


@dataclass(frozen=True, slots=True)
class Reading:
    """What an event's text says about time. With a `code` the event is quarantined; what could be read still counts."""

    occurrences: tuple[Occurrence, ...] = ()
    code: str | None = None


class Label(StrEnum):
    """The key of a label in the configuration: all that a slot can say besides its times."""

    BUSY = "busy"
    SESSION = "session"


class Pseudonym(str):
    """What a client is called in one share: a name that was made for it. Raises ValueError for what is no such name.

    2 to 24 signs: a letter, then letters and digits with single hyphens or spaces between them.
    """

    __slots__ = ()
    _FORM = re.compile(r"[^\W\d_](?:[ -]?[^\W_])+")
    _LONGEST = 24

    def __new__(cls, text: str) -> Pseudonym:
        if len(text) > cls._LONGEST or not cls._FORM.fullmatch(text):
            raise ValueError("not a pseudonym")
        return super().__new__(cls, text)


@dataclass(frozen=True, slots=True)
class Slot:
    """All that a share can publish: two UTC instants and a label key, and where the share is meant to tell clients or
    series apart, a pseudonym made for it and the number that it gave to the series (0: none). There is no field that
    could carry a character of a source event."""

    start: datetime
    end: datetime
    label: Label
    pseudonym: Pseudonym | None = None
    series: int = 0

    def __lt__(self, other: Slot) -> bool:
        return self._order() < other._order()

    def _order(self) -> tuple[datetime, datetime, str, str, int]:
        return self.start, self.end, self.label, self.pseudonym or "", self.series


@dataclass(frozen=True, slots=True)
class Whose:
    """Whose an appointment is, by client codes: `client` where that is sure, and everybody whom it might concern."""

    client: str | None = None
    candidates: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Traits:
    """What counts of one VEVENT when a share chooses, beside its times: whose it is, the coach's categories (folded),
    and its CLASS. Never published."""

    whose: Whose = Whose()
    categories: frozenset[str] = frozenset()
    visibility: str = ""


@dataclass(frozen=True, slots=True)
class Choice:
    """Which of many count: these only (None: all), and never those."""

    only: frozenset[str] | None = None
    without: frozenset[str] = frozenset()

    def __bool__(self) -> bool:
        """Whether anything is left out."""
        return self.only is not None or bool(self.without)


EVERYTHING = Choice()


class Software(StrEnum):
    """A calendar server as it is told from others: how it is kept from writing to people differs."""

    CYRUS = "cyrus"
    DAVICAL = "davical"
    NEXTCLOUD = "nextcloud"
    RADICALE = "radicale"
    SABRE = "sabre"  # sabre/dav as it is, Baikal among others
    SOGO = "sogo"
    XANDIKOS = "xandikos"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Principal:
    """Who the account is on its server: calendar homes (absolute URLs) and calendar user addresses (lower case).

    `software` is None when nobody asked. `schedules`: the server may write to the people in an event by itself
    (RFC 6638); True, too, where it does not tell.
    """

    url: str
    homes: tuple[str, ...]
    addresses: frozenset[str] = frozenset()
    software: Software | None = None
    schedules: bool = True


@dataclass(frozen=True, slots=True)
class Collection:
    """A calendar collection as its server describes it. `identity` is what stays while it is the same collection;
    without an `own_id` among it, another one of the same owner at the same URL has the same."""

    url: str
    name: str = ""
    description: str = ""
    colour: str = ""
    identity: str = ""  # DAV:resource-id and DAV:owner, where the server tells
    own_id: bool = False
    sync_collection: bool = False
    events: bool = True


@dataclass(frozen=True, slots=True)
class Told:
    """One text that a server tells of a resource in the property `name`, without its namespace."""

    href: str
    name: str
    text: str


@dataclass(frozen=True, slots=True)
class Exposure:
    """Who else can see a collection, as far as its server tells: people or groups it is shared with, how many of them
    may write, and whether anybody (a public link, everybody on the server) may read it."""

    people: int = 0
    writers: int = 0
    public: bool = False


@dataclass(frozen=True, slots=True)
class Listing:
    """What a server says about a collection's objects.

    `complete`: `etags` names every object, so what is missing is gone. Otherwise it is a delta and only `gone` is gone.
    `unclear`: objects the server mentioned without telling whether they exist; never an absence.
    `token` is opaque and goes back into the next question; None when the server has none to give. `refused`: the one
    that was asked with is none of this collection, or no longer.
    """

    etags: Mapping[str, str] = field(default_factory=dict)
    gone: frozenset[str] = frozenset()
    unclear: frozenset[str] = frozenset()
    complete: bool = False
    token: str | None = None
    refused: bool = False


@dataclass(frozen=True, slots=True)
class Item:
    """One calendar object as its server gave it: path-absolute href, ETag as sent, text byte for byte."""

    href: str
    etag: str
    body: bytes


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """Something wrong with what is served. `detail` never repeats the secret that was found."""

    code: str
    where: str
    detail: str
