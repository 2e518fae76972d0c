"""Each client's own key: its file, what happens when it is lost, and that it can be destroyed."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest

from coachsync.adapters import cachetag
from coachsync.adapters.clientkeys import BYTES, ClientKeys
from coachsync.errors import CoachsyncError, WrongKey
from coachsync.vault.rows import DeviceKey, new_device_key

DEVICE = DeviceKey(bytes(range(32)))
CODE = "C-7F3K2M"


@pytest.fixture
def keys(tmp_path: Path) -> ClientKeys:
    return ClientKeys(tmp_path, DEVICE)


def test_a_key_is_a_private_block_that_holds_it_sealed(keys: ClientKeys, tmp_path: Path) -> None:
    key = keys.make(CODE)
    file = tmp_path / "keys" / "clients" / f"{CODE}.key"
    assert file.stat().st_size == BYTES == 4096
    assert file.stat().st_mode & 0o777 == 0o600
    assert file.parent.stat().st_mode & 0o777 == 0o700
    assert key.secret not in file.read_bytes()
    assert keys.load(CODE) == keys.make(CODE) == key
    assert keys.make("C-000000") != key
    assert sorted(path.name for path in file.parent.iterdir()) == ["C-000000.key", f"{CODE}.key", cachetag.NAME]


def test_a_missing_key_says_which_and_what_to_do(keys: ClientKeys) -> None:
    with pytest.raises(CoachsyncError) as caught:
        keys.load(CODE)
    assert caught.value.code == "client-key-missing"
    assert CODE in caught.value.message
    assert f"keys/clients/{CODE}.key" in caught.value.hint


@pytest.mark.parametrize("content", [b"x" * 100, b"\x01" * 5000, b"0" * BYTES])
def test_a_damaged_key_is_not_taken_for_one(keys: ClientKeys, content: bytes) -> None:
    keys.make(CODE)
    keys.file(CODE).write_bytes(content)
    with pytest.raises(CoachsyncError) as caught:
        keys.load(CODE)
    assert caught.value.code in ("client-key-damaged", "client-key-of-another-state")


def test_a_key_does_not_open_under_another_name_or_device_key(keys: ClientKeys, tmp_path: Path) -> None:
    keys.make(CODE)
    keys.file(CODE).rename(keys.file("C-000000"))
    with pytest.raises(CoachsyncError, match="damaged"):
        keys.load("C-000000")
    with pytest.raises(WrongKey):
        ClientKeys(tmp_path, new_device_key()).load("C-000000")


def test_p09_a_destroyed_key_is_overwritten_where_it_stood(keys: ClientKeys, tmp_path: Path) -> None:
    key = keys.make(CODE)
    keys.make("C-000000")
    (tmp_path / "still").hardlink_to(keys.file(CODE))  # the very bytes on the disk, watched
    sealed = keys.file(CODE).read_bytes()
    keys.destroy(CODE)
    assert (tmp_path / "still").read_bytes() == bytes(BYTES) != sealed
    assert not keys.file(CODE).exists()
    assert keys.load("C-000000") != key
    keys.destroy(CODE)


def test_p13_a_destruction_cut_short_counts_and_can_be_finished(
    keys: ClientKeys, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys.make(CODE)
    with monkeypatch.context() as cut:
        cut.setattr(Path, "unlink", lambda *_, **__: os._exit)
        keys.destroy(CODE)
    assert keys.file(CODE).read_bytes() == bytes(BYTES)
    with pytest.raises(CoachsyncError, match="missing"):
        keys.load(CODE)
    keys.destroy(CODE)
    assert not keys.file(CODE).exists()


def test_what_a_killed_process_has_left_goes_too_and_nobody_elses_key(keys: ClientKeys) -> None:
    keys.make(CODE)
    keys.make("C-000000")
    linked, alone = keys.folder / ".coachsync-linked", keys.folder / ".coachsync-alone"
    linked.hardlink_to(keys.file("C-000000"))
    alone.write_bytes(keys.file(CODE).read_bytes())
    keys.destroy(CODE)
    assert sorted(path.name for path in keys.folder.iterdir()) == ["C-000000.key", cachetag.NAME]
    keys.load("C-000000")


def test_every_write_is_synced(keys: ClientKeys, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[int] = []
    real = os.fsync
    monkeypatch.setattr(os, "fsync", lambda handle: synced.append(handle) or real(handle))
    keys.make(CODE)
    made = len(synced)
    assert made >= 3  # the folder's folder, the file, its folder
    keys.destroy(CODE)
    assert len(synced) - made >= 2


def test_the_ledger_says_which_key_went_with_a_client(keys: ClientKeys, tmp_path: Path) -> None:
    keys.bury(CODE)  # of whom there is no key
    assert (keys.buried(), keys.buried_with(CODE)) == ((frozenset({CODE}), False), None)
    for _ in range(2):  # the second one is one that came later
        keys.make(CODE)
        digest = hashlib.sha256(keys.file(CODE).read_bytes()).digest()
        keys.bury(CODE)
        keys.destroy(CODE)
        before = (tmp_path / "erasures.ledger").read_bytes()
        keys.bury(CODE)  # and once more, when it is gone
        assert (tmp_path / "erasures.ledger").read_bytes() == before
        assert (keys.buried_with(CODE), keys.buried_with("C-000000")) == (digest, None)
    stranger = ClientKeys(tmp_path, new_device_key())
    assert (stranger.buried(), stranger.buried_with(CODE)) == ((frozenset(), True), None)
