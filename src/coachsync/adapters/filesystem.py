"""Which file system a folder is on, and whether it keeps the bytes of what is overwritten."""

from __future__ import annotations

import re
from pathlib import Path

_MOUNTS = Path("/proc/self/mountinfo")
# These write what changes to another place, and leave what was there before until the room is needed.
_COPY_ON_WRITE = frozenset({"apfs", "bcachefs", "btrfs", "f2fs", "nilfs2", "zfs"})
# What these hold lies on another machine, or wherever a program puts it.
_ELSEWHERE = frozenset({
    "9p", "afs", "beegfs", "ceph", "cifs", "coda", "davfs", "glusterfs", "gpfs", "lustre", "ncpfs", "nfs", "nfs4",
    "ocfs2", "smb3", "smbfs", "sshfs", "vboxsf", "virtiofs",
})  # fmt: skip
_FUSE = ("fuse", "fuseblk")
_LOCAL_FUSE = frozenset({"fuseblk", "fuse.ntfs", "fuse.ntfs-3g", "fuse.exfat"})  # disks of this machine
_POINT = 4  # which word of a line is the mount point
_ESCAPED = re.compile(r"\\([0-7]{3})")


def file_system(folder: Path, mounts: Path = _MOUNTS) -> str:
    """Its name, as in "ext4"; "" where the system does not tell."""
    try:
        lines = mounts.read_text(encoding="utf-8", errors="surrogateescape").splitlines()
        place = folder.resolve()
    except OSError:
        return ""
    found, name = -1, ""
    for line in lines:  # the last one on a point counts
        mounted, _, kind = line.partition(" - ")
        words = mounted.split(" ")
        if len(words) > _POINT and kind:
            point = Path(_ESCAPED.sub(lambda sign: chr(int(sign[1], 8)), words[_POINT]))
            if place.is_relative_to(point) and len(point.parts) >= found:
                found, name = len(point.parts), kind.split(" ")[0]
    return name


def keeps_what_is_overwritten(name: str) -> bool:
    """Whether a file system of this name copies on write."""
    return name.rpartition(".")[2] in _COPY_ON_WRITE


def is_elsewhere(name: str) -> bool:
    """Whether what is written to a file system of this name goes to a network, or to a program that may keep it."""
    if name in _LOCAL_FUSE or keeps_what_is_overwritten(name):
        return False
    return name in _ELSEWHERE or name.partition(".")[0] in _FUSE
