"""Who else can see a collection: invitations to it, links to it, and its access control list, as servers tell them.

`DAV:invite` is of draft-pot-webdav-resource-sharing-04 (sabre/dav, Cyrus); `invite` in the namespaces of ownCloud and
calendarserver.org and `publish-url` of caldav-sharing and caldav-publish (Nextcloud and others); `DAV:acl` of RFC 3744.
"""

from __future__ import annotations

from collections.abc import Iterator
from http import HTTPStatus
from typing import NamedTuple

from coachsync.adapters.caldav import hrefs
from coachsync.adapters.caldav.dav import Told
from coachsync.adapters.caldav.multistatus import DAV, OWNCLOUD, SERVER, Node, Response
from coachsync.errors import CoachsyncError
from coachsync.model import Exposure
from coachsync.phrases import say

_SELF, _OWNER, _ACL = f"{DAV}current-user-principal", f"{DAV}owner", f"{DAV}acl"
_INVITES = (f"{DAV}invite", f"{OWNCLOUD}invite", f"{SERVER}invite")
_LINKS = (f"{SERVER}publish-url", f"{OWNCLOUD}publish-url")
ASKED = (_SELF, _OWNER, _ACL, *_INVITES, *_LINKS)

_INVITED = tuple(f"{space}{name}" for space in (DAV, OWNCLOUD, SERVER) for name in ("sharee", "user"))
_NOT_IN = tuple(
    f"{space}{name}"
    for space in (DAV, OWNCLOUD, SERVER)
    for name in ("invite-declined", "invite-deleted", "invite-invalid", "no-access", "not-shared", "shared-owner")
)
_CHANGES = tuple(f"{space}{name}" for space in (DAV, OWNCLOUD, SERVER) for name in ("read-write", "admin"))
# Not CALDAV:read-free-busy: it gives times only (RFC 4791 section 6.1.1).
_READING = (f"{DAV}read", f"{DAV}all")
_WRITING = tuple(f"{DAV}{name}" for name in ("all", "write", "write-content", "bind"))
_ANYBODY = (f"{DAV}all", f"{DAV}authenticated", f"{DAV}unauthenticated")
_PUBLIC = ("/principals/system/public", "/sogo/dav/anonymous")  # behind a public link of Nextcloud, of SOGo
# SOGo lets everybody who is logged in "read" every calendar, and then shows what these allow. What begins with
# `viewdant` gives times only.
_INVERSE = "{urn:inverse:params:xml:ns:inverse-dav}"
_INVERSE_READING = tuple(f"{_INVERSE}viewwhole-{kind}-records" for kind in ("public", "confidential", "private"))


_LOOK = say("Look in your calendar program with whom it is shared.")


class _Other(NamedTuple):
    """Somebody who was let in; `who` is None for anybody."""

    who: str | None
    writes: bool


def exposure(told: Told) -> Exposure:
    """What an answer to a PROPFIND for `ASKED` says of the one resource it is about.

    Raises CoachsyncError when the server refuses to say.
    """
    answer = next(iter(told.status.responses), None)
    if answer is None or answer.status not in (None, HTTPStatus.OK) or _untold(answer):
        raise CoachsyncError("sharing-not-told", say("The server does not say who else can see the calendar."), _LOOK)
    others = [*_invited(answer), *_granted(answer)]
    people = {other.who for other in others if other.who is not None}
    writers = {other.who for other in others if other.who is not None and other.writes}
    public = any(other.who is None for other in others) or any(_link(answer, tag) for tag in _LINKS)
    return Exposure(len(people), len(writers), public)


def _untold(answer: Response) -> bool:
    """Whether the server has such properties and shows none of them; one that has none answers 404."""
    asked = (_ACL, *_INVITES)
    withheld = any(answer.failed.get(tag, HTTPStatus.NOT_FOUND) != HTTPStatus.NOT_FOUND for tag in asked)
    return withheld and not any(tag in answer.found for tag in asked)


def _link(answer: Response, tag: str) -> bool:
    link = answer.found.get(tag)
    return link is not None and bool(link.text.strip() or any(href.strip() for href in link.hrefs))


def _invited(answer: Response) -> Iterator[_Other]:
    own = _own(answer)
    for tag in _INVITES:
        for node in answer.found[tag].children if tag in answer.found else ():
            named = node.texts(f"{DAV}href")
            who = _person(named[0]) if named else f"{tag} {node}"
            if node.tag in _INVITED and not node.has(*_NOT_IN) and who not in own:
                yield _Other(who, node.has(*_CHANGES))


def _granted(answer: Response) -> Iterator[_Other]:
    """The entries of the access control list that let somebody else in (RFC 3744 section 5.5).

    An inverted principal is everybody but one; it counts as one other, for nobody can tell more.
    """
    own = _own(answer)
    entries = answer.found[_ACL].children if _ACL in answer.found else ()
    sogo = any(entry.has(*_INVERSE_READING) for entry in entries)  # the owner's, always
    reading = _INVERSE_READING if sogo else _READING
    for ace in entries:
        grants = [node for node in ace.children if node.tag == f"{DAV}grant"]
        if not any(grant.has(*reading, *_WRITING) for grant in grants):
            continue
        writes = any(grant.has(*_WRITING) for grant in grants)
        for principal in (node for node in ace.children if node.tag in (f"{DAV}principal", f"{DAV}invert")):
            yield from (_Other(who, writes) for who in _others(principal, own))


def _others(principal: Node, own: frozenset[str]) -> Iterator[str | None]:
    """Who a principal of an entry is; None for anybody, nothing for the account itself."""
    for inner in principal.children:
        who = _person(inner.text)
        if principal.tag == f"{DAV}invert":
            yield f"all but {who}"
        elif inner.tag in _ANYBODY or who.lower().endswith(_PUBLIC):
            yield None
        elif inner.tag == f"{DAV}href" and not _belongs(who, own):
            yield who


def _own(answer: Response) -> frozenset[str]:
    told = (answer.found[tag] for tag in (_SELF, _OWNER) if tag in answer.found)
    return frozenset(_person(href) for prop in told for href in prop.hrefs)


def _belongs(who: str, own: frozenset[str]) -> bool:
    """Whether a principal is the account itself, or a group of its own below it, as the groups of its delegates are."""
    return any(who == mine or who.startswith(mine + "/") for mine in own)


def _person(href: str) -> str:
    """One spelling of a principal, given as URL, path or address."""
    href = href.strip()
    return href.lower() if href.lower().startswith("mailto:") else hrefs.path(href).rstrip("/") or href
