"""Shelves: no record is ever sealed to a key that nobody can open."""

from __future__ import annotations

import shutil

import pytest

from coachsync.app.vault import erasing, shelving
from coachsync.app.vault.reading import Session
from coachsync.errors import CoachsyncError
from vault_house import CLIENT, VaultHouse


def test_p04_a_key_whose_making_was_cut_short_is_passed_over(vault_house: VaultHouse) -> None:
    """The grant was on the disk already, and nothing of it in the database. A newer copy of the vault that an older one
    was laid over looks just so: it is never destroyed for that, and another seed is sealed to another generation."""
    written = vault_house.add(b"kept")
    with vault_house.session() as session:
        vault, coach = session.vault, session.coach
        shelf = vault.history.shelf_of(session.fingerprint, CLIENT, "notes")
        assert shelf is not None
        with pytest.raises(ZeroDivisionError), vault.transaction():
            _ = shelving.mint(vault, coach, shelf).generation / 0
        left = vault.files.grant(shelf, 2, session.fingerprint)
        assert left is not None
    with vault_house.session() as session:
        assert shelving.mint(session.vault, session.coach, shelf).generation == 3
        assert session.vault.files.grant(shelf, 2, session.fingerprint) == left
    again = vault_house.add(b"new")
    with vault_house.session() as session:
        assert [session.record(one.record).body for one in (written, again)] == [b"kept", b"new"]


@pytest.mark.parametrize("generation", [(1 << 32) - 1, 1 << 32, 9999999999])
def test_a_file_that_says_a_last_generation_shuts_no_shelf(vault_house: VaultHouse, generation: int) -> None:
    erased, kept = vault_house.add(b"erased"), vault_house.add(b"kept")
    with vault_house.session() as session:
        (shelf,) = erasing.shelves_of(session, CLIENT)
        session.vault.files.grant_file(shelf, generation, session.fingerprint).write_bytes(b"x" * 4096)
        assert erasing.erase_records(session, [erased.record])[0].done
        assert session.record(kept.record).body == b"kept"
        assert session.vault.history.shelves[shelf].generation == 2
    with vault_house.session() as session:
        assert erasing.erase_shelves(session, "client", CLIENT, [shelf]).done
        assert not list(session.vault.files.grants(shelf))


def test_a_generation_that_only_a_tombstone_names_is_not_made_again(vault_house: VaultHouse) -> None:
    """A note of another branch of the log was erased with a key that this copy of the vault has never had."""
    vault_house.add(b"kept")
    older = vault_house.folder / "older.db"
    shutil.copy(vault_house.vault_folder / "vault.db", older)
    first, second = vault_house.add(b"first"), vault_house.add(b"second")
    with vault_house.session() as session:
        for one in (first, second):
            erasing.erase_records(session, [one.record])[0]
        (shelf,) = erasing.shelves_of(session, CLIENT)
    shutil.rmtree(vault_house.vault_folder / "keys" / shelf.hex())
    older.replace(vault_house.vault_folder / "vault.db")
    (vault_house.vault_folder / "head").unlink()
    with vault_house.session() as session:
        assert session.vault.history.shelves[shelf].generation == 1
        assert shelving.last_of(session.vault, shelf) == 2


def test_a_grant_is_never_written_over(vault_house: VaultHouse) -> None:
    written = vault_house.add(b"kept")
    with vault_house.session() as session:
        place = session.vault.history.records[written.record, 1]
        with pytest.raises(CoachsyncError):
            session.vault.files.put_grant(place.shelf, 1, session.fingerprint, bytes(4096))
        assert Session(session.vault, session.coach).record(written.record).body == b"kept"
