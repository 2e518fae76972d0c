"""Adding and changing clients and those who pay for them."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterable
from dataclasses import replace

from coachsync.adapters.database import Clients
from coachsync.clients.cards import Card
from coachsync.clients.codes import DRAWN, Kind, code, recognised
from coachsync.clients.comparing import address, folded, phone, tidy
from coachsync.clients.directory import Client, Sponsor
from coachsync.clients.merging import Change, NotAmong, changed, new
from coachsync.errors import UsageError
from coachsync.phrases import say

_ADDRESS = re.compile(r"[^@\s]+@[^@\s]+")
_GONE = {
    "names": say("None of the client's names is written like that."),
    "addresses": say("The client has no such address."),
    "phones": say("The client has no such phone number."),
    "aliases": say("The client has no such alias."),
}


def fresh_code(clients: Clients) -> str:
    """A client's code that nobody has, or had and was forgotten."""
    taken = {*clients.directory().clients, *clients.unreadable(), *clients.keys.buried()[0]}
    while (drawn := code(Kind.CLIENT, secrets.token_bytes(DRAWN))) in taken:
        pass
    return drawn


def add(clients: Clients, said: Card, sponsor: str = "", *, unshared: bool = False) -> Client:
    """A new client, stored. `sponsor` is a code. Raises UsageError without a name, and for what is no address or phone
    number."""
    _refuse_unusable(said.addresses, said.phones)
    if not any(map(tidy, said.names)):
        raise UsageError("name-missing", say("A client needs a name."), say("Give one with --name -"), where="--name")
    client = replace(new(fresh_code(clients), said), sponsor=sponsor, unshared=unshared)
    clients.save(client)
    return client


def change(clients: Clients, client: Client, wanted: Change) -> Client:
    """The client as it is then, stored when anything is different. Raises UsageError."""
    _refuse_unusable(wanted.addresses, wanted.phones)
    try:
        after = changed(client, wanted)
    except NotAmong as problem:
        raise _not_among(problem) from None
    if after != client:
        clients.save(after)
    return after


def namesakes(clients: Clients, client: Client) -> tuple[str, ...]:
    """The codes of other clients who have one of the client's names."""
    mine = set(map(folded, client.names))
    others = clients.directory().clients.values()
    return tuple(
        sorted(one.code for one in others if one.code != client.code and not mine.isdisjoint(map(folded, one.names)))
    )


def sponsor_code(clients: Clients, typed: str) -> str:
    """The code of the sponsor whom a person has typed, by code or by name; one of a new name is stored. "" for "".

    Raises UsageError for a code that nobody has, and why a sponsor cannot be read.
    """
    name = tidy(typed)
    if not name:
        return ""
    sponsors, unread = clients.directory().sponsors, dict(zip(clients.unreadable(), clients.failures(), strict=True))
    told = recognised(Kind.SPONSOR, name, whole=True)
    if told is not None:
        if told in unread:
            raise unread[told]
        if told not in sponsors:
            raise UsageError(
                "no-such-sponsor",
                say("There is no sponsor {code}.", code=told),
                say("Give the sponsor's name instead: type - and then the name."),
            )
        return told
    known = sorted(one.code for one in sponsors.values() if folded(one.name) == folded(name))
    if known:
        return known[0]
    while (drawn := code(Kind.SPONSOR, secrets.token_bytes(DRAWN))) in sponsors.keys() | unread.keys():
        pass
    clients.save_sponsor(Sponsor(drawn, name))
    return drawn


def _refuse_unusable(addresses: Iterable[str], phones: Iterable[str]) -> None:
    """What a person has typed into the wrong place would be looked for, and never found."""
    if not all(_ADDRESS.fullmatch(address(one)) for one in addresses):
        message = say("An e-mail address has the form name@example.org.")
        raise UsageError("not-an-address", message, say("Give it again with --address -"), where="--address")
    if not all(phone(one).strip("+") for one in phones):
        message = say("A phone number has digits.")
        raise UsageError("not-a-phone", message, say("Give it again with --phone -"), where="--phone")


def _not_among(problem: NotAmong) -> UsageError:
    if problem.main:
        return UsageError(
            "main-name",
            say("That is the client's main name."),
            say("Give another main name with --name - in the same command."),
        )
    return UsageError(
        "not-there",
        _GONE[problem.field],
        say("Look at what is there with: coachsync client show CODE"),
    )
