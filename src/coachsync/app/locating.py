"""Finding the collections that the configuration names."""

from __future__ import annotations

from urllib.parse import urljoin

from coachsync.adapters.calendars import CalendarServer
from coachsync.app.printable import printable
from coachsync.app.wiring import Wiring
from coachsync.config import Account
from coachsync.errors import CoachsyncError, Misconfigured, NotThere, UsageError
from coachsync.model import Collection
from coachsync.phrases import say


def refuse_unknown(wiring: Wiring, calendar: str) -> None:
    """Raise UsageError for a calendar that is not configured."""
    if calendar not in wiring.config.calendars:
        raise UsageError(
            "no-such-calendar",
            say("No calendar of that name is configured."),
            say("There are: {names}.", names=", ".join(sorted(wiring.config.calendars))),
        )


def absolute(account: Account, url: str) -> str:
    """A collection's URL as the configuration gives it, absolute and with the final slash that collections have."""
    joined = urljoin(account.url, url)
    return joined if joined.endswith("/") else joined + "/"


def by_name(server: CalendarServer, name: str, key: str) -> Collection | None:
    """The account's calendar of this display name, None when there is none. `key` is the configuration key that asks.

    Raises Misconfigured when several have the name.
    """
    found = [collection for collection in server.collections() if collection.name.strip() == name]
    if len(found) > 1:
        raise Misconfigured(
            "calendar-ambiguous",
            say("The account has {number} calendars of this name.", number=len(found)),
            say("Give its url instead of its name."),
            where=key,
        )
    return found[0] if found else None


def source(wiring: Wiring, calendar: str) -> Collection:
    """The collection of a source calendar, asked of the server.

    Raises Misconfigured when there is no such calendar, with the names of those that are there: only the coach's own
    terminal shows it. Raises NotThere, with the same names where they can be had, when what is at the URL of a calendar
    is none.
    """
    settings = wiring.config.calendars[calendar]
    server = wiring.server(settings.account)
    wiring.signin(settings.account)
    if settings.url is not None:
        try:
            return server.collection(absolute(wiring.config.accounts[settings.account], settings.url))
        except NotThere as problem:
            problem.hint = problem.hint or say("Check the url.")
            problem.where, problem.aside = f"calendars.{calendar}.url", _there(server)
            raise
    name = settings.display_name or ""
    found = by_name(server, name, f"calendars.{calendar}.name")
    if found is None:
        missing = Misconfigured(
            "calendar-not-found",
            say("The account has no calendar of this name."),
            say("Write the name as your calendar program shows it."),
            where=f"calendars.{calendar}.name",
        )
        missing.aside = _there(server)
        raise missing
    return found


def _there(server: CalendarServer) -> str:
    """A sentence with the names of the account's calendars; "" when the server does not tell them."""
    try:
        found = server.collections()
    except CoachsyncError:
        return ""
    names = ", ".join(sorted(f'"{printable(collection.name)}"' for collection in found if collection.events))
    return say("Calendars that are there: {names}.", names=names) if names else say("It has no calendars.")


def described(wiring: Wiring, calendar: str) -> str:
    """What the configuration says of a source calendar: another text means that it must be looked for again."""
    settings = wiring.config.calendars[calendar]
    return place(wiring.config.accounts[settings.account], settings.display_name, settings.url)


def place(account: Account, name: str | None, url: str | None) -> str:
    """What tells one way of naming a collection from another."""
    return "\n".join((account.url, account.username, name or "", url or ""))
