"""The administrator works in somebody's folder with that one's rights, and beside it with their own."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from coachsync.adapters.agent_places import make_place
from coachsync.adapters.lowering import as_administrator, as_owner_of
from coachsync.adapters.ramfolder import ram_folder
from coachsync.errors import CoachsyncError

OTHER = 4711
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="needs root, who can take on the rights of others")


def me() -> tuple[int, int]:
    return os.geteuid(), os.getegid()


@needs_root
def test_what_is_made_there_is_the_owners_and_what_is_made_beside_it_roots(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)  # what leads there is root's alone
    tmp_path.chmod(0o755)
    state, secret, before = Path("state"), Path("secret"), me()
    state.mkdir()
    os.chown(state, OTHER, OTHER)
    with as_owner_of(state):
        (state / "theirs").touch()
        assert me() == (OTHER, OTHER)
        with pytest.raises(PermissionError):
            secret.touch()
        with as_administrator():
            secret.touch()
        assert me() == (OTHER, OTHER)
    assert me() == before
    assert ((state / "theirs").stat().st_uid, secret.stat().st_uid) == (OTHER, 0)


@needs_root
def test_meanwhile_nothing_is_written_in_clear_and_nobody_is_given_a_seed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It would be of the user whose rights the administrator has, and not of the coach."""
    monkeypatch.chdir(tmp_path)
    tmp_path.chmod(0o700)
    os.chown(tmp_path, OTHER, OTHER)
    with as_owner_of(tmp_path):
        with pytest.raises(CoachsyncError) as refused, ram_folder():
            pass
        assert refused.value.code == "no-memory-folder"
        with pytest.raises(CoachsyncError) as refused:
            make_place(Path("agents"))
        assert refused.value.code == "agent-not-started"
    make_place(tmp_path / "others")
    with ram_folder() as folder:
        assert folder.path.is_dir()


@needs_root
def test_rights_come_back_after_an_error(tmp_path: Path) -> None:
    before = me()
    os.chown(tmp_path, OTHER, OTHER)
    for wrong in (ZeroDivisionError, KeyboardInterrupt):
        with pytest.raises(wrong), as_owner_of(tmp_path), as_administrator():
            raise wrong
    assert me() == before


def test_for_everybody_else_nothing_changes(tmp_path: Path) -> None:
    before = me()
    for folder in (tmp_path, tmp_path / "none"):
        with as_owner_of(folder), as_administrator():
            assert me() == before
