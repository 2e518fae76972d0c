from collections.abc import Callable
from pathlib import Path

import pytest

from backup_house import BackupHouse
from coachsync.app import collection_target
from events import event
from leaking_house import Document
from practice_house import OTHER, House
from stretching import _stretched_once  # noqa: F401 - a fixture
from vault_damage import Damaged, full
from vault_house import VaultHouse, copied


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path)


@pytest.fixture(scope="session")
def _new_vault(tmp_path_factory: pytest.TempPathFactory) -> VaultHouse:
    house = VaultHouse(tmp_path_factory.mktemp("vault"))
    house.make()
    return house


@pytest.fixture
def vault_house(_new_vault: VaultHouse, tmp_path: Path) -> VaultHouse:
    """A vault with one coach and nothing in it."""
    return copied(_new_vault, tmp_path)


@pytest.fixture(scope="session")
def undamaged(tmp_path_factory: pytest.TempPathFactory) -> Damaged:
    return full(tmp_path_factory.mktemp("vault"))


@pytest.fixture
def damaged(undamaged: Damaged, tmp_path: Path) -> Damaged:
    return undamaged.copied(tmp_path / "copy")


@pytest.fixture(scope="session")
def _new_backup(tmp_path_factory: pytest.TempPathFactory) -> BackupHouse:
    practice = BackupHouse(VaultHouse(tmp_path_factory.mktemp("backup")))
    practice.begin()
    return practice


@pytest.fixture
def backup_house(_new_backup: BackupHouse, tmp_path: Path) -> BackupHouse:
    """A practice with three notes of two clients, and no backup yet."""
    return _new_backup.copied(tmp_path / "practice")


@pytest.fixture
def synced(house: House) -> House:
    """Five sessions, e0 to e4, on both sides."""
    house.sessions(5)
    assert house.sync().exit_code() == 0
    house.server.requests.clear()
    return house


@pytest.fixture
def two_calendars(synced: House) -> House:
    """The same, with another calendar, which is empty."""
    synced.server.add(OTHER, "Other", "alice")
    synced.text = synced.text.replace(
        "[shares.office]", '[calendars.other]\naccount = "cloud"\nname = "Other"\n[shares.office]'
    )
    synced.sync()
    return synced


@pytest.fixture
def broken(house: House, monkeypatch: pytest.MonkeyPatch) -> Callable[[Document], House]:
    """A house whose share was written by another writer."""

    def publish(writer: Document) -> House:
        monkeypatch.setattr(collection_target, "document", writer)
        house.sessions(3)
        house.put("title", event("uid-title", house.now, title="Marguerite Lenoir"))
        house.sync()
        return house

    return publish
