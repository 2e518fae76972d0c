"""Somebody who can write to the state folder, with the seed of the daemon, and wants the next record to be sealed to a
key of his own: every way to have such a key there."""

from __future__ import annotations

import hashlib
import os
import sqlite3
from collections.abc import Callable
from contextlib import closing, suppress
from dataclasses import dataclass, replace
from pathlib import Path

from coachsync.adapters.database.vaults import open_vault_store, vault_file
from coachsync.adapters.vaultfiles import VaultFiles
from coachsync.app.vault import writing
from coachsync.app.vault.trusting import coach_of, vault_folder
from coachsync.errors import WrongKey
from coachsync.vault import chain, envelope, grants
from coachsync.vault.chain import Head
from coachsync.vault.envelope import Kind
from coachsync.vault.keys import Actor, Person, Role, ShelfKey, Signer
from coachsync.vault.suite import SEED_BYTES, Opener
from scenario_vault import CLIENT, COACH, NOW, VaultPractice, person_of

TEXT = b'{"text":"what only the coach may read"}'


@dataclass
class Forger:
    """With keys of his own: of a person, and of a shelf."""

    practice: VaultPractice
    vault: bytes
    daemon: Signer
    true: ShelfKey  # what the notes of the client are sealed to
    other: ShelfKey  # and of another client
    coach: Actor
    head: Head

    def __post_init__(self) -> None:
        self.me = Person(os.urandom(SEED_BYTES))
        self.opener = Opener(os.urandom(SEED_BYTES))

    @property
    def mine(self) -> ShelfKey:
        """The client's shelf with a key that I can open, and the signature of the true one."""
        return replace(self.true, public=self.opener.public)

    @property
    def folder(self) -> Path:
        return vault_folder(self.practice.config)

    def put(self, *keys: ShelfKey) -> None:
        store = open_vault_store(self.folder)
        for key in keys:
            store.put_shelf_key(key)
        store.close()

    def put_actor(self, actor: Actor, place: bytes | None = None) -> None:
        """Store an actor, under the fingerprint of somebody else."""
        with closing(sqlite3.connect(vault_file(self.folder))) as database, database:
            database.execute(
                "INSERT OR REPLACE INTO actors VALUES (?, ?, ?, ?)",
                (place or actor.fingerprint, int(actor.role), actor.verify, actor.sealing),
            )

    def say(self, signer: Signer, **event: object) -> None:
        """Add an entry to the log, whatever it says."""
        store = open_vault_store(self.folder)
        entry, self.head = chain.entry(self.head, self.vault, signer, event, 1)
        store.append(entry)
        store.close()

    def next(self, signer: Signer) -> None:
        """Make the next generation of the shelf, as a coach does, with a grant."""
        key = replace(self.mine, generation=self.true.generation + 1).signed(signer)
        grant = grants.grant(key, os.urandom(SEED_BYTES), self.coach)
        VaultFiles(self.folder).put_grant(key.shelf, key.generation, self.coach.fingerprint, grant)
        self.put(key)
        self.say(
            signer,
            e="shelf",
            shelf=key.shelf.hex(),
            generation=key.generation,
            key=hashlib.sha256(key.public).hexdigest(),
            grants=[grants.digest(grant).hex()],
        )

    def trust(self, actor: Actor) -> None:
        """Write somebody else into trust.toml, in the place of the coach."""
        text = self.practice.config.trust.read_text(encoding="utf-8")
        changes = {
            self.coach.fingerprint.hex(): actor.fingerprint.hex(),
            self.coach.verify.hex(): actor.verify.hex(),
        }
        changed = text
        for before, after in changes.items():
            assert before in text
            changed = changed.replace(before, after)
        self.practice.config.trust.write_text(changed, encoding="utf-8")

    def accepted(self) -> bool:
        """Whether the next record is sealed to my key. Raises CoachsyncError where nothing is sealed at all."""
        with self.practice.daemon() as (_, vault, daemon):
            coach = coach_of(vault.trust, COACH)
            written = writing.add(vault, daemon, coach, CLIENT, Kind.NOTE, TEXT, NOW)
            sealed = vault.store.record(written.record, 1)
        assert sealed is not None
        with suppress(WrongKey):
            return envelope.body_of(sealed, self.opener) == TEXT
        return False


def signed_by_me(forger: Forger) -> None:
    forger.put(forger.mine.signed(forger.me))


def _signed_by_the_daemon(forger: Forger) -> None:
    forger.put(forger.mine.signed(forger.daemon))


def _with_the_signature_of_the_true_key(forger: Forger) -> None:
    forger.put(forger.mine)


def _without_a_signature(forger: Forger) -> None:
    forger.put(replace(forger.mine, signature=b""))


def _as_a_shelf_of_the_daemon(forger: Forger) -> None:
    forger.put(replace(forger.mine, coach=forger.daemon.actor.fingerprint).signed(forger.daemon))


def _as_a_shelf_of_a_new_coach(forger: Forger) -> None:
    forger.put_actor(forger.me.actor)
    forger.put(replace(forger.mine, coach=forger.me.actor.fingerprint).signed(forger.me))


def _as_a_shelf_of_the_daemon_as_a_coach(forger: Forger) -> None:
    daemon = Actor(Role.COACH, forger.daemon.actor.verify, forger.opener.public)
    forger.put_actor(daemon)
    forger.put(replace(forger.mine, coach=daemon.fingerprint).signed(forger.daemon))


def _with_my_key_as_the_coachs(forger: Forger) -> None:
    forger.put_actor(forger.me.actor, forger.coach.fingerprint)
    signed_by_me(forger)


def _with_my_sealing_key_as_the_coachs(forger: Forger) -> None:
    forger.put_actor(replace(forger.coach, sealing=forger.me.actor.sealing), forger.coach.fingerprint)


def _with_my_name_in_trust_toml(forger: Forger) -> None:
    forger.put_actor(forger.me.actor)
    forger.trust(forger.me.actor)
    forger.put(replace(forger.mine, coach=forger.me.actor.fingerprint).signed(forger.me))


def _of_an_older_generation(forger: Forger) -> None:
    assert forger.true.generation == 2
    older = replace(forger.mine, generation=1).signed(person_of(forger.practice))  # the coach did so once
    forger.put(replace(older, generation=2))


def _of_another_vault(forger: Forger) -> None:
    theirs = replace(forger.mine, vault=os.urandom(16)).signed(person_of(forger.practice))
    forger.put(replace(theirs, vault=forger.vault))


def _of_another_client(forger: Forger) -> None:
    forger.put(replace(forger.other, shelf=forger.true.shelf, generation=2))


def _as_the_next_generation_by_the_daemon(forger: Forger) -> None:
    forger.next(forger.daemon)


def _as_the_next_generation_by_me(forger: Forger) -> None:
    forger.put_actor(forger.me.actor)
    forger.say(forger.daemon, e="actor", role="coach", verify=forger.me.actor.verify.hex())
    forger.next(forger.me)


def _of_a_daemon_that_the_daemon_let_in(forger: Forger) -> None:
    other = Signer(os.urandom(SEED_BYTES))
    forger.say(forger.daemon, e="actor", role="daemon", verify=other.actor.verify.hex())
    forger.next(other)


def _on_a_shelf_that_the_daemon_made(forger: Forger) -> None:
    forger.true = replace(forger.true, shelf=os.urandom(16), generation=1)
    forger.say(
        forger.daemon,
        e="shelf",
        shelf=forger.true.shelf.hex(),
        generation=1,
        key=hashlib.sha256(forger.opener.public).hexdigest(),
        grants=[],
    )


def _by_assigning_the_client_anew(forger: Forger) -> None:
    forger.say(forger.daemon, **{"e": "assign", "shelf": forger.other.shelf.hex(), "client": CLIENT, "class": "notes"})


Forge = Callable[[Forger], None]
FORGED: dict[Forge, str] = {
    signed_by_me: "signature-invalid",
    _signed_by_the_daemon: "signature-invalid",
    _with_the_signature_of_the_true_key: "signature-invalid",
    _without_a_signature: "signature-invalid",
    _as_a_shelf_of_the_daemon: "shelf-of-nobody",
    _as_a_shelf_of_a_new_coach: "shelf-of-nobody",
    _as_a_shelf_of_the_daemon_as_a_coach: "shelf-of-nobody",
    _with_my_key_as_the_coachs: "log-of-nobody",
    _with_my_sealing_key_as_the_coachs: "log-of-nobody",
    _with_my_name_in_trust_toml: "log-of-nobody",
    _of_an_older_generation: "signature-invalid",
    _of_another_vault: "signature-invalid",
    _of_another_client: "signature-invalid",
    _as_the_next_generation_by_the_daemon: "log-not-allowed",
    _as_the_next_generation_by_me: "log-not-allowed",
    _of_a_daemon_that_the_daemon_let_in: "log-not-allowed",
    _on_a_shelf_that_the_daemon_made: "log-not-allowed",
    _by_assigning_the_client_anew: "log-not-allowed",
}
