"""The Debian servers are installed only where that is allowed, and each that is missing is named."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest

from realservers import cyrus, davical, sabre18, sogo
from realservers.ground import absent

INSTALL = Path(__file__).parent / "realservers" / "install.sh"


def test_what_is_missing_is_named_by_its_package() -> None:
    assert absent({"bin/sh": "dash", "usr/sbin/no-such-*": "one", "no/such/thing": "two", "no": "two"}) == "one two"
    assert absent({"bin/sh": "dash"}) == ""


@pytest.mark.parametrize("server", [cyrus, davical, sabre18, sogo], ids=lambda one: one.__name__)
def test_what_a_server_needs_is_what_the_script_installs(server: object) -> None:
    assert set(server.NEEDS.values()) <= set(re.findall(r"[\w-]+", INSTALL.read_text()))  # type: ignore[attr-defined]


@pytest.fixture
def machine(tmp_path: Path) -> dict[str, str]:
    """A machine where none of the packages is installed and nobody may install any."""
    for name, script in {"dpkg-query": "exit 1", "id": "echo 1000", "sudo": "exit 1", "apt-get": "exit 99"}.items():
        (tmp_path / name).write_text(f"#!/bin/sh\n{script}\n")
        (tmp_path / name).chmod(0o755)
    return {"PATH": f"{tmp_path}:{os.environ['PATH']}"}


def installed(machine: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run([INSTALL], env=machine, capture_output=True, text=True, check=False, timeout=60)


def test_without_rights_nothing_is_installed_and_what_is_missing_is_said(machine: dict[str, str]) -> None:
    done = installed(machine)

    assert (done.returncode, done.stderr) == (0, "")
    assert "As root: apt-get install php-cli" in done.stdout
    assert "sogo" in done.stdout


def test_what_is_installed_is_left_as_it_is(machine: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "dpkg-query").write_text("#!/bin/sh\necho 'install ok installed'\n")

    done = installed(machine)

    assert (done.returncode, done.stdout) == (0, "The calendar servers are installed.\n")
