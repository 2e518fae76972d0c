"""HTTP to one account's server, through python-caldav: the only importer of it, with every default mended.

python-caldav negotiates the authentication and sends. It never sees an answer's body and cannot print a request's: so
nothing can be logged, dumped to a file or parsed twice. What it leaves open is set here: a timeout, certificates
verified, no .netrc and no proxy out of the environment, no HTTP/3, no request to a certificate's revocation server, no
redirect followed unseen, no answer of unbounded size. The account speaks to its own server and to nobody else.
"""

from __future__ import annotations

import logging
import re
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic
from typing import Any, Literal
from urllib.parse import urljoin

from caldav.davclient import DAVClient
from caldav.lib import error as caldav_error
from caldav.lib.http_sync import requests
from caldav.lib.python_utilities import WireBytes

from coachsync import __version__
from coachsync.adapters.caldav import hrefs
from coachsync.adapters.caldav.network_errors import lost, network_error
from coachsync.errors import CoachsyncError, Misconfigured, Refused, Temporary
from coachsync.loopback import is_loopback
from coachsync.phrases import say

Scheme = Literal["basic", "digest"]

ANSWER_LIMIT = 64 << 20  # bytes of one answer, once decompressed
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_MOST_REDIRECTS = 5
_READS = frozenset({"GET", "PROPFIND", "REPORT"})
_UNAUTHORIZED, _TOO_MANY, _UNAVAILABLE = 401, 429, 503
_CHUNK = 1 << 16
_WHOLE = 20  # times the timeout: however steadily an answer trickles in, it must have ended by then

_REALM = re.compile(r'realm="([^"]*)"', re.IGNORECASE)  # RFC 7235 section 2.2
# Credentials (hashes) that a server has refused in this process, with its realm: they are not tried again.
_refused: dict[int, str] = {}

caldav_error.debug_dump_communication = False  # PYTHON_CALDAV_COMMDUMP would write bodies to files under /tmp
_TALKERS = (
    "caldav",
    "niquests",
    "urllib3",
    "urllib3_future",
)  # they log URLs, headers and bodies at one level or other
for _name in _TALKERS:
    _logger = logging.getLogger(_name)  # what matters is raised as an error
    _logger.handlers = [logging.NullHandler()]
    _logger.propagate = False
for _name in list(logging.root.manager.loggerDict):
    if _name.partition(".")[0] in _TALKERS:
        logging.getLogger(_name).disabled = True


def forget_refusals() -> None:
    """Let credentials be tried again that a server has refused in this process."""
    _refused.clear()


@dataclass(frozen=True, slots=True)
class Answer:
    """A server's answer: status code, headers (names in any case), the decompressed body, the URL that gave it."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    url: str


class Transport:
    """One account's connection to its server. `scheme` is what was negotiated before, or None.

    Raises Misconfigured, Refused, Temporary, and CoachsyncError for a redirect to another host and for an answer over
    ANSWER_LIMIT. A credential that was refused once is not sent again in this process; `renewing` is what a
    refusal tells the coach aside.
    """

    def __init__(
        self,
        url: str,
        username: str,
        password: str,
        timeout: float,
        ca_file: Path | None,
        scheme: Scheme | None,
        renewing: str = "",
    ) -> None:
        self._wire = _Wire()
        self._renewing = renewing
        self._ca_file = ca_file
        self._ca_file_read = False
        self._timeout = timeout
        self._credential = hash((hrefs.origin(url), username, password))
        self._client = DAVClient(
            hrefs.origin(url) + "/",
            username=username,
            password=password,
            auth_type=scheme,
            timeout=timeout,
            ssl_verify_cert=str(ca_file) if ca_file else True,
            headers={"User-Agent": f"coachsync/{__version__}"},
            enable_rfc6764=False,
            rate_limit_handle=False,
        )
        self._client.session.close()
        self._client.session = self._wire

    @property
    def scheme(self) -> Scheme | None:
        """How this server wants the credential; None while it has not asked for one."""
        schemes: dict[type, Scheme] = {requests.auth.HTTPDigestAuth: "digest", requests.auth.HTTPBasicAuth: "basic"}
        return schemes.get(type(self._client.auth))

    def send(
        self, method: str, url: str, body: bytes = b"", headers: Mapping[str, str] | None = None, patience: int = 1
    ) -> Answer:
        """Send one request and follow redirects on the same host. Any status but 401, 429 and 503 is returned.

        `patience` is how many times the timeout the server may stay silent before it answers.
        """
        self._client.timeout = (self._timeout, self._timeout * patience)
        self._wire.allow(self._timeout * max(_WHOLE, patience))
        for _ in range(1 + _MOST_REDIRECTS):
            self._permit(url)
            answer = self._authorised(method, url, body, headers or {})
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
        from caldav import discovery  # what it imports (dnspython), no other request needs

        for host, port, *_ in discovery._srv_lookup(domain, "caldav", use_tls=True):
            if hrefs.is_below(host.lower(), domain):
                path = discovery._txt_lookup(domain, "caldav", use_tls=True) or "/"
                return hrefs.origin(f"https://{host}:{port}") + "/" + path.lstrip("/")
        return None

    def abandon(self) -> None:
        """What is under way ends with an error at the next octets that come; called from another thread."""
        self._wire.allow(0)

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
            raise _login_refused(_refused[self._credential], self._renewing)

    def _authorised(self, method: str, url: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        """One exchange with the credential. A server may ask for another scheme than it did in an earlier process."""
        answer = self._exchange(method, url, body, headers, again=method in _READS)
        if answer.status == _UNAUTHORIZED and self._client.auth_type not in (None, *self._offered(answer)):
            self._client.auth = self._client.auth_type = None
            answer = self._exchange(method, url, body, headers, again=method in _READS)
        if answer.status != _UNAUTHORIZED:
            return answer
        if self._offered(answer) and not self._offered(answer) & {"basic", "digest"}:
            raise Refused(
                "login-scheme-unknown",
                say("The server asks for a kind of login that is not known here."),
                say("An app password usually works where a login page is used otherwise. Known are Basic and Digest."),
            )
        realm = _REALM.search(answer.headers.get("WWW-Authenticate", ""))
        _refused[self._credential] = realm[1] if realm else ""
        raise _login_refused(_refused[self._credential], self._renewing)

    def _offered(self, answer: Answer) -> set[str]:
        """The authentication schemes a 401 names."""
        return set(self._client.extract_auth_types(answer.headers.get("WWW-Authenticate", "")))

    def _exchange(self, method: str, url: str, body: bytes, headers: Mapping[str, str], *, again: bool) -> Answer:
        """One request, as often as the negotiation needs; `again`: once more if a connection kept open was closed."""
        self._wire.answer = None
        try:
            self._client.request(url, method, _Sealed(body) if body else "", headers)
        except (caldav_error.DAVError, NotImplementedError):
            pass  # an answer that python-caldav makes an exception of: it is on the wire all the same
        except (OSError, ValueError, RuntimeError, requests.exceptions.BaseHTTPError) as problem:
            self._wire.close()  # what still comes on this connection would be taken for the next answer
            if again and lost(problem):
                return self._exchange(method, url, body, headers, again=False)
            raise network_error(problem) from None
        return self._wire.answer or Answer(_UNAUTHORIZED, {}, b"", url)


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


class _Sealed(WireBytes):  # type: ignore[misc]  # python-caldav is imported without types
    """A request body that is sent byte for byte and that python-caldav cannot turn into text for its log."""

    def decode(self, *_: object) -> str:
        return ""


@dataclass(frozen=True, slots=True)
class _Husk:
    """An answer without its body: all that python-caldav needs to negotiate."""

    status_code: int
    headers: Mapping[str, str]
    url: str
    content: bytes = b""
    text: str = ""
    reason: str = ""


@dataclass(slots=True)
class _Wire:
    """The HTTP session under python-caldav: keeps each answer to itself and hands on a husk."""

    answer: Answer | None = field(default=None, init=False)
    session: Any = field(init=False)
    until: float = field(default=0.0, init=False)

    def __post_init__(self) -> None:
        self.session = requests.Session(disable_http2=True, disable_http3=True, revocation_configuration=None)
        self.session.trust_env = False

    def request(self, method: str, url: str, **options: Any) -> _Husk:
        """Called by python-caldav in place of the session's own method."""
        response = self.session.request(method, url, **options, allow_redirects=False, stream=True)
        try:
            body = self._body(response)
        finally:
            response.close()
        self.answer = Answer(response.status_code, response.headers, body, url)
        return _Husk(response.status_code, response.headers, url)

    def allow(self, seconds: float) -> None:
        """Within how many seconds from now an answer must have come in as a whole."""
        self.until = monotonic() + seconds

    def close(self) -> None:
        self.session.close()

    def _body(self, response: Any) -> bytes:
        """The body, unless it grows over ANSWER_LIMIT or takes too long. Raises TimeoutError then."""
        chunks: list[bytes] = []
        size = 0
        for chunk in response.iter_content(_CHUNK):
            if monotonic() > self.until:
                raise TimeoutError
            size += len(chunk)
            if size > ANSWER_LIMIT:
                raise _too_large()
            chunks.append(chunk)
        return b"".join(chunks)


def _too_large() -> CoachsyncError:
    return CoachsyncError("answer-too-large", say("The server's answer is larger than can be read safely."))


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
    seconds = caldav_error.parse_retry_after(answer.headers.get("Retry-After", ""))
    code = "too-many-requests" if answer.status == _TOO_MANY else "server-unavailable"
    return Temporary(code, say("The server asks us to come back later."), retry_after=seconds)


def _login_refused(realm: str, aside: str) -> Refused:
    refused = Refused(
        "login-refused",
        say("The server refuses the user name or password."),
        say("Check the account's username and password."),
    )
    refused.realm = realm
    refused.aside = aside
    return refused
