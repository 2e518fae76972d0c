"""What tombstones ask for, done on the disk: grants overwritten and unlinked, rows deleted, their bytes gone."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from coachsync.adapters.bodyfiles import Place
from coachsync.adapters.database.vaults import VaultStore
from coachsync.adapters.vaultfiles import VaultFiles
from coachsync.vault import grants
from coachsync.vault.history import History
from coachsync.vault.shelves import Tombstone


@dataclass(slots=True)
class Left:
    """What is still here of what was erased: grants as shelf, generation and recipient; shelves with rows, and through
    which generation they go; records with rows; files of attachments."""

    grants: set[tuple[bytes, int, bytes]] = field(default_factory=set)
    shelves: dict[bytes, int] = field(default_factory=dict)
    records: set[bytes] = field(default_factory=set)
    files: set[Place] = field(default_factory=set)

    def __bool__(self) -> bool:
        return bool(self.grants or self.shelves or self.records or self.files)


def left(store: VaultStore, files: VaultFiles, history: History, stones: Iterable[Tombstone]) -> Left:
    """What is here that these tombstones, which the history knows, have erased. A grant that opens what is not erased
    stays until its coach has sealed that anew."""
    found, stones = Left(), list(stones)
    if not stones:
        return found
    places, generations = store.places(), store.generations()
    held = {place.record for place in places}
    rows = {*generations, *((place.shelf, place.generation) for place in places)}
    needed = first_needed(history)
    found.files = _doomed_files(files, history, stones)
    for stone in stones:
        found.records |= held & set(stone.records)
        for shelf, through in stone.shelves.items():
            last = min(through, needed.get(shelf, through + 1) - 1)
            found.grants |= set(_doomed(files, history, stone, (shelf, last)))
            if any(one == shelf and generation <= last for one, generation in rows):
                found.shelves[shelf] = max(last, found.shelves.get(shelf, 0))
    return found


def destroy(store: VaultStore, files: VaultFiles, gone: Left) -> bool:
    """Destroy it, and whatever an earlier run has only begun; twice is once. False while somebody reads in the
    database: then the grants are gone, and the bytes of the rows are not yet. Raises CoachsyncError when the system
    refuses a file."""
    for shelf, generation, recipient in sorted(gone.grants):
        files.shred_grant(shelf, generation, recipient)
    for place in sorted(gone.files):
        files.bodies.shred(place)
    if gone.shelves or gone.records:
        files.owe_forgetting()
        with store.transaction():
            for shelf, through in gone.shelves.items():
                store.delete(shelf, through)
            store.delete_records(gone.records)
    if not files.owes_forgetting:
        return True
    if not store.forget():
        return False
    files.forgotten()
    return True


def end_unfinished(files: VaultFiles, history: History) -> None:
    """End what a run cut short has left of files: one whose record is stored gets its name, any other is overwritten.
    A file that has its name is never touched here: its record may be in a newer copy of the vault. Raises
    CoachsyncError where the system refuses it."""
    there = files.bodies.finished()
    for place in sorted(files.bodies.unfinished()):
        if place in history.records and place not in there:
            files.bodies.keep(place)
        else:
            files.bodies.drop(place)


def first_needed(history: History) -> dict[bytes, int]:
    """The first generation of each shelf that something needs which is not erased."""
    found = {shelf: one.generation for shelf, one in history.shelves.items()}
    for one in history.records.values():
        found[one.shelf] = min(one.generation, found[one.shelf])
    return found


def _doomed_files(files: VaultFiles, history: History, stones: Iterable[Tombstone]) -> set[Place]:
    """The files whose records are erased: those that these tombstones name, and what went with a shelf of another
    branch of the log, which none names."""
    named = {record for stone in stones for record in stone.records}
    others = {record for stone in history.graves.values() for record in stone.records} - named
    there = files.bodies.finished() | files.bodies.unfinished()
    return {place for place in there if place[0] in history.erased and place[0] not in others}


def _doomed(
    files: VaultFiles, history: History, stone: Tombstone, place: tuple[bytes, int]
) -> Iterator[tuple[bytes, int, bytes]]:
    """The grants of a shelf that go with a tombstone: those of its coach, and those that it names. Of a shelf that goes
    whole all of them; else only up to a generation, and none that this log has never made: it is of another branch, and
    opens there what nobody has erased."""
    shelf, last = place
    whole, made = shelf in history.erased, history.made.get(shelf, frozenset())
    for generation, recipient in files.grants(shelf):
        if whole or generation <= last:
            content = files.grant(shelf, generation, recipient)
            theirs = history.heir(recipient) == history.heir(stone.coach) and (whole or generation in made)
            if theirs or content is None or grants.digest(content) in stone.keys:
                yield shelf, generation, recipient
