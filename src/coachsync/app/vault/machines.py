"""Keyslots that this machine opens: what its keyring, or a credential of systemd, keeps opens the vault without the
coach's passphrase, where a coach wants that. It is no sign of the coach: anybody who sits down here can do it.

The secret is kept before its keyslot is on the disk: killed in between there is a secret that opens nothing.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

from coachsync.adapters import slotsecrets
from coachsync.adapters.vaultfiles import VaultFiles
from coachsync.app.vault.opening import Vault
from coachsync.app.vault.relocking import put_slot
from coachsync.app.vault.unlocking import checked, slot_for
from coachsync.errors import CoachsyncError, NotInitialised, Problem
from coachsync.phrases import say
from coachsync.vault import keyslots
from coachsync.vault.keys import Person
from coachsync.vault.keyslots import SECRET_BYTES, By

KINDS = tuple(by for by in By if not by.is_portable)


def kinds_of(files: VaultFiles, coach: bytes) -> Iterator[By]:
    """What opens the vault for a coach, as far as the files tell: nothing is opened."""
    yield from (by for by in By if files.slot(coach, by) is not None)


def secret(by: By, coach: bytes, name: str) -> bytes | None:
    """What this machine keeps for a coach, by fingerprint and name; None where it keeps nothing. Raises Misconfigured
    or Temporary where it cannot be asked."""
    return slotsecrets.from_keyring(coach) if by is By.KEYRING else slotsecrets.from_credential(name)


def unlock(vault: Vault, coach: bytes, name: str, by: By) -> Person:
    """The coach, by what this machine keeps. The wrong passphrases that were tried are not forgotten for it.

    Raises NotInitialised without a keyslot of this kind, CoachsyncError where the machine keeps nothing, WrongKey where
    that is of another keyslot, and Altered when the keyslot is none.
    """
    if vault.files.slot(coach, by) is None:
        raise _no_keyslot(by)
    slot, kept = slot_for(vault.files, vault.id, coach, by), secret(by, coach, name)
    if kept is None:
        raise _nothing_kept(by)
    return checked(keyslots.open_under(slot, by, kept), coach)


def add(vault: Vault, coach: Person, name: str, by: By) -> None:
    """Let this machine open the vault for a coach, by a new secret in its keyring or by the credential that this
    process was handed; what opened before in this way does not any more. Raises as `secret` does, and CoachsyncError
    without a credential."""
    me = coach.actor.fingerprint
    kept = os.urandom(SECRET_BYTES) if by is By.KEYRING else secret(by, me, name)
    if kept is None:
        raise _nothing_kept(by)
    if by is By.KEYRING:
        slotsecrets.into_keyring(me, kept)
    put_slot(vault, coach, by, keyslots.lock_under(coach, vault.id, by, kept))


def remove(vault: Vault, coach: Person, by: By) -> list[Problem]:
    """Overwrite a keyslot of this machine and have its keyring forget the secret; twice is once. The problem is a
    keyring that keeps it all the same, where it opens nothing any more. Raises ValueError for what there always is."""
    if by.is_portable:
        raise ValueError(by)
    me = coach.actor.fingerprint
    if vault.files.shred_slot(me, by):
        with vault.transaction():
            vault.append(coach, e="unslot", kind=by)
    return forget(me) if by is By.KEYRING else []


def forget(coach: bytes) -> list[Problem]:
    """Have the keyring forget what it keeps for a key that was replaced; the problem is one that keeps it."""
    try:
        slotsecrets.out_of_keyring(coach)
    except CoachsyncError as problem:
        return [problem.problem("vault keyslot")]
    return []


def _no_keyslot(by: By) -> NotInitialised:
    return NotInitialised(
        "no-machine-keyslot",
        say("The vault does not open in this way."),
        say("To let it: coachsync vault keyslot add {kind}", kind=by),
    )


def _nothing_kept(by: By) -> CoachsyncError:
    if by is By.KEYRING:
        return CoachsyncError(
            "keyring-without-secret",
            say("The keyring here has nothing that opens the vault: it is another one, or was emptied."),
            say("Unlock with the passphrase, then add it again: coachsync vault keyslot add keyring"),
        )
    return CoachsyncError(
        "credential-not-given",
        say("This process was not handed the credential that opens the vault."),
        say("Let systemd start it with the credential; how is said by: coachsync vault keyslot add credential"),
    )
