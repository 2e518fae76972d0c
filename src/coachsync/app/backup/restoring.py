"""Coming back from a backup: everything is put together beside its place, and moved there by one rename at the end.

Killed at any moment, what was there is there, and the same command begins anew; or all of it is done.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from coachsync import config as configuration
from coachsync.adapters import heldfolders, lock, sharing
from coachsync.adapters.backupset import TRUST, refused
from coachsync.adapters.files import (
    create_atomically,
    make_private_folder,
    read_if_there,
    sync_folder,
    write_atomically,
)
from coachsync.adapters.shredding import shred
from coachsync.adapters.trustfile import write_trust
from coachsync.app.backup import creating, mirroring, places, reading, remembering, staging
from coachsync.app.backup.reading import Backups
from coachsync.app.backup.remembering import Memory
from coachsync.app.backup.staging import Staged
from coachsync.app.vault import erasing, making, sorting
from coachsync.app.vault.opening import Vault
from coachsync.app.vault.reading import Session
from coachsync.app.wiring import Wiring
from coachsync.config import Backup, Config
from coachsync.config.loading import understand
from coachsync.errors import Altered, CoachsyncError, Problem, Temporary, UsageError
from coachsync.phrases import say
from coachsync.vault import snapshots
from coachsync.vault.keys import Person
from coachsync.vault.snapshots import Manifest, Snapshot

_COMMAND = "backup restore"
_LOCKS = (lock.WRITER, lock.DAEMON, lock.BACKUP)
_SCRAPS = ".coachsync-*"  # of a run that was killed: what it was writing
_PUBLIC = 0o644
_NO_GRANT = "no-grant"


@dataclass
class Restored:
    """What came back: which backup, from when (seconds since 1970), how many records; where the state of before is, if
    there was one; and what is to be told."""

    number: int
    at: int
    records: int = 0
    aside: Path | None = None
    configured: bool = False  # the configuration came back too
    problems: list[Problem] = field(default_factory=list)


@dataclass(frozen=True)
class Target:
    """Where it goes: the file of the configuration, and whether what is there may be moved away."""

    file: Path
    replace: bool = False


def restore(
    backups: Backups, snapshot: Snapshot, manifest: Manifest, coach: Person, target: Target, now: datetime
) -> Restored:
    """Bring a backup back. Raises UsageError where there is data already and nobody has said that it may be moved away,
    Temporary while coachsync works with it, and Altered where the backup is damaged: then nothing was changed."""
    settings, text = _settings(backups, manifest, target)
    state = settings.practice.state
    _refuse_data(state, target)
    with _held(state), _beside(state) as folder:
        machine = [state, *places.moved_away(state)]
        staged = staging.put(backups, manifest, coach, settings, folder, machine)
        staged.problems += _rolled_back(backups)
        staging.revive(backups, staged, coach, now, staging.heads_of(backups, machine))
        restored = Restored(snapshot.number, snapshot.at, configured=text is not None, problems=staged.problems)
        with staging.opened(staged, now) as (wiring, vault):
            _settle(wiring, vault, coach, restored)
        _put_beside(backups, staged, manifest, (settings, text), target.file)
        heldfolders.erase(staged.folder / "config")  # after the rename nothing is left that could be left
        _remember(staged.state, settings.backup, backups)
        _hand_over(staged.state, machine)
        restored.aside = _put_in_place(staged.state, state, now)
    return restored


def settings_of(file: Path) -> Config | None:
    """The configuration that is there already; None where there is none. Raises Misconfigured for one with faults."""
    return configuration.load(file) if file.exists() else None


def _settings(backups: Backups, manifest: Manifest, target: Target) -> tuple[Config, bytes | None]:
    """The configuration: the one that is there, else that of the backup, and its text where it is to be written."""
    found = settings_of(target.file)
    if found is not None:
        return found, None
    stored = next((one for one in manifest.files if one.path == manifest.configuration), None)
    if stored is None:
        raise reading.object_missing()
    text = b"".join(backups.content(stored))
    return understand(text.decode("utf-8-sig"), target.file.absolute()), text


def _refuse_data(state: Path, target: Target) -> None:
    """Nothing is put over data, and nothing is taken from under a daemon."""
    if lock.is_held(state, lock.DAEMON):
        raise Temporary(
            "daemon-at-work",
            say("coachsync works in the background with the data that is here."),
            say("Stop it first: coachsync service remove, or systemctl stop coachsync"),
            where="practice.state",
        )
    if _has_data(state) and not target.replace:
        problem = UsageError(
            "data-there",
            say("There is data in the state folder already: nothing was restored."),
            say("To move it away and restore in its place, add --replace. It is not deleted."),
            where="practice.state",
        )
        problem.aside = say("The state folder is {folder}", folder=state)
        raise problem


def _has_data(state: Path) -> bool:
    try:
        return any(one.name not in _LOCKS for one in state.iterdir())
    except FileNotFoundError:
        return False
    except OSError as problem:
        raise refused(problem, "practice.state", state) from None


@contextmanager
def _held(state: Path) -> Iterator[None]:
    """Nobody works with the state that is there, if there is one, nor reads in it for a backup."""
    if not state.is_dir():
        yield
        return
    with lock.hold(state, _COMMAND, name=lock.BACKUP), lock.hold(state, _COMMAND):
        yield


@contextmanager
def _beside(state: Path) -> Iterator[Path]:
    """An empty folder on the disk of the state, gone at the end; what a run cut short has left of one goes first."""
    prefix = f".{state.name}.restoring-"
    try:
        state.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        heldfolders.sweep(state.parent, prefix)
        folder = heldfolders.make(state.parent, prefix)
    except OSError as problem:
        raise refused(problem, "practice.state", state.parent) from None
    try:
        yield folder.path
    except OSError as problem:
        raise refused(problem, "practice.state", state.parent) from None
    finally:
        heldfolders.erase(folder.path)
        os.close(folder.lock)


def _rolled_back(backups: Backups) -> Iterator[Problem]:
    """The mirror may know of a newer backup than there is."""
    stamp = mirroring.stamp_of(backups.mirror, backups.trust) if backups.mirror is not None else None
    if stamp is not None and stamp.number > max(backups.numbers):
        yield creating.rolled_back(stamp.number)


def _settle(wiring: Wiring, vault: Vault, coach: Person, restored: Restored) -> None:
    """Do what the coach's session owes the vault; what cannot be done now, the next session does."""
    session = Session(vault, coach)
    try:
        making.settle(vault, coach, wiring.database.key)
        erasing.settle(session)
        sorting.settle(session)
    except CoachsyncError as problem:
        vault.problems.append(problem.problem("practice.state"))
    restored.records = len({record for record, _ in vault.history.records})
    told = {one.code for one in restored.problems}
    restored.problems += [one for one in vault.problems if one.code not in told | {_NO_GRANT}]  # that is told already


def _put_beside(
    backups: Backups, staged: Staged, manifest: Manifest, found: tuple[Config, bytes | None], file: Path
) -> None:
    """The files of the configuration, none over one that is there; the configuration itself last."""
    settings, text = found
    for scrap in file.parent.glob(_SCRAPS):
        shred(scrap)
    if not settings.trust.exists():
        make_private_folder(settings.trust.parent)
        write_trust(settings.trust, backups.trust)
    if text is None:
        return
    for stored in manifest.files:
        below = stored.path.removeprefix("config/")
        if stored.path in (below, manifest.configuration) or below == TRUST:
            continue
        place = file.parent / below
        if not place.exists():
            make_private_folder(place.parent)
            create_atomically(place, read_if_there(staged.folder / stored.path) or b"", stored.mode & 0o700 | 0o600)
    mode = next(one.mode for one in manifest.files if one.path == manifest.configuration)
    write_atomically(file, text, mode & _PUBLIC | 0o600)


def _remember(state: Path, settings: Backup, backups: Backups) -> None:
    """Where the practice goes on in the folders that it comes from, its last backup is the one that is there."""
    if settings.folder is None or not _is_same(settings.folder, backups.store.folder):
        return
    mirror, at = backups.mirror, None
    if mirror is not None and settings.mirror is not None and _is_same(settings.mirror, mirror.folder):
        stamp = mirroring.stamp_of(mirror, backups.trust)
        at = None if stamp is None else stamp.at
    for number in sorted(backups.numbers, reverse=True):
        with suppress(Altered):  # a damaged one, or one of somebody else, is told by whoever makes the next
            made, content = backups.snapshot(number).at, backups.store.snapshot(number) or b""
            digest = snapshots.digest(content).hex()
            remembering.keep(state, Memory(made=made, number=number, digest=digest, mirrored=at))
            return


def _is_same(one: Path, other: Path) -> bool:
    return one.is_dir() and other.is_dir() and one.samefile(other)


def _hand_over(staged: Path, states: Iterable[Path]) -> None:
    """Whoever worked with the state that is there, or with one that was moved away, works with what came back."""
    before = next((one for one in states if one.is_dir()), None)
    if before is not None:
        sharing.hand_over(staged, before)


def _put_in_place(staged: Path, state: Path, now: datetime) -> Path | None:
    """One rename: before it the old state is there, or nothing; after it the new one. Where the old one is, None where
    there was none."""
    aside = None
    try:
        if _has_data(state):
            aside = state.with_name(f"{state.name}{places.ASIDE}{now.astimezone(UTC):%Y-%m-%d-%H%M%S}")
            state.replace(aside)
        elif state.is_dir():
            for name in _LOCKS:
                (state / name).unlink(missing_ok=True)
        staged.replace(state)
        sync_folder(state.parent)
    except OSError as problem:
        raise refused(problem, "practice.state", state.parent) from None
    return aside
