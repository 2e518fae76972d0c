"""Which file system a folder is on."""

from __future__ import annotations

from pathlib import Path

import pytest

from coachsync.adapters.filesystem import file_system, is_elsewhere, keeps_what_is_overwritten

MOUNTS = """\
22 1 0:20 / / rw,relatime - ext4 /dev/vda1 rw
23 22 0:21 / /home rw shared:1 - btrfs /dev/vdb rw,subvol=/home
24 23 0:22 / /home/anna\\040b/notes rw - zfs pool/notes rw
25 22 0:23 / /homes rw - xfs /dev/vdc rw
26 22 0:24 / /over rw - ext4 /dev/vdd rw
27 22 0:25 / /over rw - fuse.zfs /dev/vde rw
a line that is none
"""


@pytest.mark.parametrize(
    ("folder", "name", "keeps"),
    [
        ("/var/lib", "ext4", False),
        ("/home", "btrfs", True),
        ("/home/bea/state", "btrfs", True),
        ("/home/anna b/notes/state", "zfs", True),
        ("/homes/x", "xfs", False),
        ("/over", "fuse.zfs", True),
    ],
)
def test_the_nearest_mount_tells(tmp_path: Path, folder: str, name: str, keeps: bool) -> None:
    (tmp_path / "mounts").write_text(MOUNTS)
    assert file_system(Path(folder), tmp_path / "mounts") == name
    assert keeps_what_is_overwritten(name) is keeps


def test_where_the_system_does_not_tell_nothing_is_said(tmp_path: Path) -> None:
    assert file_system(tmp_path, tmp_path / "nothing") == ""
    assert file_system(tmp_path)


@pytest.mark.parametrize(
    ("name", "elsewhere"),
    [
        ("ext4", False), ("tmpfs", False), ("btrfs", False), ("fuseblk", False), ("fuse.zfs", False), ("nfs4", True),
        ("cifs", True), ("fuse.sshfs", True), ("fuse.rclone", True), ("fuse", True), ("", False),
    ],
)  # fmt: skip
def test_what_goes_to_a_network_or_to_a_program_is_elsewhere(name: str, elsewhere: bool) -> None:
    assert is_elsewhere(name) is elsewhere
