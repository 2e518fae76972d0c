"""How the optional packages get to where this coachsync is installed, and are called there."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path

_OF_PIPX = "pipx_metadata.json"  # what pipx keeps in each environment that it makes


def adding(package: str, prefix: str = sys.prefix, python: str = sys.executable) -> str:
    """The command that adds the package to the environment below `prefix`, whose interpreter is `python`."""
    environment = Path(prefix)
    if (environment / _OF_PIPX).is_file():
        return shlex.join(["pipx", "inject", environment.name, package])
    return shlex.join([python, "-m", "pip", "install", package])


def storing(entry: str, python: str = sys.executable) -> str:
    """The command that stores a password in the keyring: as a module, since pipx links no program of a package that
    was added."""
    return shlex.join([python, "-m", "keyring", "set", "coachsync", entry])
