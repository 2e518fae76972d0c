"""The configuration and its password file appear together, or not at all, and replace nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

import keyrings
from coachsync.adapters import files
from coachsync.app.onboarding import placing
from coachsync.app.onboarding.keeping import NewPassword, in_file, in_keyring, keyring_here
from coachsync.errors import CoachsyncError, UsageError


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "new" / "coachsync.toml"


def content(folder: Path) -> dict[str, str]:
    return {path.name: path.read_text() for path in folder.glob("*")} if folder.exists() else {}


def test_both_are_for_their_owner_alone(file: Path) -> None:
    placing.place(file, "version = 1\n", NewPassword("pässword", file=file.parent / "cloud.password"))
    assert content(file.parent) == {"coachsync.toml": "version = 1\n", "cloud.password": "pässword\n"}
    assert [path.stat().st_mode & 0o777 for path in file.parent.iterdir()] == [0o600, 0o600]
    assert file.parent.stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("mode", [0o755, 0o2770])
def test_a_folder_that_is_there_keeps_its_rights_and_gives_none(file: Path, mode: int) -> None:
    file.parent.mkdir(mode=0o755)
    file.parent.chmod(mode)
    placing.place(file, "version = 1\n", NewPassword("secret", file=file.parent / "cloud.password"))
    assert file.parent.stat().st_mode & 0o7777 == mode
    assert [path.stat().st_mode & 0o777 for path in file.parent.iterdir()] == [0o600, 0o600]


def test_an_existing_configuration_is_never_replaced(file: Path) -> None:
    file.parent.mkdir()
    file.write_text("mine")
    with pytest.raises(UsageError) as caught:
        placing.place(file, "version = 1\n", NewPassword("secret", file=file.parent / "cloud.password"))
    assert (caught.value.code, "--config" in caught.value.hint) == ("configuration-exists", True)
    assert content(file.parent) == {"coachsync.toml": "mine"}


def test_a_link_to_nowhere_counts_as_a_configuration(file: Path) -> None:
    file.parent.mkdir()
    file.symlink_to("gone")
    with pytest.raises(UsageError):
        placing.refuse_existing(file)


@pytest.mark.parametrize("trouble", [KeyboardInterrupt, CoachsyncError("file-not-written", "full")])
def test_a_password_without_its_configuration_is_taken_back(
    file: Path, monkeypatch: pytest.MonkeyPatch, trouble: BaseException
) -> None:
    def write(path: Path, text: bytes, mode: int) -> None:
        raise trouble

    monkeypatch.setattr(placing, "create_atomically", write)
    with pytest.raises(type(trouble) if isinstance(trouble, CoachsyncError) else KeyboardInterrupt):
        placing.place(file, "version = 1\n", NewPassword("secret", file=file.parent / "cloud.password"))
    assert content(file.parent) == {}


def test_a_configuration_that_appears_meanwhile_stays(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def write(path: Path, text: bytes, mode: int) -> None:
        file.write_text("somebody's")
        files.create_atomically(path, text, mode)

    monkeypatch.setattr(placing, "create_atomically", write)
    with pytest.raises(CoachsyncError):
        placing.place(file, "version = 1\n", NewPassword("secret", file=file.parent / "cloud.password"))
    assert content(file.parent) == {"coachsync.toml": "somebody's"}


def test_a_password_file_of_somebody_else_is_left_alone(tmp_path: Path) -> None:
    assert in_file("secret", tmp_path, "cloud").file == tmp_path / "cloud.password"
    (tmp_path / "cloud.password").write_text("theirs")
    assert in_file("secret", tmp_path, "cloud").file == tmp_path / "cloud-2.password"
    with pytest.raises(CoachsyncError):
        placing.place(
            tmp_path / "coachsync.toml", "version = 1\n", NewPassword("secret", file=tmp_path / "cloud.password")
        )
    assert content(tmp_path) == {"cloud.password": "theirs"}


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "new").write_text("a file")
    with pytest.raises(CoachsyncError) as caught:
        placing.place(tmp_path / "new" / "coachsync.toml", "version = 1\n", None)
    assert caught.value.code == "folder-not-writable"


def test_a_file_whose_name_is_no_text_is_told(file: Path) -> None:
    with pytest.raises(UsageError) as caught:
        placing.place(file, 'ca_file = "/tmp/\udcff.pem"', None)
    assert caught.value.code == "name-unreadable"
    assert content(file.parent) == {}


@pytest.fixture
def keyring(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> keyrings.Keyring:
    return keyrings.keyring(tmp_path, monkeypatch)


def test_a_password_in_the_keyring_replaces_none_that_is_there(file: Path, keyring: keyrings.Keyring) -> None:
    keyring.put("cloud", "theirs")
    placing.place(file, "version = 1\n", in_keyring("pässword", "cloud"))
    assert keyring.entries == {"coachsync cloud": "theirs", "coachsync cloud-2": "pässword"}
    assert content(file.parent) == {"coachsync.toml": "version = 1\n"}


def test_it_is_taken_out_of_the_keyring_when_the_configuration_cannot_be_written(
    file: Path, keyring: keyrings.Keyring, monkeypatch: pytest.MonkeyPatch
) -> None:
    def write(path: Path, text: bytes, mode: int) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(placing, "create_atomically", write)
    with pytest.raises(KeyboardInterrupt):
        placing.place(file, "version = 1\n", in_keyring("pässword", "cloud"))
    assert keyring.entries == {}


def test_a_machine_without_a_keyring_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    keyrings.no_keyring(monkeypatch)
    assert not keyring_here()


def test_a_machine_with_a_keyring_is_known(keyring: keyrings.Keyring) -> None:
    assert keyring_here()


def test_the_password_is_not_shown_by_accident() -> None:
    assert "secret-canary" not in repr(NewPassword("secret-canary", entry="cloud"))
