"""The places where a device key can be kept, and the note in the state folder that says which one it is.

The note is one line: the place, the key's name, and every other place that may still hold a copy. A state without a
note keeps its key in the file, as every state begins.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from coachsync.adapters import credentials, keyfile, oskeyring
from coachsync.adapters.files import read_if_there, write_atomically
from coachsync.errors import CoachsyncError, WrongKey
from coachsync.phrases import Phrase, say
from coachsync.vault.rows import KEY_BYTES, DeviceKey

CREDENTIAL = "coachsync-device-key"

_NOTE = "device-key-place"
_LINE = re.compile(r"(file|keyring|credential) ([0-9a-f]{16})((?: (?:file|keyring|credential))*)\n")


class Place(StrEnum):
    """Where a key can be."""

    FILE = "file"
    KEYRING = "keyring"
    CREDENTIAL = "credential"


@dataclass(frozen=True, slots=True)
class Note:
    """The place of the key, its name, and the places that a move has begun to write to or has not yet cleared."""

    place: Place
    key: str
    also: frozenset[Place] = frozenset()


def read_note(state: Path) -> Note | None:
    """What the state folder says, None when it says nothing. Raises CoachsyncError when it cannot be understood."""
    content = read_if_there(state / _NOTE)
    if content is None:
        return None
    found = _LINE.fullmatch(content.decode(errors="replace"))
    if found is None:
        raise CoachsyncError(
            "device-key-place-damaged",
            say("The file device-key-place in the state folder cannot be understood, so the key is not looked for."),
            say("Restore it from the backup that holds this state; delete it when the key is in keys/device.key."),
            where="practice.state",
        )
    place, key, also = found.groups()
    return Note(Place(place), key, frozenset(map(Place, also.split())))


def write_note(state: Path, note: Note) -> None:
    """Say where the key is, synced to disk: from this moment on it counts."""
    words = [note.place, note.key, *sorted(note.also)]
    try:
        write_atomically(state / _NOTE, f"{' '.join(words)}\n".encode())
    except CoachsyncError as problem:
        problem.where = "practice.state"
        raise


def read(place: Place, state: Path, name: str) -> DeviceKey | None:
    """The key in this place, None when there is none; `name`, the key's own, finds it in the keyring.

    Raises WrongKey when something else is there, CoachsyncError when the place cannot be read.
    """
    try:
        secret = _secret(place, state, name)
    except CoachsyncError as problem:
        problem.where = "practice.state"
        raise
    if secret is None:
        return None
    if len(secret) != KEY_BYTES:
        raise WrongKey(
            "device-key-damaged",
            say("What is kept as the device key is no key ({place}).", place=described(place)),
            say("Restore it from the backup that holds this state."),
            where="practice.state",
        )
    return DeviceKey(secret)


def write(place: Place, state: Path, key: DeviceKey) -> None:
    """Keep the key there, and read it back. systemd's credentials are not ours to write."""
    if place is Place.FILE:
        keyfile.write(state, key.secret)
    else:
        oskeyring.store(_entry(key.name), key.secret.hex())
    if read(place, state, key.name) != key:
        raise CoachsyncError(
            "device-key-not-kept",
            say("The key was written and is not read back the same ({place}).", place=described(place)),
            say("Nothing was removed: the key is where it was."),
            where="practice.state",
        )


def erase(place: Place, state: Path, name: str) -> None:
    """Remove the key from there; from a credential only the administrator can."""
    if place is Place.FILE:
        keyfile.erase(state)
    elif place is Place.KEYRING:
        oskeyring.remove(_entry(name))


def described(place: Place) -> Phrase:
    """The place in a sentence."""
    match place:
        case Place.FILE:
            return say("the file keys/device.key in the state folder")
        case Place.KEYRING:
            return say("the keyring")
        case Place.CREDENTIAL:
            return say("the systemd credential coachsync-device-key")


def _secret(place: Place, state: Path, name: str) -> bytes | None:
    if place is Place.FILE:
        return keyfile.read(state)
    if place is Place.CREDENTIAL:
        return credentials.credential(CREDENTIAL)
    kept = oskeyring.read(_entry(name))
    if kept is None:
        return None
    try:
        return bytes.fromhex(kept)
    except ValueError:
        return b""


def _entry(name: str) -> str:
    """The keyring's name for a key: the colon keeps it apart from every name that a password can have."""
    return f"device-key:{name}"
