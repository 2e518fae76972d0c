"""The service and a coach share state, backups and mirror as two real users: whoever makes a backup, and whoever brings
it back, both work on."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from coachsync.adapters import sharing
from systemusers import User, administrator, made

PASSPHRASE = "correct horse battery staple"
CONFIG = """\
version = 1
[practice]
name = "Cabinet"
language = "en"
timezone = "Europe/Paris"
state = "{folder}/state"
[backup]
folder = "{folder}/backups"
mirror = "{folder}/mirror"
"""


@dataclass
class Practice:
    """What the administrator has put in place for the service and for Alice."""

    folder: Path
    service: User
    alice: User

    @property
    def root(self) -> User:
        return administrator(self.alice)

    def run(self, user: User, *words: str, stdin: str = "") -> str:
        """What a command says to a user; it does what it is asked for."""
        found = user.runs("--config", str(self.folder / "etc" / "coachsync.toml"), *words, stdin=stdin)
        assert found[0] == 0, found
        return found[1]

    def install(self) -> None:
        (self.folder / "etc").mkdir()
        (self.folder / "etc" / "coachsync.toml").write_text(CONFIG.format(folder=self.folder))
        for name in ("state", "backups", "mirror"):
            sharing.share_state(self.folder / name, self.service.uid, self.service.gid)
        secret = self.folder / "passphrase"
        secret.write_text(PASSPHRASE)
        os.chown(secret, self.alice.uid, self.alice.gid)
        secret.chmod(0o600)
        self.run(self.root, "vault", "init", *self.key)
        self.client = json.loads(self.run(self.alice, "--json", "client", "add", "--name", "-", stdin="Li\n"))["code"]

    @property
    def key(self) -> tuple[str, str]:
        return ("--passphrase-file", str(self.folder / "passphrase"))

    def restore(self, user: User) -> None:
        places = ("--from", str(self.folder / "backups"), "--mirror", str(self.folder / "mirror"))
        self.run(user, "backup", "restore", "--replace", *places, *self.key)

    def note(self, user: User) -> None:
        self.run(user, "note", "add", self.client, stdin=f"of {user.name}")

    def notes(self) -> int:
        return len(json.loads(self.run(self.alice, "--json", "note", "search", "of", *self.key))["notes"])

    def check_modes(self) -> None:
        """Both may do all, and nobody else anything."""
        for name in ("state", "backups", "mirror"):
            for path in (self.folder / name, *(self.folder / name).rglob("*")):
                status = path.stat()
                wanted = 0o2770 if path.is_dir() else 0o660
                found = (path.name, oct(status.st_mode & 0o7777), status.st_gid, status.st_uid == 0)
                assert found == (path.name, oct(wanted), self.service.gid, False)


@pytest.fixture
def practice() -> Iterator[Practice]:
    with made("s", "a") as (service, alice):
        subprocess.run(["gpasswd", "--add", alice.name, service.name], check=True, capture_output=True)
        folder = Path(tempfile.mkdtemp(prefix="coachsync-backups-", dir="/tmp"))
        os.chown(folder, 0, service.gid)
        folder.chmod(0o775)
        try:
            practice = Practice(folder, replace(service, umask=0o077), alice)
            practice.install()
            yield practice
        finally:
            shutil.rmtree(folder)


def test_whoever_makes_a_backup_and_whoever_restores_it_both_work_on(practice: Practice) -> None:
    for number, (maker, restorer) in enumerate((("service", "root"), ("alice", "alice"), ("service", "alice")), 1):
        maker_, restorer_ = getattr(practice, maker), getattr(practice, restorer)
        practice.note(maker_)
        practice.run(maker_, "backup", "create")
        practice.check_modes()
        practice.restore(restorer_)
        practice.check_modes()
        for user in (practice.service, practice.alice):
            practice.run(user, "backup", "verify")
            practice.run(user, "client", "list")
        assert practice.notes() == number
    practice.note(practice.service)
    practice.run(practice.service, "backup", "create")
    practice.check_modes()
