"""Finding the collections that the configuration names."""

from __future__ import annotations

from urllib.parse import urljoin

from coachsync.adapters.calendars import CalendarServer
from coachsync.app.wiring import Wiring
from coachsync.config import Account
from coachsync.errors import Misconfigured
from coachsync.model import Collection


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
            f"The account has {len(found)} calendars of this name.",
            "Give its url instead of its name.",
            where=key,
        )
    return found[0] if found else None


def source(wiring: Wiring, calendar: str) -> Collection:
    """The collection of a source calendar, asked of the server.

    Raises Misconfigured when there is no such calendar, with the names of those that are there: only the coach's own
    terminal shows it. Raises NotThere when a calendar given by URL does not exist.
    """
    settings = wiring.config.calendars[calendar]
    server = wiring.server(settings.account)
    wiring.signin(settings.account)
    if settings.url is not None:
        return server.collection(absolute(wiring.config.accounts[settings.account], settings.url))
    name = settings.display_name or ""
    found = by_name(server, name, f"calendars.{calendar}.name")
    if found is None:
        names = ", ".join(sorted(f'"{collection.name}"' for collection in server.collections() if collection.events))
        raise Misconfigured(
            "calendar-not-found",
            "The account has no calendar of this name.",
            f"Calendars that are there: {names or 'none'}.",
            where=f"calendars.{calendar}.name",
        )
    return found


def described(wiring: Wiring, calendar: str) -> str:
    """What the configuration says of a source calendar: another text means that it must be looked for again."""
    settings = wiring.config.calendars[calendar]
    account = wiring.config.accounts[settings.account]
    return "\n".join((account.url, account.username, settings.display_name or "", settings.url or ""))
