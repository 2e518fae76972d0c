"""A backup from its beginning to its end: asked for, or because what was sealed anew is in none yet.

What is sealed anew opens with new keys, and the mirror lets go of the old ones at once, with which the last backup
opened. Until the next backup is made, that is only here.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path

from coachsync.adapters import lock
from coachsync.adapters.backupset import is_there
from coachsync.adapters.files import make_state_folder
from coachsync.adapters.lowering import as_owner_of
from coachsync.app.backup import creating, places, remembering
from coachsync.app.backup.creating import Created
from coachsync.app.progress import Progress
from coachsync.app.wiring import Wiring
from coachsync.config import Config
from coachsync.errors import Problem
from coachsync.phrases import say

Opening = Callable[[], AbstractContextManager[Wiring]]


def make(
    config: Config,
    configuration: Path,
    opening: Opening,
    progress: Progress,
    patience: float = lock.PATIENCE,
    *,
    anew: bool = False,
    hasty: bool = False,
) -> Created:
    """Make one. `opening` opens the state, which is held while all is gathered and free while it is written; another
    backup is waited for up to `patience` seconds. `hasty`: what the folder has already is not read again. The
    administrator makes one with the rights of whoever owns the state.

    Raises what `creating.prepared` and `creating.create` raise, and Temporary while another one is being made.
    """
    if config.backup.folder is None:
        raise creating.not_configured()
    state = config.practice.state
    make_state_folder(state)
    with (
        as_owner_of(state),  # who else could write here, or over it, the next time
        lock.hold(state, "backup create", patience, lock.BACKUP),
        ExitStack() as gathered,
    ):
        with opening() as wiring:
            what = gathered.enter_context(creating.prepared(wiring, configuration, anew=anew))
        return creating.create(what, progress, hasty=hasty)


def is_due(config: Config) -> bool:
    """Whether something that was sealed anew is in no backup yet. Raises CoachsyncError where the state is shut."""
    return config.backup.folder is not None and remembering.recall(config.practice.state).due is not None


def can_be_made(config: Config) -> bool:
    """Whether the folder for it is there."""
    return config.backup.folder is not None and is_there(config.backup.folder)


def can_follow(config: Config) -> bool:
    """Whether the mirror lacks something, and its folder is there again. Raises CoachsyncError where the state is
    shut."""
    mirror = config.backup.mirror
    return mirror is not None and remembering.recall(config.practice.state).behind is not None and is_there(mirror)


def behind() -> Problem:
    """That the mirror could not be told of something."""
    return Problem(
        "mirror-behind",
        places.MIRROR,
        say("What was written or erased here since is not in the mirror: it could not be reached, or not written to."),
        say("Connect its disk, with room on it, and run: coachsync backup create, which says what is wrong."),
    )


def due() -> Problem:
    """That a backup is to be made soon."""
    return Problem(
        "backup-due",
        places.FOLDER,
        say("Notes or names that were sealed anew are in no backup yet: if this computer is lost now, so are they."),
        say("Connect the disk for the backups, and run: coachsync backup create"),
    )
