"""What `check` says of the inbox: whether it can be worked, who can read it, and where overwriting does not reach."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

from coachsync.adapters.database import InboxJournal
from coachsync.adapters.filesystem import file_system, is_elsewhere, keeps_what_is_overwritten
from coachsync.adapters.inbox import Inbox
from coachsync.adapters.syncedfolders import synced_by
from coachsync.app.inbox.receiving import refuse_nobody
from coachsync.app.inbox.wording import WHERE, problems
from coachsync.app.wiring import Wiring
from coachsync.config.values import Inbox as Settings
from coachsync.errors import CoachsyncError, Problem
from coachsync.phrases import say

_OTHERS = 0o007


def findings(wiring: Wiring, settings: Settings) -> Iterator[Problem]:
    """What keeps the inbox from being worked, and what lies there and cannot be imported."""
    try:
        with closing(Inbox(settings.folder)) as inbox:
            if inbox.mode & _OTHERS:
                yield _open()
            if not inbox.is_writable:
                yield _read_only()
        refuse_nobody(wiring, settings.coach, "inbox.coach")
    except CoachsyncError as problem:
        yield problem.problem(WHERE)
    yield from problems(why for why, _ in InboxJournal(wiring.database).told().values())


def remarks(settings: Settings) -> Iterator[Problem]:
    """Where copies stay that overwriting does not reach."""
    try:
        name = file_system(settings.folder)
        program = synced_by(settings.folder)
    except OSError:
        return
    if keeps_what_is_overwritten(name):
        yield Problem(
            "inbox-copy-on-write",
            WHERE,
            say("The inbox lies on {name}, which keeps the old bytes of what is overwritten for a while.", name=name),
            say("Put the inbox on a file system that writes in place (ext4, XFS), or encrypt that disk."),
        )
    if is_elsewhere(name):
        yield Problem(
            "inbox-elsewhere",
            WHERE,
            say("The inbox lies on {name}: what is overwritten here may stay on another machine.", name=name),
            say("Put the inbox on a disk of this computer."),
        )
    if program is not None:
        yield Problem(
            "inbox-synced",
            WHERE,
            say(
                "{program} copies the inbox to other machines: what was dropped there stays with them.", program=program
            ),
            say("Put the inbox outside of that folder, or empty the trash and the versions there too."),
        )


def _open() -> Problem:
    return Problem(
        "inbox-open",
        WHERE,
        say("Every user of this computer can look into the inbox."),
        say("Close it to them: chmod o-rwx, and the name of the folder"),
    )


def _read_only() -> Problem:
    return Problem(
        "inbox-read-only",
        WHERE,
        say("What is dropped into the inbox cannot be removed there by you: nothing of it is imported."),
        say("Let the user who runs coachsync write in it."),
    )
