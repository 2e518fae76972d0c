"""Who an account is on its server and where its calendars are (RFC 6764, RFC 5397, RFC 4791 section 6.2.1)."""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import urlsplit

from coachsync.adapters.caldav import hrefs
from coachsync.adapters.caldav.dav import Dav
from coachsync.adapters.caldav.multistatus import CAL, DAV, Response
from coachsync.adapters.caldav.transport import Transport
from coachsync.errors import Barred, CoachsyncError, NotThere, Temporary
from coachsync.model import Principal
from coachsync.phrases import say

_SELF = f"{DAV}current-user-principal"
_HOME = f"{CAL}calendar-home-set"
_ADDRESSES = f"{CAL}calendar-user-address-set"
_NOT_HERE = frozenset({"not-there", "refused", "not-caldav", "server-error", "forbidden", "redirect-elsewhere"})
_NO_HOST = frozenset({"host-unknown", "no-connection", "tls-failed", "certificate-not-trusted", "timeout"})


def discover(transport: Transport, dav: Dav, url: str) -> Principal:
    """The account's principal, found from any URL on its server.

    Asked in turn: the URL itself, the server's well-known URI, its root (a root comes after the well-known URI); and,
    where the URL is a bare host, the service that its domain announces in DNS. Raises why none of them would do.
    """
    well_known = hrefs.origin(url) + "/.well-known/caldav"
    root = hrefs.origin(url) + "/"
    starts = (well_known, root) if hrefs.path(url) == "/" else (url, well_known, root)
    found = _first(dav, url, starts)
    if isinstance(found, CoachsyncError) and is_bare(url) and (service := transport.locate(hrefs.hostname(url))):
        found = _first(dav, url, (service, hrefs.origin(service) + "/.well-known/caldav"))
    if not isinstance(found, CoachsyncError):
        return found
    if found.code == "forbidden":
        raise Barred(
            "login-forbidden",
            say("The server does not let this account in."),
            say("Check the account's username; if it is right, the server may let it in again later."),
        )
    raise found


def _first(dav: Dav, configured: str, starts: Iterable[str]) -> Principal | CoachsyncError:
    """The principal as the first of these URLs leads to it, or the most telling reason why none does."""
    reason: CoachsyncError = NotThere(
        "not-there", say("No calendar service (CalDAV) was found."), say("Check the account's url.")
    )
    for start in starts:
        try:
            return _principal(dav, configured, *_ask(dav, start))
        except CoachsyncError as problem:
            if problem.code in _NO_HOST and is_bare(configured):
                return problem
            if problem.code not in _NOT_HERE:
                raise
            reason = problem if reason.code in ("not-there", "not-caldav") and problem.code != "not-there" else reason
    return reason


def is_bare(url: str) -> bool:
    """Whether a URL is only a host: then its domain may announce the service elsewhere in the domain."""
    return url.startswith("https://") and urlsplit(url).path in ("", "/")


def trusted(url: str, configured: str) -> bool:
    """Whether the account's credential may go to this URL: the same host, or for a bare host one in its domain."""
    if hrefs.origin(url) == hrefs.origin(configured):
        return True
    domain = hrefs.hostname(configured)
    return is_bare(configured) and url.startswith("https://") and hrefs.is_below(hrefs.hostname(url), domain)


def _ask(dav: Dav, url: str) -> tuple[Response, str]:
    """What a resource says about the account, and its URL after redirects."""
    told = dav.propfind(url, (_SELF, _HOME, _ADDRESSES))
    answer = next(iter(told.status.responses), None)
    if answer is None or (not answer.found and answer.status not in (None, 200)):
        raise NotThere("not-there", say("The server says nothing about this account here."))
    return answer, told.folder.url


def _principal(dav: Dav, configured: str, answer: Response, where: str) -> Principal:
    """Follow an answer to the principal and from there to its homes."""
    found = answer.found.get(_SELF)
    url = hrefs.absolute(found.hrefs[0], where) if found and found.hrefs else None
    if url and not hrefs.Folder.at(where).is_itself(hrefs.path(url)):
        _stay(url, configured)
        answer, where = _ask(dav, url)
    elif url is None and _HOME not in answer.found:
        raise NotThere("not-there", say("The server says nothing about this account here."))
    homes = tuple(hrefs.Folder.at(hrefs.absolute(href, where)).url for href in _hrefs(answer, _HOME))
    for home in homes:
        _stay(home, configured)
    if not homes:
        raise CoachsyncError("no-calendar-home", say("The server has no calendars for this account."))
    return Principal(url or where, homes, frozenset(address.lower() for address in _hrefs(answer, _ADDRESSES)))


def _hrefs(answer: Response, tag: str) -> tuple[str, ...]:
    return tuple(href.strip() for href in answer.found[tag].hrefs) if tag in answer.found else ()


def _stay(url: str, configured: str) -> None:
    if not trusted(url, configured):
        raise Temporary(
            "calendars-elsewhere",
            say("The account's calendars are on another host, where the password must not go."),
            say("Set the account's url to {url} if that host is right.", url=f"{hrefs.origin(url)}/"),
        )
