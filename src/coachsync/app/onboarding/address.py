"""What a person types as the address of their calendar, understood: a mail address, a host, a page of the browser."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import SplitResult, unquote, urlsplit, urlunsplit

from coachsync.app.onboarding import providers
from coachsync.app.onboarding.providers import NEXTCLOUD, OTHER, RADICALE, SOGO, Provider
from coachsync.config import urls
from coachsync.errors import UsageError
from coachsync.loopback import is_loopback
from coachsync.phrases import say

_MAIL = re.compile(r"[^@\s/:]+@(?P<domain>[^@\s/:]+)")
_SCHEME = re.compile(r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*)://")
_SCHEMES = {"caldav": "http", "caldavs": "https"}  # as some programs show a server's address
_FEEDS = ("webcal", "webcals")
_RADICALE_PORT = 5232
# Where Nextcloud's own pages begin: what stands before is its folder.
_NEXTCLOUD_PAGES = re.compile(r"/(?:remote\.php|index\.php|public\.php|apps|login|status\.php|ocs|settings|f)(?=/|$)")
_SOGO = re.compile(r"/SOGo(?=/|$)")
_RADICALE = re.compile(r"/(?:radicale|\.web)(?=/|$)", re.IGNORECASE)
_SOGO_DAV = "/SOGo/dav/"


@dataclass(frozen=True, slots=True)
class Start:
    """A URL at which the calendars may be found, and whose server it then is."""

    url: str
    provider: Provider


@dataclass(frozen=True, slots=True)
class Address:
    """What an address leads to: `starts` to be tried in turn, folders where a Nextcloud may be installed (URLs that
    end with a slash), and the user name that it gives away, if any."""

    starts: tuple[Start, ...]
    nextclouds: tuple[str, ...] = ()
    username: str = ""


def understand(text: str) -> Address:
    """The address that was typed. Raises UsageError with what is wrong with it; nothing is asked of any server."""
    text = text.strip().strip("<>\"'").removeprefix("mailto:")
    if not text:
        raise UsageError("no-address", say("There is no address."), _FORMS)
    if (named := providers.of_name(text)) is not None:
        return _of_provider(named)
    if mail := _MAIL.fullmatch(text):
        return _of_mail(text, mail["domain"].lower())
    return _of_url(_parts(text))


_FORMS = say(
    "Type your mail address (alice@fastmail.com), the name of the server (cloud.example), or the address that the "
    "browser shows when your calendar is open."
)


def _of_provider(provider: Provider, username: str = "") -> Address:
    if not provider.url:
        raise UsageError(
            "which-server",
            say("Everybody runs {name} at an address of their own.", name=provider.name),
            say("Type the address that the browser shows when your calendar is open."),
        )
    return Address((Start(provider.url, provider),), username=username)


def _of_mail(address: str, domain: str) -> Address:
    _refuse_closed(domain)
    known = providers.of_domain(domain)
    if known is not None:
        return _of_provider(known, address if known.by_mail else "")
    found = _of_url(_parts(domain))
    return Address(found.starts, found.nextclouds, address)


def _of_url(parts: SplitResult) -> Address:
    host = parts.hostname or ""
    _refuse_closed(host)
    username = unquote(parts.username or "")
    known = providers.of_domain(host)
    if known is not None:
        return _of_provider(known, username)
    origin = urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], "", "", ""))
    path = parts.path.rstrip("/") + "/"
    if page := _NEXTCLOUD_PAGES.search(path):
        base = origin + path[: page.start()] + "/"
        return Address((Start(f"{base}remote.php/dav/", NEXTCLOUD),), (base,), username)
    if _SOGO.search(path):
        return Address((Start(origin + _SOGO_DAV, SOGO),), username=username)
    if parts.port == _RADICALE_PORT or _RADICALE.search(path):
        return Address((Start(origin + re.sub(r"/\.web(?:/.*)?$", "/", path), RADICALE),), username=username)
    starts = (Start(origin + path, OTHER), Start(origin + _SOGO_DAV, SOGO))
    return Address(starts, tuple(dict.fromkeys((origin + path, f"{origin}/"))), username)


def _parts(text: str) -> SplitResult:
    """The URL that was meant, without query and fragment. Raises UsageError for one that cannot be used."""
    scheme = _SCHEME.match(text)
    if scheme is None:
        text = f"{'http' if _is_here(text) else 'https'}://{text}"
    elif scheme["scheme"].lower() in _FEEDS:
        raise UsageError(
            "only-a-feed",
            say("This is the address of a published calendar, which can only be read."),
            _FORMS,
        )
    else:
        given = scheme["scheme"].lower()
        text = f"{_SCHEMES.get(given, given)}://{text[scheme.end() :]}"
    plain = _without_login(text)
    if fault := urls.wrong(plain):
        code, message, _ = fault
        raise UsageError(code, message, say('Use "https://".') if code == "no-tls" else _FORMS)
    return urlsplit(text)._replace(query="", fragment="", path=urlsplit(plain).path)


def _without_login(text: str) -> str:
    """The URL as it is checked: no query, no fragment, no user name. A password in it is refused."""
    try:
        parts = urlsplit(text)
    except ValueError:
        return text
    if parts.password:
        raise UsageError(
            "credentials-in-url",
            say("An address must hold no password."),
            say("Leave it away, and change the password if others could see this screen."),
        )
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))


def _is_here(text: str) -> bool:
    """Whether a host without a scheme is this machine."""
    try:
        return is_loopback(urlsplit(f"//{text}").hostname or "")
    except ValueError:
        return False


def _refuse_closed(host: str) -> None:
    if reason := providers.closed(host):
        raise UsageError(
            "provider-closed",
            reason,
            say("coachsync works with Nextcloud, iCloud, Fastmail, mailbox.org, Infomaniak, SOGo and Radicale."),
        )
