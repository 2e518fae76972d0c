"""Making a vault, and letting a coach into one."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import datetime
from typing import NamedTuple

from coachsync.adapters.database.vaults import open_vault_store
from coachsync.adapters.trustfile import (
    VAULT_BYTES,
    Pinned,
    Trust,
    is_coach_name,
    read_trust,
    refuse_closed,
    write_trust,
)
from coachsync.adapters.vaultfiles import VaultFiles
from coachsync.app.vault.opening import Vault, open_vault
from coachsync.app.vault.shelving import mint_spares
from coachsync.app.vault.trusting import refuse_unknown, vault_folder
from coachsync.config import Config
from coachsync.errors import NotInitialised, UsageError, WrongKey
from coachsync.phrases import say
from coachsync.vault import keyslots, recovery
from coachsync.vault.keys import Person, Signer
from coachsync.vault.keyslots import USUAL, Cost
from coachsync.vault.rows import DeviceKey
from coachsync.vault.suite import SEED_BYTES, refuse_missing

_DAEMON = "vault/daemon"


class Made(NamedTuple):
    """A coach who is in the vault now, and the recovery code as it is printed: once."""

    name: str
    coach: Person
    code: str


def make(config: Config, device: DeviceKey, name: str, passphrase: str, now: datetime, cost: Cost = USUAL) -> Made:
    """Let a coach into the practice's vault; the first one makes it. The state's lock must be held.

    Killed at any moment it leaves a vault that can be made again, or one that is whole. Raises UsageError when there is
    a coach of that name, and Altered when there is a vault without its trust.toml.
    """
    refuse_missing()
    trust = refuse_taken(config, name)
    if trust is not None:
        with open_vault(config, now):  # nobody comes into a vault that is missing or damaged, and none is made over it
            pass
    trust = trust or Trust(os.urandom(VAULT_BYTES))
    coach, code = Person(os.urandom(SEED_BYTES)), recovery.new()
    _keep(config, trust, coach, passphrase, code, cost)
    pinned = Pinned(coach.actor.verify, coach.actor.fingerprint)
    write_trust(config.trust, replace(trust, coaches={**trust.coaches, name: pinned}))
    with open_vault(config, now) as vault:
        settle(vault, coach, device)
    return Made(name, coach, recovery.printed(code))


def refuse_taken(config: Config, name: str) -> Trust | None:
    """Who is in the vault already, None where there is none. Raises UsageError where a coach has this name, or nobody
    can, Altered when there is a vault without its trust.toml, and CoachsyncError where that cannot be written."""
    refuse_name(name)
    trust = read_trust(config.trust)
    if trust is None:
        refuse_unknown(config)
    elif name in trust.coaches:
        raise UsageError(
            "coach-there",
            say("There is a coach of that name in the vault already."),
            say("To change the passphrase: coachsync vault passphrase. For another coach, give another name."),
            where="--coach",
        )
    refuse_closed(config.trust)
    return trust


def refuse_name(name: str) -> None:
    """Raise UsageError for what no coach can be called."""
    if not is_coach_name(name):
        raise UsageError(
            "no-coach-name",
            say("A coach is named with small letters, digits and dashes, as in: anna"),
            say("Give another name with --coach."),
            where="--coach",
        )


def settle(vault: Vault, coach: Person, device: DeviceKey) -> None:
    """Do what a coach's session owes the vault: end keyslots that were replaced, join its log (again, where an older
    copy does not know this coach), let the daemon write, leave spare shelves."""
    vault.files.end_slots()
    join(vault, coach)
    try:
        daemon = daemon_of(vault.files, device)
    except WrongKey:  # damaged, or of another device: it only signs, and another one is as good
        daemon = None
    if daemon is None or daemon.actor.fingerprint in vault.history.ended:
        daemon = _new_daemon(vault.files, device)
    _let_in(vault, coach, daemon)
    mint_spares(vault, coach)


def replace_daemon(vault: Vault, coach: Person, device: DeviceKey) -> None:
    """Give the daemon another key to sign with; what had the one before may write nothing from then on.

    Killed in between, the daemon cannot write until the next session, which ends this.
    """
    _let_in(vault, coach, _new_daemon(vault.files, device))


def _let_in(vault: Vault, coach: Person, daemon: Signer) -> None:
    """Let the daemon write, and nobody else who once was let in: there is one."""
    me, there = daemon.actor.fingerprint, vault.history.actors
    others = [one for one in there if one != me]
    if me in there and not others:
        return
    with vault.transaction():
        if me not in there:
            vault.store.put_actor(daemon.actor)
            vault.append(coach, e="actor", role="daemon", verify=daemon.actor.verify.hex())
        for one in others:
            vault.append(coach, e="ended", actor=one.hex())


def join(vault: Vault, coach: Person) -> None:
    """Come into the log where it does not know this coach: before anything else that the coach says there."""
    me = coach.actor.fingerprint
    if me not in vault.history.coaches or not any(entry.actor == me for entry in vault.store.entries()):
        with vault.transaction():
            vault.know(coach.actor)
            vault.append(coach, e="vault")


def daemon_of(files: VaultFiles, device: DeviceKey) -> Signer | None:
    """The daemon, which writes and cannot read. Raises WrongKey when its seed was locked with another device key."""
    sealed = files.daemon()
    return None if sealed is None else Signer(device.open(_DAEMON, sealed))


def writer_of(files: VaultFiles, device: DeviceKey) -> Signer:
    """The same, where there must be one. Raises NotInitialised before a coach's first session."""
    daemon = daemon_of(files, device)
    if daemon is None:
        raise NotInitialised(
            "no-daemon",
            say("Nothing can be written to the vault before it was unlocked once."),
            say("Run: coachsync vault unlock"),
        )
    return daemon


def relock_daemon(files: VaultFiles, old: DeviceKey, new: DeviceKey) -> None:
    """Lock the seed of the daemon with another device key; one that does not open stays, and the next session of a
    coach makes another."""
    try:
        daemon = daemon_of(files, old)
    except WrongKey:
        return
    if daemon is not None:
        files.put_daemon(new.seal(_DAEMON, old.open(_DAEMON, files.daemon() or b"")))


def _new_daemon(files: VaultFiles, device: DeviceKey) -> Signer:
    seed = os.urandom(SEED_BYTES)
    files.put_daemon(device.seal(_DAEMON, seed))
    return Signer(seed)


def _keep(config: Config, trust: Trust, coach: Person, passphrase: str, code: bytes, cost: Cost) -> None:
    """Keyslots and the public side of a coach, before anybody trusts them."""
    files = VaultFiles(vault_folder(config))
    files.make()
    fingerprint = coach.actor.fingerprint
    files.put_slot(fingerprint, "passphrase", keyslots.lock(coach, trust.vault, passphrase, cost))
    files.put_slot(fingerprint, "recovery", keyslots.lock_for_recovery(coach, trust.vault, code))
    store = open_vault_store(files.folder)
    try:
        store.put_actor(coach.actor)
    finally:
        store.close()
