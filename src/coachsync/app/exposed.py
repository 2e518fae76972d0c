"""Who else can see a source calendar, and what of it: no redaction helps where the private calendar itself is shared.

Findings hold counts and no names: they go into the status, the journal and mail. Who it is stands beside them, for the
coach's own terminal.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from functools import cache, partial
from typing import NamedTuple

from coachsync.adapters.caldav.hrefs import origin
from coachsync.adapters.database import Copies
from coachsync.app.wiring import Wiring
from coachsync.config import Account
from coachsync.errors import CoachsyncError
from coachsync.model import Finding, Grant, Grantee
from coachsync.phrases import say, say_count
from coachsync.redaction.visibility import Classes, Sight, by_class, declared, marked, visible

_PUBLIC = (Grantee.EVERYBODY, Grantee.LINK)


class Onlooker(NamedTuple):
    """Somebody who was let into a source calendar, and what they see of it."""

    calendar: str
    grant: Grant
    sight: Sight


@dataclass(slots=True)
class Exposed:
    """What was found of some source calendars, and which of them could not be looked at ("calendars.NAME")."""

    findings: list[Finding] = field(default_factory=list)
    onlookers: list[Onlooker] = field(default_factory=list)
    failures: list[tuple[str, CoachsyncError]] = field(default_factory=list)


def exposed(wiring: Wiring, calendars: Iterable[str], audiences: Sequence[str] = ()) -> Exposed:
    """What the servers tell about others who can see these calendars; one that cannot be asked hides no other.

    Where a server tells of nobody, it is tried whether one of these accounts of audiences gets the calendar.
    """
    result = Exposed()
    asked = cache(partial(_delegates, wiring))
    for calendar in calendars:
        where = f"calendars.{calendar}"
        try:
            grants = _let_in(wiring, calendar, asked, audiences)
        except CoachsyncError as failure:
            result.failures.append((where, failure))
            continue
        if not grants:
            continue
        software = wiring.signin(wiring.config.calendars[calendar].account).software
        classes = _classes(wiring, calendar, each=any(by_class(software, grant) for grant in grants))
        seen = [Onlooker(calendar, grant, visible(software, grant, classes)) for grant in grants]
        result.onlookers += seen
        result.findings += _findings(where, seen, classes)
    return result


def _let_in(
    wiring: Wiring, calendar: str, asked: Callable[[str], tuple[Grant, ...]], audiences: Sequence[str]
) -> tuple[Grant, ...]:
    """Everybody but the account itself, with the delegates of the account where the calendar is its own."""
    endpoint = Copies(wiring.database, calendar).endpoint()
    if endpoint is None:
        return ()
    account = wiring.config.calendars[calendar].account
    told = wiring.server(account).exposure(endpoint.url)
    own = endpoint.url.startswith(wiring.signin(account).homes)
    found = _together(told, asked(account) if own else ())
    if any(grant.reads for grant in found):
        return found
    tried = (_tried(wiring, endpoint.url, audience) for audience in _others(wiring, account, audiences))
    return (*found, *filter(None, tried))


def _others(wiring: Wiring, account: str, audiences: Sequence[str]) -> Iterator[str]:
    """The audiences on the server of an account that sign in as somebody else, each of them once."""
    accounts = wiring.config.accounts
    seen = {_login(accounts[account])}
    for audience in audiences:
        login = _login(accounts[audience])
        if login not in seen and login[0] == origin(accounts[account].url):
            seen.add(login)
            yield audience


def _login(account: Account) -> tuple[str, str]:
    return origin(account.url), account.username


def _tried(wiring: Wiring, url: str, audience: str) -> Grant | None:
    """Some servers (Radicale) do not tell whom their rules let in: what the login of an audience gets, it can see."""
    try:
        with closing(wiring.another(audience)) as server:
            seen = server.changes(server.collection(url).url, None).etags
    except CoachsyncError:  # kept out; or in trouble, which is told with the share
        return None
    return Grant(wiring.config.accounts[audience].username) if seen else None


def _delegates(wiring: Wiring, account: str) -> tuple[Grant, ...]:
    principal = wiring.signin(account).principal
    return wiring.server(account).delegates(principal) if principal else ()


def _together(told: Sequence[Grant], delegates: Sequence[Grant]) -> tuple[Grant, ...]:
    """Everybody once: some servers name a delegate in the list of each calendar too, with what they may do there."""
    left, found = list(told), []
    for delegate in delegates:
        known = next((one for one in left if one.who == delegate.who and one.kind not in _PUBLIC), None)
        if known is not None:
            left.remove(known)
        found.append(delegate if known is None else replace(known, kind=Grantee.DELEGATE).with_also(delegate))
    return (*left, *found)


def _classes(wiring: Wiring, calendar: str, *, each: bool) -> Classes:
    """How many copies of what the server has there are of each CLASS; without opening `each`, of no CLASS."""
    copies = Copies(wiring.database, calendar)
    if not each:
        return {"": copies.agreed()}
    strays = copies.strays()
    return Counter(declared(body) for row, body in copies.texts() if row not in strays)


def _findings(where: str, seen: Sequence[Onlooker], classes: Classes) -> Iterator[Finding]:
    """Those who see more than times, by how they were let in, and what of the appointments is shown to any of them."""
    inside = [one for one in seen if one.grant.reads or one.grant.writes]
    by_kind = Counter(_PUBLIC[0] if one.grant.kind in _PUBLIC else one.grant.kind for one in inside)
    if by_kind[_PUBLIC[0]]:
        yield Finding("source-public", where, say("the private calendar is open to everybody, or has a public link"))
    yield from _shared(where, [one.grant for one in inside if one.grant.kind in (Grantee.PERSON, Grantee.GROUP)])
    if by_kind[Grantee.DELEGATE]:
        detail = say_count(
            "{number} other may act for the whole account that the private calendar is in",
            "{number} others may act for the whole account that the private calendar is in",
            by_kind[Grantee.DELEGATE],
        )
        yield Finding("source-delegated", where, detail)
    shown = max((one.sight.full for one in inside), default=0)
    if shown and marked(classes):
        detail = say_count(
            "{number} appointment is shown in full to others, although you marked some as private or confidential",
            "{number} appointments are shown in full to others, although you marked some as private or confidential",
            shown,
        )
        yield Finding("source-visible-class", where, detail)


def _shared(where: str, people: Sequence[Grant]) -> Iterator[Finding]:
    if not people:
        return
    detail = say_count(
        "the private calendar is shared with {number} other",
        "the private calendar is shared with {number} others",
        len(people),
    )
    if writers := sum(one.writes for one in people):
        detail = say_count(
            "{shared}, of whom {number} may change it",
            "{shared}, of whom {number} may change it",
            writers,
            shared=detail,
        )
    yield Finding("source-shared", where, detail)
