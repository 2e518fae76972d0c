"""What a tombstone asks for, done on the disk: grants overwritten and unlinked, rows deleted, their bytes gone."""

from __future__ import annotations

from coachsync.adapters.database.vaults import VaultStore
from coachsync.adapters.vaultfiles import VaultFiles
from coachsync.vault.history import Tombstone


def destroy(store: VaultStore, files: VaultFiles, stone: Tombstone) -> bool:
    """Destroy everything that a tombstone names; twice is once. False while somebody reads in the database: then the
    grants are gone, and the bytes of the rows are not yet. Raises CoachsyncError when the system refuses a file."""
    for shelf, through in stone.shelves.items():
        for generation, recipient in list(files.grants(shelf)):
            if generation <= through:
                files.shred_grant(shelf, generation, recipient)
    with store.transaction():
        for shelf, through in stone.shelves.items():
            store.delete(shelf, through)
        store.delete_records(stone.records)
    return store.forget()


def is_here(store: VaultStore, files: VaultFiles, stone: Tombstone) -> bool:
    """Whether anything is here that a tombstone names."""
    grants = (
        (generation, through) for shelf, through in stone.shelves.items() for generation, _ in files.grants(shelf)
    )
    if any(generation <= through for generation, through in grants):
        return True
    gone = set(stone.records)
    return any(
        place.record in gone or place.generation <= stone.shelves.get(place.shelf, 0) for place in store.places()
    )
