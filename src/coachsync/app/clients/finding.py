"""Which client is meant."""

from __future__ import annotations

from coachsync.adapters.database import Clients
from coachsync.clients.codes import Kind, recognised
from coachsync.clients.comparing import folded
from coachsync.clients.directory import Client
from coachsync.errors import UsageError
from coachsync.phrases import say


def by_code(clients: Clients, typed: str) -> Client:
    """The client of this code, as a person types it. Raises UsageError, or why the client cannot be read."""
    code = recognised(Kind.CLIENT, typed)
    if code is None:
        raise UsageError(
            "no-client-code",
            say("That is no client's code."),
            say("A code is like C-7F3K2M. To look for a client by name, type - in its place."),
        )
    found = clients.directory().clients.get(code)
    if found is not None:
        return found
    if code in clients.unreadable():
        raise clients.failures()[clients.unreadable().index(code)]
    raise UsageError(
        "no-such-client",
        say("There is no client {code}.", code=code),
        say("Look for the code with: coachsync client list"),
    )


def by_name(clients: Clients, typed: str) -> Client:
    """The client of this name, spelling or alias, whatever its case and accents; a code will do too. Raises UsageError
    when there is none, or more than one."""
    wanted = folded(typed)
    everybody = clients.directory().clients.values()
    found = [one for one in everybody if wanted in map(folded, (*one.names, *one.aliases))]
    if not found and recognised(Kind.CLIENT, typed) is not None:
        return by_code(clients, typed)
    if not found:
        raise UsageError(
            "no-such-client",
            say("There is no client of that name."),
            say("Look at the names with: coachsync client list"),
        )
    if len(found) > 1:
        codes = ", ".join(sorted(one.code for one in found))
        raise UsageError(
            "several-clients",
            say("More than one client has that name: {codes}.", codes=codes),
            say("Give the code of the one that you mean."),
        )
    return found[0]
