"""A vault at the command line: what opens it, and that nothing is left unlocked."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from cli_desk import Desk
from coachsync.adapters import agent
from coachsync.app.vault.trusting import coach_of, trusted
from coachsync.config import load
from coachsync.vault import keyslots

FIRST, SECOND, THIRD = "correct horse battery staple", "pépinière, quatre chaises", "one more that nobody knows"
NOTE = b'{"text": "he will call her"}'


@contextmanager
def with_vault(desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    """A desk with a vault, and whatever a test has unlocked locked again."""
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path / "none"))
    monkeypatch.delenv("COACHSYNC_PASSPHRASE_FILE", raising=False)
    real = keyslots.lock
    monkeypatch.setattr(keyslots, "lock", lambda person, vault, text, _: real(person, vault, text, keyslots.FLOOR))
    desk.secrets += [FIRST, SECOND, THIRD]
    made = desk.json("vault", "init", "--passphrase-file", passphrase(desk, FIRST))
    assert made.code == 0
    (desk.folder / "code").write_text(made.document["recovery_code"])
    (desk.folder / "code").chmod(0o600)
    yield desk
    config = load(desk.file)
    for name in trusted(config).coaches:
        agent.lock(agent.socket_of(coach_of(trusted(config), name), config.practice.state))


def passphrase(desk: Desk, text: str) -> str:
    """A file with a passphrase in it."""
    file = desk.folder / f"passphrase-{len(text)}"
    file.unlink(missing_ok=True)
    file.write_text(f"{text}\n", encoding="utf-8")
    file.chmod(0o600)
    return str(file)


def opens(desk: Desk, text: str) -> bool:
    """Whether a passphrase opens the vault, and every seal in it."""
    result = desk.json("vault", "verify", "--passphrase-file", passphrase(desk, text))
    assert result.code in (0, 12)
    if result.code == 0:
        assert result.document["findings"] == []
        assert result.document["opened"] is not None
    return result.code == 0


def by_code(desk: Desk, new: str) -> tuple[str, ...]:
    return "--code-file", str(desk.folder / "code"), "--new-passphrase-file", passphrase(desk, new)
