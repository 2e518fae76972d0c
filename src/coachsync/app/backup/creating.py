"""Making a backup: what there is now is gathered under the lock, then sealed, written, read back, and only then it is
one. No secret of a coach is needed, and nothing that is here opens what was written."""

from __future__ import annotations

import os
from collections.abc import Container, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from itertools import count
from pathlib import Path

from coachsync.adapters import heldfolders
from coachsync.adapters.backupset import TRUST, BackupSet, is_there, refused
from coachsync.adapters.files import read_if_there, write_atomically
from coachsync.adapters.ledger import Ledger
from coachsync.adapters.trustfile import Trust
from coachsync.app.backup import formerly, gathering, ledgers, mirroring, places, pruning, remembering
from coachsync.app.backup.daemons import Writer
from coachsync.app.backup.gathering import Source
from coachsync.app.backup.remembering import Memory
from coachsync.app.progress import Progress
from coachsync.app.vault.opening import Vault, open_vault
from coachsync.app.vault.trusting import known_coaches, signers, trusted
from coachsync.app.wiring import Wiring
from coachsync.errors import Altered, CoachsyncError, Misconfigured, Problem, WrongKey
from coachsync.phrases import say
from coachsync.vault import chunks, snapshots
from coachsync.vault.chunks import Chunk
from coachsync.vault.keys import Actor
from coachsync.vault.rows import DeviceKey
from coachsync.vault.snapshots import Manifest, Stored

_SALT = "backup.salt"  # in the state folder, sealed under the device key
_SCRATCH = ".coachsync-backup-"


@dataclass
class Prepared:
    """Everything that goes into a backup, as it was at one moment; nothing else is needed for it. `mirrored`: the
    mirror, where there is one, has the keys to it."""

    folder: Path
    mirror: Path | None
    state: Path
    trust: Trust
    at: int
    writer: Writer
    coaches: list[Actor]
    salt: bytes
    device: DeviceKey
    configuration: str
    slots: dict[tuple[bytes, str], bytes]
    pinned: bytes
    tombstones: list[bytes]
    sources: list[Source]
    memory: Memory
    mirrored: bool
    anew: bool
    problems: list[Problem]


@dataclass
class Created:
    """A backup that was made: its number, how many files and bytes it holds, what was new of it, which backups went
    because their time was over, which because they were of before a coach's keys were replaced, and what is to be told.
    """

    number: int
    files: int = 0
    size: int = 0
    written: int = 0
    bytes_written: int = 0
    dropped: list[int] = field(default_factory=list)
    formerly: list[int] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)


@contextmanager
def prepared(wiring: Wiring, configuration: Path, *, anew: bool = False) -> Iterator[Prepared]:
    """Gather everything while the state's lock is held; the body may go on without it. The mirror is brought up to date
    first, and erasures that other places know of come here.

    Raises Misconfigured without [backup], NotInitialised without a vault, and Altered where what is here is damaged: no
    backup is made of that.
    """
    config, state, device = wiring.config, wiring.config.practice.state, wiring.database.key
    folder = config.backup.folder
    if folder is None:
        raise not_configured()
    trust, told = trusted(config), list[Problem]()
    _heed(wiring, trust, told)
    heldfolders.sweep(state, _SCRATCH)
    with open_vault(config, wiring.now) as vault:
        mirrored = _mirror(wiring, vault, anew=anew, told=told)
        memory = remembering.recall(state)
        coaches, unknown = known_coaches(vault.trust, vault.store)
        told += [*vault.problems, *(one for one in unknown if one not in vault.problems)]
        approved = ledgers.approved(Ledger(state).lines(), trust, wiring.clients.keys)
        writer, slots = Writer.of(vault, device), mirroring.carried(vault.files)
    try:
        scratch = heldfolders.make(state, _SCRATCH)
    except OSError as problem:
        raise refused(problem, "practice.state", state) from None
    try:
        yield Prepared(
            folder=folder,
            mirror=config.backup.mirror,
            state=state,
            trust=trust,
            at=int(wiring.now.timestamp()),
            writer=writer,
            coaches=list(coaches.values()),
            salt=_salt(state, device, anew=_has_former(BackupSet(folder), trust)),
            device=device,
            configuration=f"config/{configuration.name}",
            slots=slots,
            pinned=read_if_there(config.trust) or b"",
            tombstones=approved.lines,
            sources=gathering.gather(config, configuration, scratch.path),
            memory=memory,
            mirrored=mirrored,
            anew=anew,
            problems=told,
        )
    finally:
        heldfolders.erase(scratch.path)
        os.close(scratch.lock)


def create(what: Prepared, progress: Progress, *, hasty: bool = False) -> Created:
    """Write a backup of what was gathered. Killed at any moment, there is none of it, those from before are as they
    were, and the next run goes on. `hasty`: what is there already is not read again, as it is every night. Raises
    CoachsyncError where the system refuses something."""
    store = BackupSet(what.folder)
    places.claim(store, what.trust.vault, places.FOLDER, known=bool(what.memory.number) and not what.anew)
    store.make()
    known = {number: _looked_at(store, number, what) for number in store.snapshots()}
    whole = {number: one for number, one in known.items() if isinstance(one, snapshots.Snapshot)}
    former = [number for number, one in whole.items() if formerly.is_formerly(one, what.trust)]
    if former and not what.mirrored:
        raise _mirror_first(what)
    made = {number: one.at for number, one in whole.items() if number not in former}
    created = Created(_free_number(made, known, what), problems=list(what.problems))
    created.problems += _rolled_back(store, what) + [one for one in known.values() if isinstance(one, Problem)]
    _put_clear(store, what)
    staying = pruning.staying({**made, created.number: what.at})
    if not what.mirrored:  # with the older mirror, an older backup is all that brings back what was sealed anew
        staying |= made.keys()
    kept = {one: snapshots.digest(store.snapshot(one) or b"") for one in made if one in staying}
    there = _read_back(store, [whole[number] for number in made]) if hasty else set()
    needed, manifest = _put_objects(store, what, created, progress, there)
    content = snapshots.write(
        created.number,
        what.at,
        kept,
        manifest,
        needed,
        what.coaches,
        what.trust.vault,
        what.writer.entry,
        what.writer.daemon,
    )
    store.put_snapshot(created.number, content)
    if store.snapshot(created.number) != content:
        raise _not_kept()
    digest = snapshots.digest(content)
    done = partial(remembering.backed_up, gathered=what.memory, at=what.at, number=created.number, digest=digest)
    remembering.change(what.state, done)
    _tell_mirror(what, created, digest)
    created.dropped, created.formerly = sorted(made.keys() - staying), former
    _prune(store, what, created.dropped + former)
    return created


def _read_back(store: BackupSet, made: list[snapshots.Snapshot]) -> set[bytes]:
    """The objects that are there and that a backup has read back from the disk, as they were: what a run cut short has
    left, nobody has."""
    return {name for one in made for name in one.objects} & set(store.objects())


def _tell_mirror(what: Prepared, created: Created, digest: bytes) -> None:
    if what.mirror is None or not is_there(what.mirror):
        return  # that was told when it was to be brought up to date
    try:
        store = BackupSet(what.mirror, places.MIRROR)
        mirroring.name_backup(store, what.trust, what.writer, created.number, digest)
    except CoachsyncError as problem:
        told = problem.problem(places.MIRROR)
        created.problems += [told] if told.code not in {one.code for one in created.problems} else []


def not_configured() -> Misconfigured:
    """That no folder was named."""
    return Misconfigured(
        "no-backup-folder",
        say("The configuration names no folder for backups."),
        say('Add a section [backup] with folder = "...", on another disk than this one, and mirror = "...".'),
        where="backup",
    )


def _heed(wiring: Wiring, trust: Trust, told: list[Problem]) -> None:
    """Have erasures here that the mirror or the backups know of: an older copy of the state may not."""
    config, here = wiring.config, Ledger(wiring.config.practice.state)
    for folder, where in ((config.backup.mirror, places.MIRROR), (config.backup.folder, places.FOLDER)):
        if folder is not None and is_there(folder):
            heard = ledgers.approved(Ledger(folder).lines(), trust, wiring.clients.keys)
            ledgers.spread(heard, here)
            told += [ledgers.forged(where)] if heard.forged else []


def _mirror(wiring: Wiring, vault: Vault, *, anew: bool, told: list[Problem]) -> bool:
    """Bring the mirror up to date; whether it is, as one in a drawer may be too. Where that cannot be done, a backup is
    made all the same."""
    try:
        problems = mirroring.refresh(wiring, vault, anew=anew)
    except CoachsyncError as problem:
        told.append(problem.problem(places.MIRROR))
        return not mirroring.is_behind(wiring)
    finally:
        wiring.backup_due = False  # it is being made
    told += [one for one in problems if one not in told]
    return True


def _has_former(store: BackupSet, trust: Trust) -> bool:
    """Whether there are backups of before a coach's keys were replaced."""
    for number in store.snapshots() if formerly.replaced(trust) else ():
        with suppress(Altered):
            content = store.snapshot(number) or b""
            if formerly.is_formerly(snapshots.read(content, trust.vault, signers(trust)), trust):
                return True
    return False


def _free_number(made: Iterable[int], known: Container[int], what: Prepared) -> int:
    """The number after all that are ours; one that somebody else has put there is neither followed nor written over."""
    return next(one for one in count(1 + max([*made, what.memory.number])) if one not in known)


def _salt(state: Path, device: DeviceKey, *, anew: bool) -> bytes:
    """What the keys of pieces are made of; a new one where there is none that opens, or where what was leaked tells the
    keys of before: then all is written once more."""
    try:
        sealed = None if anew else read_if_there(state / _SALT)
        if sealed is not None:
            return device.open(_SALT, sealed)
    except WrongKey:
        pass
    salt = chunks.new_salt()
    write_atomically(state / _SALT, device.seal(_SALT, salt))
    return salt


def _looked_at(store: BackupSet, number: int, what: Prepared) -> snapshots.Snapshot | Problem:
    """A backup that is there, or why it cannot be told what that is."""
    try:
        found = snapshots.read(store.snapshot(number) or b"", what.trust.vault, signers(what.trust))
        if found.number == number:
            return found
        raise chunks.damaged()
    except CoachsyncError as problem:
        return Problem(problem.code, snapshot_place(number), problem.message, problem.hint)


def _mirror_first(what: Prepared) -> Misconfigured:
    """Until the mirror has the new keys, it and the backups of before bring back what was there before. What is wrong
    with the mirror stands beside it."""
    failure = Misconfigured(
        "mirror-before-renewal",
        say("Keys were replaced, and the mirror does not have the new ones yet. The backups that it opens stay."),
        say(
            "Connect its disk, and run: coachsync backup create. If it is lost, name another folder for it, and add "
            "--anew."
        ),
        where=places.MIRROR,
    )
    failure.aside = " ".join(one.message for one in what.problems if one.where == places.MIRROR)
    return failure


def _rolled_back(store: BackupSet, what: Prepared) -> list[Problem]:
    memory = what.memory
    content = store.snapshot(memory.number) if memory.number else None
    if not memory.number or what.anew or (content and snapshots.digest(content).hex() == memory.digest):
        return []
    return [rolled_back(memory.number)]


def rolled_back(number: int) -> Problem:
    """That the last backup is not there."""
    return Problem(
        "backup-rolled-back",
        snapshot_place(number),
        say("The last backup that was made is not in the folder, or is another one: the folder is an older copy."),
        say("Connect the disk that is meant, or look who can write to that folder."),
    )


def snapshot_place(number: int) -> str:
    """Which backup is meant."""
    return say("backup {number}", number=number)


def _put_clear(store: BackupSet, what: Prepared) -> None:
    store.put_clear(TRUST, what.pinned)
    store.put_slots(what.slots)
    ledgers.spread(ledgers.Heard(what.tombstones, forged=False), store.ledger)
    if store.clear(TRUST) != what.pinned or store.slots() != what.slots:
        raise _not_kept()


def _put_objects(
    store: BackupSet, what: Prepared, created: Created, progress: Progress, there: Container[bytes]
) -> tuple[set[bytes], Chunk]:
    """Write what is not there yet, and read it back from the disk."""
    files, written, total = list[Stored](), list[bytes](), len(what.sources)
    for done, source in enumerate(what.sources):
        pieces, size = list[tuple[bytes, bytes]](), 0
        try:
            for piece in source.pieces():
                progress(say("Backup"), done, total)
                chunk = chunks.seal(what.salt, piece)
                written += [] if chunk.name in there else _put(store, chunk, created)
                pieces.append((chunk.name, chunk.key))
                size += len(piece)
        except FileNotFoundError:  # erased meanwhile
            continue
        except OSError as problem:
            raise refused(problem, "practice.state", what.state) from None
        files.append(Stored(source.path, source.mode, size, tuple(pieces)))
        created.files, created.size = created.files + 1, created.size + size
    manifest = snapshots.seal_manifest(Manifest(what.device.secret, what.configuration, tuple(files)), what.salt)
    written += _put(store, manifest, created)
    store.sync()
    for name in written:
        progress(say("Backup"), total, total)  # a slow disk takes its time for this too
        if chunks.name_of(store.reread(name) or b"") != name:
            raise _not_kept()
    return {name for one in files for name, _ in one.pieces}, manifest


def _put(store: BackupSet, chunk: Chunk, created: Created) -> list[bytes]:
    """The name of an object that was written now, none where the disk has it already as it should be."""
    if chunks.name_of(store.reread(chunk.name) or b"") == chunk.name:
        return []
    store.put_object(chunk.name, chunk.sealed)
    created.written, created.bytes_written = created.written + 1, created.bytes_written + len(chunk.sealed)
    return [chunk.name]


def _prune(store: BackupSet, what: Prepared, over: list[int]) -> None:
    """Take away backups, and then the objects that no other one needs. They are unlinked and not
    overwritten: what opens them is in no folder of ours. Where a backup cannot be read, all objects stay."""
    for number in over:
        store.drop_snapshot(number)
    left = [_looked_at(store, number, what) for number in store.snapshots()]
    whole = [one for one in left if isinstance(one, snapshots.Snapshot)]
    if len(whole) == len(left):
        needed = {name for one in whole for name in one.objects}
        for name in [one for one in store.objects() if one not in needed]:
            store.drop_object(name)


def _not_kept() -> Altered:
    return Altered(
        "backup-not-kept",
        say("What was written to the backup is not read back the same: its disk does not keep what it is given."),
        say("Take another disk. The backups from before are as they were."),
        where=places.FOLDER,
    )
