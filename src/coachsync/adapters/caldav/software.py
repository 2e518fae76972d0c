"""Which server it is that answers, and whether it writes to the people in an event by itself."""

from __future__ import annotations

import re
from collections.abc import Mapping

from coachsync.adapters.caldav import hrefs
from coachsync.model import Software

_SOGO = "/SOGo/"
_CYRUS = re.compile(r"Cyrus-HTTP/(?:[3-9]|[1-9][0-9])\.")  # an older one does not heed Scheduling-Enabled
_RADICALE = frozenset({"1", "2", "3", "calendar-access", "addressbook", "extended-mkcol"})
_XANDIKOS = frozenset({"add-member", "sync-collection", "quota"})
# RFC 6638 section 2; and what its drafts said, as DAViCal and others still do.
_SCHEDULING = frozenset({"calendar-auto-schedule", "calendar-schedule"})


def recognise(url: str, headers: Mapping[str, str]) -> tuple[Software, bool]:
    """What software gave this answer to an OPTIONS request for a calendar home, and whether it may write to people.

    One that does not say what it can do may do so.
    """
    able = frozenset(word.strip().lower() for word in headers.get("DAV", "").split(",")) - {""}
    return _software(url, headers, able), not able or bool(able & _SCHEDULING)


def _software(url: str, headers: Mapping[str, str], able: frozenset[str]) -> Software:
    signs = {
        Software.DAVICAL: "X-DAViCal-Version" in headers,
        Software.CYRUS: _CYRUS.match(headers.get("Server", "")) is not None,
        Software.SOGO: unconditional(url),
        Software.NEXTCLOUD: any(word.startswith(("nextcloud-", "nc-")) for word in able),
        Software.SABRE: "X-Sabre-Version" in headers,  # Nextcloud may show it too
        Software.XANDIKOS: able >= _XANDIKOS,
        Software.RADICALE: able == _RADICALE,
    }
    return next((software for software, shown in signs.items() if shown), Software.OTHER)


def unconditional(url: str) -> bool:
    """Whether what answers at this URL takes no notice of conditions: SOGo of If-None-Match, of an If-Match for what is
    not there, and of one on DELETE. A look right before the write stands for them; what comes between is lost.

    SOGo is known by its path: it makes its own addresses with this name, so that no proxy can give it another.
    """
    return _SOGO in hrefs.path(url)
