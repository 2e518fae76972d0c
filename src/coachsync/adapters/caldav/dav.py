"""WebDAV and CalDAV requests on one account, and what their refusals mean here (RFC 4918, RFC 4791, RFC 6578)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from http import HTTPStatus

from coachsync.adapters.caldav import multistatus
from coachsync.adapters.caldav.hrefs import Folder
from coachsync.adapters.caldav.multistatus import CAL, DAV, Multistatus, TruncatedError, UnreadableError
from coachsync.adapters.caldav.network_errors import truncated
from coachsync.adapters.caldav.transport import Answer, Transport
from coachsync.errors import CoachsyncError, NotThere, Stale, Temporary, TokenRefused
from coachsync.phrases import say

# Times the timeout: before it says the first word of a whole listing, a server may read every file (Radicale took a
# minute for 10,000 events that it had not listed before).
_LISTING = 10
ABSENT = frozenset({HTTPStatus.NOT_FOUND, HTTPStatus.GONE})
_SERVER_ERRORS = frozenset(range(500, 600)) - {HTTPStatus.NOT_IMPLEMENTED, HTTPStatus.INSUFFICIENT_STORAGE}
_TOO_LARGE = f"{CAL}max-resource-size"
_FULL = frozenset({f"{DAV}quota-not-exceeded", f"{DAV}sufficient-disk-space"})
_TOKEN = f"{DAV}valid-sync-token"
_UID_TAKEN = frozenset({f"{CAL}no-uid-conflict", f"{CAL}unique-scheduling-object-resource"})


@dataclass(frozen=True, slots=True)
class Told:
    """A multistatus and the collection that gave it, which a redirect may have moved."""

    folder: Folder
    status: Multistatus


class Dav:
    """Requests as methods. A status that is no success raises as `refusal` says, unless a method says otherwise."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def propfind(self, url: str, tags: Iterable[str], depth: int = 0) -> Told:
        """The properties of a resource, with `depth` 1 also of its members. NotThere comes in two ways."""
        patience = _LISTING if depth else 1
        told = self._ask("PROPFIND", url, multistatus.propfind(tags), {"Depth": str(depth)}, patience)
        if told.status.responses and all(response.status in ABSENT for response in told.status.responses):
            raise _not_there()
        return told

    def allprop(self, url: str) -> Told:
        """Whatever the server tells on its own of a collection and its members."""
        return self._ask("PROPFIND", url, multistatus.allprop(), {"Depth": "1"}, _LISTING)

    def sync(self, url: str, token: str) -> Told:
        """A sync-collection report. Depth is 0: how deep the answer goes is said in its body (RFC 6578 section 3.2)."""
        return self._ask("REPORT", url, multistatus.sync_collection(token), {"Depth": "0"}, 1 if token else _LISTING)

    def multiget(self, url: str, hrefs: Iterable[str]) -> Told:
        """The texts of several objects. Raises UnreadableError when a text in the answer breaks its XML."""
        answer = self._transport.send("REPORT", url, multistatus.multiget(hrefs), _XML)
        return _told(_success(answer))

    def query_events(self, url: str, tags: Iterable[str]) -> Told:
        """The properties of the events in a collection."""
        return self._ask("REPORT", url, multistatus.query_events(tags), {"Depth": "1"}, 1)

    def get(self, url: str) -> Answer:
        """An object as it is served: not compressed on the way, for that changes its ETag on some servers."""
        answer = self._transport.send("GET", url, headers={"Accept": "text/calendar", "Accept-Encoding": "identity"})
        page = answer.headers.get("Content-Type", "").startswith("text/html")
        if page and answer.status not in ABSENT:  # Cyrus and SOGo say so with a page
            raise _not_caldav()
        return _success(answer)

    def put(self, url: str, body: bytes, condition: Mapping[str, str]) -> Answer:
        headers = {"Content-Type": "text/calendar; charset=utf-8", **condition}
        answer = self._transport.send("PUT", url, body, headers)
        if answer.status == HTTPStatus.CONFLICT and not multistatus.preconditions(answer.body):
            raise NotThere("not-there", say("The calendar does not exist on the server."))  # RFC 4918 section 9.7.1
        return _success(answer)

    def delete(self, url: str, condition: Mapping[str, str]) -> Answer:
        return _success(self._transport.send("DELETE", url, headers=condition))

    def mkcalendar(self, url: str, name: str) -> Answer:
        return _success(self._transport.send("MKCALENDAR", url, multistatus.mkcalendar(name), _XML))

    def _ask(self, method: str, url: str, body: bytes, headers: Mapping[str, str], patience: int) -> Told:
        try:
            return _told(_success(self._transport.send(method, url, body, {**_XML, **headers}, patience)))
        except UnreadableError:
            raise _not_caldav() from None


_XML = {"Content-Type": "application/xml; charset=utf-8"}


def refusal(answer: Answer) -> CoachsyncError:
    """What a status that is no success means here, with the precondition that explains it, if one is named."""
    named = multistatus.preconditions(answer.body)
    if _TOKEN in named:
        return TokenRefused("sync-token", say("The server does not know the changes since then any more."))
    if answer.status in ABSENT:
        return _not_there()
    if answer.status == HTTPStatus.PRECONDITION_FAILED and not named & _UID_TAKEN:
        return Stale("stale", say("The entry on the server is not the version that this was meant for."))
    if answer.status == HTTPStatus.LOCKED:
        return Temporary("locked", say("The entry is locked on the server."))
    if answer.status in _SERVER_ERRORS:
        return Temporary("server-error", say("The server failed with status {status}.", status=answer.status))
    return _final(answer.status, named)


def _final(status: int, named: frozenset[str]) -> CoachsyncError:
    """A refusal that will be the same next time (RFC 4791 section 5.3.2.1, RFC 4331 section 6)."""
    if status == HTTPStatus.INSUFFICIENT_STORAGE or named & _FULL:
        return CoachsyncError(
            "storage-full", say("The server has no room left."), say("Free some room on the account.")
        )
    if status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE or _TOO_LARGE in named:
        return CoachsyncError("too-large", say("The entry is larger than the server accepts."))
    if named & _UID_TAKEN:
        return CoachsyncError("uid-taken", say("The server has another entry with the same identifier (UID)."))
    if status == HTTPStatus.FORBIDDEN:
        return CoachsyncError(
            "forbidden", say("The server does not allow this."), say("Check the rights on the calendar.")
        )
    return CoachsyncError("refused", say("The server refuses this with status {status}.", status=status))


def _success(answer: Answer) -> Answer:
    if HTTPStatus.OK <= answer.status < HTTPStatus.MULTIPLE_CHOICES:
        return answer
    raise refusal(answer)


def _told(answer: Answer) -> Told:
    try:
        return Told(Folder.at(answer.url), multistatus.read(answer.body))
    except TruncatedError:
        if answer.status == HTTPStatus.MULTI_STATUS:
            raise truncated() from None
        raise UnreadableError from None


def _not_there() -> NotThere:
    return NotThere("not-there", say("The server says that this does not exist."))


def _not_caldav() -> Temporary:
    return Temporary(
        "not-caldav",
        say("What answers is not a calendar server (CalDAV)."),
        say("Check the account's url, or log in to the network first."),
    )
