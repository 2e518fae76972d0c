"""HTTP to one account's server: whom we talk to, and what may be sent there.

The bytes go over `wire.py`, the credential comes from `login.py`; python-caldav chooses the login and finds servers.
Nothing is logged, dumped to a file or parsed twice. The account speaks to its own server and to nobody else: only over
TLS (or to this machine), and no redirect to another host is followed.
"""

from __future__ import annotations

import logging
import ssl
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urljoin

from caldav.lib.error import parse_retry_after

from coachsync import __version__
from coachsync.adapters.caldav import hrefs
from coachsync.adapters.caldav.login import Login, Scheme, offered
from coachsync.adapters.caldav.network_errors import lost, network_error
from coachsync.adapters.caldav.wire import BROKEN, Answer, Trust, Wire
from coachsync.errors import CoachsyncError, Misconfigured, Refused, Temporary
from coachsync.loopback import is_loopback
from coachsync.phrases import say

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_MOST_REDIRECTS = 5
_READS = frozenset({"GET", "PROPFIND", "REPORT"})
_UNAUTHORIZED, _TOO_MANY, _UNAVAILABLE = 401, 429, 503
_ALWAYS = {
    "User-Agent": f"coachsync/{__version__}",
    "Accept": "text/xml, text/calendar",
    "Accept-Encoding": "gzip",
}

_refused: set[int] = set()  # credentials a server has refused in this process (hashes): they are not tried again

_caldav = logging.getLogger("caldav")  # it would log host names; what matters is raised as an error
_caldav.handlers = [logging.NullHandler()]
_caldav.propagate = False


class Transport:
    """One account's connection to its server. `scheme` is what was negotiated before, or None.

    Raises Misconfigured, Refused, Temporary, and CoachsyncError for a redirect to another host and for an answer over
    ANSWER_LIMIT. A credential that was refused once is not sent again in this process.
    """

    def __init__(
        self, url: str, username: str, password: str, timeout: float, ca_file: Path | None, scheme: Scheme | None
    ) -> None:
        self._wire = Wire(timeout, Trust(ca_file))
        self._login = Login(username, password, scheme)
        self._ca_file = ca_file
        self._ca_file_read = False
        self._credential = hash((hrefs.origin(url), username, password))

    @property
    def scheme(self) -> Scheme | None:
        """How this server wants the credential; None while it has not asked for one."""
        return self._login.scheme

    def send(
        self, method: str, url: str, body: bytes = b"", headers: Mapping[str, str] | None = None, patience: int = 1
    ) -> Answer:
        """Send one request and follow redirects on the same host. Any status but 401, 429 and 503 is returned.

        `patience` is how many times the timeout the server may stay silent before it answers.
        """
        for _ in range(1 + _MOST_REDIRECTS):
            self._permit(url)
            answer = self._authorised(method, url, body, {**_ALWAYS, **(headers or {})}, patience)
            if answer.status in (_TOO_MANY, _UNAVAILABLE):
                raise _busy(answer)
            if answer.status not in _REDIRECTS:
                return answer
            url = _redirected(url, answer.headers.get("Location", ""))
        raise Temporary("too-many-redirects", say("The server redirects in a circle."), say("Check the account's url."))

    def locate(self, domain: str) -> str | None:
        """The CalDAV service a domain announces in DNS (RFC 6764 section 3): https, and in the domain itself, or None.

        python-caldav's own discovery goes on to fetch .well-known with .netrc and the environment's proxies in force;
        so only its DNS lookups are used.
        """
        from caldav import discovery  # what it imports, no other request needs

        for host, port, *_ in discovery._srv_lookup(domain, "caldav", use_tls=True):
            if hrefs.is_below(host.lower(), domain):
                path = discovery._txt_lookup(domain, "caldav", use_tls=True) or "/"
                return hrefs.origin(f"https://{host}:{port}") + "/" + path.lstrip("/")
        return None

    def abandon(self) -> None:
        """End what is under way with an error; called from another thread."""
        self._wire.abandon()

    def close(self) -> None:
        """Let go of the connections."""
        self._wire.close()

    def _permit(self, url: str) -> None:
        """Refuse, before any request, what must not be sent."""
        if not url.startswith("https://") and not (url.startswith("http://") and is_loopback(hrefs.hostname(url))):
            raise Misconfigured(
                "no-tls", say("The password would travel unencrypted."), say("Use https:// in the account's url.")
            )
        if self._ca_file and not self._ca_file_read:
            _read_ca_file(self._ca_file)
            self._ca_file_read = True
        if self._credential in _refused:
            raise _login_refused()

    def _authorised(self, method: str, url: str, body: bytes, headers: Mapping[str, str], patience: int) -> Answer:
        """One exchange with the credential, asked for at most twice: a server may want another scheme than before."""
        answer = self._exchange(method, url, body, headers, patience)
        if answer.status != _UNAUTHORIZED:
            return answer
        asked = answer.headers.get("WWW-Authenticate", "")
        if self._login.challenged(asked, secure=url.startswith("https://")):
            answer = self._exchange(method, url, body, headers, patience)
        if answer.status != _UNAUTHORIZED:
            return answer
        asked = answer.headers.get("WWW-Authenticate", "")
        if asked and not offered(asked) & {"basic", "digest"}:
            raise Refused(
                "login-scheme-unknown",
                say("The server asks for a kind of login that is not known here."),
                say("An app password usually works where a login page is used otherwise. Known are Basic and Digest."),
            )
        _refused.add(self._credential)
        raise _login_refused()

    def _exchange(self, method: str, url: str, body: bytes, headers: Mapping[str, str], patience: int) -> Answer:
        """One request and its answer; a read once more if the server closed the connection without a word."""
        tries = 2 if method in _READS else 1
        while True:
            tries -= 1
            proof = self._login.header(method, url)
            try:
                return self._wire.exchange(
                    method, url, body, {**headers, "Authorization": proof} if proof else headers, patience
                )
            except BROKEN as problem:
                if not tries or not lost(problem):
                    raise network_error(problem) from None


def _read_ca_file(file: Path) -> None:
    """Raise Misconfigured when there are no certificates in the file."""
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(file)
    except ssl.SSLError:
        raise Misconfigured(
            "ca-file-unusable",
            say("The ca_file holds no certificate."),
            say("It must be a PEM file; check the account's ca_file."),
        ) from None
    except OSError:
        raise Misconfigured(
            "ca-file-missing", say("The ca_file cannot be read."), say("Check the account's ca_file.")
        ) from None


def _redirected(url: str, location: str) -> str:
    """Where a redirect leads, if to the same host: the same port too, unless it leads from http to https."""
    target = urljoin(url, location)
    upgrade = target.startswith("https://") and url.startswith("http://")
    if upgrade and hrefs.hostname(target) == hrefs.hostname(url):
        return target
    if hrefs.origin(target) != hrefs.origin(url):
        raise CoachsyncError(
            "redirect-elsewhere",
            say("The server sends us to another host, where the password must not go."),
            say("If the calendars have moved there, set the account's url to that host."),
        )
    return target


def _busy(answer: Answer) -> Temporary:
    """429 or 503, with the seconds the server asks us to wait."""
    seconds = parse_retry_after(answer.headers.get("Retry-After", ""))
    code = "too-many-requests" if answer.status == _TOO_MANY else "server-unavailable"
    return Temporary(code, say("The server asks us to come back later."), retry_after=seconds)


def _login_refused() -> Refused:
    return Refused(
        "login-refused",
        say("The server refuses the user name or password."),
        say("Check the account's username and password."),
    )
