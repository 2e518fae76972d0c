"""A desk with a vault: Argon2id at its floor, the passphrase in a file, and one client."""

from __future__ import annotations

import io
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from cli_desk import NAME, Desk, Result
from coachsync import config
from coachsync.adapters import keystore
from coachsync.app.vault import making
from coachsync.vault.keyslots import FLOOR

PASSPHRASE = "correct horse battery staple"
CANARY = "Zoubrowka"  # of what is in the vault


@dataclass
class VaultDesk:
    """What a coach does with a vault at the command line."""

    desk: Desk
    monkeypatch: pytest.MonkeyPatch
    client: str = field(init=False)

    def __post_init__(self) -> None:
        self.desk.write()
        self.desk.state.mkdir(mode=0o700, exist_ok=True)
        device = keystore.load_device_key(self.desk.state, create=True)
        making.make(config.load(self.desk.file), device, "anna", PASSPHRASE, datetime.now(UTC), FLOOR)
        self.client = str(self.given(f"{NAME}\n", "--json", "client", "add", "--name", "-").document["code"])
        self.desk.secrets.append(CANARY)

    @property
    def key(self) -> tuple[str, str]:
        """The options that unlock."""
        return ("--passphrase-file", str(self.passphrase(PASSPHRASE)))

    def passphrase(self, words: str) -> Path:
        """A file with a passphrase."""
        file = self.desk.folder / f"{words.replace(' ', '-')}.txt"
        file.write_text(f"{words}\n")
        file.chmod(0o600)
        return file

    def given(self, stdin: str, *words: str) -> Result:
        """A command that is given something on stdin, which is no terminal."""
        self.monkeypatch.setattr("sys.stdin", io.StringIO(stdin))
        return self.desk.run(*words)

    def unlocked(self, *words: str) -> Result:
        """A command with the passphrase."""
        return self.given("", *words, *self.key)

    def document(self, *words: str) -> Any:
        """What a command with the passphrase answers to a machine."""
        result = self.unlocked("--json", *words)
        assert result.code == 0
        return result.document

    def note(self, text: str, *words: str) -> str:
        """The id of a new note."""
        result = self.given(text, "--json", "note", "add", self.client, *words)
        assert result.code == 0
        return str(result.document["id"])

    def ids(self) -> list[str]:
        """Of every note."""
        return [str(one["id"]) for one in self.document("note", "list")["notes"]]

    def leaks(self, *words: str, without: tuple[Path, ...] = ()) -> list[Path]:
        """The files below the test's folder that hold one of these words."""
        files = [file for file in self.desk.folder.parent.rglob("*") if file.is_file() and file not in without]
        return [file for file in files if any(word.encode() in file.read_bytes() for word in words)]
