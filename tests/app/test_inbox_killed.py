"""Killed before any step, or without room on the disk at any: a dropped file is there, or sealed and readable; never
neither, and never twice."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from coachsync.app.vault import erasing
from coachsync.errors import CoachsyncError
from coachsync.inbox.settling import SETTLED_UNSEEN
from inbox_house import CLIENT, InboxHouse
from smalldisk import mounted_on
from stepping import HANDLES, before_each, counted, killed_at, no_room, numbers
from vault_house import VaultHouse, copied

SCAN = b"%PDF-1.7\n" + bytes(range(256)) * 20
NOTE = b"What was said, Zoubrowka."
WHOLE = {(CLIENT, NOTE): 1, (CLIENT, SCAN): 1}


def dropped(vault_house: VaultHouse, folder: Path) -> InboxHouse:
    """A practice of its own with a note and a scan in its inbox that are whole."""
    folder.mkdir()
    house = InboxHouse(copied(vault_house, folder))
    house.drop(f"{CLIENT}/note.md", NOTE)
    house.drop(f"{CLIENT}/scan.pdf", SCAN)
    house.look()
    house.at += SETTLED_UNSEEN
    return house


@pytest.fixture
def first(vault_house: VaultHouse, tmp_path: Path) -> VaultHouse:
    """Beside which there is room for others."""
    (tmp_path / "first").mkdir()
    return copied(vault_house, tmp_path / "first")


@pytest.fixture
def vault_house(_new_vault: VaultHouse) -> VaultHouse:
    return _new_vault


def there(house: InboxHouse) -> set[bytes]:
    """What the files of the inbox hold now."""
    return {path.read_bytes() for path in house.folder.rglob("*") if path.is_file()}


def whole_or_sealed(house: InboxHouse) -> None:
    kept = house.notes()
    assert max(kept.values(), default=1) == 1
    assert {NOTE, SCAN} <= there(house) | {content for _, content in kept}


def later(house: InboxHouse) -> None:
    """Whoever comes next works it through, and again: there is nothing more to do then."""
    house.restart()
    house.work()
    assert house.look().imported == 0
    assert house.notes() == WHOLE
    assert house.names() == [CLIENT]


@pytest.mark.every_step
def test_killed_before_any_step(first: VaultHouse, tmp_path: Path) -> None:
    for number in numbers(7):
        house = dropped(first, tmp_path / f"{number}")
        came = killed_at(number, house.look, HANDLES)
        whole_or_sealed(house)
        later(house)
        if not came:
            break
    assert number > 20


@pytest.mark.every_step
def test_without_room_at_any_step(first: VaultHouse, tmp_path: Path) -> None:
    for number in numbers(7):
        house, refused = dropped(first, tmp_path / f"{number}"), []

        def blow(into: list[None] = refused) -> None:
            into.append(None)
            no_room()

        with before_each(counted(number, blow), HANDLES):
            assert troubles(house) <= {"disk-full"}
        whole_or_sealed(house)
        later(house)
        if not refused:
            break
    assert number > 20


def troubles(house: InboxHouse) -> set[str]:
    """What a look says that stops it."""
    try:
        received = house.look()
    except CoachsyncError as problem:
        return {problem.code}
    return {received.trouble.code} if received.trouble else set()


def test_on_a_disk_that_is_full(first: VaultHouse, tmp_path: Path) -> None:
    (tmp_path / "disk").mkdir()
    with mounted_on(tmp_path / "disk", "8m") as disk:
        house = dropped(first, disk.folder / "practice")
        disk.fill()
        assert troubles(house) == {"disk-full"}
        assert there(house) == {NOTE, SCAN}
        disk.free()
        later(house)


def test_what_a_coach_has_erased_meanwhile_is_not_sealed_again(first: VaultHouse, tmp_path: Path) -> None:
    house = dropped(first, tmp_path / "practice")
    assert any(killed_at(step, house.look, ((os, "rename"),)) and house.notes() for step in range(60))
    with house.vault.session() as session:
        records = sorted({key[0] for key in session.vault.history.records})
        assert all(one.done for one in erasing.erase_records(session, records))
    house.restart()
    house.work()
    house.work()
    assert sum(house.notes().values()) == 1
    assert house.names() == [CLIENT]
