"""What changed in a collection: by sync token (RFC 6578), or by ctag and ETags where a server has no such report.

A token of ours is the server's with a tag before it: `sync:...` or `ctag:...`. What an answer does not show is absent
only in a complete listing. DAViCal and SOGo answer a token they do not know with every object and no removals, which
looks like any other delta; SOGo's tokens and ctags count seconds, so that a second change within one is seen only with
the next. A daily listing without a token heals both.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from http import HTTPStatus

from coachsync.adapters.caldav.dav import ABSENT, Dav, Told
from coachsync.adapters.caldav.multistatus import CTAG, ETAG, Response
from coachsync.adapters.caldav.network_errors import truncated
from coachsync.errors import CoachsyncError, NotThere, TokenRefused
from coachsync.model import Listing
from coachsync.phrases import say

_MOST_PAGES = 1000
_NO_REPORT = frozenset({"forbidden", "refused", "stale", "storage-full"})  # 400, 403, 405, 409, 412, 501, 507...


def changes(dav: Dav, url: str, token: str | None) -> Listing:
    """The changes since `token`, in one request if there are none; a complete listing when it is None or refused."""
    kind, _, value = (token or "").partition(":")
    if kind == "ctag":
        return _by_ctag(dav, url, value)
    if kind == "sync" and value:
        return _since(dav, url, value)
    return _all(dav, url)


def _all(dav: Dav, url: str) -> Listing:
    return _by_token(dav, url, "") or _by_ctag(dav, url, None)


def _since(dav: Dav, url: str, token: str) -> Listing:
    """The delta since a token, or everything when it is refused. What stands before a server refuses now and then what
    the server itself would answer: without a reason, it is refused when it is so once more, after everything came."""
    try:
        delta = _by_token(dav, url, token)
    except TokenRefused:
        return replace(_all(dav, url), refused=True)
    if delta:
        return delta
    everything = _all(dav, url)
    return replace(everything, refused=_is_refused(dav, url, token))


def _is_refused(dav: Dav, url: str, token: str) -> bool:
    try:
        return _by_token(dav, url, token) is None
    except TokenRefused:
        return True


def _by_token(dav: Dav, url: str, token: str) -> Listing | None:
    """The delta since a sync token, or a complete listing since ""; None when the report is refused.

    Raises TokenRefused when the token is.
    """
    seen, since = _Seen(), token
    for _ in range(_MOST_PAGES):
        try:
            told = dav.sync(url, since)
        except TokenRefused:
            if token:
                raise
            return None
        except CoachsyncError as problem:
            if problem.code in _NO_REPORT or (token and isinstance(problem, NotThere)):
                return None
            raise
        following = told.status.sync_token
        if following is None:
            raise truncated()
        if not seen.page(told):
            return seen.listing(f"sync:{following}", complete=not token)
        if following == since:
            break
        since = following
    raise truncated()


def _by_ctag(dav: Dav, url: str, known: str | None) -> Listing:
    """Nothing if the ctag is the known one; otherwise every ETag, and the ctag from before they were read."""
    own = dav.propfind(url, (CTAG,))
    ctag = next((response.text(CTAG) for response in own.status.responses), "")
    token = f"ctag:{ctag}" if ctag else None
    if ctag and ctag == known:
        return Listing(token=token)
    seen = _Seen()
    seen.page(dav.propfind(url, (ETAG,), depth=1))
    if not seen.itself:
        raise truncated()
    return seen.listing(token, complete=True)


@dataclass(slots=True)
class _Seen:
    """What the pages of an answer have said so far; a later page has the last word."""

    etags: dict[str, str] = field(default_factory=dict)
    gone: set[str] = field(default_factory=set)
    unclear: set[str] = field(default_factory=set)
    itself: bool = False
    elsewhere: bool = False

    def page(self, told: Told) -> bool:
        """Take in one answer; whether the server says that it stopped before the end (RFC 6578 section 3.6)."""
        unfinished = False
        here: set[str] = set()
        for response in told.status.responses:
            path = told.folder.resolve(response.href)
            if path is not None and told.folder.is_itself(path):
                self.itself = True
                unfinished |= response.status == HTTPStatus.INSUFFICIENT_STORAGE
                if response.status in ABSENT:
                    raise NotThere("not-there", say("The server says that this calendar does not exist."))
            elif path is not None and told.folder.holds(path):
                self._object(path, response, here)
            else:
                self.elsewhere |= path is None or not path.startswith(told.folder.path)
        return unfinished

    def _object(self, path: str, response: Response, here: set[str]) -> None:
        """One member: there, gone, or mentioned without saying which. Named twice on a page, it is there."""
        if response.status in ABSENT:
            if path not in here:
                self.etags.pop(path, None)
                self.gone.add(path)
            return
        self.gone.discard(path)
        if response.status in (None, HTTPStatus.OK) and (etag := response.text(ETAG)):
            here.add(path)
            self.unclear.discard(path)
            self.etags[path] = etag
        else:
            self.etags.pop(path, None)
            self.unclear.add(path)

    def listing(self, token: str | None, *, complete: bool) -> Listing:
        if self.elsewhere and not (self.itself or self.etags or self.gone or self.unclear):
            raise CoachsyncError(
                "hrefs-elsewhere",
                say("The server names no entry inside the calendar, only outside it."),
                say("Set the calendar's url as the server itself spells it; a proxy in front may rewrite paths."),
            )
        gone = frozenset() if complete else frozenset(self.gone - self.unclear)
        return Listing(self.etags, gone, frozenset(self.unclear), complete=complete, token=token)
