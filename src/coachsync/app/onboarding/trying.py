"""Trying what was answered, at once and against the real server: is there a calendar service, does the login open it?

The address is tried without any login, so a password is only ever sent where a calendar service was found.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from coachsync.adapters.calendars import CalendarServer
from coachsync.adapters.nextcloud import Nextcloud
from coachsync.app.onboarding.address import Address, Start
from coachsync.app.onboarding.providers import NEXTCLOUD, OTHER, RADICALE, Provider
from coachsync.errors import CoachsyncError, NotThere, Refused
from coachsync.model import Collection
from coachsync.phrases import Phrase, say

_TIMEOUT = 15.0  # seconds: a person is waiting
_RADICALE_REALM = "Radicale"  # begins what a Radicale answers to whoever has no login, unless its owner changed it
_DAV = "remote.php/dav/"  # below the folder where a Nextcloud is installed

_ADDRESS = say("Check the address: is it spelled as in your calendar program, and is this computer online?")
_LOGIN = say(
    "Check both and type them again: capitals and spaces count. With two-step login, an app password is needed."
)
_HINTS: dict[str, Phrase] = {
    "host-unknown": _ADDRESS,
    "no-connection": _ADDRESS,
    "timeout": _ADDRESS,
    "certificate-not-trusted": say(
        "If the server has a certificate of its own, start again with --ca-file and the file of its authority."
    ),
    "tls-failed": _ADDRESS,
    "redirect-elsewhere": say("Type the address that the browser shows once the page is open."),
    "calendars-elsewhere": say("Type the address that your calendar program uses."),
}
_NO_SERVICE = frozenset({"not-there", "not-caldav", "refused", "login-forbidden", "no-calendar-home", "forbidden"})


@dataclass(frozen=True, slots=True)
class Place:
    """Where the calendars are: the URL for the configuration, and whose server it is. `nextcloud` is the folder where
    a Nextcloud is installed, "" elsewhere; `open`: the server asks nobody who they are."""

    url: str
    provider: Provider
    nextcloud: str = ""
    open: bool = False


@dataclass(frozen=True, slots=True)
class Login:
    """A login that the server accepted, the connection that it opened, and the calendars found there; `names` are those
    of every collection."""

    place: Place
    username: str = field(repr=False)
    password: str = field(repr=False)
    server: CalendarServer = field(repr=False)
    calendars: tuple[Collection, ...] = field(repr=False)
    names: tuple[str, ...] = field(repr=False)


def find(address: Address, ca_file: Path | None = None) -> Place:
    """The calendar service that an address leads to. Raises CoachsyncError with what a person can do about it."""
    for base in address.nextclouds:
        if _is_nextcloud(base, ca_file):
            return on_nextcloud(base)
    reasons: list[CoachsyncError] = []
    for start in address.starts:
        try:
            return _knocked(start, ca_file)
        except CoachsyncError as problem:
            reasons.append(problem)
            if problem.code not in _NO_SERVICE:
                break
    raise _plain(reasons[-1])


def on_nextcloud(base: str) -> Place:
    """The calendar service of the Nextcloud that is installed in this folder."""
    return Place(f"{base}{_DAV}", NEXTCLOUD, base)


def enter(place: Place, username: str, password: str, ca_file: Path | None = None) -> Login:
    """Sign in and look around. Raises Refused with what to look at, and CoachsyncError when the account has no
    calendar."""
    server = _server(place.url, username, password, ca_file)
    try:
        found = server.collections()
    except Refused as problem:
        server.close()
        problem.hint = _LOGIN
        raise
    except CoachsyncError as problem:
        server.close()
        raise (_no_calendars() if problem.code in _NO_SERVICE else _plain(problem)) from None
    calendars = tuple(sorted((known for known in found if known.events), key=lambda known: known.name.casefold()))
    if not calendars:
        server.close()
        raise _no_calendars()
    return Login(place, username, password, server, calendars, tuple(known.name.strip() for known in found))


def taken(login: Login, name: str) -> bool:
    """Whether no share can go into a calendar of this name: it holds something, or there are several."""
    same = [calendar for calendar in login.calendars if calendar.name.strip() == name]
    return login.names.count(name) > 1 or any(login.server.changes(found.url, None).etags for found in same)


def _is_nextcloud(base: str, ca_file: Path | None) -> bool:
    """Trouble with the network is told by the search for the calendar service itself."""
    try:
        return Nextcloud(base, _TIMEOUT, ca_file).there()
    except CoachsyncError:
        return False


def _knocked(start: Start, ca_file: Path | None) -> Place:
    """The place, when a calendar service answers at this URL: it asks who we are, or asks nobody."""
    server, provider = _server(start.url, "", "", ca_file), start.provider
    try:
        opened = bool(server.whoami().homes)
    except Refused as problem:
        if problem.code == "login-forbidden":  # many a website forbids what it does not know; nobody asks for a login
            raise
        opened = False
        if provider is OTHER and problem.realm.startswith(_RADICALE_REALM):
            provider = RADICALE
    finally:
        server.close()
    return Place(start.url, provider, open=opened)


def _server(url: str, username: str, password: str, ca_file: Path | None) -> CalendarServer:
    from coachsync.adapters.caldav.client import CalDav  # slow to load: the first questions come without it

    return CalDav(url, username, password, _TIMEOUT, ca_file)


def _plain(problem: CoachsyncError) -> CoachsyncError:
    """The same in the words of a first conversation: there is no configuration yet that a hint could point to."""
    if problem.code in _NO_SERVICE:
        return NotThere(
            "no-calendar-service",
            say("No calendar service answers at this address."),
            say("Type the address that your calendar program uses, or that the browser shows when it is open."),
        )
    problem.hint = _HINTS.get(problem.code, problem.hint)
    return problem


def _no_calendars() -> CoachsyncError:
    return CoachsyncError(
        "no-calendars",
        say("The server let us in, and this user has no calendar there."),
        say("Create a calendar in your calendar program, or type another user name."),
    )
