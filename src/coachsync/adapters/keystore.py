"""The device key of a state folder: in a file, in the keyring or in a systemd credential, and never in doubt.

A key that is not where it should be is an error, never a reason to make another one.
"""

from __future__ import annotations

from pathlib import Path

from coachsync.adapters import keyfile, keyplaces
from coachsync.adapters.keyplaces import Note, Place, described
from coachsync.adapters.privacy import is_shared
from coachsync.errors import CoachsyncError, Problem, WrongKey
from coachsync.phrases import Phrase, say
from coachsync.vault.rows import DeviceKey


def load_device_key(state: Path, *, create: bool) -> DeviceKey:
    """The device key of this state folder; a new one only when `create` says that nothing was ever sealed here.

    Raises CoachsyncError when the key is missing, open to others or cannot be read or written, or when two places hold
    different keys; Temporary when the keyring is locked; WrongKey when what is there is no key, or another one.
    """
    note = keyplaces.read_note(state)
    if note is None:
        return _unmoved(state, create=create)
    key = keyplaces.read(note.place, state, note.key)
    if key is None:
        raise _missing(note.place, state)
    _refuse_another(note.place, state, key)
    if key.name != note.key:
        raise _not_ours(note.place)
    return key


def place_of(state: Path) -> Place | None:
    """Where the key of this state is, None where none was made yet. Nothing is opened, nobody is asked."""
    note = keyplaces.read_note(state)
    if note is not None:
        return note.place
    if keyfile.read(state) is not None:
        return Place.FILE
    return Place.CREDENTIAL if keyplaces.read(Place.CREDENTIAL, state, "") else None


def copies(state: Path) -> frozenset[Place]:
    """Where else the key may be: what a move has left, or a person has put there. The keyring is not asked."""
    note = keyplaces.read_note(state)
    also = set(note.also) if note else set()
    if keyfile.read(state) is not None or keyfile.left_behind(state):
        also.add(Place.FILE)
    if keyplaces.read(Place.CREDENTIAL, state, "") is not None:
        also.add(Place.CREDENTIAL)
    place = place_of(state)
    return frozenset(also - {place}) if place else frozenset()


def move(state: Path, to: Place) -> tuple[Problem, ...]:
    """Bring the key of this state to another place; the problems are places that still hold it.

    To be called under the state's lock. Killed at any moment it leaves a state that opens and can be moved again: the
    new place is written and read back, then the note names it, and only then the old one is cleared. Raises as
    `load_device_key` does and, before anything has changed, when the new place cannot be used.
    """
    note = keyplaces.read_note(state)
    key = _key_to_move(state, note, to)
    before = place_of(state) or Place.FILE
    also = (note.also if note else frozenset()) | {Place.FILE, before}
    if to is not before:
        there = keyplaces.read(to, state, key.name)
        if there is None:
            if to is Place.CREDENTIAL:
                raise _missing(to, state)
            keyplaces.write_note(state, Note(before, key.name, (also | {to}) - {before}))
            keyplaces.write(to, state, key)
        elif there != key:
            raise _disagree(before, to)
    keyplaces.write_note(state, Note(to, key.name, also - {to}))
    return _clear(state, key, to, also - {to})


def _clear(state: Path, key: DeviceKey, to: Place, places: frozenset[Place]) -> tuple[Problem, ...]:
    """Remove the key from these places, and what killed processes left. What cannot be removed stays noted."""
    problems, left = [], set()
    for place in sorted(places):
        try:
            keyplaces.erase(place, state, key.name)
        except CoachsyncError as failure:
            problems.append(failure.problem("practice.state"))
            left.add(place)
    keyfile.erase_left_behind(state)
    keyplaces.write_note(state, Note(to, key.name, frozenset(left)))
    if Place.CREDENTIAL in copies(state):
        problems.append(_still_given())
    return tuple(problems)


def _key_to_move(state: Path, note: Note | None, to: Place) -> DeviceKey:
    """The key. One that stands in the new place already, and is the right one by its name, makes up for an old place
    that no longer opens: so a key comes back out of a backup."""
    if note is not None:
        there = keyplaces.read(to, state, note.key)
        if there is not None and there.name == note.key:
            _refuse_another(to, state, there)
            return there
    return load_device_key(state, create=False)


def _unmoved(state: Path, *, create: bool) -> DeviceKey:
    """A state without a note: the key is in the file; a new state uses the credential that it is given."""
    filed = keyplaces.read(Place.FILE, state, "")
    if filed is not None:
        _refuse_another(Place.FILE, state, filed)
        return filed
    given = keyplaces.read(Place.CREDENTIAL, state, "")
    if given is not None:
        if create:
            keyplaces.write_note(state, Note(Place.CREDENTIAL, given.name))
        return given
    if create:
        keyfile.make(state)
        filed = keyplaces.read(Place.FILE, state, "")
    if filed is None:
        raise _missing(Place.FILE, state)
    return filed


def _refuse_another(place: Place, state: Path, key: DeviceKey) -> None:
    """Another key in a place where nothing needs to be asked: nobody could say which of the two is meant."""
    for other in {Place.FILE, Place.CREDENTIAL} - {place}:
        try:
            there = keyplaces.read(other, state, key.name)
        except WrongKey:
            raise _disagree(place, other) from None
        if there is not None and there != key:
            raise _disagree(place, other)


def _missing(place: Place, state: Path) -> CoachsyncError:
    message = say("The state folder holds encrypted data but its device key is missing; nothing was changed.")
    match place:
        case Place.FILE:
            hint = say(
                "Restore keys/device.key from the backup that holds this state, or move the state folder away to start "
                "afresh: a new key would open nothing."
            )
        case Place.KEYRING:
            message = say("The device key should be in the keyring and is not there; nothing was changed.")
            hint = say(
                "Run coachsync as the user whose keyring holds it; or put a copy from a backup into keys/device.key in "
                "the state folder and run: coachsync key move --to file"
            )
        case Place.CREDENTIAL:
            message = say(
                "The device key is a systemd credential, which this process was not given; nothing was changed."
            )
            hint = say(
                "The service is given it; a single command is when it is started like this: systemd-run --pipe --wait "
                "--uid=USER -p LoadCredentialEncrypted=coachsync-device-key:FILE coachsync COMMAND"
            )
    if place is not Place.FILE and is_shared(state):
        hint = _of_another_user(place)
    failure = CoachsyncError("device-key-missing", message, hint, where="practice.state")
    failure.aside = say("The state folder is {folder}", folder=state)
    return failure


def _of_another_user(place: Place) -> Phrase:
    """What to do where the service and a coach share a state, and only one of them has the key."""
    if place is Place.KEYRING:
        return say(
            "The service and you are two users of this computer, and the keyring of one is closed to the other. Let "
            "whoever has the key in the keyring bring it into its file, which is open to both: coachsync key move "
            "--to file"
        )
    return say(
        "A credential is given to the service alone. Let the administrator decrypt it into its file, which is open to "
        "the service and to you, and run: sudo coachsync key move --to file"
    )


def _disagree(one: Place, other: Place) -> CoachsyncError:
    return CoachsyncError(
        "device-keys-differ",
        say(
            "There are two different device keys, in {one} and in {other}; nothing was changed.",
            one=described(one),
            other=described(other),
        ),
        say("Take away the one that does not belong to this state, but keep a copy of it until all is well."),
        where="practice.state",
    )


def _not_ours(place: Place) -> WrongKey:
    return WrongKey(
        "device-key-of-another-state",
        say("The device key is not the one that this state was sealed with ({place}).", place=described(place)),
        say("Restore the state folder and its key from the same backup."),
        where="practice.state",
    )


def _still_given() -> Problem:
    return Problem(
        "credential-still-given",
        "practice.state",
        say("The credential coachsync-device-key still holds the key too."),
        say("Take LoadCredentialEncrypted=coachsync-device-key out of the unit and delete the file that it names."),
    )
