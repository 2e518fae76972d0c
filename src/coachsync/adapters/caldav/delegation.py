"""Who may act for a whole account: the members of the two groups below its principal (caldav-proxy, RFC 3744).

sabre/dav, DAViCal and calendarserver tell (DAV:group-member-set, RFC 3744 section 4.3). Nextcloud names them in the
list of each calendar too. What SOGo has at these addresses stays empty, and Cyrus has nothing there.
"""

from __future__ import annotations

from collections.abc import Iterator

from coachsync.adapters.caldav.dav import Dav
from coachsync.adapters.caldav.grantees import Other, called, spelling, united
from coachsync.adapters.caldav.multistatus import DAV
from coachsync.errors import CoachsyncError
from coachsync.model import Grant, Grantee

_GROUPS = (("calendar-proxy-read", False), ("calendar-proxy-write", True))
_MEMBERS = f"{DAV}group-member-set"
_NOTHING_THERE = frozenset({"not-there", "forbidden", "refused", "not-caldav"})


def delegates(dav: Dav, principal: str) -> tuple[Grant, ...]:
    """The delegates of the account with this principal (absolute URL); nobody where the server has no such groups.

    Raises what a server raises that cannot be asked now.
    """
    own = spelling(principal)
    return tuple(
        united(
            Other(who, Grant(called(who), Grantee.DELEGATE, writes=writes))
            for group, writes in _GROUPS
            for who in _members(dav, f"{principal.rstrip('/')}/{group}/")
            if who != own
        ).values()
    )


def _members(dav: Dav, group: str) -> Iterator[str]:
    try:
        told = dav.propfind(group, (_MEMBERS,))
    except CoachsyncError as problem:
        if problem.code not in _NOTHING_THERE:
            raise
        return
    for answer in told.status.responses[:1]:
        hrefs = answer.found[_MEMBERS].hrefs if _MEMBERS in answer.found else ()
        yield from (spelling(href) for href in hrefs)
