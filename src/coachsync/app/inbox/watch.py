"""What is remembered of the inbox from one look to the next: since when each file is as it is."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from coachsync.adapters.inbox import DEEPEST, Found, Inbox, Listing, opened_by
from coachsync.inbox import settling
from coachsync.inbox.names import codes_in, sort_of
from coachsync.inbox.settling import FOLDER, Form, Open, Seen, Stamp, Verdict, Why

AGAIN = 3600.0  # seconds until a file is tried again that the vault has refused
_MARKERS = (b".stfolder", b".dropbox.cache")  # folders of sync programs with nothing of anybody in them


@dataclass(frozen=True, slots=True)
class Looked:
    """What one look has found. `told` is what the coach hears of, `waiting` what is not whole yet; `until` is when the
    next of it may be, and `empty` are folders that go."""

    ready: tuple[Found, ...]
    waiting: tuple[Found, ...]
    told: tuple[tuple[Found, Why], ...]
    empty: tuple[Found, ...]
    until: float


@dataclass(slots=True)
class Watch:
    """The memory of a process. Times are seconds of a clock that only grows."""

    _seen: dict[bytes, Seen] = field(default_factory=dict)
    _refused: dict[bytes, tuple[Stamp, float]] = field(default_factory=dict)

    def look(self, inbox: Inbox, listing: Listing, at: float, known: Mapping[bytes, tuple[Why, Stamp]]) -> Looked:
        """Look at everything again. `known` is what the coach was told of before, by path: it stands as long as the
        file is the same."""
        seen = {one.path: settling.look(self._seen.get(one.path), one.stamp, at) for one in listing.found}
        if not listing.whole:
            seen = {**self._seen, **seen}
        self._seen = seen
        self._refused = {path: kept for path, kept in self._refused.items() if path in seen}
        verdicts = [(one, self._verdict(inbox, one, at, known.get(one.path))) for one in _files(listing)]
        empty = [one for one in listing.found if _is_empty(one)]
        later = [verdict.until for _, verdict in verdicts if not verdict.ready]
        later += [seen[one.path].since + FOLDER for one in empty if at - seen[one.path].since < FOLDER]
        return Looked(
            tuple(one for one, verdict in verdicts if verdict.ready),
            tuple(one for one, verdict in verdicts if not verdict.ready and verdict.why is None),
            tuple((one, verdict.why) for one, verdict in verdicts if verdict.why is not None),
            tuple(one for one in reversed(empty) if at - seen[one.path].since >= FOLDER),
            min(later, default=math.inf),
        )

    def refused(self, found: Found, at: float) -> None:
        """The vault does not take a file: it is left alone for a while."""
        self._refused[found.path] = (found.stamp, at)

    def _verdict(self, inbox: Inbox, found: Found, at: float, known: tuple[Why, Stamp] | None) -> Verdict:
        seen = self._seen[found.path]
        stamp, since = self._refused.get(found.path, (None, 0.0))
        if stamp == found.stamp and at - since < AGAIN:
            return Verdict(ready=False, until=since + AGAIN, why=Why.REFUSED)
        verdict = judged(found, seen, at, lambda: _probe(inbox, found))
        if known is not None and not verdict.ready and verdict.why is None and known[1] == found.stamp:
            return verdict._replace(why=known[0])
        return verdict


def judged(found: Found, seen: Seen, at: float, probe: Callable[[], Open]) -> Verdict:
    """Whether a file may be imported. `probe` asks the system who has it open, and raises OSError where that is not
    allowed."""
    if (why := wrong(found)) is not None:
        return settling.never(why, seen, at)
    verdict = settling.whole(sort_of(found.name), seen, Open.NOBODY, at)
    if not verdict.ready:
        return verdict
    try:
        return settling.whole(sort_of(found.name), seen, probe(), at)
    except OSError:
        return settling.never(Why.UNREADABLE, seen, at)


def _probe(inbox: Inbox, found: Found) -> Open:
    file = inbox.opened(found)
    if file is None:  # another one by now: the next look sees that
        return Open.SOMEBODY
    with file:
        return opened_by(file)


def _files(listing: Listing) -> list[Found]:
    """All but folders with which nothing is wrong."""
    return [one for one in listing.found if one.form is not Form.FOLDER or wrong(one) is not None]


def wrong(found: Found) -> Why | None:
    """What keeps it from ever being imported as it is."""
    if found.form is Form.LINK:
        return Why.LINK
    if found.form is Form.SPECIAL:
        return Why.SPECIAL
    if found.form is Form.FOLDER:
        return _closed(found)
    if not found.ours:
        return Why.OTHER_OWNER
    return Why.HARD_LINK if found.links > 1 else None


def _closed(folder: Found) -> Why | None:
    if folder.entries is not None or folder.name in _MARKERS:
        return None
    if folder.name.startswith(b"."):
        return Why.HIDDEN
    return Why.DEEP if len(folder.folders) >= DEEPEST else Why.UNREADABLE


def _is_empty(found: Found) -> bool:
    """Whether it is a folder that holds nothing and names no code: what it is called may be somebody's name."""
    return found.form is Form.FOLDER and found.entries == 0 and not codes_in(found.name)
