"""A disk of a few megabytes, in memory, that tests fill up."""

from __future__ import annotations

import errno
import io
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest

CHUNK = 4096


@dataclass(frozen=True)
class SmallDisk:
    """`folder` is where this process sees it; programs that use it by the name of its mount point are started with
    `inside` before their own words."""

    folder: Path
    inside: list[str] = field(default_factory=list)

    @property
    def _ballast(self) -> Path:
        return self.folder / "ballast"

    def fill(self) -> None:
        """Until not one byte more can be written."""
        with self._ballast.open("ab", buffering=0) as file:
            for size in (CHUNK, 1):
                while _wrote(file, size):
                    pass

    def free(self) -> None:
        self._ballast.unlink(missing_ok=True)


def _wrote(file: io.FileIO, size: int) -> bool:
    try:
        file.write(b"\0" * size)
    except OSError as problem:
        if problem.errno == errno.ENOSPC:
            return False
        raise
    return True


@contextmanager
def mounted_on(folder: Path, size: str) -> Iterator[SmallDisk]:
    """A small disk on the folder: mounted by root, else in a namespace of its own; skips where neither is possible."""
    options = ["-t", "tmpfs", "-o", f"size={size},mode=0700", "none", str(folder)]
    if os.geteuid() == 0 and subprocess.run(["mount", *options], check=False, capture_output=True).returncode == 0:
        try:
            yield SmallDisk(folder)
        finally:
            subprocess.run(["umount", "--lazy", str(folder)], check=True)
        return
    script = 'mount "$@" && echo mounted && exec cat'
    command = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", script, "mount", *options]
    with (
        suppress(FileNotFoundError),
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder,
    ):
        assert holder.stdin
        assert holder.stdout
        if holder.stdout.readline() == b"mounted\n":
            enter = ["nsenter", "--target", str(holder.pid), "--user", "--preserve-credentials", "--mount"]
            yield SmallDisk(Path(f"/proc/{holder.pid}/root{folder}"), [*enter, f"--wd={folder}"])
            holder.stdin.close()
            return
    pytest.skip("no small disk can be mounted here: neither as root nor in a user namespace")
