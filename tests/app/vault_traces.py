"""What must be nowhere after an erasure, looked for in every byte of the state folder; and an older copy put back."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

from coachsync.app.vault.erasing import Erased
from coachsync.app.vault.reading import Session
from coachsync.app.vault.writing import Written
from vault_house import VaultHouse

Erase = Callable[[Session], Erased]


def secrets_of(house: VaultHouse, *records: Written) -> list[bytes]:
    """What must be nowhere afterwards: the sealed bytes of these records, and the grants of their shelves."""
    with house.open() as vault:
        shelves = {vault.history.records[one.record, one.version].shelf for one in records}
        sealed = [vault.store.record(one.record, one.version) or b"" for one in records]
        files = [vault.files.grant_file(shelf, *grant) for shelf in shelves for grant in vault.files.grants(shelf)]
    return [*(one[200:] for one in sealed), *(file.read_bytes()[64:1200] for file in files)]


def found(house: VaultHouse, secrets: list[bytes]) -> list[Path]:
    """The files of the state folder that hold any of it, in whichever place."""
    assert all(len(one) > 200 for one in secrets)
    pieces = [one[at : at + 32] for one in secrets for at in range(0, len(one) - 32, 200)]
    return [file for file, content in house.files().items() if any(piece in content for piece in pieces)]


def put_back(house: VaultHouse, work: Erase) -> list[str]:
    """Copy the vault, let something be erased, and put the copy back beside today's ledger: what the opening says."""
    copy = house.folder / "copy"
    shutil.copytree(house.vault_folder, copy)
    with house.session() as session:
        assert work(session).done
    shutil.rmtree(house.vault_folder)
    copy.rename(house.vault_folder)
    with house.open() as vault:
        return [problem.code for problem in vault.problems]
