"""The occurrences that a share is made from, by what their slots say beside times."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from dataclasses import replace

from coachsync.adapters.database import Copies, Shares
from coachsync.adapters.database.clients import KEPT_OUT
from coachsync.app.clients.unread import refuse_unread
from coachsync.app.whose import traits, traits_of
from coachsync.app.wiring import Wiring
from coachsync.clients.directory import Directory
from coachsync.clients.pseudonyms import Telling, propose
from coachsync.config import Share
from coachsync.errors import Misconfigured
from coachsync.model import EVERYTHING, Choice, Occurrence, Pseudonym, Traits
from coachsync.phrases import say
from coachsync.redaction.choosing import is_chosen
from coachsync.redaction.slots import Mark, may_show
from coachsync.redaction.window import window

Held = Mapping[str, frozenset[int]]  # by calendar: rows whose disappearance waits for a person
Groups = dict[Mark, list[Occurrence]]

_ALIKE = Mark()
_SERIES = (10, 9999)  # drawn, so that none tells which came first; numbers get longer when half are taken


def marked(wiring: Wiring, share: Share, without: Held) -> Groups:
    """Every occurrence read from the share's calendars that it may be made from, leaving out some rows. What cannot
    show in the share bears no mark: no pseudonym is spent on it, and no number.

    Raises Misconfigured when it names a client or sponsor whom nobody knows, and CoachsyncError while a client or
    sponsor cannot be read.
    """
    refuse_unread(wiring.clients, share.name)
    groups: Groups = {}
    naming = _Naming(wiring, share)
    today = wiring.now.astimezone(wiring.zone).date()
    frame = window(today, share.profile.past, share.profile.future, wiring.zone)
    for calendar in share.calendars:
        left_out = without.get(calendar, frozenset())
        places = _places(wiring, share, calendar)
        for row, occurrence, whose in _chosen(wiring, share, calendar, naming.directory):
            if row not in left_out:
                shows = may_show(occurrence, share.profile, frame)
                mark = naming.mark(whose.whose.client, places.get(row)) if shows else _ALIKE
                groups.setdefault(mark, []).append(occurrence)
    return groups


def refuse_unknown(wiring: Wiring, share: Share) -> None:
    """Raise Misconfigured when the share names a client or sponsor whom nobody knows."""
    _clients(share, wiring.clients.directory())


class _Naming:
    """What clients and series are called in one share; whoever has no name yet gets one."""

    def __init__(self, wiring: Wiring, share: Share) -> None:
        self._wiring, self._share = wiring, share
        self.directory = wiring.clients.directory()
        self._names = wiring.clients.pseudonyms(share.name) if share.profile.pseudonyms else {}
        self._journal = Shares(wiring.database, share.name)
        self._numbers: dict[str, int] = {}
        self._tells = Telling(self.directory.identifiers())  # a client who came later may be called like a pseudonym

    def mark(self, client: str | None, place: str | None) -> Mark:
        return Mark(self._pseudonym(client), self._number(place))

    def _pseudonym(self, client: str | None) -> Pseudonym | None:
        if client is None or not self._share.profile.pseudonyms or client not in self.directory.clients:
            return None
        if client not in self._names or self._tells(self._names[client]):
            taken = self._wiring.clients.reserved()
            self._names[client] = propose(taken, random.SystemRandom().randrange, self.directory.identifiers())
            self._wiring.clients.name(self._share.name, client, self._names[client])
        return self._names[client]

    def _number(self, place: str | None) -> int:
        if place is None:
            return 0
        if place not in self._numbers:
            self._numbers[place] = self._journal.number(place, _drawn)
        return self._numbers[place]


def _drawn(taken: int) -> int:
    first, last = _SERIES
    while 2 * taken > last:
        last = 10 * last + 9
    return random.SystemRandom().randint(first, last)


def _places(wiring: Wiring, share: Share, calendar: str) -> dict[int, str]:
    """By row, what tells one series of a calendar from another; nothing in a share that links none."""
    if not share.profile.series:
        return {}
    copies = Copies(wiring.database, calendar)
    several = {stored.row for stored in copies.readings() if len(stored.reading.occurrences) > 1}
    return {copy.row: f"{calendar}/{copy.uid or copy.href}" for copy in copies.some(several)}


def _chosen(
    wiring: Wiring, share: Share, calendar: str, directory: Directory
) -> Iterator[tuple[int, Occurrence, Traits]]:
    """Row, occurrence and traits of what the share may be made from; traits only where they matter."""
    clients, own = _clients(share, directory), wiring.config.calendars[calendar].categories
    if KEPT_OUT in wiring.clients.assigned(calendar).values():
        clients = replace(clients, without=clients.without | {KEPT_OUT})
    matters = clients or share.categories or own is not None or share.profile.pseudonyms or share.profile.sure_only
    known = traits(wiring, calendar) if matters else {}
    of_calendar = EVERYTHING if own is None else Choice(own)
    for stored in Copies(wiring.database, calendar).readings():
        for occurrence in stored.reading.occurrences:
            found = traits_of(known, stored.row, occurrence)
            if not matters or (
                is_chosen(found, EVERYTHING, of_calendar)
                and is_chosen(found, clients, share.categories, sure_only=share.profile.sure_only)
            ):
                yield stored.row, occurrence, found


def _clients(share: Share, directory: Directory) -> Choice:
    """Which clients count, by their own codes: sponsors stand for theirs, and whoever is kept out is left out."""
    kept_out = {client.code for client in directory.clients.values() if client.unshared}
    without = kept_out | _members(share, directory, share.clients.without)
    only = None if share.clients.only is None else frozenset(_members(share, directory, share.clients.only))
    return Choice(only, frozenset(without))


def _members(share: Share, directory: Directory, codes: frozenset[str]) -> set[str]:
    unknown = codes - directory.clients.keys() - directory.sponsors.keys()
    if unknown:
        raise Misconfigured(
            "unknown-client",
            say("It names a client or sponsor whom nobody here knows: {codes}.", codes=", ".join(sorted(unknown))),
            say("To see the codes, run: coachsync client list"),
            where=f"shares.{share.name}.clients",
        )
    return {code for code, client in directory.clients.items() if code in codes or client.sponsor in codes}
