"""Bringing the device key from one place to another: interrupted, killed, refused, and done."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import pytest

import keyrings
from coachsync.adapters import keyfile, keyplaces
from coachsync.adapters.keyfile import key_file
from coachsync.adapters.keyplaces import CREDENTIAL, Note, Place
from coachsync.adapters.keystore import copies, load_device_key, move, place_of
from coachsync.errors import CoachsyncError
from coachsync.vault.rows import DeviceKey, new_device_key
from keyrings import Keyring
from stepping import numbers

MOVES = [
    (Place.FILE, Place.KEYRING),
    (Place.KEYRING, Place.FILE),
    (Place.FILE, Place.CREDENTIAL),
    (Place.CREDENTIAL, Place.FILE),
    (Place.CREDENTIAL, Place.KEYRING),
    (Place.KEYRING, Place.CREDENTIAL),
]


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.delenv("CREDENTIALS_DIRECTORY", raising=False)
    folder = tmp_path / "state"
    folder.mkdir(mode=0o700)
    return folder


@pytest.fixture
def filed(state: Path) -> DeviceKey:
    """The key of a state as every state begins: in the file, without a note."""
    return load_device_key(state, create=True)


def begin(state: Path, place: Place, to: Place, monkeypatch: pytest.MonkeyPatch) -> DeviceKey:
    """A state whose key is in that place; systemd hands it over where one of the two is a credential."""
    key = new_device_key()
    if Place.CREDENTIAL in (place, to):
        keyrings.credential(state.parent, monkeypatch, CREDENTIAL, key.secret)
    if place is not Place.CREDENTIAL:
        keyplaces.write(place, state, key)
    if place is not Place.FILE:
        keyplaces.write_note(state, Note(place, key.name))
    assert load_device_key(state, create=False) == key
    return key


def held(state: Path, keyring: Keyring, key: DeviceKey) -> list[Place]:
    """Where the key can be found, looked for by its bytes."""
    found = []
    if any(key.secret in file.read_bytes() for file in state.rglob("*") if file.is_file()):
        found.append(Place.FILE)
    if key.secret.hex() in keyring.entries.values():
        found.append(Place.KEYRING)
    return found


@pytest.mark.parametrize(("place", "to"), MOVES)
def test_the_key_is_in_the_new_place_and_no_longer_in_the_old_one(
    state: Path, quick_keyring: Keyring, monkeypatch: pytest.MonkeyPatch, place: Place, to: Place
) -> None:
    key = begin(state, place, to, monkeypatch)
    problems = move(state, to)
    assert load_device_key(state, create=False) == key
    assert place_of(state) is to
    assert held(state, quick_keyring, key) == [to] * (to is not Place.CREDENTIAL)
    still = [problem.code for problem in problems]
    assert still == ["credential-still-given"] * (place is Place.CREDENTIAL)
    if to is Place.FILE:
        assert key_file(state).stat().st_mode & 0o777 == 0o600
    assert move(state, to) == problems
    assert load_device_key(state, create=False) == key


def test_there_and_back_again(state: Path, filed: DeviceKey, quick_keyring: Keyring) -> None:
    for to in (Place.KEYRING, Place.FILE, Place.KEYRING, Place.FILE):
        assert move(state, to) == ()
        assert load_device_key(state, create=False) == filed
        assert held(state, quick_keyring, filed) == [to]
    assert [file.name for file in key_file(state).parent.iterdir()] == ["device.key"]


def test_the_bytes_of_the_file_are_overwritten_before_it_goes(
    state: Path, filed: DeviceKey, quick_keyring: Keyring
) -> None:
    with key_file(state).open("rb") as still_open:
        move(state, Place.KEYRING)
        assert still_open.read() == bytes(32)


def test_a_new_place_that_cannot_be_used_changes_nothing(state: Path, filed: DeviceKey, quick_keyring: Keyring) -> None:
    before = {file.name: file.read_bytes() for file in state.rglob("*") if file.is_file()}
    for fault in ("locked", "shut", "broken"):
        quick_keyring.fault(fault)
        with pytest.raises(CoachsyncError) as caught:
            move(state, Place.KEYRING)
        assert caught.value.where == "practice.state"
    with pytest.raises(CoachsyncError):
        move(state, Place.CREDENTIAL)
    assert {file.name: file.read_bytes() for file in state.rglob("*") if file.is_file()} == before


def test_a_keyring_that_forgets_takes_nothing_away(state: Path, filed: DeviceKey, quick_keyring: Keyring) -> None:
    quick_keyring.fault("forgets")
    with pytest.raises(CoachsyncError) as caught:
        move(state, Place.KEYRING)
    assert caught.value.code == "keyring-failed"
    assert load_device_key(state, create=False) == filed
    quick_keyring.fault("")
    assert move(state, Place.KEYRING) == ()
    assert held(state, quick_keyring, filed) == [Place.KEYRING]


def test_a_file_that_is_not_read_back_takes_nothing_away(
    state: Path, quick_keyring: Keyring, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = begin(state, Place.KEYRING, Place.FILE, monkeypatch)
    with monkeypatch.context() as broken:
        broken.setattr(
            keyfile, "write_atomically", lambda path, _secret: path.write_bytes(b"half") and path.chmod(0o600)
        )
        with pytest.raises(CoachsyncError):
            move(state, Place.FILE)
    assert held(state, quick_keyring, key) == [Place.KEYRING]
    key_file(state).unlink()
    assert load_device_key(state, create=False) == key


def test_a_copy_that_cannot_be_removed_is_told_and_removed_next_time(
    state: Path, quick_keyring: Keyring, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = begin(state, Place.KEYRING, Place.FILE, monkeypatch)
    quick_keyring.fault("keeps")
    assert [problem.code for problem in move(state, Place.FILE)] == ["keyring-failed"]
    assert (place_of(state), copies(state)) == (Place.FILE, {Place.KEYRING})
    quick_keyring.fault("")
    assert move(state, Place.FILE) == ()
    assert held(state, quick_keyring, key) == [Place.FILE]
    assert copies(state) == frozenset()


def test_a_key_out_of_a_backup_makes_up_for_a_lost_keyring(
    state: Path, quick_keyring: Keyring, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = begin(state, Place.KEYRING, Place.FILE, monkeypatch)
    quick_keyring.file.unlink()
    keyfile.write(state, key.secret)
    assert move(state, Place.FILE) == ()
    assert load_device_key(state, create=False) == key


def test_the_key_of_another_state_does_not(
    state: Path, quick_keyring: Keyring, monkeypatch: pytest.MonkeyPatch
) -> None:
    begin(state, Place.KEYRING, Place.FILE, monkeypatch)
    other = new_device_key()
    keyfile.write(state, other.secret)
    with pytest.raises(CoachsyncError) as caught:
        move(state, Place.FILE)
    assert caught.value.code == "device-keys-differ"
    assert key_file(state).read_bytes() == other.secret


def test_a_new_place_that_holds_another_key_is_left_alone(
    state: Path, filed: DeviceKey, quick_keyring: Keyring
) -> None:
    other = new_device_key()
    quick_keyring.put(f"device-key:{filed.name}", other.secret.hex())
    with pytest.raises(CoachsyncError) as caught:
        move(state, Place.KEYRING)
    assert caught.value.code == "device-keys-differ"
    assert held(state, quick_keyring, other) == [Place.KEYRING]
    assert load_device_key(state, create=False) == filed


def test_p04_what_a_killed_start_left_is_cleared_without_harm_to_the_key(
    state: Path, filed: DeviceKey, quick_keyring: Keyring
) -> None:
    """A start that is killed at the wrong moment leaves a second name of the key's file."""
    second = key_file(state).with_name(".key-killed")
    second.hardlink_to(key_file(state))
    assert move(state, Place.FILE) == ()
    assert not second.exists()
    assert load_device_key(state, create=False) == filed
    second.write_bytes(filed.secret)
    move(state, Place.KEYRING)
    assert held(state, quick_keyring, filed) == [Place.KEYRING]


# --- killed ---------------------------------------------------------------------------------------------------------

STEPS = ("open", "os.rename", "os.remove", "os.link", "os.mkdir", "os.chmod")


def killed_at(step: int, action: Callable[[], object]) -> bool:
    """Do it in a process that kills itself before its `step`-th dealing with files; whether it came so far."""
    child = os.fork()
    if child == 0:
        left = count(step, -1)

        def hook(event: str, _arguments: object) -> None:
            if event in STEPS and next(left) == 0:
                os.kill(os.getpid(), signal.SIGKILL)

        sys.addaudithook(hook)
        try:
            action()
        finally:
            os._exit(0)
    _, status = os.waitpid(child, 0)
    return os.WIFSIGNALED(status)


def every_step(action: Callable[[int], Callable[[], object]]) -> Iterator[int]:
    """Each step at which the action of a fresh state can be killed; the consumer looks at what is left."""
    for step in numbers(4):
        if not killed_at(step, action(step)):
            assert step > 10
            return
        yield step


@pytest.mark.every_step
@pytest.mark.parametrize(("place", "to"), MOVES)
def test_p13_killed_at_any_step_the_state_opens_and_can_be_moved_again(
    tmp_path: Path, quick_keyring: Keyring, monkeypatch: pytest.MonkeyPatch, place: Place, to: Place
) -> None:
    keys: list[tuple[Path, DeviceKey]] = []

    def fresh(step: int) -> Callable[[], object]:
        monkeypatch.delenv("CREDENTIALS_DIRECTORY", raising=False)
        state = tmp_path / str(step) / "state"
        state.mkdir(parents=True)
        keys.append((state, begin(state, place, to, monkeypatch)))
        return lambda: move(state, to)

    for _ in every_step(fresh):
        state, key = keys[-1]
        assert load_device_key(state, create=False) == key
        assert place_of(state) in (place, to)
        found = {*held(state, quick_keyring, key), *({Place.CREDENTIAL} & {place, to})}
        assert found <= {place_of(state), *copies(state)}
        move(state, to)
        assert load_device_key(state, create=False) == key
        assert held(state, quick_keyring, key) == [to] * (to is not Place.CREDENTIAL)


def test_p13_killed_at_any_step_a_new_state_gets_one_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CREDENTIALS_DIRECTORY", raising=False)
    for step in count():
        state = tmp_path / str(step)
        state.mkdir()
        if not killed_at(step, lambda state=state: load_device_key(state, create=True)):  # type: ignore[misc]
            break
        made = key_file(state).read_bytes() if key_file(state).exists() else None
        assert made is None or load_device_key(state, create=True).secret == made
        assert load_device_key(state, create=True) == load_device_key(state, create=False)
    assert step > 3
