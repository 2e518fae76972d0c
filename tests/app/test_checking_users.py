"""What `check` says of two users who share a state, and of what is only half done."""

from __future__ import annotations

import os
import shlex
import subprocess
from pathlib import Path

import pytest

from coachsync.adapters import membership, sharing
from coachsync.app import checking_users
from coachsync.app.checking import Check, Grade
from coachsync.app.checking_users import check_users
from vault_house import VaultHouse


@pytest.fixture
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> VaultHouse:
    """A practice whose state is shared with a group in which a coach is; whoever runs this has made it all."""
    house = VaultHouse(tmp_path)
    house.make()
    sharing.share_state(house.state, os.geteuid(), os.getegid())
    monkeypatch.setattr(checking_users, "members", lambda _: frozenset({"anna"}))
    return house


def found(house: VaultHouse) -> dict[str, Check]:
    return {one.code: one for one in check_users(house.config)}


def test_p07_a_state_that_a_coach_and_the_service_share_needs_no_word(house: VaultHouse) -> None:
    service = "configuration-of-the-service"  # here it has made it all
    assert found(house).keys() == ({service} if os.geteuid() else set())


def test_p07_where_nobody_else_is_in_the_group_it_is_told(house: VaultHouse, monkeypatch: pytest.MonkeyPatch) -> None:
    me = membership.user_name(os.geteuid())
    monkeypatch.setattr(checking_users, "members", lambda _: frozenset({me}))
    told = found(house)
    assert told["same-user"].grade is Grade.NOTE
    assert told["no-coach-in-group"].grade is Grade.BAD
    assert "--coach USER" in told["no-coach-in-group"].aside


def test_a_folder_that_is_open_to_its_group_without_setgid_is_told_and_mended_by_what_is_said(
    house: VaultHouse,
) -> None:
    house.state.chmod(0o770)
    told = found(house)["state-without-setgid"]
    subprocess.run(shlex.split(told.aside.removeprefix("Run: sudo ")), check=True)
    assert house.state.stat().st_mode & 0o7777 == 0o2770
    assert "state-without-setgid" not in found(house)


@pytest.mark.parametrize(("name", "mode"), [("vault/head", 0o640), ("vault/vault.db", 0o664), ("vault/slots", 0o770)])
def test_a_file_with_other_rights_is_named_with_what_mends_it(house: VaultHouse, name: str, mode: int) -> None:
    (house.state / name).chmod(mode)
    told = found(house)["state-file-not-shared"]
    assert (told.where, told.grade) == (name, Grade.BAD)
    assert str(house.state) not in told.message + told.hint
    for command in told.aside.removeprefix("Run: ").split(" && "):
        subprocess.run(shlex.split(command.removeprefix("sudo ")), check=True)
    assert "state-file-not-shared" not in found(house)


def test_of_many_files_a_few_are_named_and_the_rest_counted(house: VaultHouse) -> None:
    files = [path for path in house.state.rglob("*") if path.is_file()]
    for path in files:
        path.chmod(0o600)
    told = [one for one in check_users(house.config) if one.code == "state-file-not-shared"]
    assert len(told) == 4
    assert f"{len(files) - 3} more files" in told[-1].message
    assert told[-1].aside == "Run: sudo coachsync service install --system --coach anna"


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root: files are given to other users")
def test_p07_what_the_service_could_say_of_whose_the_vault_is_is_told(house: VaultHouse) -> None:
    os.chown(house.state, 4711, -1)
    assert found(house) == {}
    os.chown(house.config.trust, 4711, -1)
    assert found(house).keys() == {"trust-of-the-service"}
    os.chown(house.config.trust, 0, -1)
    for owner, mode in ((4711, 0o755), (0, 0o775), (0, 0o757)):
        os.chown(house.folder, owner, house.state.stat().st_gid)
        house.folder.chmod(mode)
        assert found(house).keys() == {"configuration-of-the-service"}
    house.folder.chmod(0o755)
    os.chown(house.folder, 0, -1)
    assert found(house) == {}


def test_p07_a_state_of_ones_own_is_told_as_before(tmp_path: Path) -> None:
    house = VaultHouse(tmp_path)
    assert found(house) == {}  # there is nothing to read
    house.make()
    assert found(house).keys() == {"same-user"}
