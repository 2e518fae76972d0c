import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from coachsync.adapters.keystore import key_file, load_device_key
from coachsync.errors import CoachsyncError, WrongKey


def test_a_new_state_gets_a_key_for_its_owner_alone(tmp_path: Path) -> None:
    key = load_device_key(tmp_path, create=True)
    assert key_file(tmp_path).stat().st_mode & 0o777 == 0o600
    assert key_file(tmp_path).parent.stat().st_mode & 0o777 == 0o700
    assert load_device_key(tmp_path, create=False).secret == key.secret
    assert [file.name for file in key_file(tmp_path).parent.iterdir()] == ["device.key"]


def test_a_missing_key_is_an_error_and_never_a_reason_for_a_new_one(tmp_path: Path) -> None:
    with pytest.raises(CoachsyncError) as caught:
        load_device_key(tmp_path, create=False)
    assert caught.value.code == "device-key-missing"
    assert not key_file(tmp_path).exists()


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644])
def test_a_key_that_others_can_read_is_refused(tmp_path: Path, mode: int) -> None:
    load_device_key(tmp_path, create=True)
    key_file(tmp_path).chmod(mode)
    with pytest.raises(CoachsyncError) as caught:
        load_device_key(tmp_path, create=True)
    assert caught.value.code == "device-key-open"


@pytest.mark.parametrize("content", [b"", b"short", bytes(33)])
def test_a_damaged_key_is_refused_and_left_alone(tmp_path: Path, content: bytes) -> None:
    load_device_key(tmp_path, create=True)
    key_file(tmp_path).write_bytes(content)
    with pytest.raises(WrongKey):
        load_device_key(tmp_path, create=True)
    assert key_file(tmp_path).read_bytes() == content


def test_runs_that_start_together_agree_on_one_key(tmp_path: Path) -> None:
    for number in range(20):
        state = tmp_path / str(number)
        with ThreadPoolExecutor(8) as together:
            keys = list(together.map(lambda _, state=state: load_device_key(state, create=True), range(8)))
        assert {key.secret for key in keys} == {load_device_key(state, create=False).secret}
        assert [file.name for file in key_file(state).parent.iterdir()] == ["device.key"]


def test_a_key_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    key_file(tmp_path).mkdir(parents=True)
    with pytest.raises(CoachsyncError) as caught:
        load_device_key(tmp_path, create=False)
    assert (caught.value.code, caught.value.where) == ("device-key-not-read", "practice.state")
    assert str(tmp_path) not in caught.value.message + caught.value.hint


def test_a_key_that_cannot_be_written_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(CoachsyncError) as caught:
        load_device_key(tmp_path, create=True)
    assert (caught.value.code, caught.value.where) == ("device-key-not-written", "practice.state")
    assert list(key_file(tmp_path).parent.iterdir()) == []


def test_a_folder_of_keys_that_cannot_be_made_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def denied(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "mkdir", denied)
    with pytest.raises(CoachsyncError) as caught:
        load_device_key(tmp_path, create=True)
    assert caught.value.where == "practice.state"
