import errno
import os
from pathlib import Path

import pytest

from coachsync.adapters.files import (
    create_atomically,
    make_inner_folder,
    make_private_folder,
    read_if_there,
    write_atomically,
)
from coachsync.errors import CoachsyncError


def test_a_file_is_replaced_whole_with_mode_and_times(tmp_path: Path) -> None:
    path = tmp_path / "office.ics"
    write_atomically(path, b"one", 0o644, modified=1_700_000_000)
    write_atomically(path, b"two", 0o644, modified=1_700_003_600)
    assert path.read_bytes() == b"two"
    assert path.stat().st_mode & 0o777 == 0o644
    assert path.stat().st_mtime == 1_700_003_600
    assert [file.name for file in tmp_path.iterdir()] == ["office.ics"]


def test_a_failed_write_leaves_the_old_file_and_no_scratch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "office.ics"
    write_atomically(path, b"one")

    def full(_handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(CoachsyncError) as caught:
        write_atomically(path, b"two")
    assert caught.value.code == "disk-full"
    assert path.read_bytes() == b"one"
    assert [file.name for file in tmp_path.iterdir()] == ["office.ics"]


def test_a_missing_folder_is_said_without_its_path(tmp_path: Path) -> None:
    with pytest.raises(CoachsyncError) as caught:
        write_atomically(tmp_path / "Marie" / "office.ics", b"one")
    assert "Marie" not in caught.value.message + caught.value.hint


def test_a_missing_file_reads_as_none_and_a_folder_is_an_error(tmp_path: Path) -> None:
    assert read_if_there(tmp_path / "none") is None
    with pytest.raises(CoachsyncError):
        read_if_there(tmp_path)


def test_a_private_folder_is_closed_to_others(tmp_path: Path) -> None:
    folder = tmp_path / "state"
    folder.mkdir(mode=0o755)
    folder.chmod(0o755)
    make_private_folder(folder)
    assert folder.stat().st_mode & 0o777 == 0o700
    make_private_folder(tmp_path / "a" / "b")
    assert (tmp_path / "a" / "b").stat().st_mode & 0o777 == 0o700


def test_a_new_file_appears_whole_for_its_owner_and_replaces_nothing(tmp_path: Path) -> None:
    path = tmp_path / "cloud.password"
    create_atomically(path, b"one")
    with pytest.raises(CoachsyncError) as caught:
        create_atomically(path, b"two")
    assert caught.value.code == "file-not-written"
    assert (path.read_bytes(), path.stat().st_mode & 0o777) == (b"one", 0o600)
    assert [file.name for file in tmp_path.iterdir()] == ["cloud.password"]


@pytest.fixture
def stick(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder on a file system such as vfat: a file has no second name, and no modes but its own."""

    def refused(*_: object, **__: object) -> None:
        raise PermissionError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(os, "link", refused)
    monkeypatch.setattr(os, "fchmod", refused)
    return tmp_path


def test_a_new_file_is_made_also_where_a_file_has_no_second_name(stick: Path) -> None:
    path = stick / "certificate.json"
    create_atomically(path, b"one")
    with pytest.raises(CoachsyncError) as caught:
        create_atomically(path, b"two")
    assert (caught.value.code, "exists" in caught.value.message) == ("file-not-written", True)
    assert path.read_bytes() == b"one"
    assert [file.name for file in stick.iterdir()] == ["certificate.json"]


def test_half_a_file_on_a_full_stick_is_taken_away(stick: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sync, calls = os.fsync, list[int]()

    def full(handle: int) -> None:
        calls.append(handle)
        if len(calls) == 3:  # the scratch file, its folder, and the file itself
            raise OSError(errno.ENOSPC, "No space left on device")
        sync(handle)

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(CoachsyncError) as caught:
        create_atomically(stick / "certificate.json", b"one")
    assert caught.value.code == "disk-full"
    assert (len(calls), list(stick.iterdir())) == (3, [])


def test_where_a_link_fails_for_another_reason_nothing_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_: object, **__: object) -> None:
        raise OSError(errno.EROFS, "Read-only file system")

    monkeypatch.setattr(os, "link", refused)
    with pytest.raises(CoachsyncError, match="Read-only"):
        create_atomically(tmp_path / "new", b"one")
    assert list(tmp_path.iterdir()) == []


def test_a_folder_in_a_shared_one_is_shared_also_where_setgid_may_not_be_set(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """systemd keeps services from it (RestrictSUIDSGID); it comes from the folder around."""
    tmp_path.chmod(0o2770)
    with monkeypatch.context() as patch:
        patch.setattr(Path, "chmod", lambda *_: pytest.fail("refused"))
        before = os.umask(0o007)
        try:
            make_inner_folder(tmp_path / "one")
        finally:
            os.umask(before)
    assert (tmp_path / "one").stat().st_mode & 0o7777 == 0o2770
    before = os.umask(0o077)
    try:
        make_inner_folder(tmp_path / "two")
    finally:
        os.umask(before)
    assert (tmp_path / "two").stat().st_mode & 0o7777 == 0o2770
    tmp_path.chmod(0o755)
    make_inner_folder(tmp_path / "three")
    make_inner_folder(tmp_path / "one")  # what a person has shared stays so
    assert [(tmp_path / name).stat().st_mode & 0o7777 for name in ("one", "three")] == [0o2770, 0o700]
