"""Who else can see a collection: invitations to it, links to it, and its access control list, as servers tell them.

`DAV:invite` is of draft-pot-webdav-resource-sharing-04 (sabre/dav, Cyrus); `invite` in the namespaces of ownCloud and
calendarserver.org and `publish-url` of caldav-sharing and caldav-publish (Nextcloud and others); `DAV:acl` of RFC 3744.
Nobody tells an owner who has subscribed to a calendar that others may see.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from http import HTTPStatus

from coachsync.adapters.caldav.dav import Told
from coachsync.adapters.caldav.grantees import Other, called, kind, reconciled, spelling, united
from coachsync.adapters.caldav.multistatus import CAL, DAV, OWNCLOUD, SERVER, Node, Response
from coachsync.errors import CoachsyncError
from coachsync.model import Grant, Grantee, Secrecy
from coachsync.phrases import say

_SELF, _OWNER, _ACL = f"{DAV}current-user-principal", f"{DAV}owner", f"{DAV}acl"
_INVITES = (f"{DAV}invite", f"{OWNCLOUD}invite", f"{SERVER}invite")
_LINKS = (f"{SERVER}publish-url", f"{OWNCLOUD}publish-url")
ASKED = (_SELF, _OWNER, _ACL, *_INVITES, *_LINKS)

_SPACES = (DAV, OWNCLOUD, SERVER)
_INVITED = tuple(f"{space}{name}" for space in _SPACES for name in ("sharee", "user"))
_NOT_IN = tuple(
    f"{space}{name}"
    for space in _SPACES
    for name in ("invite-declined", "invite-deleted", "invite-invalid", "no-access", "not-shared", "shared-owner")
)
_CHANGES = tuple(f"{space}{name}" for space in _SPACES for name in ("read-write", "admin"))
_NAMES = (f"{DAV}displayname", f"{OWNCLOUD}common-name", f"{SERVER}common-name")
_READING = (f"{DAV}read", f"{DAV}all")
_WRITING = tuple(f"{DAV}{name}" for name in ("all", "write", "write-content", "bind", "unbind"))
_TIMES = f"{CAL}read-free-busy"  # RFC 4791 section 6.1.1
_ANYBODY = (f"{DAV}all", f"{DAV}unauthenticated")
_LOGGED_IN = f"{DAV}authenticated"
_PUBLIC = ("/principals/system/public", "/sogo/dav/anonymous")  # behind a public link of Nextcloud, of SOGo
# SOGo lets everybody who is logged in "read" every calendar, and then shows what these allow, class by class.
_INVERSE = "{urn:inverse:params:xml:ns:inverse-dav}"
_ROLES = {
    what: {one: f"{_INVERSE}{what}-{one}-records" for one in Secrecy} for what in ("viewwhole", "viewdant", "modify")
}
_SOGO = tuple(_ROLES["viewwhole"].values())  # the owner's, always

_LOOK = say("Look in your calendar program with whom it is shared.")


def exposure(told: Told) -> tuple[Grant, ...]:
    """What an answer to a PROPFIND for `ASKED` says of the one resource it is about: everybody but the account itself,
    each once.

    Raises CoachsyncError when the server refuses to say.
    """
    answer = next(iter(told.status.responses), None)
    if answer is None or answer.status not in (None, HTTPStatus.OK) or _untold(answer):
        raise CoachsyncError("sharing-not-told", say("The server does not say who else can see the calendar."), _LOOK)
    return reconciled(united(_invited(answer)), united(_granted(answer)))


def _untold(answer: Response) -> bool:
    """Whether the server has such properties and shows none of them; one that has none answers 404."""
    asked = (_ACL, *_INVITES)
    withheld = any(answer.failed.get(tag, HTTPStatus.NOT_FOUND) != HTTPStatus.NOT_FOUND for tag in asked)
    return withheld and not any(tag in answer.found for tag in asked)


def _invited(answer: Response) -> Iterator[Other]:
    """Those invited, and whoever has a link."""
    own = _own(answer)
    for tag in _INVITES:
        for node in answer.found[tag].children if tag in answer.found else ():
            named = node.texts(f"{DAV}href")
            who = spelling(named[0]) if named else f"{tag} {node}"
            if node.tag in _INVITED and not node.has(*_NOT_IN) and who not in own:
                yield Other(who, Grant(_name(node, named, who), kind(who), writes=node.has(*_CHANGES)))
    if any(_link(answer, tag) for tag in _LINKS):
        yield _whoever(Grantee.LINK)


def _link(answer: Response, tag: str) -> bool:
    link = answer.found.get(tag)
    return link is not None and bool(link.text.strip() or any(href.strip() for href in link.hrefs))


def _name(node: Node, named: tuple[str, ...], who: str) -> str:
    given = next((text for tag in _NAMES for text in node.texts(tag) if text), "")
    return given or (called(who) if named else "?")


def _granted(answer: Response) -> Iterator[Other]:
    """The entries of the access control list that let somebody else in (RFC 3744 section 5.5)."""
    own = _own(answer)
    entries = answer.found[_ACL].children if _ACL in answer.found else ()
    by_class = any(entry.has(*_SOGO) for entry in entries)
    for ace in entries:
        grants = tuple(node for node in ace.children if node.tag == f"{DAV}grant")
        allowed = _by_class(grants) if by_class else _allowed(grants)
        if not (allowed.reads or allowed.writes or allowed.times_only):
            continue
        for principal in (node for node in ace.children if node.tag in (f"{DAV}principal", f"{DAV}invert")):
            yield from _others(principal, own, allowed)


def _allowed(grants: tuple[Node, ...]) -> Grant:
    """What these privileges allow whoever has them."""
    reads = any(grant.has(*_READING) for grant in grants)
    return Grant(
        "",
        reads=reads,
        writes=any(grant.has(*_WRITING) for grant in grants),
        times_only=not reads and any(grant.has(_TIMES) for grant in grants),
        unlimited=any(grant.has(f"{DAV}all") for grant in grants),
    )


def _by_class(grants: tuple[Node, ...]) -> Grant:
    """What SOGo's own privileges allow; "read" is in every entry and shows nothing."""
    whole, dated, changed = (
        frozenset(one for one, tag in _ROLES[what].items() if any(grant.has(tag) for grant in grants))
        for what in ("viewwhole", "viewdant", "modify")
    )
    writes = bool(changed) or any(grant.has(*_WRITING) for grant in grants)
    times = dated - whole
    return Grant("", reads=bool(whole), writes=writes, times_only=bool(times) and not whole, whole=whole, times=times)


def _others(principal: Node, own: frozenset[str], allowed: Grant) -> Iterator[Other]:
    """Who a principal of an entry is, with what is allowed; nothing for the account itself.

    An inverted principal is everybody but one.
    """
    for inner in principal.children:
        who = spelling(inner.text)
        if principal.tag == f"{DAV}invert" or inner.tag in _ANYBODY:
            yield _whoever(Grantee.EVERYBODY, allowed)
        elif inner.tag == _LOGGED_IN:
            yield _whoever(Grantee.EVERYBODY, allowed, "authenticated")
        elif who.lower().endswith(_PUBLIC):
            yield _whoever(Grantee.LINK, allowed)
        elif inner.tag == f"{DAV}href" and not _belongs(who, own):
            yield Other(who, replace(allowed, who=called(who), kind=kind(who)))


def _whoever(kind: Grantee, allowed: Grant | None = None, who: str = "") -> Other:
    """People whom nobody can name."""
    return Other(f"{kind} {who}", replace(allowed or Grant(""), who=who, kind=kind))


def _own(answer: Response) -> frozenset[str]:
    told = (answer.found[tag] for tag in (_SELF, _OWNER) if tag in answer.found)
    return frozenset(spelling(href) for prop in told for href in prop.hrefs)


def _belongs(who: str, own: frozenset[str]) -> bool:
    """Whether a principal is the account itself, or a group of its own below it, as the groups of its delegates are."""
    return any(who == mine or who.startswith(mine + "/") for mine in own)
