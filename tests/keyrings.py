"""Keyrings and credentials for tests: what stands behind coachsync's questions, set up in the environment."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path

import pytest

import filekeyring


@dataclass(frozen=True)
class Keyring:
    """The keyring of tests."""

    file: Path

    @property
    def entries(self) -> dict[str, str]:
        """What it holds, by the service and the name."""
        found: dict[str, str] = json.loads(self.file.read_text()) if self.file.exists() else {}
        return found

    def put(self, name: str, secret: str) -> None:
        self.file.write_text(json.dumps(self.entries | {f"coachsync {name}": secret}))

    def fault(self, what: str) -> None:
        """What it does from now on instead of its work; "" ends it."""
        self.file.with_suffix(".fault").write_text(what)


def keyring(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Keyring:
    """Make it the keyring of this process and of those that it starts."""
    here = str(Path(__file__).parent)
    paths = [here, *filter(None, os.environ.get("PYTHONPATH", "").split(os.pathsep))]
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(paths))
    monkeypatch.setenv(filekeyring.CHOICE, f"{filekeyring.__name__}.{filekeyring.FileKeyring.__name__}")
    monkeypatch.setenv(filekeyring.FILE, str(folder / "keyring.json"))
    return Keyring(folder / "keyring.json")


def no_keyring(monkeypatch: pytest.MonkeyPatch) -> None:
    """As on a machine without a desktop: no session bus is found, and no plug-in is chosen."""
    monkeypatch.delenv(filekeyring.CHOICE, raising=False)
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent")
    monkeypatch.setenv("XDG_RUNTIME_DIR", "/nonexistent")
    monkeypatch.setenv("XDG_CONFIG_HOME", "/nonexistent")


def credential(folder: Path, monkeypatch: pytest.MonkeyPatch, name: str, content: bytes, mode: int = 0o400) -> Path:
    """Hand this process a credential as systemd does: a file in a folder that the environment names."""
    given = folder / "credentials"
    given.mkdir(mode=0o700, exist_ok=True)
    file = given / name
    file.unlink(missing_ok=True)
    file.write_bytes(content)
    file.chmod(mode)
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(given))
    return file
