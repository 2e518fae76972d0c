"""Copies of a vault from before a coach's keys were replaced: what they can still tell, and going on with one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from typing import NamedTuple

from coachsync.adapters.trustfile import Pinned, Replaced
from coachsync.adapters.vaultfiles import VaultFiles
from coachsync.app.vault.burying import buried, entry_of
from coachsync.app.vault.opening import Vault
from coachsync.app.vault.trusting import open_store, trusted, vault_folder
from coachsync.config import Config
from coachsync.errors import Altered
from coachsync.phrases import say
from coachsync.vault import formers
from coachsync.vault.shelves import UNSORTED


class Exposed(NamedTuple):
    """What older copies of the vault can still tell: since when this coach has written, up to when; how many records
    there were then of each kind, and of how many clients."""

    since: datetime
    until: datetime
    records: Mapping[str, int]
    clients: int


def exposed(vault: Vault, coach: bytes) -> Exposed:
    """What whoever has the old seed, or what opened it, reads in copies that were made before."""
    history = vault.history
    mine = {coach, *(one for one, former in history.formers.items() if former.heir == coach)}
    first = next(entry.at for entry in vault.store.entries() if entry.actor in mine)
    shelves = {shelf: one for shelf, one in history.shelves.items() if one.coach == coach}
    kinds = Counter(
        one.kind.name.lower() for (_, version), one in history.records.items() if version == 1 and one.shelf in shelves
    )
    clients = {one.client for one in shelves.values()} - {None, UNSORTED}
    return Exposed(datetime.fromtimestamp(first, UTC), vault.now, dict(kinds), len(clients))


def learn(config: Config) -> None:
    """Know the coaches of today whom an older copy does not: the ledger has what everybody may know of them."""
    trust, folder = trusted(config), vault_folder(config)
    pinned = [one for coach in trust.coaches.values() for one in _keys(coach)]
    store = open_store(folder)
    try:
        known = store.actors()
        if all(one.fingerprint in known for one in pinned):
            return
        for line in VaultFiles(folder).ledger():
            with suppress(Altered, ValueError, KeyError, TypeError):
                entry = entry_of(line)
                new = formers.understood(trust.vault, entry.actor, entry.event).new
                if any(one.fits(new) for one in pinned):
                    store.put_actor(new)
    finally:
        store.close()


def _keys(coach: Pinned) -> tuple[Pinned | Replaced, ...]:
    return (coach, *coach.former)


def hear(vault: Vault) -> None:
    """Take what the ledger has erased. Raises Altered for an older copy whose log has erased what the coach's keys of
    today know nothing of: whoever has the old seed can write that."""
    history = vault.history
    told, missed = set(history.graves), history.missed()
    buried(history, vault.files)
    theirs = {digest for digest in told if history.graves[digest].coach in history.formers}
    named = {digest for digest in theirs if history.graves[digest].lasts}
    if missed and history.hearsay and named - history.hearsay:
        raise _forged()


def _forged() -> Altered:
    return Altered(
        "erasure-of-former",
        say("In this copy something is erased under the old key of a coach that was not when the key was replaced."),
        say("Somebody may have tried to have records destroyed. Take another copy of the vault."),
    )
