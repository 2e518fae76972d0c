"""Importing a file that a person names, wherever it lies: it stays where it is unless they say otherwise."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from coachsync.adapters.database import Begun
from coachsync.adapters.inbox import Found, Inbox, opened_by
from coachsync.app.inbox.importing import Desk, refuse_unlike, remove, take
from coachsync.app.inbox.reading import digest_of
from coachsync.app.inbox.watch import wrong
from coachsync.app.inbox.wording import hint, now
from coachsync.errors import CoachsyncError, Temporary, UsageError
from coachsync.inbox.settling import Form, Open, Why
from coachsync.phrases import say

CHANGING = frozenset({"file-changing", "file-changed"})  # codes: a file alone has to be given again
_WHERE = "FILE"
_FIRST = 1


class Given(NamedTuple):
    """The record that a file is, whose, whether it was sealed by now and not before, and whether the file is gone."""

    record: bytes
    client: str | None
    new: bool
    removed: bool


def give(desk: Desk, path: Path, client: str | None, *, removing: bool) -> Given:
    """Seal a file of a client, or of whom it tells; one that was sealed before and did not change is not sealed again.
    Raises CoachsyncError."""
    try:
        inbox = Inbox(path.parent)
    except CoachsyncError:
        raise _not_there() from None
    try:
        return _give(desk, inbox, path, client, removing=removing)
    except OSError:
        raise refused(Why.UNREADABLE) from None
    finally:
        inbox.close()


def refused(why: Why) -> UsageError:
    """That a file cannot be imported as it is."""
    return UsageError(why, say("The file cannot be imported: {what}.", what=now(why)), hint(why), where=_WHERE)


def _give(desk: Desk, inbox: Inbox, path: Path, client: str | None, *, removing: bool) -> Given:
    found = inbox.at((), path.name.encode("utf-8", "surrogateescape"))
    if found is None:
        raise _not_there()
    if found.form is Form.FOLDER:
        raise UsageError("folder-given", say("This is a folder."), say("Name the files in it."), where=_WHERE)
    if (why := _why_not(found, removing=removing)) is not None:
        raise refused(why)
    place, digest = desk.journal.place(str(path.absolute()).encode("utf-8", "surrogateescape")), _digest(inbox, found)
    before = desk.journal.left(place)
    if before is not None and before[1] == digest and (before[0], _FIRST) in desk.vault.history.records:
        return _again(desk, inbox, found, before, removing=removing)
    taken = take(desk, inbox, found, client, stays=not removing)
    if taken is None:
        raise _changing()
    begun = taken.begun
    if removing:
        return Given(begun.record, taken.client, new=True, removed=remove(desk, inbox, found, begun))
    desk.journal.leave(place, begun.record, begun.content)
    desk.journal.end(begun.record)
    return Given(begun.record, taken.client, new=True, removed=False)


def _again(desk: Desk, inbox: Inbox, found: Found, before: tuple[bytes, bytes], *, removing: bool) -> Given:
    """A file that was sealed before: it can still be removed."""
    record, content = before
    history, removed = desk.vault.history, False
    if removing:
        begun = Begun(record, found.stamp, content)
        refuse_unlike(desk, record)
        desk.journal.begin(begun)
        removed = remove(desk, inbox, found, begun)
    return Given(record, history.shelves[history.records[record, _FIRST].shelf].client, new=False, removed=removed)


def _why_not(found: Found, *, removing: bool) -> Why | None:
    why = wrong(found)
    if why in (Why.OTHER_OWNER, Why.HARD_LINK) and not removing:
        return None
    return Why.EMPTY if why is None and not found.stamp.size else why


def _digest(inbox: Inbox, found: Found) -> bytes:
    """The SHA-256 of a file that nobody writes. Raises Temporary."""
    file = inbox.opened(found, stays=True)
    if file is None:
        raise _changing()
    with file:
        if opened_by(file) is Open.SOMEBODY:
            raise _changing()
        return digest_of(file)


def _not_there() -> UsageError:
    return UsageError("no-such-file", say("There is no such file."), say("Look at the name."), where=_WHERE)


def _changing() -> CoachsyncError:
    return Temporary(
        "file-changing",
        say("A program is writing the file."),
        say("Wait until it is done, and import the file then."),
        where=_WHERE,
    )
