"""A client as a table and as a document. Both show names: for the coach's own terminal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from coachsync.app.clients.unread import unread
from coachsync.app.printable import printable
from coachsync.app.wiring import Wiring
from coachsync.clients.directory import Client, Sponsor
from coachsync.errors import CoachsyncError, Problem
from coachsync.phrases import say
from coachsync.vault.envelope import Kind

_KEPT = {
    "note": say("notes"),
    "agreement": say("agreements"),
    "disclosure": say("disclosures"),
    "attachment": say("attached files"),
}


def problems(wiring: Wiring) -> list[Problem]:
    """The clients and sponsors who cannot be read, and what to do."""
    return [failure.problem(who) for who, failure in unread(wiring.clients)]


def names(wiring: Wiring) -> dict[str, str]:
    """What each client is called, by code; those who cannot be read are left out."""
    return {code: printable(client.names[0]) for code, client in wiring.clients.directory().clients.items()}


def summary(client: Client, sponsors: Mapping[str, Sponsor]) -> dict[str, Any]:
    """A client as `client list --json` shows it."""
    payer = sponsors.get(client.sponsor)
    return {
        "code": client.code,
        "names": list(client.names),
        "sponsor": None if payer is None else {"code": payer.code, "name": payer.name},
        "unshared": client.unshared,
    }


def document(client: Client, sponsors: Mapping[str, Sponsor], pseudonyms: Mapping[str, str]) -> dict[str, Any]:
    """A client as `client show --json` shows it."""
    return summary(client, sponsors) | {
        "addresses": list(client.addresses),
        "phones": list(client.phones),
        "aliases": list(client.aliases),
        "organisation": client.organisation,
        "pseudonyms": dict(pseudonyms),
    }


def kept(wiring: Wiring, client: Client) -> tuple[dict[str, int] | None, list[Problem]]:
    """How many records there are of a client, by kind; None where the vault cannot be opened, and why."""
    from coachsync.app.vault.counting import counted

    try:
        found = counted(wiring.config, client.code, wiring.now)
    except CoachsyncError as problem:
        return None, [problem.problem("vault")]
    return {kind.name.lower(): found[kind] for kind in Kind}, []


def kept_rows(records: Mapping[str, int] | None) -> list[tuple[str, str]]:
    """The same as rows of `client show`: those kinds of which there are any."""
    return [(_KEPT[kind], str(number)) for kind, number in (records or {}).items() if number]


def rows(client: Client, sponsors: Mapping[str, Sponsor], pseudonyms: Mapping[str, str]) -> list[tuple[str, str]]:
    """A client as `client show` shows it: what it is, and the value, one a row."""
    payer = sponsors.get(client.sponsor)
    known: list[tuple[str, str]] = [(say("code"), client.code)]
    known += [(say("name"), client.names[0])]
    known += [(say("spelling or former name"), name) for name in client.names[1:]]
    known += [(say("address"), one) for one in client.addresses]
    known += [(say("phone"), one) for one in client.phones]
    known += [(say("alias"), one) for one in client.aliases]
    known += [(say("organisation"), client.organisation)] if client.organisation else []
    known += [(say("who pays"), f"{payer.name} ({payer.code})")] if payer else []
    known += [(say("in the share {name}", name=share), name) for share, name in pseudonyms.items()]
    shown = [(what, printable(value)) for what, value in known]
    return [*shown, (say("shown"), say("in no share"))] if client.unshared else shown
