"""The nouns, as frozen values. Standard library only; every datetime is aware and in UTC."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Self

_PSEUDONYM = re.compile(r"(?=.{2,24}\Z)[^\W\d_](?:[- ]?(?:[^\W\d_]|[0-9]))*")


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
    """What a share calls a client: 2 to 24 signs, a letter first, then letters, digits, and hyphens or spaces between
    them, one at a time. Nothing else can be one: ValueError."""

    __slots__ = ()

    def __new__(cls, text: str) -> Self:
        if not _PSEUDONYM.fullmatch(text):
            raise ValueError("a pseudonym has 2 to 24 letters, digits, single hyphens or spaces, a letter first")
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


class Secrecy(StrEnum):
    """The CLASS of an event (RFC 5545 section 3.8.1.3)."""

    PUBLIC = "public"
    CONFIDENTIAL = "confidential"
    PRIVATE = "private"


class Grantee(StrEnum):
    """What kind of other somebody is who was let into a calendar."""

    PERSON = "person"
    GROUP = "group"
    EVERYBODY = "everybody"
    LINK = "link"
    DELEGATE = "delegate"  # of the whole account


@dataclass(frozen=True, slots=True)
class Grant:
    """Somebody else who was let into a calendar, as far as its server tells.

    `who` is the name, address or principal that the server gives: for the coach's own terminal alone. It is empty for a
    link, and "authenticated" for everybody who has a login. `times_only`: only when the coach is busy. `unlimited`:
    whatever the owner may do. `whole` and `times` are given by servers that let people in class by class (SOGo): the
    events shown in full, and those of which the times are; None where the server has one rule for everybody.
    """

    who: str
    kind: Grantee = Grantee.PERSON
    reads: bool = True
    writes: bool = False
    times_only: bool = False
    unlimited: bool = False
    whole: frozenset[Secrecy] | None = None
    times: frozenset[Secrecy] = frozenset()

    def with_also(self, other: Grant) -> Grant:
        """What the same one may do who was let in twice."""
        reads = self.reads or other.reads
        told = [one.whole for one in (self, other) if one.whole is not None]
        whole = frozenset[Secrecy]().union(*told) if told else None
        return replace(
            self,
            reads=reads,
            writes=self.writes or other.writes,
            times_only=(self.times_only or other.times_only) and not reads,
            unlimited=self.unlimited or other.unlimited,
            whole=whole,
            times=(self.times | other.times) - (whole or frozenset()),
        )


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
    """Something wrong with what is served. `detail` never repeats the secret that was found. `own`: it is in what we
    wrote ourselves, and nobody has changed that since."""

    code: str
    where: str
    detail: str
    own: bool = field(default=False, compare=False)
