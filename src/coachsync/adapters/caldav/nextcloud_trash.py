"""The trash of a Nextcloud: what lies there keeps its UID, and the same appointment cannot be made again (status 500).

Mended upstream in July 2026 (nextcloud/server pull request 61881); older releases are in use for years.
"""

from __future__ import annotations

from urllib.parse import unquote

from coachsync.adapters.caldav import hrefs
from coachsync.adapters.caldav.dav import Dav
from coachsync.adapters.caldav.multistatus import ETAG
from coachsync.errors import CoachsyncError

_CALENDARS = "/remote.php/dav/calendars/"
_OF_CALENDAR = "{http://nextcloud.com/ns}calendar-uri"


def make_room(dav: Dav, url: str, uid: str) -> bool:
    """Take the object of this UID out of the trash of the calendar that the object at `url` is to lie in.

    Whether there was one: then the object can be made. False on other servers, and when the trash cannot be looked at:
    whatever was refused has another reason.
    """
    collection, _, name = url.rpartition("/")
    home, _, calendar = collection.rpartition("/")
    if not uid or not name or _CALENDARS not in hrefs.path(url):
        return False
    try:
        told = dav.query_uid(f"{home}/trashbin/objects/", uid, (ETAG, _OF_CALENDAR))
        there = [one for one in told.status.responses if one.text(_OF_CALENDAR) == unquote(calendar)]
        for one in there:
            path = told.folder.resolve(one.href)
            if path is not None:
                dav.delete(told.folder.origin + path, {})
    except CoachsyncError:
        return False
    return bool(there)
