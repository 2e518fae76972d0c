"""What is in the wheel that people install."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from email import message_from_bytes
from email.message import Message
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.Path:
    """The wheel, built from this source without a network."""
    folder = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), str(ROOT)]
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=120, check=False, env=os.environ | {"PYTHONPATH": ""}
    )
    assert done.returncode == 0, done.stdout + done.stderr
    (built,) = folder.iterdir()
    assert built.name.endswith("-py3-none-any.whl")
    return zipfile.Path(built)


def information(wheel: zipfile.Path, name: str) -> bytes:
    (folder,) = [entry for entry in wheel.iterdir() if entry.name.endswith(".dist-info")]
    return (folder / name).read_bytes()


@pytest.fixture(scope="module")
def metadata(wheel: zipfile.Path) -> Message:
    return message_from_bytes(information(wheel, "METADATA"))


def test_every_source_file_and_catalogue_is_in_it(wheel: zipfile.Path) -> None:
    source = ROOT / "src"
    kinds = ("*.py", "*.mako", "*.typed", "*.mo")
    files = [path.relative_to(source) for kind in kinds for path in source.glob(f"coachsync/**/{kind}")]
    assert any(path.suffix == ".mo" for path in files)
    assert [path for path in files if not (wheel / path.as_posix()).is_file()] == []


def test_the_units_are_where_the_program_looks_for_them(wheel: zipfile.Path) -> None:
    units = [path.relative_to(ROOT) for path in (ROOT / "systemd").rglob("*") if path.is_file()]
    assert len(units) >= 4
    for unit in units:
        assert (wheel / "coachsync" / unit.as_posix()).read_bytes() == (ROOT / unit).read_bytes()


def test_the_manual_and_the_example_configuration_are_installed(wheel: zipfile.Path) -> None:
    (data,) = [entry for entry in wheel.iterdir() if entry.name.endswith(".data")]
    for page in (ROOT / "docs").glob("coachsync*.1"):
        folder = "share/man/man1" if page.name == "coachsync.1" else f"share/man/{page.suffixes[0][1:]}/man1"
        assert (data / "data" / folder / "coachsync.1").read_bytes() == page.read_bytes()
    assert (data / "data/share/man/man1").is_dir()
    example = data / "data/share/doc/coachsync/coachsync.example.toml"
    assert example.read_bytes() == (ROOT / "config/coachsync.example.toml").read_bytes()


def test_it_installs_a_command_and_says_what_it_is(wheel: zipfile.Path, metadata: Message) -> None:
    assert b"coachsync = coachsync.app.cli:main" in information(wheel, "entry_points.txt")
    assert metadata["License-Expression"] == "AGPL-3.0-or-later"
    assert b"GNU AFFERO GENERAL PUBLIC LICENSE" in information(wheel, "licenses/LICENSE")
    assert {"demo", "keyring"} <= set(metadata.get_all("Provides-Extra", []))


def test_nothing_else_is_in_it(wheel: zipfile.Path) -> None:
    assert {entry.name.partition("-")[0] for entry in wheel.iterdir()} == {"coachsync"}
    assert [name for name in wheel.root.namelist() if "__pycache__" in name] == []
