"""Credentials as systemd hands them out, and the commands by which an administrator makes one."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

import keyrings
from coachsync.adapters import credentials
from coachsync.adapters.credentials import chip, credential
from coachsync.errors import Misconfigured


def test_what_was_not_handed_over_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CREDENTIALS_DIRECTORY", raising=False)
    assert credential("cloud") is None
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", "")
    assert credential("cloud") is None
    keyrings.credential(tmp_path, monkeypatch, "other", b"x")
    assert credential("cloud") is None
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path / "gone"))
    assert credential("cloud") is None


@pytest.mark.parametrize("content", [b"", b"secret\n", bytes(range(256)), b"x" * 100_000])
def test_bytes_come_as_they_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: bytes) -> None:
    keyrings.credential(tmp_path, monkeypatch, "cloud", content)
    assert credential("cloud") == content


@pytest.mark.parametrize("mode", [0o400, 0o440, 0o600])
def test_the_modes_that_systemd_sets_are_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mode: int) -> None:
    keyrings.credential(tmp_path, monkeypatch, "cloud", b"x", mode)
    assert credential("cloud") == b"x"


@pytest.mark.parametrize("mode", [0o404, 0o402, 0o420, 0o410, 0o644, 0o660, 0o666])
def test_a_credential_that_others_can_touch_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mode: int
) -> None:
    keyrings.credential(tmp_path, monkeypatch, "cloud", b"x", mode)
    with pytest.raises(Misconfigured) as caught:
        credential("cloud")
    assert caught.value.code == "credential-open"


def test_a_credential_of_another_user_is_refused_and_one_of_root_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = keyrings.credential(tmp_path, monkeypatch, "cloud", b"x")
    owner = file.stat().st_uid
    monkeypatch.setattr(os, "geteuid", lambda: owner + 12345)
    if owner == 0:
        assert credential("cloud") == b"x"
        os.chown(file, 54321, -1)
    with pytest.raises(Misconfigured) as caught:
        credential("cloud")
    assert caught.value.code == "credential-open"


def test_a_pipe_or_a_folder_is_refused_without_waiting(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = keyrings.credential(tmp_path, monkeypatch, "cloud", b"x")
    (file.parent / "folder").mkdir(mode=0o700)
    os.mkfifo(file.parent / "pipe", 0o600)
    for name in ("folder", "pipe"):
        with pytest.raises(Misconfigured) as caught:
            credential(name)
        assert caught.value.code == "credential-unreadable"


def test_a_security_chip_is_seen_where_the_system_lists_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(credentials, "_CHIPS", tmp_path / "tpm")
    assert not chip()
    (tmp_path / "tpm").mkdir()
    assert not chip()
    (tmp_path / "tpm" / "tpm0").mkdir()
    assert chip()


# --- systemd-creds --------------------------------------------------------------------------------------------------


def creds(folder: Path, *words: str) -> subprocess.CompletedProcess[bytes]:
    """systemd-creds with a host key of its own, so that this machine's is neither made nor used."""
    if shutil.which("systemd-creds") is None:
        pytest.skip("needs systemd-creds")
    environment = os.environ | {"SYSTEMD_CREDENTIAL_SECRET": str(folder / "host.secret")}
    return subprocess.run(["systemd-creds", *words], capture_output=True, check=False, env=environment)


def test_what_systemd_seals_is_what_it_hands_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The key's file through `systemd-creds encrypt`, and out again as a unit gets it."""
    from coachsync.adapters import keyfile, keyplaces
    from coachsync.adapters.keyplaces import CREDENTIAL, Place
    from coachsync.adapters.keystore import load_device_key, move

    state, sealed = tmp_path / "state", tmp_path / CREDENTIAL
    monkeypatch.delenv("CREDENTIALS_DIRECTORY", raising=False)
    key = load_device_key(state, create=True)
    file = keyfile.key_file(state)
    if creds(tmp_path, "encrypt", "--with-key=host", f"--name={CREDENTIAL}", str(file), str(sealed)).returncode:
        pytest.skip("needs a systemd-creds that may seal here")
    assert key.secret not in sealed.read_bytes()
    opened = creds(tmp_path, "decrypt", f"--name={CREDENTIAL}", str(sealed), "-")
    assert opened.returncode == 0
    assert creds(tmp_path, "decrypt", "--name=another", str(sealed), "-").returncode != 0
    keyrings.credential(tmp_path, monkeypatch, CREDENTIAL, opened.stdout)
    assert move(state, Place.CREDENTIAL) == ()
    assert not file.exists()
    assert load_device_key(state, create=False) == key
    assert keyplaces.read(Place.CREDENTIAL, state, "") == key
