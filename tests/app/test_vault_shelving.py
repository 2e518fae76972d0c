"""Shelves: no record is ever sealed to a key that nobody can open."""

from __future__ import annotations

import pytest

from coachsync.app.vault import shelving
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


def test_a_grant_is_never_written_over(vault_house: VaultHouse) -> None:
    written = vault_house.add(b"kept")
    with vault_house.session() as session:
        place = session.vault.history.records[written.record, 1]
        with pytest.raises(CoachsyncError):
            session.vault.files.put_grant(place.shelf, 1, session.fingerprint, bytes(4096))
        assert Session(session.vault, session.coach).record(written.record).body == b"kept"
