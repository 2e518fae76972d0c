"""A practice on a machine with real users: the service, two coaches and somebody else."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from accounts import Account
from coachsync import config
from coachsync.adapters import agent, sharing
from coachsync.app.vault.trusting import coach_of, trusted
from systemusers import User

PASSPHRASE, CANARY = "correct horse battery staple", "Zoubrowka"
CONFIG = """\
version = 1
[practice]
name = "Cabinet"
language = "en"
timezone = "Europe/Paris"
state = "{state}"
[accounts.cloud]
url = "{account.url}"
username = "{account.username}"
password = {{ file = "cloud.password" }}
[calendars.coaching]
account = "cloud"
url = "{calendar}"
[shares.office]
from = ["coaching"]
to = {{ account = "cloud", name = "Office" }}
profile = "busy"
"""
USUAL = {"nobody-told", "weakest-link-file", "backup-not-configured"}  # what check says of this practice at any rate
PTRACE_ATTACH = 16


@dataclass
class House:
    """What the administrator has put in place for the service and for Alice."""

    folder: Path
    service: User
    alice: User
    stranger: User
    code: str = ""

    @property
    def file(self) -> Path:
        return self.folder / "etc" / "coachsync.toml"

    @property
    def state(self) -> Path:
        return self.folder / "state"

    @property
    def fingerprint(self) -> bytes:
        return coach_of(trusted(config.load(self.file)), None)

    def run(self, user: User, *words: str, stdin: str = "", code: int = 0) -> str:
        """What a command says to a user."""
        found = user.runs("--config", str(self.file), *words, stdin=stdin)
        assert found[0] == code, found
        return found[1] + found[2]

    def install(self, account: Account, calendar: str) -> None:
        """The configuration, the password and the state, as the administrator leaves them."""
        self.file.parent.mkdir()
        self.file.write_text(CONFIG.format(state=self.state, account=account, calendar=calendar))
        (self.file.parent / "cloud.password").write_text(account.password)
        (self.folder / "passphrase").write_text(PASSPHRASE)
        for file, owner in ((self.file, 0), (self.file.parent / "cloud.password", self.alice.uid)):
            os.chown(file, owner, self.service.gid)
            file.chmod(0o640)
        os.chown(self.folder / "passphrase", self.alice.uid, self.alice.gid)
        (self.folder / "passphrase").chmod(0o600)
        sharing.share_state(self.state, self.service.uid, self.service.gid)

    @property
    def key(self) -> tuple[str, str]:
        return ("--passphrase-file", str(self.folder / "passphrase"))


def place_of(fingerprint: bytes, state: Path) -> Path:
    """Where this user's agent listens."""
    return agent.socket_of(fingerprint, state)


def readable(words: bytes, places: list[Path]) -> list[Path]:
    """The files below these places that this user can read, and that hold the words."""
    files = [Path(root, name) for place in places for root, _, names in os.walk(place) for name in names]
    return [file for file in [*files, *places] if (content := read(file)) is not None and words in content]


def read(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except OSError:
        return None
