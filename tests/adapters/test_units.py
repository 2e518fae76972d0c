"""Units as files, and the commands that manage them."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from coachsync.adapters import units
from coachsync.errors import CoachsyncError


def test_what_comes_with_coachsync_is_found_and_nothing_else() -> None:
    assert "[Service]" in units.shipped("coachsync.service")
    with pytest.raises(CoachsyncError) as caught:
        units.shipped("other.service")
    assert caught.value.code == "installation-incomplete"


def test_a_unit_is_readable_by_all_in_a_folder_that_is_made(tmp_path: Path) -> None:
    unit = tmp_path / "user" / "coachsync.service"
    units.put(unit, "[Service]\n")
    assert (unit.read_text(), unit.stat().st_mode & 0o777) == ("[Service]\n", 0o644)


def test_a_drop_in_goes_with_its_folder_and_what_others_put_there_stays(tmp_path: Path) -> None:
    ours = tmp_path / "coachsync.service.d" / "folders.conf"
    units.put(ours, "")
    units.drop(ours)
    assert not ours.parent.exists()
    units.put(ours, "")
    theirs = ours.with_name("override.conf")
    theirs.touch()
    units.drop(ours)
    assert list(theirs.parent.iterdir()) == [theirs]
    units.drop(ours)


def test_a_folder_of_the_system_stays_though_nothing_is_left_in_it(tmp_path: Path) -> None:
    users = tmp_path / "sysusers.d" / "coachsync.conf"
    units.put(users, "")
    units.drop(users)
    assert list(users.parent.iterdir()) == []


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for act in (lambda: units.put(tmp_path / "file" / "a.service", ""), lambda: units.drop(tmp_path / "file" / "a")):
        with pytest.raises(CoachsyncError) as caught:
            act()
        assert caught.value.code == "service-file-refused"
        assert str(tmp_path) not in caught.value.message


def test_a_command_that_fails_is_told_with_its_own_words_aside() -> None:
    words = [sys.executable, "-c", "import sys; sys.exit('Failed to connect to bus')"]
    with pytest.raises(CoachsyncError) as caught:
        units.manage(words)
    assert (caught.value.code, caught.value.aside) == ("systemd-refused", "Failed to connect to bus")
    assert "bus" not in caught.value.message.replace(" ".join(words), "")
    units.manage([sys.executable, "-c", ""])


def test_a_machine_without_systemd_is_told() -> None:
    with pytest.raises(CoachsyncError) as caught:
        units.manage(["/nowhere/systemctl"])
    assert caught.value.code == "no-systemd"
    assert "coachsync run" in caught.value.hint


@pytest.mark.parametrize(
    ("name", "value", "allowed"),
    [
        ("kernel/unprivileged_userns_clone", "0", False),
        ("kernel/unprivileged_userns_clone", "1", True),
        ("kernel/apparmor_restrict_unprivileged_userns", "1", False),
        ("kernel/apparmor_restrict_unprivileged_userns", "0", True),
        ("user/max_user_namespaces", "0", False),
        ("user/max_user_namespaces", "96302", True),
    ],
)
def test_the_kernel_says_whether_users_have_namespaces(tmp_path: Path, name: str, value: str, allowed: bool) -> None:
    assert units.users_have_namespaces(tmp_path)
    (tmp_path / name).parent.mkdir()
    (tmp_path / name).write_text(f"{value}\n")
    assert units.users_have_namespaces(tmp_path) is allowed
