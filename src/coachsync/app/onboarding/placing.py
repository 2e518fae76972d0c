"""Writing the first configuration: the file and its password appear together and whole, or not at all."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from coachsync.adapters.files import create_atomically
from coachsync.adapters.privacy import PRIVATE
from coachsync.app.onboarding.keeping import NewPassword
from coachsync.errors import CoachsyncError, UsageError
from coachsync.phrases import say


def refuse_existing(path: Path) -> None:
    """Raise UsageError when there is a configuration already: it is never replaced."""
    if os.path.lexists(path):  # False where it may not be looked at: writing there says why not
        raise UsageError(
            "configuration-exists",
            say("There is a configuration already: {path}", path=path),
            say("To try what it says: coachsync check. To set up another one: coachsync init --config ANOTHER_FILE"),
        )


def place(path: Path, text: str, secret: NewPassword | None) -> None:
    """Write the configuration, for its owner alone, and put a new password where it belongs.

    Raises UsageError when a configuration has appeared meanwhile, CoachsyncError when the folder cannot be written or
    the keyring refuses; then, and when it is interrupted, neither is there.
    """
    content = _encoded(text)
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError:
        raise CoachsyncError(
            "folder-not-writable",
            say("The folder of the configuration cannot be made: {path}", path=path.parent),
            say("Name another file with --config."),
        ) from None
    refuse_existing(path)
    kept = False
    try:
        if secret is not None:
            kept = secret.file is None or not secret.file.exists()  # what was there is somebody else's
            secret.keep()
        create_atomically(path, content, PRIVATE)
    except BaseException:
        if secret is not None and kept:
            with suppress(CoachsyncError):
                secret.forget()
        raise


def _encoded(text: str) -> bytes:
    try:
        return text.encode()
    except UnicodeEncodeError:  # the name of a file, as the system gave it
        raise UsageError(
            "name-unreadable",
            say("The name of a file is no readable text."),
            say("Give the file another name."),
        ) from None
