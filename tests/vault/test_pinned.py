"""The one library that seals is asked for in a version that can, and installed in the one that was tried."""

from __future__ import annotations

import re
import tomllib
from importlib.metadata import version
from pathlib import Path

from coachsync.vault.suite import refuse_missing

ROOT = Path(__file__).parent.parent.parent


def test_cryptography_is_pinned_to_what_the_vault_takes() -> None:
    """The wheels of 50 bring HPKE with MLKEM768_X25519, and an OpenSSL that has it."""
    refuse_missing()
    wanted = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["dependencies"]
    (floor,) = [int(found[1]) for line in wanted if (found := re.match(r"cryptography>=(\d+)", line))]
    assert floor >= 50
    (pinned,) = re.findall(r"^cryptography==(\S+) \\$", (ROOT / "requirements.txt").read_text(), re.M)
    assert int(pinned.split(".")[0]) >= floor
    assert int(version("cryptography").split(".")[0]) == int(pinned.split(".")[0])
