"""The inbox in the configuration: what lies there is removed, so that nothing may lie there that is needed."""

from __future__ import annotations

from pathlib import Path

import pytest

from coachsync import config
from coachsync.config import Inbox
from configurations import GOOD, changed, only_problem


@pytest.mark.parametrize(("more", "coach"), [("", None), ('coach = "anna"\n', "anna")])
def test_the_folder_stands_beside_the_file(tmp_path: Path, more: str, coach: str | None) -> None:
    (tmp_path / "coachsync.toml").write_text(f'{GOOD}[inbox]\nfolder = "in"\n{more}')
    loaded = config.load(tmp_path / "coachsync.toml")
    assert loaded.inbox == Inbox(tmp_path / "in", coach)
    assert loaded.dormant == ()


def test_without_the_section_there_is_none(tmp_path: Path) -> None:
    (tmp_path / "coachsync.toml").write_text(GOOD)
    assert config.load(tmp_path / "coachsync.toml").inbox is None


@pytest.mark.parametrize("folder", ["state", "state/in", "linked"])
def test_the_state_folder_and_the_inbox_lie_apart(tmp_path: Path, folder: str) -> None:
    (tmp_path / "state").mkdir()
    (tmp_path / "linked").symlink_to("state")
    found = only_problem(tmp_path, f'{GOOD}[inbox]\nfolder = "{folder}"\n')
    assert (found.code, found.where) == ("inbox-and-state", "inbox.folder")


def test_the_state_folder_does_not_lie_in_the_inbox(tmp_path: Path) -> None:
    text = changed('state = "state"', 'state = "in/state"')
    assert only_problem(tmp_path, f'{text}[inbox]\nfolder = "in"\n').code == "inbox-and-state"


def test_the_configuration_does_not_lie_in_the_inbox(tmp_path: Path) -> None:
    text = changed('state = "state"', f'state = "{tmp_path.parent}/elsewhere"')
    assert only_problem(tmp_path, f'{text}[inbox]\nfolder = "."\n').code == "inbox-takes-files"


def test_no_password_lies_in_the_inbox(tmp_path: Path) -> None:
    text = changed('file = "cloud.password"', 'file = "in/cloud.password"')
    assert only_problem(tmp_path, f'{text}[inbox]\nfolder = "in"\n').code == "inbox-takes-files"
