"""Unlocking: a coach's seed out of a keyslot. Guessing gets slower, and never ends in a door that is shut for good."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from coachsync.adapters.vaultfiles import VaultFiles
from coachsync.app.vault.opening import Vault
from coachsync.errors import NotInitialised, Temporary, WrongKey
from coachsync.phrases import say, say_count
from coachsync.vault import keyslots, recovery
from coachsync.vault.keys import Person
from coachsync.vault.keyslots import By

_FREE = 3  # wrong passphrases before anybody has to wait: fingers slip
_LONGEST = 60  # seconds between two tries


class Unlocked(NamedTuple):
    """A coach who is in, and how that was done: whether it was an act of the coach is `by.is_deliberate`."""

    coach: Person
    by: By


def unlock(vault: Vault, coach: bytes, passphrase: str, now: datetime) -> Person:
    """The coach whose passphrase this is.

    Raises WrongKey for another passphrase, Temporary while it is too early to try again, NotInitialised without a
    keyslot, and Altered when the keyslot is none.
    """
    return unlock_files(vault.files, vault.id, coach, passphrase, now)


def unlock_files(files: VaultFiles, vault: bytes, coach: bytes, passphrase: str, now: datetime) -> Person:
    """The same where the vault of this id may be damaged: a keyslot stands by itself."""
    slot, at = slot_for(files, vault, coach, By.PASSPHRASE), int(now.timestamp())
    wrong = _refuse_early(files, coach, at)
    try:
        person = checked(keyslots.unlock(slot, passphrase), coach)
    except WrongKey:
        files.guessed(coach, wrong + 1, at)
        raise
    _forgive(files, coach)
    return person


def recover(vault: Vault, coach: bytes, code: str) -> Person:
    """The same by the printed recovery code. Nobody guesses 160 bits, so nobody has to wait; the wrong passphrases
    before are forgotten. Raises UsageError for a code that was mistyped."""
    return recover_files(vault.files, vault.id, coach, code)


def recover_files(files: VaultFiles, vault: bytes, coach: bytes, code: str) -> Person:
    """The same where the vault of this id may be damaged."""
    number = recovery.typed(code)
    person = checked(keyslots.recover(slot_for(files, vault, coach, By.RECOVERY), number), coach)
    _forgive(files, coach)
    return person


def _forgive(files: VaultFiles, coach: bytes) -> None:
    if files.guesses(coach) != (0, 0):
        files.guessed(coach, 0, 0)


def checked(person: Person, coach: bytes) -> Person:
    """The person, who must be the coach whose keyslot was opened. Raises Altered."""
    if person.actor.fingerprint != coach:
        raise keyslots.damaged()
    return person


def slot_for(files: VaultFiles, vault: bytes, coach: bytes, kind: By) -> bytes:
    """A coach's keyslot in this vault. Raises NotInitialised where there is none, Altered where it is another's."""
    slot = files.slot(coach, kind)
    if slot is None:
        raise no_keyslot()
    if keyslots.slot_of(slot).vault != vault:
        raise keyslots.damaged()
    return slot


def no_keyslot() -> NotInitialised:
    """That there is nothing which a passphrase or a code could open."""
    return NotInitialised(
        "no-keyslot",
        say("There is no keyslot for that."),
        say("Restore the folder vault/slots of the state folder from a backup."),
        where="practice.state",
    )


def _refuse_early(files: VaultFiles, coach: bytes, at: int) -> int:
    """How many wrong passphrases there were; raises Temporary when the next may not be tried yet. Where the clock was
    set back since, the wait begins anew: nobody waits for the years until it is what it was."""
    wrong, last = files.guesses(coach)
    pause = min(_LONGEST, 1 << min(wrong - _FREE, _LONGEST)) if wrong >= _FREE else 0
    left = min(pause, last + pause - at)
    if left > 0:
        if last > at:
            files.guessed(coach, wrong, at)
        raise Temporary(
            "too-many-guesses",
            say_count(
                "After several wrong passphrases, wait {number} second before the next.",
                "After several wrong passphrases, wait {number} seconds before the next.",
                left,
            ),
            say("Then try again. With the printed recovery code: coachsync vault recovery --use"),
            retry_after=float(left),
        )
    return wrong
