"""Another passphrase, another recovery code: a new keyslot in the place of the old one, whose bytes are overwritten.

What is sealed stays as it is: a keyslot holds the coach's seed, and that does not change. A copy of the old keyslot in
a backup opens with what it was locked with, for as long as the backup lasts.
"""

from __future__ import annotations

from typing import NamedTuple

from coachsync.app.vault.making import join
from coachsync.app.vault.opening import Vault
from coachsync.app.vault.unlocking import recover
from coachsync.vault import keyslots, recovery
from coachsync.vault.keys import Person
from coachsync.vault.keyslots import USUAL, By, Cost


class Recovered(NamedTuple):
    """A coach who is back in, and the new recovery code as it is printed: once."""

    coach: Person
    code: str


def change_passphrase(vault: Vault, coach: Person, passphrase: str, cost: Cost = USUAL) -> None:
    """Lock the vault with another passphrase: the one before opens nothing here any more."""
    put_slot(vault, coach, By.PASSPHRASE, keyslots.lock(coach, vault.id, passphrase, cost))


def new_code(vault: Vault, coach: Person) -> str:
    """A new recovery code, as it is printed; the one before opens nothing here any more."""
    code = recovery.new()
    put_slot(vault, coach, By.RECOVERY, keyslots.lock_for_recovery(coach, vault.id, code))
    return recovery.printed(code)


def use_code(vault: Vault, coach: bytes, code: str, passphrase: str, cost: Cost = USUAL) -> Recovered:
    """Let a coach back in by the recovery code, with a new passphrase and a new code; also one whom an older copy,
    which was put back, does not know. Raises as `unlocking.recover`.

    Killed in between, one of the two opens: the passphrase is the coach's own, and is there first.
    """
    person = recover(vault, coach, code)
    join(vault, person)
    change_passphrase(vault, person, passphrase, cost)
    return Recovered(person, new_code(vault, person))


def put_slot(vault: Vault, coach: Person, kind: By, slot: bytes) -> None:
    """Put a coach's keyslot in the place of the one of its kind, and say so in the log."""
    with vault.transaction():
        vault.append(coach, e="slot", kind=kind)
    vault.files.put_slot(coach.actor.fingerprint, kind, slot)
