"""Fixtures of the adapters' tests: a keyring, and a machine that hands over no credentials of its own."""

from __future__ import annotations

from pathlib import Path

import pytest

import keyrings
from coachsync.adapters import oskeyring, oskeyring_child
from keyrings import Keyring


@pytest.fixture
def keyring(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Keyring:
    """A keyring that answers through a process of its own, as every keyring does."""
    monkeypatch.delenv("CREDENTIALS_DIRECTORY", raising=False)
    return keyrings.keyring(tmp_path, monkeypatch)


@pytest.fixture
def quick_keyring(keyring: Keyring, monkeypatch: pytest.MonkeyPatch) -> Keyring:
    """The same, asked in this process: for tests that ask it often."""
    import keyring as library

    library.core.init_backend()
    monkeypatch.setattr(oskeyring, "_answer", lambda question, _timeout: oskeyring_child.answer(question))
    return keyring
