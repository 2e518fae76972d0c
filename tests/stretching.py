"""A passphrase stretched once: Argon2id, which is slow on purpose, was a quarter of what many tests took."""

from __future__ import annotations

from functools import cache

import pytest

from coachsync.vault import keyslots, suite

_once = cache(suite.stretched)


@pytest.fixture(autouse=True)
def _stretched_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """What comes out of the same secret, salt and cost is known, in this process, once it was found."""
    monkeypatch.setattr(keyslots, "stretched", _once)
