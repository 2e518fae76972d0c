"""A keyring for tests, by the plug-in interface of the package `keyring`: entries in a JSON file, and faults on demand.

Chosen by $PYTHON_KEYRING_BACKEND, as keyring documents it; the file is named by $KEYRING_OF_TESTS. A file beside it
whose name ends in ".fault" holds what the keyring does instead of its work.
"""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

from keyring.backend import KeyringBackend
from keyring.errors import InitError, KeyringLocked, PasswordDeleteError

CHOICE = "PYTHON_KEYRING_BACKEND"
FILE = "KEYRING_OF_TESTS"


class FileKeyring(KeyringBackend):
    """Keeps entries in a file; refuses, waits or forgets when the fault beside it says so."""

    priority = 9  # type: ignore[assignment]

    def get_password(self, service: str, username: str) -> str | None:
        self._fault()
        return self._entries().get(f"{service} {username}")

    def set_password(self, service: str, username: str, password: str) -> None:
        if self._fault() == "forgets":
            return
        entries = self._entries() | {f"{service} {username}": password}
        self._write(entries)

    def delete_password(self, service: str, username: str) -> None:
        if self._fault() == "keeps":
            return
        entries = self._entries()
        if entries.pop(f"{service} {username}", None) is None:
            raise PasswordDeleteError("none of that name")
        self._write(entries)

    def _fault(self) -> str:
        fault = self._file().with_suffix(".fault")
        what = fault.read_text() if fault.exists() else ""
        if what == "locked":
            raise KeyringLocked("a secret in a message")
        if what == "shut":
            raise InitError("Failed to create the collection: Prompt dismissed..")
        if what == "broken":
            raise ValueError("a secret in a message")
        if what == "waits":
            time.sleep(60)
        return what

    def _file(self) -> Path:
        return Path(os.environ[FILE])

    def _entries(self) -> dict[str, str]:
        entries: dict[str, str] = json.loads(self._file().read_text()) if self._file().exists() else {}
        return entries

    def _write(self, entries: dict[str, str]) -> None:
        scratch = self._file().with_suffix(".new")
        scratch.write_text(json.dumps(entries))
        scratch.replace(self._file())
