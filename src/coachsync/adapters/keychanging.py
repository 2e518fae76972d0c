"""Another device key in the place of the one there is: both are known until everything is sealed anew.

While that goes on, a file beside the key says which two there are, each sealed under the other: whichever stands in
its place gives both. Nobody works with the state before it is done.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import NamedTuple

from coachsync.adapters import keyfile, keyplaces
from coachsync.adapters.files import make_private_folder, read_if_there, write_atomically
from coachsync.adapters.keyplaces import Note, Place, described
from coachsync.adapters.keystore import copies, load_device_key, place_of
from coachsync.adapters.shredding import is_shredded, shred
from coachsync.adapters.system import reason
from coachsync.errors import Altered, CoachsyncError, UsageError
from coachsync.phrases import say
from coachsync.vault.rows import DeviceKey, new_device_key

_NAME = "device.next"
_CONTEXT = "device key/change"
_LONGEST = 4096


class Change(NamedTuple):
    """The key that goes and the one that comes."""

    old: DeviceKey
    new: DeviceKey


def is_changing(state: Path) -> bool:
    """Whether a change has begun and is not done."""
    content = read_if_there(_file(state), _LONGEST)
    return content is not None and not is_shredded(content)


def begin(state: Path) -> None:
    """Draw another key, and note both. Raises UsageError where another copy of the key would stay what it is, or only
    an administrator can put one there; and as `load_device_key` does."""
    keyfile.erase_left_behind(state)
    place, others = place_of(state), copies(state)
    if place is Place.CREDENTIAL or others:
        where = sorted(others)[0] if others else Place.CREDENTIAL
        raise UsageError(
            "device-key-not-alone",
            say("The device key is also kept where it cannot be replaced from here ({place}).", place=described(where)),
            say("Run: coachsync key move --to file; remove the copies that it names, and rotate the key then."),
            where="practice.state",
        )
    old, new = load_device_key(state, create=False), new_device_key()
    sealed = {"forward": old.seal(_CONTEXT, new.secret).hex(), "back": new.seal(_CONTEXT, old.secret).hex()}
    make_private_folder(_file(state).parent)
    write_atomically(_file(state), json.dumps({"old": old.name, "new": new.name} | sealed).encode())


def change(state: Path) -> Change:
    """Both keys. Raises Altered for a note of them that is none, and CoachsyncError where neither key is there."""
    said, place = _said(state), place_of(state) or Place.FILE
    for name in (said["old"], said["new"]):
        key = keyplaces.read(place, state, name)
        if key is not None and key.name == said["old"]:
            return Change(key, DeviceKey(key.open(_CONTEXT, bytes.fromhex(said["forward"]))))
        if key is not None and key.name == said["new"]:
            return Change(DeviceKey(key.open(_CONTEXT, bytes.fromhex(said["back"]))), key)
    raise CoachsyncError(
        "device-key-missing",
        say("The state folder holds encrypted data but its device key is missing; nothing was changed."),
        say("Restore keys/ from the backup that holds this state, all of it."),
        where="practice.state",
    )


def finish(state: Path, keys: Change) -> None:
    """Put the new key in the place of the old one, whose bytes are overwritten, once everything is sealed with it."""
    place, note = place_of(state) or Place.FILE, keyplaces.read_note(state)
    if place is Place.FILE:
        _keep_old_name(state)
        keyfile.write(state, keys.new.secret)
    else:
        keyplaces.write(place, state, keys.new)
    if note is not None:
        keyplaces.write_note(state, Note(note.place, keys.new.name, note.also))
    if place is Place.FILE:
        keyfile.erase_left_behind(state)
    else:
        keyplaces.erase(place, state, keys.old.name)
    try:
        shred(_file(state))
    except OSError as problem:
        raise _failed(problem) from None


def _keep_old_name(state: Path) -> None:
    """Give the file of the old key a name under which it can be overwritten when it is replaced."""
    file = keyfile.key_file(state)
    try:
        scrap = file.with_name(".key-old")
        if not scrap.exists():
            os.link(file, scrap)
    except OSError as problem:
        raise _failed(problem) from None


def _said(state: Path) -> dict[str, str]:
    try:
        found = json.loads(read_if_there(_file(state), _LONGEST) or b"")
        if found.keys() == {"old", "new", "forward", "back"} and all(isinstance(one, str) for one in found.values()):
            return dict(found)
    except (ValueError, AttributeError):
        pass
    raise Altered(
        "device-key-change-damaged",
        say("The file keys/device.next in the state folder, which says which device keys there are, is damaged."),
        say("Restore the folder keys/ of the state folder from a backup."),
        where="practice.state",
    )


def _file(state: Path) -> Path:
    return keyfile.key_file(state).with_name(_NAME)


def _failed(problem: OSError) -> CoachsyncError:
    return CoachsyncError(
        "device-key-not-written",
        say("The system refuses keys/device.key in the state folder: {cause}.", cause=reason(problem)),
        say("Check that the folder keys/ has room, and that it belongs to the user who runs coachsync."),
        where="practice.state",
    )
