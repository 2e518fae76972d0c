"""Nextcloud's Login Flow v2: the coach signs in with the browser, and we receive an app password of our own.

Source: Nextcloud developer manual, "Login Flow", section "Login flow v2". A token for polling lives 20 minutes, and
the answer to it is given once.

HTTP is the standard library's: certificates verified, no proxy and no .netrc out of the environment, no redirect
followed, no answer of unbounded size. Everything is asked of the one server that was named: of what it says about
addresses only the paths are used, and another host is refused.
"""

from __future__ import annotations

import http.client
import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

from coachsync.adapters.caldav import hrefs
from coachsync.adapters.caldav.network_errors import network_error
from coachsync.adapters.tls import trusting
from coachsync.errors import CoachsyncError, Misconfigured, Refused, Temporary
from coachsync.loopback import is_loopback
from coachsync.phrases import say

PATIENCE = 20 * 60.0  # seconds: as long as the token lives
_EVERY = 2.0  # seconds between two questions
_LIMIT = 1 << 16  # bytes of one answer
_AGENT = "coachsync"  # under this name the app password stands in the coach's security settings
_BUSY = frozenset({HTTPStatus.TOO_MANY_REQUESTS, *range(500, 600)})


@dataclass(frozen=True, slots=True)
class Flow:
    """A login under way: `page` is for the coach's browser, the rest for us alone."""

    base: str
    page: str = field(repr=False)
    endpoint: str = field(repr=False)
    token: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Granted:
    """What the coach allowed: `base` is the folder where Nextcloud is installed, with a slash at its end."""

    base: str
    username: str = field(repr=False)
    password: str = field(repr=False)


class Nextcloud:
    """One Nextcloud, by the URL of the folder it is installed in (with a slash at its end). `timeout` in seconds.

    Raises Temporary for trouble with the network, Misconfigured for an address without TLS that is not this machine.
    """

    def __init__(self, base: str, timeout: float = 15, ca_file: Path | None = None) -> None:
        self._base = hrefs.origin(base) + hrefs.path(base)
        self._timeout, self._ca_file = timeout, ca_file

    def there(self) -> bool:
        """Whether a Nextcloud (under whatever name its provider gave it) answers here; False for anything else."""
        status, answer = self._ask("GET", f"{self._base}status.php")
        return status == HTTPStatus.OK and answer.get("installed") is True and "versionstring" in answer

    def start(self) -> Flow:
        """Begin a login. Raises CoachsyncError when this server offers none, or answers with another host."""
        status, answer = self._ask("POST", f"{self._base}index.php/login/v2")
        poll = answer.get("poll")
        told = [answer.get("login"), *(poll.get(key) for key in ("endpoint", "token") if isinstance(poll, dict))]
        page, endpoint, token = [value if isinstance(value, str) else "" for value in (*told, "", "", "")[:3]]
        if status != HTTPStatus.OK or not (page and endpoint and token):
            raise CoachsyncError(
                "no-browser-login",
                say("This server offers no login with the browser."),
                say("Make an app password in its security settings and type that."),
            )
        return Flow(self._base, self._here(page), self._here(endpoint), token)

    def poll(self, flow: Flow) -> Granted | None:
        """The app password, None while the coach has not signed in yet.

        Raises Refused when the server ends the login, Temporary when it is busy.
        """
        body = urlencode({"token": flow.token}).encode()
        status, answer = self._ask("POST", flow.endpoint, body)
        if status == HTTPStatus.NOT_FOUND:
            return None
        if status in _BUSY:
            raise Temporary("server-unavailable", say("The server asks us to come back later."))
        if status != HTTPStatus.OK:
            raise Refused(
                "browser-login-refused",
                say("The server ended the login with the browser."),
                say("Start again, or make an app password in its security settings and type that."),
            )
        return self._granted(answer)

    def wait(
        self,
        flow: Flow,
        patience: float = PATIENCE,
        sleep: Callable[[float], None] = time.sleep,
        stopwatch: Callable[[], float] = time.monotonic,
    ) -> Granted:
        """Ask until the coach has signed in; what may pass is waited for. Raises as `poll` does, and Refused after
        `patience` seconds."""
        deadline = stopwatch() + patience
        while True:
            try:
                if granted := self.poll(flow):
                    return granted
            except Temporary:
                pass
            if stopwatch() >= deadline:
                raise Refused(
                    "browser-login-expired",
                    say("Nobody signed in within {minutes} minutes.", minutes=round(patience / 60)),
                    say("Start again, or make an app password in its security settings and type that."),
                )
            sleep(_EVERY)

    def _granted(self, answer: dict[str, Any]) -> Granted:
        told = [answer.get(key) for key in ("server", "loginName", "appPassword")]
        server, username, password = [value if isinstance(value, str) else "" for value in told]
        if not (server and username and password):
            raise CoachsyncError(
                "browser-login-unclear",
                say("The server's answer to the login with the browser makes no sense."),
                say("Make an app password in its security settings and type that."),
            )
        return Granted(self._here(server).rstrip("/") + "/", username, password)

    def _here(self, url: str) -> str:
        """A URL that the server gave, on the address by which we know it: behind a proxy it may not know its own
        scheme and port. Raises CoachsyncError when it names another host."""
        if hrefs.hostname(url) != hrefs.hostname(self._base):
            raise CoachsyncError(
                "login-elsewhere",
                say("The server sends the login to another host; nothing was sent there."),
                say("If that is where your calendar is, start again with that address."),
            )
        return hrefs.origin(self._base) + _target(url)

    def _ask(self, method: str, url: str, body: bytes | None = None) -> tuple[int, dict[str, Any]]:
        """The status and the JSON object of an answer, {} when it is anything else."""
        connection = self._connect()
        headers = {"User-Agent": _AGENT, "Accept": "application/json"}
        if body is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        try:
            connection.request(method, _target(url), body, headers)
            answer = connection.getresponse()
            content = answer.read(_LIMIT + 1)
        except (OSError, ValueError, http.client.HTTPException) as problem:
            raise network_error(problem) from None
        finally:
            connection.close()
        return answer.status, _object(content)

    def _connect(self) -> http.client.HTTPConnection:
        parts = urlsplit(self._base)
        host = parts.hostname or ""
        if parts.scheme == "https":
            return http.client.HTTPSConnection(host, parts.port, timeout=self._timeout, context=trusting(self._ca_file))
        if not is_loopback(host):
            raise Misconfigured("no-tls", say("The password would travel unencrypted."), say('Use "https://".'))
        return http.client.HTTPConnection(host, parts.port, timeout=self._timeout)


def _target(url: str) -> str:
    """The path of a URL with its query, as a request names it."""
    parts = urlsplit(url)
    return (parts.path or "/") + (f"?{parts.query}" if parts.query else "")


def _object(content: bytes) -> dict[str, Any]:
    if len(content) > _LIMIT:
        return {}
    try:
        found = json.loads(content)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}
