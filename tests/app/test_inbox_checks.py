"""What `check` says of the inbox."""

from __future__ import annotations

import os

import pytest

from coachsync.app.inbox import checks
from coachsync.inbox.settling import SETTLED
from inbox_house import InboxHouse
from vault_house import VaultHouse


@pytest.fixture
def house(vault_house: VaultHouse) -> InboxHouse:
    return InboxHouse(vault_house)


def found(house: InboxHouse) -> list[tuple[str, str]]:
    with house.wiring() as wiring:
        settings = wiring.config.inbox
        assert settings is not None
        return [(one.code, one.where) for one in checks.findings(wiring, settings)]


def test_where_all_is_well_nothing_is_found(house: InboxHouse) -> None:
    assert found(house) == []


def test_a_folder_that_is_missing_or_open_is_found(house: InboxHouse) -> None:
    house.folder.chmod(0o755)
    assert found(house) == [("inbox-open", "inbox.folder")]
    house.folder.rmdir()
    assert found(house) == [("inbox-missing", "inbox.folder")]
    house.folder.write_text("no folder")
    assert found(house) == [("inbox-missing", "inbox.folder")]


def test_a_folder_in_which_nothing_can_be_removed_is_found(house: InboxHouse, monkeypatch: pytest.MonkeyPatch) -> None:
    """As for the user of a service, or on a disk that is mounted to be read only."""
    monkeypatch.setattr(os, "access", lambda _, mode, **__: not mode & os.W_OK)
    assert found(house) == [("inbox-read-only", "inbox.folder")]


def test_that_nobody_is_named_is_found(house: InboxHouse) -> None:
    house.vault.make("bert")
    assert found(house) == [("inbox-whose", "inbox.coach")]


def test_what_was_told_is_found_as_long_as_it_is_there(house: InboxHouse) -> None:
    (house.folder / "link").symlink_to("/nowhere")
    house.work(SETTLED)
    assert found(house) == [("inbox-link", "inbox.folder")]


@pytest.mark.parametrize(
    ("name", "program", "codes"),
    [
        ("ext4", None, []), ("btrfs", None, ["inbox-copy-on-write"]), ("fuse.sshfs", None, ["inbox-elsewhere"]),
        ("zfs", "Nextcloud", ["inbox-copy-on-write", "inbox-synced"]),
    ],
)  # fmt: skip
def test_where_overwriting_does_not_reach_is_said(
    house: InboxHouse, monkeypatch: pytest.MonkeyPatch, name: str, program: str | None, codes: list[str]
) -> None:
    monkeypatch.setattr(checks, "file_system", lambda _: name)
    monkeypatch.setattr(checks, "synced_by", lambda _: program)
    settings = house.vault.config.inbox
    assert settings is not None
    assert [one.code for one in checks.remarks(settings)] == codes
