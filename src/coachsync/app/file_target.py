"""A share served as one `.ics` file, written atomically."""

from __future__ import annotations

import hashlib
import uuid
from dataclasses import replace as changed
from pathlib import Path

from coachsync.adapters.database import Entry, Shares
from coachsync.adapters.database import Share as Bound
from coachsync.adapters.database.removed import keep, of_share
from coachsync.adapters.database.shares import confirmed
from coachsync.adapters.files import read_if_there, write_atomically
from coachsync.app.target import edited, not_empty, still_fallen
from coachsync.app.wiring import Wiring
from coachsync.config import FileTarget, Share
from coachsync.errors import CoachsyncError, Problem
from coachsync.model import Slot
from coachsync.phrases import say
from coachsync.redaction import schedule
from coachsync.redaction.publication import feed, text_of

_FOR_A_WEB_SERVER = 0o644


class FileShare:
    """The file of one share; see `Target`."""

    def __init__(self, wiring: Wiring, share: Share, to: FileTarget) -> None:
        self._wiring, self._share, self._path = wiring, share, to.path
        self._journal = Shares(wiring.database, share.name)
        self._claimed = ""  # digest of what stood there and was kept
        self.noticed: tuple[Problem, ...] = ()

    @property
    def described(self) -> str:
        return f"file\n{self._path}"

    def resume(self, bound: Bound, *, replace: bool) -> None:
        there = read_if_there(self._path)
        if there is not None and not bound.digest and not is_ours(there, bound) and not replace:
            raise not_empty(self._share, 1)

    def claim(self, *, replace: bool) -> bool:
        there = read_if_there(self._path)
        if there is not None:
            if not replace:
                raise not_empty(self._share, 1)
            self._keep(there)
            self._claimed = _digest(there)
        return False

    def settle(self) -> None:
        self._journal.bind(still_fallen(Bound(self.described, digest=self._claimed), self._journal.share()))

    def _keep(self, content: bytes) -> None:
        keep(self._wiring.database, of_share(self._share.name), "replaced", "", content, self._wiring.now)

    def apply(
        self, create: tuple[Slot, ...], delete: tuple[Entry, ...], resume: tuple[Entry, ...]
    ) -> tuple[Problem, ...]:
        """See `Target`. The file is written when its content would differ, and not touched otherwise.

        What somebody else wrote in its place is kept for 30 days.
        """
        going = {entry.tag for entry in delete}
        stay = [entry for entry in self._journal.entries() if entry.tag not in going]
        since = int(self._wiring.now.timestamp())
        texts = self._share.texts
        fresh = [Entry(slot, text_of(slot, texts), str(uuid.uuid4()), href="", since=since) for slot in create]
        self._journal.write(fresh)
        entries = [entry if entry.live else confirmed(entry, None) for entry in stay + fresh]
        content = feed([(entry.uid, entry.slot) for entry in entries], self._share.texts)
        there = read_if_there(self._path)
        if there != content:
            self._write(content, there)
        new = {entry.tag for entry in (*fresh, *resume)}
        self._journal.write(entry for entry in entries if entry.tag in new)
        self._journal.drop(delete)
        return self.noticed

    def _write(self, content: bytes, there: bytes | None) -> None:
        """The journal first: a file that a run cut short has written, or not, must still be known as ours."""
        bound = self._journal.share() or Bound(self.described)
        if there is not None and not is_ours(there, bound):
            self._keep(there)
            self.noticed += (_edited(self._share),)
        elif there is not None:
            bound = changed(bound, digest=_digest(there))  # perhaps what a run cut short has written
        self._journal.bind(changed(bound, next_digest=_digest(content)))
        at = schedule.edge(self._wiring.now, self._wiring.zone, self._share.profile.publish)
        write_atomically(self._path, content, _FOR_A_WEB_SERVER, modified=at.timestamp())
        self._journal.bind(changed(bound, digest=_digest(content), next_digest=""))


def is_ours(content: bytes, bound: Bound) -> bool:
    """Whether a file has the content that was written last, or that was being written."""
    return _digest(content) in (bound.digest, bound.next_digest)


def _edited(share: Share) -> Problem:
    return edited(
        share,
        say("Somebody changed the share's file; it is written again, and their version is kept for 30 days."),
        say("See who may write to the file."),
    )


def path_of(bound: Bound) -> Path:
    """The file that a share is bound to, whatever the configuration names by now; see `FileShare.described`."""
    return Path(bound.target.partition("\n")[2])


def remove_file(bound: Bound) -> None:
    """Remove the file of a share, unless somebody changed it. Raises CoachsyncError when it stays."""
    path = path_of(bound)
    there = read_if_there(path)
    if there is None:
        return
    if not is_ours(there, bound):
        raise CoachsyncError("file-edited", say("The file was changed by somebody."))
    try:
        path.unlink()
    except OSError:
        raise CoachsyncError("file-not-removed", say("The system refused to remove the file.")) from None


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
