"""Where a new password is kept: in a file beside the configuration, or under a name in the keyring of the desktop."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from coachsync.adapters import oskeyring, secrets
from coachsync.adapters.files import create_atomically
from coachsync.adapters.privacy import PRIVATE
from coachsync.errors import CoachsyncError

_WAIT = 5.0  # seconds: to ask whether there is a keyring at all


@dataclass(frozen=True, slots=True)
class NewPassword:
    """A password and the one place where it will be: a file, or an entry of the keyring."""

    secret: str = field(repr=False)
    file: Path | None = None
    entry: str = ""

    def keep(self) -> None:
        """Put it there, in the place of nothing. Raises CoachsyncError."""
        if self.file is not None:
            create_atomically(self.file, f"{self.secret}\n".encode(), PRIVATE)
        else:
            secrets.store_in_keyring(self.entry, self.secret)

    def forget(self) -> None:
        """Take it back. Raises CoachsyncError."""
        if self.file is not None:
            self.file.unlink(missing_ok=True)
        else:
            oskeyring.remove(self.entry)


def keyring_here() -> bool:
    """Whether this machine has a keyring that coachsync can use."""
    try:
        return bool(oskeyring.backend(_WAIT))
    except CoachsyncError:
        return False


def in_file(secret: str, folder: Path, account: str) -> NewPassword:
    """In a file of the folder that is not there yet."""
    free = (name for name in _names(account, ".password") if not (folder / name).exists())
    return NewPassword(secret, file=folder / next(free))


def in_keyring(secret: str, account: str) -> NewPassword:
    """Under a name that the keyring has nothing under yet. Raises CoachsyncError when the keyring cannot be asked."""
    return NewPassword(secret, entry=next(name for name in _names(account, "") if oskeyring.read(name) is None))


def _names(account: str, ending: str) -> Iterator[str]:
    yield f"{account}{ending}"
    number = 2
    while True:
        yield f"{account}-{number}{ending}"
        number += 1
