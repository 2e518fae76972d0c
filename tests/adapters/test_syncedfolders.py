"""Whether a program copies a folder to other machines."""

from __future__ import annotations

from pathlib import Path

import pytest

from coachsync.adapters.syncedfolders import synced_by


@pytest.fixture
def inbox(tmp_path: Path) -> Path:
    folder = tmp_path / "data" / "practice" / "inbox"
    folder.mkdir(parents=True)
    return folder


@pytest.mark.parametrize(
    ("mark", "program"),
    [
        (".stfolder", "Syncthing"), (".sync_1a2b3c.db", "Nextcloud"), (".owncloudsync.log", "ownCloud"),
        (".nextcloudsync.log", "Nextcloud"), (".dropbox.cache", "Dropbox"), (".tmp.driveupload", "Google Drive"),
    ],
)  # fmt: skip
def test_what_a_program_leaves_in_a_folder_above_tells(inbox: Path, mark: str, program: str) -> None:
    assert synced_by(inbox, ()) is None
    (inbox.parent.parent / mark).write_text("")
    assert synced_by(inbox, ()) == program


@pytest.mark.parametrize(
    ("file", "content", "program"),
    [
        (".config/Nextcloud/nextcloud.cfg", "[Accounts]\n0\\Folders\\1\\localPath={root}/\n", "Nextcloud"),
        (".config/Nextcloud/nextcloud.cfg", "0\\FoldersWithPlaceholders\\2\\localPath={root}\n", "Nextcloud"),
        (".config/ownCloud/owncloud.cfg", "0\\Folders\\1\\localPath={root}\n", "ownCloud"),
        (".dropbox/info.json", '{{"personal": {{"path": "{root}", "host": 1}}}}', "Dropbox"),
        (".config/syncthing/config.xml", '<folder id="a" label="b" path="{root}" type="x">', "Syncthing"),
        (".local/state/syncthing/config.xml", '<folder id="a" path="{root}">', "Syncthing"),
        (".config/onedrive/config", 'sync_dir = "{root}"', "OneDrive"),
    ],
)
def test_what_a_program_has_written_down_tells(
    inbox: Path, tmp_path: Path, file: str, content: str, program: str
) -> None:
    (tmp_path / "home" / file).parent.mkdir(parents=True)
    written = tmp_path / "home" / file
    written.write_text(content.format(root=tmp_path / "other"))
    assert synced_by(inbox, (tmp_path / "home",)) is None
    written.write_text(content.format(root=tmp_path / "data"))
    assert synced_by(inbox, (tmp_path / "home",)) == program


@pytest.mark.parametrize("content", ["", "no json", "[1]", '{"personal": 1}', "\0\xff"])
def test_what_cannot_be_understood_tells_nothing(inbox: Path, tmp_path: Path, content: str) -> None:
    (tmp_path / "home" / ".dropbox").mkdir(parents=True)
    (tmp_path / "home" / ".dropbox" / "info.json").write_text(content)
    assert synced_by(inbox, (tmp_path / "home",)) is None


def test_some_folders_are_known_by_name(tmp_path: Path) -> None:
    folder = tmp_path / "Library" / "Mobile Documents" / "inbox"
    folder.mkdir(parents=True)
    assert synced_by(folder, ()) == "iCloud"


def test_without_any_homes_those_of_this_machine_are_looked_at(inbox: Path) -> None:
    assert synced_by(inbox) is None
