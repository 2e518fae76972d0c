"""The trash of a Nextcloud: what lies there keeps its UID, and the same appointment cannot be made again (status 500).

Mended upstream in July 2026 (nextcloud/server pull request 61881); older releases are in use for years.
"""

from __future__ import annotations

from collections.abc import Set
from urllib.parse import unquote

from coachsync import contentline
from coachsync.adapters.caldav import hrefs, multiget
from coachsync.adapters.caldav.dav import Dav
from coachsync.adapters.caldav.multistatus import ETAG
from coachsync.model import Item

_CALENDARS = "/remote.php/dav/calendars/"
_OF_CALENDAR = "{http://nextcloud.com/ns}calendar-uri"


def in_trash(dav: Dav, url: str, uids: Set[str] | None) -> tuple[Item, ...]:
    """What has one of these UIDs (any when None) in the trash of the calendar at `url`; nothing on other servers.

    The trash answers a query with everything that it holds, whatever the query asks for: their texts tell the UID.
    Raises CoachsyncError when it cannot be looked at, or something in it cannot be read.
    """
    home, _, calendar = url.rstrip("/").rpartition("/")
    if uids == frozenset() or _CALENDARS not in hrefs.path(url):
        return ()
    trash = f"{home}/trashbin/objects/"
    told = dav.query_events(trash, (ETAG, _OF_CALENDAR))
    there = (one for one in told.status.responses if one.text(_OF_CALENDAR) == unquote(calendar))
    places = [path for one in there if (path := told.folder.resolve(one.href)) is not None]
    texts = multiget.collected(ask(dav) for ask in multiget.batches(trash, places))
    return tuple(item for item in texts if uids is None or contentline.uid(item.body) in uids)
