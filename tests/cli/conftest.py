"""Fixtures of the command tests: a Radicale whose storage can be written to, and a coach's desk."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest

import servers
from cli_desk import Desk, Storage, fill
from cli_vault import VaultDesk
from coachsync.adapters.caldav import transport
from stretching import _stretched_once  # noqa: F401 - a fixture

_users = itertools.count()


@pytest.fixture(scope="session")
def open_radicale(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """A Radicale: its URL and the root of its storage."""
    folder = tmp_path_factory.mktemp("open-radicale")
    with servers.radicale(folder) as url:
        yield url, folder / "collections" / "collection-root"


@pytest.fixture
def storage(open_radicale: tuple[str, Path]) -> Storage:
    """A user of its own."""
    url, root = open_radicale
    return Storage(url, root, servers.RADICALE_USERS[next(_users)], servers.PASSWORD)


@pytest.fixture
def desk(
    tmp_path: Path, storage: Storage, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Desk]:
    """A desk with nothing on the server yet; no configuration of this machine is seen."""
    for name in ("COACHSYNC_CONFIG", "XDG_CONFIG_HOME", "XDG_STATE_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    yield Desk(tmp_path / "desk", storage, capsys)
    transport._refused.clear()


@pytest.fixture
def practice(desk: Desk) -> Desk:
    """A desk whose calendar "Coaching" holds five sessions."""
    fill(desk.storage.calendar("coaching-home-canari", "Coaching"), 5)
    return desk


@pytest.fixture
def synced(practice: Desk) -> Desk:
    """A desk whose five sessions are read and published."""
    assert practice.run("sync").code == 0
    return practice


@pytest.fixture
def taken(practice: Desk) -> Desk:
    """A desk whose target holds somebody's events."""
    fill(practice.storage.calendar("office-canari", "Office"), 3, prefix="somebody")
    return practice


@pytest.fixture
def vaulted(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> VaultDesk:
    """A desk with a vault and one client, whom the vault knows nothing of yet."""
    monkeypatch.delenv("XDG_RUNTIME_DIR", raising=False)
    return VaultDesk(desk, monkeypatch)
