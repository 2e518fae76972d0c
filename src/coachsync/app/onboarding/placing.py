"""Writing the first configuration: the file and its password appear together and whole, or not at all."""

from __future__ import annotations

import os
from pathlib import Path

from coachsync.adapters.files import create_atomically
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


def free_name(folder: Path, account: str) -> str:
    """A name for the password file that nothing in the folder has yet."""
    names = [f"{account}.password", *(f"{account}-{number}.password" for number in range(2, 100))]
    return next((name for name in names if not (folder / name).exists()), names[-1])


def place(path: Path, text: str, secret: tuple[Path, str] | None) -> None:
    """Write the configuration and, where it is new, the password file; both for their owner alone.

    `secret` is the password file and the password. Raises UsageError when a configuration has appeared meanwhile,
    CoachsyncError when the folder cannot be written; then, and when it is interrupted, neither file is there.
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
    made: list[Path] = []
    try:
        if secret is not None:
            file, password = secret
            made += [] if file.exists() else [file]
            create_atomically(file, f"{password}\n".encode())
        create_atomically(path, content)
    except BaseException:
        for file in made:
            file.unlink(missing_ok=True)
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
