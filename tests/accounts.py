"""Accounts on the calendar servers of a test run."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from uuid import uuid4

import servers
from coachsync.adapters.caldav.client import CalDav
from coachsync.app.demo.server import RadicaleServer

_users = itertools.count()


@dataclass
class Account:
    """An account of a test's own (on Xandikos, which has one user: collections of its own)."""

    url: str  # the server's root
    username: str
    password: str
    home: str  # absolute URL of the calendar home

    def client(self, **settings: object) -> CalDav:
        return CalDav(self.url, self.username, self.password, **settings)  # type: ignore[arg-type]

    def new_calendar(self) -> str:
        """The absolute URL of a calendar that does not exist yet."""
        return f"{self.home}{uuid4().hex}/"


def on_radicale(url: str) -> Account:
    """A Radicale user that no other test has, reached at `url` (the server's, or a recorder's before it)."""
    username = servers.RADICALE_USERS[next(_users)]
    return Account(url, username, servers.PASSWORD, f"{url}{username}/")


def on_xandikos(url: str) -> Account:
    return Account(url, "user", "", f"{url}user/calendars/")


def on_demonstration(server: RadicaleServer, password: str) -> Account:
    """The demonstration's coach, who may give another password than the right one, or none."""
    return Account(server.url, server.username, password, f"{server.url}{server.username}/")
