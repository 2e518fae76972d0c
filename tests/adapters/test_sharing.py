"""Letting a group into folders: once for all that is in them, and for what will be put there."""

from __future__ import annotations

import os
import socket
import stat
from pathlib import Path

import pytest

from coachsync.adapters import membership, sharing
from coachsync.errors import CoachsyncError

ME, MINE = os.geteuid(), os.getegid()


def mode(path: Path) -> int:
    return stat.S_IMODE(path.lstat().st_mode)


def seen(state: Path) -> dict[str, tuple[int, int, int]]:
    found = {str(path.relative_to(state)): path.lstat() for path in state.rglob("*")}
    return {name: (one.st_mode, one.st_gid, one.st_ino) for name, one in found.items()}


@pytest.fixture
def state(tmp_path: Path) -> Path:
    """One that a single user has worked on."""
    state = tmp_path / "state"
    (state / "vault" / "keys").mkdir(parents=True)
    for name in ("lock", "vault/vault.db", "vault/keys/one"):
        (state / name).write_text("mine")
        (state / name).chmod(0o600)
    for folder in (state, state / "vault", state / "vault" / "keys"):
        folder.chmod(0o700)
    return state


def test_a_state_is_shared_with_all_that_is_in_it_and_twice_is_once(state: Path) -> None:
    sharing.share_state(state, ME, MINE)
    assert {mode(path) for path in (state, state / "vault", state / "vault" / "keys")} == {0o2770}
    assert {mode(path) for path in state.rglob("*") if path.is_file()} == {0o660}
    before = seen(state)
    sharing.share_state(state, ME, MINE)
    assert seen(state) == before


@pytest.mark.skipif(ME != 0, reason="needs root: files of several users are made")
def test_what_a_coach_keeps_elsewhere_is_not_opened_because_it_has_a_name_in_the_state(
    state: Path, tmp_path: Path
) -> None:
    """Where the kernel lets others give it one."""
    for name, owner in (("secret", 4711), ("another", 4712)):
        (tmp_path / name).touch(0o600)
        os.chown(tmp_path / name, owner, owner)
        os.link(tmp_path / name, state / name)
    sharing.share_state(state, 4712, MINE)
    assert (mode(tmp_path / "secret"), mode(tmp_path / "another")) == (0o600, 0o660)


def test_one_that_is_missing_is_made_and_what_leads_to_it_is_not(tmp_path: Path) -> None:
    sharing.share_state(tmp_path / "state", ME, MINE)
    assert mode(tmp_path / "state") == 0o2770
    with pytest.raises(CoachsyncError) as refused:
        sharing.share_state(tmp_path / "no" / "state", ME, MINE)
    assert refused.value.code == "folder-not-shared"


def test_what_is_no_file_of_ours_is_left_alone(state: Path, tmp_path: Path) -> None:
    """The administrator gives this command, and others can write there: a link must lead them nowhere."""
    victim = tmp_path / "shadow"
    victim.touch(0o600)
    victim.chmod(0o600)
    (state / "link").symlink_to(victim)
    (state / "folder").symlink_to(tmp_path)
    os.mkfifo(state / "pipe", 0o600)
    with socket.socket(socket.AF_UNIX) as listening:
        here = Path.cwd()
        os.chdir(state)
        listening.bind("one.sock")
        os.chdir(here)
    (state / "one.sock").chmod(0o600)
    if ME == 0:
        os.link(victim, state / "another-name")
    before = mode(tmp_path)
    sharing.share_state(state, ME, MINE)
    assert {mode(path) for path in (victim, state / "pipe", state / "one.sock")} == {0o600}
    assert mode(tmp_path) == before
    (tmp_path / "state-of-somebody").symlink_to(state)
    with pytest.raises(CoachsyncError):
        sharing.share_state(tmp_path / "state-of-somebody", ME, MINE)


@pytest.fixture
def inbox(tmp_path: Path) -> Path:
    folder = tmp_path / "inbox"
    folder.mkdir(mode=0o755)
    return folder


@pytest.mark.parametrize("umask", [0o022, 0o077])
def test_what_a_coach_drops_is_the_groups_whatever_the_umask(inbox: Path, umask: int) -> None:
    if not sharing.share_folder(inbox, MINE, [ME]):
        pytest.skip("this file system has no access control lists")
    before = os.umask(umask)
    try:
        (inbox / "note.md").write_text("dropped")
        (inbox / "client").mkdir()
        (inbox / "client" / "scan.pdf").write_text("dropped")
    finally:
        os.umask(before)
    assert {mode(path) for path in (inbox / "note.md", inbox / "client" / "scan.pdf")} == {0o660}
    assert {mode(path) for path in (inbox, inbox / "client")} == {0o2770}
    attribute = os.getxattr(inbox, "system.posix_acl_default")
    assert sharing.share_folder(inbox, MINE, [ME])
    assert os.getxattr(inbox, "system.posix_acl_default") == attribute


def test_where_the_file_system_has_no_access_control_lists_it_is_said(
    inbox: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_: object) -> None:
        raise OSError(95, "Operation not supported")

    monkeypatch.setattr(os, "setxattr", refused)
    assert sharing.share_folder(inbox, MINE, [ME]) is False
    assert mode(inbox) == 0o2770


def test_a_folder_of_somebody_else_or_none_is_refused(inbox: Path, tmp_path: Path) -> None:
    for folder, code in ((inbox, "folder-of-another"), (tmp_path / "none", "folder-not-shared")):
        with pytest.raises(CoachsyncError) as refused:
            sharing.share_folder(folder, MINE, [ME + 1])
        assert refused.value.code == code
        assert str(folder) not in refused.value.message + refused.value.hint
    assert mode(inbox) == 0o755


def test_who_is_shut_out_is_told_what_helps(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each case as it is in life, told by the numbers of users and groups."""
    state = tmp_path / "state"
    state.mkdir(mode=0o700)
    shut = PermissionError(13, "")
    owner = state.stat().st_uid

    def advice() -> str:
        refused = membership.state_refused(shut, state)
        assert (refused.code, refused.where) == ("state-not-writable", "practice.state")
        return f"{refused.hint} {refused.aside}"

    assert "belong to the user" in advice()  # our own
    monkeypatch.setattr(os, "geteuid", lambda: owner + 4711)
    assert f"--coach {owner + 4711}" in advice()
    state.chmod(0o2770)
    assert "belong to the user" in advice()  # we are in the group: it is a file in it that is not right
    monkeypatch.setattr(os, "getgroups", list)
    monkeypatch.setattr(os, "getegid", lambda: state.stat().st_gid + 1)
    assert f"--coach {owner + 4711}" in advice()
    monkeypatch.setattr(membership, "members", lambda _: {str(owner + 4711)})
    assert advice() == "You were let into the service's group since you logged in: log out and in again. "
