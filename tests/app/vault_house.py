"""A vault for tests: a practice of one coach with the files that it has in life, Argon2id at its floor, and a clock
that tests move."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path

from coachsync import config
from coachsync.adapters import keystore
from coachsync.app.vault import making, unlocking, writing
from coachsync.app.vault.making import Made
from coachsync.app.vault.opening import Vault, open_vault
from coachsync.app.vault.reading import Session
from coachsync.app.vault.trusting import coach_of, vault_folder
from coachsync.app.vault.writing import Written
from coachsync.config import Config
from coachsync.vault.envelope import Kind
from coachsync.vault.keys import Person, Signer
from coachsync.vault.keyslots import FLOOR
from coachsync.vault.rows import DeviceKey
from stepping import numbers

CONFIG = """\
version = 1
[practice]
name = "Cabinet Exemple"
language = "en"
timezone = "Europe/Paris"
state = "state"
"""
COACH, PASSPHRASE = "anna", "correct horse battery staple"
CLIENT, OTHER = "C-7F3K2M", "C-2M9Q7K"


@dataclass
class VaultHouse:
    """The vault of a practice. `now` is Monday 2 March 2026, nine o'clock in Paris, until a test moves it."""

    folder: Path
    now: datetime = datetime(2026, 3, 2, 8, tzinfo=UTC)

    def __post_init__(self) -> None:
        self.file.write_text(CONFIG)
        self.state.mkdir(mode=0o700)

    @property
    def file(self) -> Path:
        return self.folder / "coachsync.toml"

    @property
    def state(self) -> Path:
        return self.folder / "state"

    @property
    def vault_folder(self) -> Path:
        return vault_folder(self.config)

    @cached_property
    def config(self) -> Config:
        return config.load(self.file)

    @cached_property
    def device(self) -> DeviceKey:
        return keystore.load_device_key(self.state, create=True)

    def make(self, name: str = COACH, passphrase: str = PASSPHRASE) -> Made:
        """Let a coach in; the first one makes the vault."""
        return making.make(self.config, self.device, name, passphrase, self.now, FLOOR)

    @contextmanager
    def open(self) -> Iterator[Vault]:
        """The vault, checked and locked."""
        with open_vault(self.config, self.now) as vault:
            yield vault

    def unlock(self, vault: Vault, name: str = COACH, passphrase: str = PASSPHRASE) -> Person:
        return unlocking.unlock(vault, self.coach(vault, name), passphrase, self.now)

    @contextmanager
    def session(self, name: str = COACH, passphrase: str = PASSPHRASE) -> Iterator[Session]:
        """A coach's session, unlocked with the passphrase."""
        with self.open() as vault:
            yield Session(vault, self.unlock(vault, name, passphrase))

    def coach(self, vault: Vault, name: str = COACH) -> bytes:
        """The fingerprint of a coach."""
        return coach_of(vault.trust, name)

    def daemon(self, vault: Vault) -> Signer:
        """Whoever writes and cannot read."""
        daemon = making.daemon_of(vault.files, self.device)
        assert daemon is not None
        return daemon

    def add(self, body: bytes, client: str = CLIENT, kind: Kind = Kind.NOTE, name: str = COACH) -> Written:
        """Have the daemon write a record, with nothing unlocked."""
        with self.open() as vault:
            return writing.add(vault, self.daemon(vault), self.coach(vault, name), client, kind, body, self.now)

    def files(self) -> dict[Path, bytes]:
        """Everything in the state folder."""
        return {file: file.read_bytes() for file in self.state.rglob("*") if file.is_file()}


def copied(house: VaultHouse, folder: Path) -> VaultHouse:
    """The same in another, empty folder: quicker than to make one."""
    copy = VaultHouse(folder, house.now)
    shutil.copytree(house.folder, folder, dirs_exist_ok=True)
    return copy


def copies(house: VaultHouse, place: Path, stride: int) -> Iterator[tuple[int, VaultHouse]]:
    """A copy for each step of what is done to it, or for one in so many, with the number of the step."""
    for number in numbers(stride):
        folder = place / f"at-{number}"
        folder.mkdir()
        yield number, copied(house, folder)
