"""All that a server tells of a collection to whoever asks: every text of every property, and what a search gives."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from coachsync.adapters.caldav.dav import Dav
from coachsync.adapters.caldav.dav import Told as Answer
from coachsync.adapters.caldav.multistatus import APPLE, CAL, DAV, ETAG, OWNCLOUD, SERVER, Node, Response
from coachsync.errors import CoachsyncError
from coachsync.model import Told

NEXTCLOUD = "{http://nextcloud.com/ns}"

# Properties that may hold a text and that no server gives unasked (RFC 4918 section 9.1, RFC 4791 section 5.2).
_ASKED = (
    *(f"{DAV}{name}" for name in ("displayname", "owner", "group", "resource-id", "getcontentlanguage", "source")),
    *(f"{DAV}{name}" for name in ("getcontenttype", "invite", "sync-token", "share-resource-uri", "comment")),
    *(f"{CAL}{name}" for name in ("calendar-description", "calendar-timezone", "calendar-timezone-id", "schedule-tag")),
    *(f"{SERVER}{name}" for name in ("getctag", "source", "publish-url", "pre-publish-url", "invite", "shared-url")),
    *(f"{SERVER}{name}" for name in ("notificationtype", "created-by", "updated-by", "organizer", "subscribed")),
    *(
        f"{APPLE}{name}"
        for name in ("calendar-color", "calendar-order", "refreshrate", "symbolic-color", "autoprovisioned")
    ),
    *(f"{OWNCLOUD}{name}" for name in ("id", "invite", "owner-principal", "calendar-enabled")),
    *(f"{NEXTCLOUD}{name}" for name in ("owner-displayname", "deleted-at", "calendar-uri", "share-notes")),
)
_NO_SEARCH = frozenset({"forbidden", "refused"})


def told(dav: Dav, url: str) -> tuple[Told, ...]:
    """Every text of every property of the collection and its members, what is asked for by name included."""
    answers = (dav.allprop(url), dav.propfind(url, _ASKED, depth=1))
    return tuple(dict.fromkeys(text for answer in answers for text in _texts(answer)))


def queried(dav: Dav, url: str) -> frozenset[str] | None:
    """What a calendar-query for every event gives; None where the server refuses to search."""
    try:
        answer = dav.query_events(url, (ETAG,))
    except CoachsyncError as problem:
        if problem.code not in _NO_SEARCH:
            raise
        return None
    paths = (answer.folder.resolve(response.href) for response in answer.status.responses)
    return frozenset(path for path in paths if path is not None and answer.folder.holds(path))


def texts(responses: Iterable[Response]) -> Iterator[tuple[str, str, str]]:
    """(href, property without its namespace, text) for every text in properties that were given."""
    for response in responses:
        for tag, prop in response.found.items():
            for text in (prop.text, *prop.names, *_inside(prop.children)):
                if text.strip():
                    yield response.href, tag.rpartition("}")[2], text.strip()


def _texts(answer: Answer) -> Iterator[Told]:
    for href, name, text in texts(answer.status.responses):
        yield Told(answer.folder.resolve(href) or href, name, text)


def _inside(nodes: Iterable[Node]) -> Iterator[str]:
    for node in nodes:
        yield node.text
        yield from _inside(node.children)
