"""How an optional package is added to the environment of coachsync."""

from __future__ import annotations

import shlex
import subprocess
import sys
from pathlib import Path

from coachsync.adapters.extras import adding, storing


def test_an_environment_of_pipx_is_added_to_by_pipx_under_its_own_name(tmp_path: Path) -> None:
    environment = tmp_path / "coachsync-next"
    environment.mkdir()
    (environment / "pipx_metadata.json").write_text("{}")
    assert adding("keyring", str(environment), "/x/python") == "pipx inject coachsync-next keyring"


def test_any_other_environment_is_added_to_by_its_own_interpreter(tmp_path: Path) -> None:
    assert adding("radicale", str(tmp_path), "/x/my tools/python") == "'/x/my tools/python' -m pip install radicale"


def test_the_environment_is_the_one_that_runs() -> None:
    assert adding("keyring") == f"{shlex.quote(sys.executable)} -m pip install keyring"


def test_what_stores_a_password_can_be_called() -> None:
    *program, action, service, entry = shlex.split(storing("my cloud"))
    assert (action, service, entry) == ("set", "coachsync", "my cloud")
    assert subprocess.run([*program, "--help"], capture_output=True, timeout=60, check=False).returncode == 0
