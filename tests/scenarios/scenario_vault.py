"""A practice with a vault: two coaches, clients with every kind of record, one note erased. The daemon writes."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path

from coachsync import config
from coachsync.app.vault import erasing, making, notes, unlocking
from coachsync.app.vault.attaching import attach
from coachsync.app.vault.making import Made
from coachsync.app.vault.opening import Vault, open_vault
from coachsync.app.vault.reading import Session
from coachsync.app.vault.shelving import current_key
from coachsync.app.vault.trusting import coach_of
from coachsync.app.wiring import Wiring, open_wiring
from coachsync.clients.directory import Client
from coachsync.config import Config
from coachsync.vault.bodies import Agreement, Body, Disclosure, File, Note
from coachsync.vault.keys import Person, ShelfKey, Signer
from coachsync.vault.keyslots import FLOOR

COACH, COLLEAGUE = "anna", "bert"
PASSPHRASE = "correct horse battery staple"
CLIENT, OTHER = "C-7F3K2M", "C-9Q4T2W"
CONFIG = 'version = 1\n[practice]\nname = "Cabinet"\nlanguage = "en"\ntimezone = "Europe/Paris"\nstate = "state"\n'
NOW = datetime(2026, 3, 2, 8, tzinfo=UTC)
DAY = date(2026, 1, 5)
ATTACHED = b"what is in a file\n" * 2000


@dataclass
class VaultPractice:
    """The folder with its configuration, trust.toml and the state."""

    folder: Path
    made: dict[str, Made] = field(default_factory=dict)

    @property
    def file(self) -> Path:
        return self.folder / "coachsync.toml"

    @property
    def state(self) -> Path:
        return self.folder / "state"

    @property
    def config(self) -> Config:
        return config.load(self.file)

    def files(self) -> dict[str, bytes]:
        """Every file that there is."""
        return {str(file.relative_to(self.folder)): file.read_bytes() for file in _files(self.folder)}

    @contextmanager
    def daemon(self) -> Iterator[tuple[Wiring, Vault, Signer]]:
        """All that the daemon has when it writes: nothing is unlocked."""
        with open_wiring(self.config, "test", NOW) as wiring, open_vault(self.config, NOW) as vault:
            daemon = making.daemon_of(vault.files, wiring.database.key)
            assert daemon is not None
            yield wiring, vault, daemon

    @contextmanager
    def session(self, name: str = COACH) -> Iterator[Session]:
        """A coach's session, by the passphrase."""
        with self.daemon() as (_, vault, _):
            yield Session(vault, unlocking.unlock(vault, coach_of(vault.trust, name), PASSPHRASE, NOW))

    def seeds(self, name: str = COACH) -> list[bytes]:
        """What opens everything of a coach: the seed, out of the keyslot."""
        with self.session(name) as session:
            return [session.coach.seed]


def make_vault_practice(folder: Path) -> VaultPractice:
    """Two coaches with records about two clients; one note of the first coach is erased."""
    practice = VaultPractice(folder)
    practice.file.write_text(CONFIG, encoding="utf-8")
    with open_wiring(practice.config, "test", NOW) as wiring:
        for name in (COACH, COLLEAGUE):
            practice.made[name] = making.make(practice.config, wiring.database.key, name, PASSPHRASE, NOW, FLOOR)
        wiring.clients.save(Client(CLIENT, ("Marina Dupont",)))
        wiring.clients.save(Client(OTHER, ("Bo Li",)))
    for name in (COACH, COLLEAGUE):
        erased = write(practice, name, CLIENT, Note("a note that is erased"))
        kept = write(practice, name, CLIENT, Note("a note that stays"))
        write(practice, name, CLIENT, Agreement("what was agreed", DAY, ("dates",), ("danger",), hand_over=True))
        write(practice, name, OTHER, Disclosure("danger", "a doctor", "that she comes", DAY))
        attach_file(practice, name, CLIENT, ATTACHED)
        with practice.session(name) as session:
            notes.amend(session, kept, "a note that stays, again", NOW)
            if name == COACH:
                erasing.erase_records(session, [erased])[0]
    return practice


def write(practice: VaultPractice, coach: str, client: str, body: Body) -> bytes:
    """Have the daemon write a record; its id."""
    with practice.daemon() as (_, vault, daemon):
        return notes.add(vault, daemon, coach_of(vault.trust, coach), client, body, NOW).record


def attach_file(practice: VaultPractice, coach: str, client: str, content: bytes) -> bytes:
    """Have the daemon attach a file; its id."""
    with practice.daemon() as (_, vault, daemon):
        about, source = File("a file.pdf", "application/pdf"), io.BytesIO(content)
        return attach(vault, daemon, coach_of(vault.trust, coach), client, source, about, NOW).record


def key_of(vault: Vault, coach: str = COACH, client: str = CLIENT) -> ShelfKey:
    """The key that a client's notes are sealed to."""
    shelf = vault.history.shelf_of(coach_of(vault.trust, coach), client, "notes")
    assert shelf is not None
    return current_key(vault, shelf)


def person_of(practice: VaultPractice, name: str = COACH) -> Person:
    """The coach."""
    return Person(practice.seeds(name)[0])


def _files(folder: Path) -> Iterator[Path]:
    return (file for file in folder.rglob("*") if file.is_file())
