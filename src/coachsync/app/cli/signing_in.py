"""The first half of `coachsync init`: the address of the calendar, and a login that the server accepts."""

from __future__ import annotations

import os
import unicodedata
from collections import Counter
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

from coachsync.adapters import browser, secrets
from coachsync.adapters.nextcloud import Nextcloud
from coachsync.app.cli.asking import Asker
from coachsync.app.cli.given import Given
from coachsync.app.onboarding import trying
from coachsync.app.onboarding.address import understand
from coachsync.app.onboarding.trying import Login, Place
from coachsync.errors import CoachsyncError, Refused, UsageError
from coachsync.phrases import say

_TRIES = 3  # passwords for one user name: providers lock accounts that guess


def sign_in(asker: Asker, given: Given) -> tuple[Login, Path | None]:
    """Ask for the address and the login, trying both; the login, and the file that holds its password if there is one
    already. Raises the reason why it went wrong when nobody can be asked again, or too often."""
    if given.address is None and asker.interactive:
        asker.tell(say("Where is your calendar? Your mail address, the server, or what the browser shows there."))
    place, username = asker.ask(say("Address"), "--address", given.address, lambda text: _found(asker, given, text))
    return _enter(asker, given, place, username, Counter())


def _enter(
    asker: Asker, given: Given, place: Place, suggested: str, refused: Counter[tuple[str, str]]
) -> tuple[Login, Path | None]:
    """A login in whatever way this place has one; another place, where the person wants that after a failure.

    `refused` counts what each user name at each place has been refused.
    """
    asker.tell(say("Found: {name} ({host})", name=_name(place), host=urlsplit(place.url).netloc))
    login = _without_password(asker, given, place)
    if login is not None:
        return login, None
    if asker.interactive:
        asker.tell(place.provider.username)
    explained = False
    while True:
        name = asker.ask(say("User name"), "--username", given.username, _user, suggested or None)
        if given.password_file is None and asker.interactive and not explained:
            asker.tell(place.provider.password)
            explained = True
        try:
            password = secrets.from_file(given.password_file) if given.password_file else _typed(asker)
            return trying.enter(place, name, password, given.ca_file), given.password_file
        except CoachsyncError as problem:
            if not asker.interactive:
                raise
            _end_of_patience(problem, refused, (place.url, name))
            asker.tell_trouble(problem)
        given = replace(given, username=None, password_file=None, browser=None)
        another, suggested = _another(asker, given, place, name)
        if another is not place:
            return _enter(asker, given, another, suggested, refused)


def _end_of_patience(problem: CoachsyncError, refused: Counter[tuple[str, str]], login: tuple[str, str]) -> None:
    """Count what the server refused; raise it when this login was refused often enough."""
    refused[login] += isinstance(problem, Refused)
    if refused[login] >= _TRIES:
        problem.hint = say(
            "Nothing was written. Check the password with your provider, wait some minutes, then run "
            "coachsync init again."
        )
        raise problem


def _another(asker: Asker, given: Given, place: Place, name: str) -> tuple[Place, str]:
    """Where to try next, and the user name that is suggested there: both as before with nothing but Enter."""
    asker.tell(say("Another address or user name may be typed now; Enter keeps the one in brackets."))

    def read(text: str) -> tuple[Place, str]:
        if text == place.url:
            return place, name
        another, username = _found(asker, given, text)
        return another, username or name

    return asker.ask(say("Address"), "--address", None, read, place.url)


def _without_password(asker: Asker, given: Given, place: Place) -> Login | None:
    """A login that needs no typed password; None where there is none, or it is not wanted."""
    if place.open and given.username is None and given.password_file is None:
        try:
            return trying.enter(place, "", "", given.ca_file)
        except CoachsyncError as problem:
            if not asker.interactive:
                raise
            asker.tell_trouble(problem)
            return None
    if place.nextcloud:
        return _by_browser(asker, given, place)
    if given.browser:
        raise UsageError(
            "no-browser-login",
            say("This server offers no login with the browser."),
            say("Leave --browser away."),
            where="--browser",
        )
    return None


def _found(asker: Asker, given: Given, text: str) -> tuple[Place, str]:
    address = understand(text)
    asker.tell(say("Looking for the calendar service..."))
    return trying.find(address, given.ca_file), address.username


def _name(place: Place) -> str:
    return place.provider.name or say("a calendar service")


def _by_browser(asker: Asker, given: Given, place: Place) -> Login | None:
    """A login by way of the browser; None when another way is wanted."""
    if given.browser is None and (given.password_file is not None or not asker.interactive):
        return None
    if not asker.confirm(say("Sign in with the browser? No password needs to be typed"), "--browser", given.browser):
        return None
    try:
        return _granted(asker, given, place)
    except KeyboardInterrupt:
        if not asker.interactive:
            raise
        asker.tell()
    except CoachsyncError as problem:
        if not asker.interactive:
            raise
        asker.tell_trouble(problem)
    return None


def _granted(asker: Asker, given: Given, place: Place) -> Login:
    server = Nextcloud(place.nextcloud, ca_file=given.ca_file)
    flow = server.start()
    if browser.show(flow.page, os.environ):
        asker.tell(say("The browser opens this page; sign in there and allow access to coachsync:"))
    else:
        asker.tell(say("Open this page in a browser; sign in there and allow access to coachsync:"))
    asker.tell(f"  {flow.page}")
    asker.tell(say("Waiting for it. To type a password instead, press Ctrl-C."))
    granted = server.wait(flow)
    return trying.enter(trying.on_nextcloud(granted.base), granted.username, granted.password, given.ca_file)


def _user(text: str) -> str:
    if not text:
        raise UsageError("answer-missing", say("A user name is needed."))
    return text


def _typed(asker: Asker) -> str:
    while True:
        try:
            return _typeable(asker.hidden(say("Password (it is not shown)"), "--password-file"))
        except UsageError as problem:
            if not asker.interactive:
                raise
            asker.tell_trouble(problem)


def _typeable(password: str) -> str:
    if not password or any(unicodedata.category(character) == "Cc" for character in password):
        raise UsageError(
            "password-unreadable",
            say("The password is empty, or holds a character that cannot be typed, such as an arrow key."),
            say("Type it again, or paste it."),
        )
    return password
