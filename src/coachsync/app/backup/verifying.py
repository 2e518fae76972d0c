"""Looking at backups and the mirror without a secret: every object, every signature, and that nothing is missing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import chain

from coachsync.adapters.clientkeys import ClientKeys
from coachsync.adapters.trustfile import Trust
from coachsync.adapters.vaultfiles import VaultFiles
from coachsync.app.backup import formerly, ledgers, places
from coachsync.app.backup.creating import rolled_back, snapshot_place
from coachsync.app.backup.mirroring import stamp_of
from coachsync.app.backup.reading import Backups
from coachsync.app.backup.remembering import Memory
from coachsync.errors import Altered, CoachsyncError, Problem
from coachsync.phrases import Phrase, say
from coachsync.vault import chunks, grants, keyslots, snapshots
from coachsync.vault.grants import GrantHeader
from coachsync.vault.snapshots import Snapshot

_AGAIN = say("The next backup writes it again, where it is still needed: coachsync backup create")
_OLDER = say("It cannot be restored whole. The others are not touched by that.")
_KINDS = {"passphrase": say("keyslot of the passphrase"), "recovery": say("keyslot of the recovery code")}


@dataclass
class Looked:
    """What was looked at, what was found, and what could not be looked at (`problems`). The times of the backups are
    seconds since 1970, by number."""

    snapshots: dict[int, int] = field(default_factory=dict)
    objects: int = 0
    size: int = 0
    grants: int = 0
    clients: int = 0
    findings: list[Problem] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)

    def found(self, problems: Iterator[Problem]) -> None:
        """Keep what was found, each once."""
        self.findings += [one for one in dict.fromkeys(problems) if one not in self.findings]


def verify(backups: Backups, memory: Memory, keys: ClientKeys) -> Looked:
    """Look at everything. `memory` is what the state knows of its backups, `keys` those of its clients, by which the
    lines about them in ledgers are known. Raises CoachsyncError where the system refuses something."""
    looked = Looked()
    known = dict(_snapshots(backups, looked))
    looked.snapshots = {number: one.at for number, one in known.items()}
    looked.found(_chain(known, backups))
    looked.found(_newest(backups, memory))
    damaged = dict(_objects(backups, known, looked))
    looked.found(_needed(known, damaged))
    looked.found(_slots(backups.store.slots(), backups.trust, places.FOLDER))
    looked.found(_ledger(backups.store.ledger.lines(), backups.trust, keys, places.FOLDER))
    if backups.mirror is not None:
        looked.found(_mirror(backups, looked, keys))
    if backups.away:
        looked.problems.append(_not_looked_at())
    return looked


def _snapshots(backups: Backups, looked: Looked) -> Iterator[tuple[int, Snapshot]]:
    for number in backups.numbers:
        try:
            snapshot = backups.snapshot(number)
            if formerly.is_formerly(snapshot, backups.trust):
                looked.findings.append(formerly.finding(snapshot_place(number)))
            yield number, snapshot
        except Altered as problem:
            looked.findings.append(Problem(problem.code, snapshot_place(number), problem.message, _OLDER))


def _chain(known: Mapping[int, Snapshot], backups: Backups) -> Iterator[Problem]:
    """The newest backup names those that were kept beside it: each is there, and is that one."""
    ours = [number for number, one in known.items() if formerly.is_of_today(one, backups.trust)]
    newest = known[max(ours or known)] if known else None
    for number, digest in sorted(newest.kept.items()) if newest else ():
        content = backups.store.snapshot(number)
        if content is None:
            message = say("A backup that should be there is missing.")
            yield Problem("backup-missing", snapshot_place(number), message, _OLDER)
        elif number in known and snapshots.digest(content) != digest:
            message = say("A backup is not the one that was kept under this number.")
            yield Problem("backup-exchanged", snapshot_place(number), message, _OLDER)


def _newest(backups: Backups, memory: Memory) -> Iterator[Problem]:
    """Whoever remembers the last backup finds it: this state, and the mirror."""
    remembered = {memory.number: memory.digest} if memory.number else {}
    if backups.mirror is not None:
        try:
            stamp = stamp_of(backups.mirror, backups.trust)
        except Altered:
            stamp = None
        if stamp is not None and stamp.number and backups.numbers and stamp.number > max(backups.numbers):
            remembered[stamp.number] = stamp.digest.hex()
    for number, digest in remembered.items():
        content = backups.store.snapshot(number)
        if content is None or snapshots.digest(content).hex() != digest:
            yield rolled_back(number)


def _objects(backups: Backups, known: Mapping[int, Snapshot], looked: Looked) -> Iterator[tuple[bytes, str]]:
    """The objects that are damaged or missing, and which of the two; each is read once."""
    for name in sorted({name for one in known.values() for name in one.objects}):
        content = backups.store.object(name)
        looked.objects, looked.size = looked.objects + 1, looked.size + len(content or b"")
        if content is None:
            yield name, "backup-object-missing"
        elif chunks.name_of(content) != name:
            yield name, "backup-object-damaged"


def _needed(known: Mapping[int, Snapshot], damaged: Mapping[bytes, str]) -> Iterator[Problem]:
    """Each damaged object, and the backups that need it."""
    messages = {
        "backup-object-missing": say("A part of the backup is missing."),
        "backup-object-damaged": say("A part of the backup was altered, or cut."),
    }
    for name, code in damaged.items():
        numbers = ", ".join(str(number) for number, one in sorted(known.items()) if name in one.objects)
        where = say("object {name} of backup {numbers}", name=name.hex()[:16], numbers=numbers)
        yield Problem(code, where, messages[code], _AGAIN)


def _slots(slots: Mapping[tuple[bytes, str], bytes], trust: Trust, where: str) -> Iterator[Problem]:
    """Each coach has two keyslots there, of this vault and their own."""
    for name, one in trust.coaches.items():
        for kind in keyslots.portable_kinds():
            place = say("{where}: {keyslot} of {coach}", where=where, keyslot=_KINDS[kind], coach=name)
            content = slots.get((one.fingerprint, kind))
            if content is None:
                yield Problem("keyslot-missing", place, say("A keyslot is missing."), _AGAIN)
                continue
            try:
                slot = keyslots.slot_of(content)
                if (slot.kind, slot.vault, slot.person) != (kind, trust.vault, one.fingerprint):
                    raise keyslots.damaged()
            except Altered as problem:
                yield Problem(problem.code, place, problem.message, _AGAIN)


def _ledger(lines: Iterator[bytes], trust: Trust, keys: ClientKeys, where: str) -> Iterator[Problem]:
    if ledgers.approved(lines, trust, keys).forged:
        yield ledgers.forged(where)


def _mirror(backups: Backups, looked: Looked, keys: ClientKeys) -> Iterator[Problem]:
    mirror = backups.mirror
    if mirror is None:
        return
    try:
        if stamp_of(mirror, backups.trust) is None:
            raise chunks.damaged()
    except CoachsyncError as problem:
        message = say("The mirror does not say up to when it is current, or somebody else has written that.")
        yield Problem(problem.code, places.MIRROR, message, _AGAIN)
    files = VaultFiles(mirror.folder / "vault")
    held = chain.from_iterable(
        ((shelf, generation, recipient) for generation, recipient in files.grants(shelf)) for shelf in files.shelves()
    )
    for place in held:
        looked.grants += 1
        yield from _grant(files, backups.trust.vault, place)
    theirs = ClientKeys(mirror.folder, keys.device)
    looked.clients = sum(1 for _ in theirs.codes())
    for code in theirs.codes():
        try:
            theirs.load(code)
        except CoachsyncError as problem:
            yield Problem(problem.code, say("key of client {code} in the mirror", code=code), problem.message, _AGAIN)
    yield from _slots(mirror.slots(), backups.trust, places.MIRROR)
    yield from _ledger(mirror.ledger.lines(), backups.trust, keys, places.MIRROR)


def _not_looked_at() -> Problem:
    return Problem(
        "mirror-not-looked-at",
        places.MIRROR,
        say("The mirror is not here: only the backups were looked at."),
        say("Connect the disk that it is on, and run this again."),
    )


def _grant(files: VaultFiles, vault: bytes, place: tuple[bytes, int, bytes]) -> Iterator[Problem]:
    content = files.grant(*place)
    if content is None:
        return  # being destroyed
    try:
        if grants.header_of(content) == GrantHeader(vault, *place):
            return
    except Altered:
        pass
    shelf, generation, _ = place
    where: Phrase = say("shelf {shelf}, key {generation}, in the mirror", shelf=shelf.hex(), generation=generation)
    yield Problem("grant-damaged", where, say("A file that opens notes was altered, moved or replaced."), _AGAIN)
