"""Where the device key of a state folder is looked for, and what is refused."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

import keyrings
from coachsync.adapters import keyfile, keyplaces
from coachsync.adapters.keyfile import key_file
from coachsync.adapters.keyplaces import CREDENTIAL, Note, Place
from coachsync.adapters.keystore import copies, load_device_key, place_of
from coachsync.errors import CoachsyncError, Misconfigured, Temporary, WrongKey
from coachsync.vault.rows import DeviceKey, new_device_key
from keyrings import Keyring


@pytest.fixture(autouse=True)
def _no_credential(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CREDENTIALS_DIRECTORY", raising=False)


def refused(state: Path, code: str) -> CoachsyncError:
    """No key is given, whether or not a new one could be made, and none is made."""
    before = sorted(path.relative_to(state) for path in state.rglob("*"))
    for create in (False, True):
        with pytest.raises(CoachsyncError) as caught:
            load_device_key(state, create=create)
        assert (caught.value.code, caught.value.where) == (code, "practice.state")
        assert caught.value.hint
        assert str(state) not in caught.value.message + caught.value.hint
    assert sorted(path.relative_to(state) for path in state.rglob("*")) == before
    return caught.value


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


@pytest.mark.parametrize(("number", "code"), [(28, "disk-full"), (5, "device-key-not-written")])
def test_a_key_that_cannot_be_written_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, code: str
) -> None:
    def broken(_handle: int) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "fsync", broken)
    with pytest.raises(CoachsyncError) as caught:
        load_device_key(tmp_path, create=True)
    assert (caught.value.code, caught.value.where) == (code, "practice.state")
    assert list(key_file(tmp_path).parent.iterdir()) == []


def test_a_folder_of_keys_that_cannot_be_made_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def denied(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "mkdir", denied)
    with pytest.raises(CoachsyncError) as caught:
        load_device_key(tmp_path, create=True)
    assert caught.value.where == "practice.state"


def test_a_key_that_was_erased_is_missing(tmp_path: Path) -> None:
    load_device_key(tmp_path, create=True)
    key_file(tmp_path).write_bytes(bytes(32))
    refused(tmp_path, "device-key-missing")
    assert place_of(tmp_path) is None


# --- a credential ---------------------------------------------------------------------------------------------------


@pytest.fixture
def state(tmp_path: Path) -> Path:
    folder = tmp_path / "state"
    folder.mkdir(mode=0o700)
    return folder


@pytest.fixture
def given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> DeviceKey:
    """A key that this process was handed as a credential."""
    key = new_device_key()
    keyrings.credential(tmp_path, monkeypatch, CREDENTIAL, key.secret)
    return key


def test_a_new_state_uses_the_credential_that_it_is_given(state: Path, given: DeviceKey) -> None:
    assert load_device_key(state, create=True) == given
    assert not key_file(state).exists()
    assert (place_of(state), copies(state)) == (Place.CREDENTIAL, frozenset())
    assert load_device_key(state, create=False) == given


def test_p04_without_its_credential_a_state_gets_no_new_key(
    state: Path, given: DeviceKey, monkeypatch: pytest.MonkeyPatch
) -> None:
    load_device_key(state, create=True)
    monkeypatch.delenv("CREDENTIALS_DIRECTORY")
    assert "systemd-run" in refused(state, "device-key-missing").hint


def test_a_state_whose_folder_of_keys_was_left_out_of_the_backup_opens_with_the_credential(
    state: Path, given: DeviceKey
) -> None:
    assert load_device_key(state, create=False) == given
    assert place_of(state) is Place.CREDENTIAL


def test_another_credential_than_the_first_is_refused(
    state: Path, given: DeviceKey, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    load_device_key(state, create=True)
    keyrings.credential(tmp_path, monkeypatch, CREDENTIAL, new_device_key().secret)
    assert isinstance(refused(state, "device-key-of-another-state"), WrongKey)


def test_a_credential_that_is_no_key_is_refused(state: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    keyrings.credential(tmp_path, monkeypatch, CREDENTIAL, b"a password\n")
    assert isinstance(refused(state, "device-key-damaged"), WrongKey)
    keyrings.credential(tmp_path, monkeypatch, CREDENTIAL, bytes(32), mode=0o404)
    assert isinstance(refused(state, "credential-open"), Misconfigured)


def test_a_file_and_a_credential_that_agree_are_one_key(
    state: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = load_device_key(state, create=True)
    keyrings.credential(tmp_path, monkeypatch, CREDENTIAL, key.secret)
    assert load_device_key(state, create=False) == key
    assert (place_of(state), copies(state)) == (Place.FILE, {Place.CREDENTIAL})


@pytest.mark.parametrize("noted", [None, Place.FILE, Place.CREDENTIAL, Place.KEYRING])
@pytest.mark.parametrize("other", [bytes(range(32)), b"no key"], ids=["another key", "no key"])
def test_p04_two_places_that_disagree_are_both_named(
    state: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    quick_keyring: Keyring,
    noted: Place | None,
    other: bytes,
) -> None:
    key = new_device_key()
    secrets = {Place.FILE: other, Place.CREDENTIAL: other} | {noted or Place.FILE: key.secret}
    keyfile.write(state, secrets[Place.FILE])
    keyrings.credential(tmp_path, monkeypatch, CREDENTIAL, secrets[Place.CREDENTIAL])
    if noted is not None:
        keyplaces.write_note(state, Note(noted, key.name))
    if noted is Place.KEYRING:
        quick_keyring.put(f"device-key:{key.name}", key.secret.hex())
    message = refused(state, "device-keys-differ").message
    named = [noted or Place.FILE, Place.FILE if noted is Place.CREDENTIAL else Place.CREDENTIAL]
    assert sum(str(keyplaces.described(place)) in message for place in Place) == 2
    assert str(keyplaces.described(named[0])) in message


# --- the keyring ----------------------------------------------------------------------------------------------------


@pytest.fixture
def ringed(state: Path, quick_keyring: Keyring) -> DeviceKey:
    """The key of a state, kept in the keyring."""
    key = new_device_key()
    keyplaces.write(Place.KEYRING, state, key)
    keyplaces.write_note(state, Note(Place.KEYRING, key.name))
    return key


def test_a_key_in_the_keyring_is_found_by_its_own_name(state: Path, ringed: DeviceKey, quick_keyring: Keyring) -> None:
    assert load_device_key(state, create=False) == ringed
    assert list(quick_keyring.entries) == [f"coachsync device-key:{ringed.name}"]
    assert not key_file(state).parent.exists()


def test_two_states_in_one_keyring_do_not_meet(state: Path, ringed: DeviceKey, tmp_path: Path) -> None:
    second, key = tmp_path / "second", new_device_key()
    second.mkdir()
    keyplaces.write(Place.KEYRING, second, key)
    keyplaces.write_note(second, Note(Place.KEYRING, key.name))
    assert (load_device_key(state, create=False), load_device_key(second, create=False)) == (ringed, key)


@pytest.mark.parametrize(
    ("fault", "code"), [("locked", "keyring-locked"), ("shut", "keyring-locked"), ("broken", "keyring-failed")]
)
def test_p04_a_locked_keyring_is_no_reason_for_a_new_key(
    state: Path, ringed: DeviceKey, quick_keyring: Keyring, fault: str, code: str
) -> None:
    quick_keyring.fault(fault)
    assert isinstance(refused(state, code), Temporary)
    quick_keyring.fault("")
    assert load_device_key(state, create=False) == ringed


def test_p04_a_machine_without_a_keyring_is_no_reason_for_a_new_key(
    state: Path, ringed: DeviceKey, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.undo()
    keyrings.no_keyring(monkeypatch)
    refused(state, "keyring-none")


def test_where_two_users_share_a_state_the_key_of_one_is_brought_into_its_file(
    state: Path, ringed: DeviceKey, quick_keyring: Keyring
) -> None:
    quick_keyring.file.unlink()
    state.chmod(0o2770)
    error = refused(state, "device-key-missing")
    assert "two users" in error.hint
    assert "key move --to file" in error.hint
    keyplaces.write_note(state, Note(Place.CREDENTIAL, ringed.name))
    error = refused(state, "device-key-missing")
    assert "the service alone" in error.hint
    assert "sudo coachsync key move --to file" in error.hint


def test_p04_an_emptied_keyring_is_no_reason_for_a_new_key(
    state: Path, ringed: DeviceKey, quick_keyring: Keyring
) -> None:
    quick_keyring.file.unlink()
    assert "key move --to file" in refused(state, "device-key-missing").hint


@pytest.mark.parametrize(
    ("kept", "code"),
    [("zz", "device-key-damaged"), ("00", "device-key-damaged"), ("ab" * 32, "device-key-of-another-state")],
)
def test_what_is_no_key_in_the_keyring_is_refused(
    state: Path, ringed: DeviceKey, quick_keyring: Keyring, kept: str, code: str
) -> None:
    quick_keyring.put(f"device-key:{ringed.name}", kept)
    assert isinstance(refused(state, code), WrongKey)


# --- the note -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "content",
    [b"", b"keyring", b"keyring \n", b"cellar 0123456789abcdef\n", b"file 0123456789abcdef cellar\n", b"\xff" * 25],
)
def test_a_note_that_cannot_be_understood_is_no_reason_for_a_new_key(state: Path, content: bytes) -> None:
    (state / "device-key-place").write_bytes(content)
    refused(state, "device-key-place-damaged")


def test_the_file_is_held_to_the_name_in_the_note(state: Path) -> None:
    key = load_device_key(state, create=True)
    keyplaces.write_note(state, Note(Place.FILE, key.name))
    assert load_device_key(state, create=False) == key
    keyfile.write(state, new_device_key().secret)
    assert isinstance(refused(state, "device-key-of-another-state"), WrongKey)
    key_file(state).unlink()
    refused(state, "device-key-missing")
