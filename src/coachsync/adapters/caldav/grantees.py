"""Who is meant by a principal or an address that a server names, and what it says of one person in several places."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple
from urllib.parse import unquote

from coachsync.adapters.caldav import hrefs
from coachsync.model import Grant, Grantee

_MAILTO = "mailto:"
# Where servers keep principals that are several people: sabre/dav, calendarserver and Nextcloud (also its circles),
# Cyrus; and a delegates' group of somebody else. SOGo writes a group as "@name".
_GROUPS = frozenset({"groups", "group", "circles", "systemgroups", "calendar-proxy-read", "calendar-proxy-write"})


class Other(NamedTuple):
    """Somebody who was let in, with the one spelling of who it is that tells them from others."""

    key: str
    grant: Grant


def spelling(href: str) -> str:
    """One spelling of a principal, given as URL, path or address."""
    href = href.strip()
    return href.lower() if href.lower().startswith(_MAILTO) else hrefs.path(href).rstrip("/") or href


def called(key: str) -> str:
    """What to call somebody whose name the server does not give: their address, or the last part of their path."""
    return unquote(key.removeprefix(_MAILTO) if key.startswith(_MAILTO) else key.rpartition("/")[2]) or key


def kind(key: str) -> Grantee:
    """Whether a principal is a group, as far as its path tells."""
    *folders, last = key.lower().split("/")
    return Grantee.GROUP if last.startswith("@") or not _GROUPS.isdisjoint((*folders, last)) else Grantee.PERSON


def united(others: Iterable[Other]) -> dict[str, Grant]:
    """What each may do who was named once or more often, in the order of their first naming."""
    found: dict[str, Grant] = {}
    for key, grant in others:
        found[key] = found[key].with_also(grant) if key in found else grant
    return found


def reconciled(invited: dict[str, Grant], granted: dict[str, Grant]) -> tuple[Grant, ...]:
    """Those invited and those in an access control list, each once.

    Cyrus and Nextcloud tell of one person in both, in one as `mailto:bob@internal` or `principal:principals/users/bob`
    and in the other by the principal's path: what they have in common is the last part.
    """
    left = dict(granted)
    found = []
    for key, grant in invited.items():
        same = next((one for one in left if (one == key or _last(one) == _last(key)) and _kin(left[one], grant)), None)
        found.append(grant if same is None else grant.with_also(left.pop(same)))
    return (*found, *left.values())


def _kin(one: Grant, other: Grant) -> bool:
    return one.kind is other.kind


def _last(key: str) -> str:
    return key.removeprefix(_MAILTO).partition("@")[0] if key.startswith(_MAILTO) else key.rpartition("/")[2].lower()
