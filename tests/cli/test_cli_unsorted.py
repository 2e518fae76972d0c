"""With more new clients than the coach has left spare shelves for: what was written of them is theirs all the same."""

from __future__ import annotations

from pathlib import Path

import pytest

from cli_vault import CANARY, VaultDesk
from coachsync.app.cli import opening
from coachsync.app.vault import shelving
from coachsync.app.vault.opening import open_vault


@pytest.fixture(autouse=True)
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two clients, and one shelf for each class of what is unsorted."""
    monkeypatch.setattr(shelving, "SPARES", 5)


def shelves(vaulted: VaultDesk) -> set[str]:
    """Whose shelves there are, but for spares."""
    options = opening.Options(str(vaulted.desk.file), json=False)
    with opening.opened(options, "note") as wiring, open_vault(wiring.config) as opened:
        return {one.client for one in opened.history.shelves.values() if one.client is not None}


def written(vaulted: VaultDesk, count: int) -> list[str]:
    """New clients, each with a note that was written while the vault was locked."""
    clients = []
    for number in range(count):
        vaulted.client = str(vaulted.desk.json("client", "add", "--name", f"{CANARY} {number}").document["code"])
        vaulted.note(f"{CANARY} of {vaulted.client}")
        clients.append(vaulted.client)
    return clients


def test_p09_a_client_whose_notes_found_no_shelf_is_exported_and_erased_like_any_other(
    vaulted: VaultDesk, tmp_path: Path
) -> None:
    clients = written(vaulted, 4)
    assert shelves(vaulted) == {"", *clients[:2]}
    folder = tmp_path / "folder"
    assert vaulted.unlocked("client", "export", clients[2], "--to", str(folder)).code == 0
    assert any(f"{CANARY} of {clients[2]}" in file.read_text() for file in folder.iterdir())
    assert shelves(vaulted) == {"", *clients}
    for code in clients[2:]:
        gone = vaulted.document("client", "erase", code, "--yes")
        assert (gone["records"], gone["key_files"], gone["directory"]) == (1, 2, True)
    assert {one["client"] for one in vaulted.document("note", "list")["notes"]} == set(clients[:2])
