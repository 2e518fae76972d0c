"""Where the secrets of a practice are kept, and moving the device key: what `coachsync key` does."""

from __future__ import annotations

import os
import pwd
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from coachsync.adapters import keystore, lock
from coachsync.adapters.keyfile import key_file
from coachsync.adapters.keyplaces import CREDENTIAL, Place, read
from coachsync.adapters.lowering import as_owner_of
from coachsync.adapters.privacy import is_shared
from coachsync.config import Config, Secret
from coachsync.errors import CoachsyncError, NotInitialised, Problem
from coachsync.phrases import Phrase, say

STORE = "/etc/credstore.encrypted"


@dataclass(frozen=True, slots=True)
class Kept:
    """Where the device key is, None where none was made yet; where copies of it are; every password by its key."""

    device_key: Place | None
    copies: tuple[Place, ...]
    passwords: Mapping[str, Secret]


@dataclass(frozen=True, slots=True)
class Step:
    """Something that the administrator does: what for, and the command or the lines of a file."""

    why: Phrase
    what: str


def passwords(config: Config) -> dict[str, Secret]:
    """Every password of the configuration by its key, e.g. "accounts.cloud.password"."""
    named = {f"accounts.{name}.password": account.password for name, account in config.accounts.items()}
    if config.notify.smtp is not None:
        named["notify.smtp.password"] = config.notify.smtp.password
    return {key: password for key, password in named.items() if password is not None}


def kept(config: Config) -> Kept:
    """Where everything is; nothing is opened and nobody is asked. Raises CoachsyncError when a place is damaged."""
    state = config.practice.state
    return Kept(keystore.place_of(state), tuple(sorted(keystore.copies(state))), passwords(config))


def move(config: Config, to: Place) -> tuple[Problem, ...]:
    """Bring the device key to that place; the problems are copies that stayed. Raises as `keystore.move` does."""
    state = config.practice.state
    _refuse_nothing(state)
    if not is_shared(state):
        _refuse_foreign(state)
    elif to is Place.KEYRING:
        raise _of_one_user()
    with as_owner_of(state), lock.hold(state, "key move"):
        return keystore.move(state, to)


def rotate(config: Config) -> None:
    """Replace the device key by another one. Raises as `rekeying.rotate` does."""
    from coachsync.app import rekeying  # what it loads, `show` does without

    state = config.practice.state
    _refuse_nothing(state)
    _refuse_foreign(state)
    rekeying.rotate(state)


def _refuse_nothing(state: Path) -> None:
    from coachsync.adapters.database.engine import database_file  # what it loads, `show` does without

    if not state.is_dir() or (keystore.place_of(state) is None and not database_file(state).exists()):
        raise NotInitialised(
            "no-device-key",
            say("There is no device key yet: nothing was synced here."),
            say("Run: coachsync sync"),
            where="practice.state",
        )


def _refuse_foreign(state: Path) -> None:
    """A key that the administrator writes could not be read by the user whom it is for."""
    if state.stat().st_uid != os.geteuid():
        raise CoachsyncError(
            "state-of-another-user",
            say("The state folder belongs to another user of this machine."),
            say("Run this as that user, with: sudo -u USER"),
            where="practice.state",
        )


def _of_one_user() -> CoachsyncError:
    return CoachsyncError(
        "keyring-of-one-user",
        say("The keyring of one user is closed to another, and the service and you both need the device key."),
        say("Leave it in its file: coachsync key move --to file"),
        where="practice.state",
    )


def steps_to_credential(config: Config, command: Sequence[str]) -> tuple[Step, ...]:
    """What the administrator does to make a credential of the key; none when this process was given it already.

    `command` is this command, which the last step runs again. Raises CoachsyncError when the key is in no file.
    """
    state = config.practice.state
    if keystore.place_of(state) is Place.CREDENTIAL or read(Place.CREDENTIAL, state, "") is not None:
        return ()
    if keystore.place_of(state) is not Place.FILE:
        raise CoachsyncError(
            "device-key-not-in-file",
            say("A credential is made from the key's file, and the key is not in it."),
            say("Run: coachsync key move --to file; then this again."),
            where="practice.state",
        )
    return _steps(key_file(state), owner(state), command)


def folder_step() -> Step:
    """Where the administrator keeps credentials."""
    return Step(say("Make a folder that only the administrator can enter:"), f"install -d -m 700 {STORE}")


def _steps(file: Path, user: str, command: Sequence[str]) -> tuple[Step, ...]:
    sealed = f"{STORE}/{CREDENTIAL}"
    unit = f"LoadCredentialEncrypted={CREDENTIAL}:{sealed}"
    source = shlex.quote(str(file))
    again = ["systemd-run", "--pipe", "--wait", "--collect", f"--uid={user}", "-p", unit, *command]
    return (
        folder_step(),
        Step(
            say("Seal the key, with this machine's security chip where it has one:"),
            f"systemd-creds encrypt --name={CREDENTIAL} {source} {sealed}",
        ),
        Step(say("Let the service have it: with `systemctl edit coachsync`, add these lines:"), f"[Service]\n{unit}"),
        Step(say("Start the service with it:"), "systemctl restart coachsync"),
        Step(say("Have the copy in the file removed, which is done once the credential opens:"), shlex.join(again)),
    )


def owner(state: Path) -> str:
    """The user whose state folder this is."""
    number = state.stat().st_uid if state.exists() else os.geteuid()
    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:
        return str(number)
