"""Reading a backup: whose it is, which ones there are, and what is in one. Everything is checked before it counts."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass

from coachsync.adapters.backupset import TRUST, BackupSet, is_there, refused
from coachsync.adapters.trustfile import Trust, trust_of
from coachsync.app.backup import formerly, places
from coachsync.app.vault.trusting import signers, signers_of_today
from coachsync.errors import Altered, CoachsyncError, NotInitialised, UsageError, WrongKey
from coachsync.phrases import say
from coachsync.vault import chunks, keyslots, recovery, snapshots
from coachsync.vault.keys import Person
from coachsync.vault.rows import DeviceKey
from coachsync.vault.snapshots import Manifest, Snapshot, Stored


@dataclass(frozen=True)
class Key:
    """What a coach opens with: the passphrase, or the printed recovery code."""

    text: str
    kind: str = "passphrase"

    def opens(self, slot: bytes) -> Person:
        """Whoever has locked this keyslot with it. Raises WrongKey, Altered, and UsageError for a mistyped code."""
        if self.kind == "recovery":
            return keyslots.recover(slot, recovery.typed(self.text))
        return keyslots.unlock(slot, self.text)


@dataclass
class Backups:
    """The backups of a folder, and the mirror beside them where there is one. `trust` is the one of the machine where
    it has one, else the one of the folder. `away`: there should be a mirror, and it is not here."""

    store: BackupSet
    trust: Trust
    mirror: BackupSet | None = None
    away: bool = False

    @property
    def numbers(self) -> list[int]:
        """Those there are, sorted."""
        return self.store.snapshots()

    def snapshot(self, number: int | None = None) -> Snapshot:
        """The backup of this number, the newest one without. Raises UsageError where there is none, and Altered where
        it is not what the daemon has written."""
        number = self._newest() if number is None else number
        content = self.store.snapshot(number)
        if content is None:
            raise _no_such()
        found = snapshots.read(content, self.trust.vault, signers(self.trust))
        if found.number != number:
            raise _exchanged()
        return found

    def unlock(self, coach: bytes, key: Key) -> Person:
        """The coach whose passphrase or code this is, by a keyslot of the backups or of the mirror: one of the two may
        be older. Raises WrongKey for another one, NotInitialised without a keyslot, and Altered where all is of before
        the keys were replaced."""
        found = [store.slots().get((coach, key.kind)) for store in (self.store, self.mirror) if store is not None]
        wrong: CoachsyncError | None = None
        for slot in dict.fromkeys(one for one in found if one is not None):
            try:
                person = key.opens(slot)
                if person.actor.fingerprint == coach and keyslots.slot_of(slot).vault == self.trust.vault:
                    return person
                wrong = keyslots.damaged()
            except (WrongKey, Altered) as problem:
                wrong = problem
        raise wrong or (formerly.before_renewal() if self._knows_former(key.kind) else _no_slot())

    def _knows_former(self, kind: str) -> bool:
        """Whether there is a keyslot that only a key of before opens."""
        stores = [one for one in (self.store, self.mirror) if one is not None]
        return any((person, kind) in one.slots() for one in stores for person in formerly.replaced(self.trust))

    def manifest(self, snapshot: Snapshot, coach: Person) -> Manifest:
        """What is in a backup. Raises WrongKey for a coach to whom it was not sealed, and Altered where it is damaged,
        or of before the keys were replaced."""
        if coach.actor.fingerprint not in snapshot.sealed and formerly.is_formerly(snapshot, self.trust):
            raise formerly.not_to_be_opened()
        key = snapshots.manifest_key(snapshot, self.trust.vault, coach)
        return snapshots.open_manifest(snapshot, key, self._object(snapshot.manifest))

    def devices(self, coach: Person) -> list[DeviceKey]:
        """The device keys that the practice ever had, as far as a backup tells that this coach can open."""
        found = dict[DeviceKey, None]()
        for number in self.numbers:
            with suppress(CoachsyncError):  # whoever restores that one is told
                found[DeviceKey(self.manifest(self.snapshot(number), coach).device)] = None
        return list(found)

    def content(self, stored: Stored) -> Iterator[bytes]:
        """What a file says, piece by piece. Raises Altered where a piece is damaged or missing."""
        size = 0
        for name, key in stored.pieces:
            piece = chunks.open_chunk(name, key, self._object(name))
            size += len(piece)
            yield piece
        if size != stored.size:
            raise chunks.damaged()

    def _newest(self) -> int:
        """Of those that a key of today vouches for: whoever has the seed of before could have put others there. Of all
        where there is none; one that is damaged is not passed over."""
        numbers = sorted(self.numbers, reverse=True)
        for number in numbers if formerly.replaced(self.trust) else ():
            try:
                if formerly.is_of_today(self.snapshot(number), self.trust):
                    return number
            except Altered:
                return number
        return max(numbers, default=0)

    def _object(self, name: bytes) -> bytes:
        content = self.store.object(name)
        if content is None:
            raise object_missing()
        return content


def backups(store: BackupSet, mirror: BackupSet | None, machine: Trust | None, *, needed: bool = True) -> Backups:
    """The backups of a folder. Raises CoachsyncError where it is not there or holds none, the same of a mirror that is
    `needed`, and Altered where one of the two is not of the machine's own vault."""
    if not is_there(store.folder):
        raise places.folder_missing(store.folder, places.FOLDER)
    vault = places.identity(store, places.FOLDER)
    if vault is None or not store.snapshots():
        raise _none()
    trust = machine or trust_of(store.clear(TRUST) or b"")
    if trust.vault != vault:
        raise _of_another(places.FOLDER)
    if mirror is not None:
        missing = _missing(mirror)
        if missing is not None and not needed and not _has_something(mirror):
            return Backups(store, trust, away=True)
        if missing is not None:
            raise missing
        if places.identity(mirror, places.MIRROR) != vault:
            raise _of_another(places.MIRROR)
        if machine is None and _is_older(trust, mirror):
            raise formerly.not_to_be_opened()
    return Backups(store, trust, mirror)


def _missing(mirror: BackupSet) -> CoachsyncError | None:
    """That there is no mirror where it should be, or None."""
    if not is_there(mirror.folder):
        return places.folder_missing(mirror.folder, places.MIRROR)
    return _no_mirror() if places.identity(mirror, places.MIRROR) is None else None


def _has_something(mirror: BackupSet) -> bool:
    """Whether something lies there: a mirror that does not say whose it is may be a damaged one, and is not away."""
    try:
        return is_there(mirror.folder) and any(mirror.folder.iterdir())
    except OSError as problem:
        raise refused(problem, places.MIRROR, mirror.folder) from None


def _is_older(trust: Trust, mirror: BackupSet) -> bool:
    """Whether the mirror knows another key of a coach: nobody vouches for that, and it is not taken from there."""
    try:
        later = trust_of(mirror.clear(TRUST) or b"")
    except Altered:
        return False
    return bool(signers_of_today(trust).keys() & formerly.replaced(later))


def object_missing() -> Altered:
    """That a part of a backup is not there."""
    return Altered(
        "backup-object-missing",
        say("A part of the backup is missing."),
        say("Take an older backup with --snapshot; to see what else is damaged, run: coachsync backup verify"),
        where=places.FOLDER,
    )


def _of_another(where: str) -> Altered:
    return Altered(
        "backup-of-another-vault",
        say("This folder belongs to another vault."),
        say("Name the folders that belong together, of this practice."),
        where=where,
    )


def _none() -> NotInitialised:
    return NotInitialised(
        "no-backup",
        say("There is no backup in this folder."),
        say(
            "Connect the disk that is meant, or name the folder on it. Where the data is, a backup is made with: "
            "coachsync backup create"
        ),
        where=places.FOLDER,
    )


def _no_mirror() -> NotInitialised:
    return NotInitialised(
        "no-mirror",
        say("There is no mirror in this folder."),
        say("Connect the disk that is meant, or name the folder on it."),
        where=places.MIRROR,
    )


def _no_such() -> UsageError:
    return UsageError(
        "no-such-backup",
        say("There is no backup of that number in the folder."),
        say("To see which ones there are, run: coachsync backup verify"),
        where="--snapshot",
    )


def _exchanged() -> Altered:
    return Altered(
        "backup-exchanged",
        say("A backup lies in the place of another one."),
        say("Take another one with --snapshot; to see what else is damaged, run: coachsync backup verify"),
        where=places.FOLDER,
    )


def _no_slot() -> NotInitialised:
    return NotInitialised(
        "no-keyslot",
        say("There is no keyslot for that."),
        say("Try the other one: the passphrase, or the recovery code with --recovery."),
        where=places.FOLDER,
    )
