"""Two coaches who share a vault, and a client."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from cli_vault import CANARY, VaultDesk
from coachsync import config
from coachsync.adapters import keystore
from coachsync.app.vault import making
from coachsync.vault.keyslots import FLOOR

HERS = "another horse battery"


@pytest.fixture
def both(vaulted: VaultDesk) -> VaultDesk:
    """Bea has come in too, and each has a note about the client."""
    settings = config.load(vaulted.desk.file)
    device = keystore.load_device_key(vaulted.desk.state, create=False)
    making.make(settings, device, "bea", HERS, datetime.now(UTC), FLOOR)
    for coach in ("anna", "bea"):
        vaulted.note(f"{CANARY} of {coach}", "--coach", coach)
    return vaulted


def test_p09_what_stays_for_a_colleague_is_on_the_certificate_and_goes_with_theirs(
    both: VaultDesk, tmp_path: Path
) -> None:
    hers = ("--passphrase-file", str(both.passphrase(HERS)), "--coach", "bea", "--yes")
    first, second = tmp_path / "first.json", tmp_path / "second.json"
    told = both.unlocked("client", "erase", both.client, "--coach", "anna", "--yes", "--certificate", str(first))
    assert (told.code, told.out.splitlines()[0]) == (3, f"Your records of {both.client} were erased.")
    assert both.desk.run("client", "show", both.client).code == 0
    assert {"colleagues", "directory"} <= {one["copy"] for one in json.loads(first.read_text())["copies"]}
    words = both.desk.run("log", "verify", "--certificate", str(first)).out
    assert "what other coaches of the practice keep of this client" in words
    told = both.given("", "client", "erase", both.client, *hers, "--certificate", str(second))
    assert (told.code, told.out.splitlines()[0]) == (0, f"{both.client} was erased.")
    assert not {"colleagues", "directory"} & {one["copy"] for one in json.loads(second.read_text())["copies"]}
    assert both.desk.run("client", "show", both.client).code == 2
